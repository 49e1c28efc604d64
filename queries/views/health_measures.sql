-- Measures that make up the health score, with the defaults of their settings.
--
-- A value scores 0 at `zero` and 100 at `full`, linearly between them and no further; where less is better, zero is the
-- larger one. The settings health_weight_…, health_zero_…, health_full_… and health_max_age_… replace the defaults from a
-- day on, for a segment, a lifecycle phase or both.
--
-- Columns:
--   measure      key   Measure.
--   dimension    label Deployment, engagement, adoption or roi (DEAR).
--   weight       fact  Default weight.
--   zero         fact  Default value that scores 0.
--   full         fact  Default value that scores 100.
--   max_age_days fact  Default age in days past which the measure is missing.
--   help         fact  What is measured, and in what unit.

select measure, dimension, weight, zero, full, max_age_days, help
from values('measure String, dimension String, weight Float64, zero Float64, full Float64, max_age_days UInt32, help String',
    ('seats_in_use', 'deployment', 3., 0., 0.8, 14, 'Distinct users in 28 days over contracted seats; missing where nobody of the account was ever seen. Its age is that of the newest usage event of anybody.'),
    ('setup_done', 'deployment', 1., 0., 1., 36500, 'Milestone setup: 1 reached, 0 not yet; missing where none was entered or due.'),
    ('touch', 'engagement', 2., 2., 1., 365, 'Days since the last qualifying touch over the coverage days of the segment; missing where there was none.'),
    ('mail_opened', 'engagement', 1., 0., 0.4, 90, 'E-mails opened over e-mails delivered in 90 days; missing where none was delivered.'),
    ('webinar_attended', 'engagement', 1., 0., 0.5, 180, 'Webinars attended over invitations in 180 days; missing without an invitation.'),
    ('tickets', 'engagement', 1., 0., 2., 365, 'Tickets opened in 90 days: asking is engagement; missing where none was ever opened. Its age is that of the last ticket.'),
    ('decision_maker', 'engagement', 1., 0., 1., 365, 'A decision maker has been met: 1 yes, 0 not yet; missing without touchpoints. Its age is that of the last touchpoint.'),
    ('stickiness', 'adoption', 2., 0., 0.5, 14, 'Mean daily active users over monthly active users, 28 days; missing as seats_in_use.'),
    ('depth', 'adoption', 1., 0., 20., 14, 'Days of the last 28 on which somebody was active; missing as seats_in_use.'),
    ('quantity', 'adoption', 2., 0.5, 1., 14, 'Sum of the quantity that the setting health_quantity names, in 28 days, over that of the 28 days before; takes part where the setting names one, and is missing where there was none before.'),
    ('breadth', 'adoption', 2., 0., 0.5, 14, 'Features used in 28 days over the features that anybody used; missing as seats_in_use.'),
    ('verified_outcome', 'roi', 2., 0., 1., 365, 'The last value review was confirmed by fact: 1 yes, 0 no; missing without a review. Its age is that of the review.'))
