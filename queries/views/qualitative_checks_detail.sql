-- The accounts behind the qualitative checks.
--
-- One row per account that pays on the day, also of those that are in neither part.
--
-- Columns:
--   day                  key   Day.
--   segment              label Touch model whose cadence holds (layers/coverage_days.sql).
--   account_id           key   Account.
--   checked_accounts     part  1 where somebody noted an impression or raised a risk within the cadence.
--   eligible_accounts    part  1 where it paid on every day of the cadence.
--   risk_accounts        part  1 where an impression was of risk, or a risk was raised.
--   opportunity_accounts part  1 where an impression was of an opportunity.
--   days                 fact  Length of the cadence.
--   noted_on             fact  Day of the last impression; null: none.
--   impression           fact  The last impression: risk, neutral or opportunity; empty: none.
--   raised_on            fact  Day of the last risk raised; null: none.
--   risks                fact  Risks raised within the cadence.

select
    day, segment, account_id,
    toUInt8(is_eligible and (c.noted_on > toDate(0) or c.risks > 0)) as checked_accounts,
    is_eligible as eligible_accounts,
    toUInt8(is_eligible and (has_risk or c.risks > 0)) as risk_accounts,
    toUInt8(is_eligible and has_opportunity) as opportunity_accounts,
    days,
    nullIf(c.noted_on, toDate(0)) as noted_on,
    impression,
    nullIf(c.raised_on, toDate(0)) as raised_on,
    risks
from coverage_days as c
