-- Kaplan-Meier curve of the time to use, by segment.
--
-- Kaplan, E. L., and Meier, P. (1958): Nonparametric estimation from incomplete observations. JASA 53, 457-481. The survival is
-- the product, over the times so far, of 1 - events / at_risk. Who is censored at a time was still at risk then: events
-- go before censorings. A row for each time at which anything happened.
--
-- Columns:
--   day      key   Day.
--   segment  label Touch model by what the account paid on its first day.
--   seconds  key   Time since the first paid day.
--   at_risk  fact  Accounts that had neither used it nor been censored before.
--   events   fact  Accounts whose first real use it was.
--   censored fact  Accounts that were watched no longer.
--   survival fact  Estimated share of accounts without a real use after that time, to 12 digits.

select day, member as segment, c.1 as seconds, c.2 as at_risk, c.3 as events, c.4 as censored, c.5 as survival
from survival_days
array join curve as c
where event = 'time_to_use' and breakdown = 'segment'
