-- Kaplan-Meier curve of the time to use, by segment.
--
-- Kaplan, E. L., and Meier, P. (1958): Nonparametric estimation from incomplete observations. JASA 53, 457-481. The survival is
-- the product, over the times so far, of 1 - events / at_risk. Who is censored at a time was still at risk then: events
-- go before censorings. A row for each time at which anything happened.
--
-- Columns:
--   segment  label Touch model by what the account paid on its first day.
--   seconds  key   Time since the first paid day.
--   at_risk  fact  Accounts that had neither used it nor been censored before.
--   events   fact  Accounts whose first real use it was.
--   censored fact  Accounts that were watched no longer.
--   survival fact  Estimated share of accounts without a real use after that time, to 12 digits.

select
    segment, seconds, at_risk, events, censored,
    -- Rounded, since half of the accounts must be exactly 0.5.
    round(exp(sum(log1p(-events / at_risk)) over (partition by segment order by seconds)), 12) as survival
from (
    select segment, seconds, events, censored, sum(events + censored) over (partition by segment order by seconds desc) as at_risk
    from (
        select segment, seconds, sum(reached_accounts) as events, sum(censored_accounts) as censored
        from cs.time_to_use_detail(as_of = {as_of:Date})
        group by segment, seconds
    ) as times
) as counts
