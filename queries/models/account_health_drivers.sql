-- Why an account's health score is what it is, and what changed in 28 days.
--
-- One row per account that pays at as_of and measure. The contributions of an account add up to its score, and the changes
-- to the change of its score.
--
-- Columns:
--   account_id          key   Account.
--   measure             key   Measure; models/health_measures.sql says what it is.
--   dimension           label Deployment, engagement, adoption or roi (DEAR).
--   segment             label Touch model at as_of.
--   value               fact  What was measured; null: missing or too old.
--   measured_on         fact  Day that the value is of.
--   score               fact  0 to 100; null where it is missing.
--   weight              fact  Weight.
--   contribution        fact  Points of the account's score that the measure gives.
--   contribution_before fact  The same 28 days before; null where the account had no score then.
--   change              fact  Contribution less the one before; null where there was none.

select
    n.account_id as account_id, n.driver.1 as measure, n.driver.2 as dimension, n.segment as segment,
    n.driver.3 as value, n.driver.4 as measured_on, n.driver.5 as score, n.driver.6 as weight, n.driver.7 as contribution,
    if(b.has_score, toNullable(arrayFirst(d -> d.1 = n.driver.1, b.drivers).7), null) as contribution_before,
    n.driver.7 - contribution_before as change
from (
    select h.account_id as account_id, h.segment as segment, arrayJoin(h.drivers) as driver
    from cs.account_health(as_of = {as_of:Date}) as h
) as n
left join (
    select x.account_id as account_id, x.drivers as drivers, toUInt8(x.score is not null) as has_score
    from cs.account_health_before(as_of = {as_of:Date}) as x
) as b on b.account_id = n.account_id
