-- The accounts behind the qualitative checks.
--
-- One row per account that pays at as_of, also of those that are in neither part.
--
-- Columns:
--   segment              label Touch model whose cadence holds (models/account_coverage.sql).
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
    c.segment as segment, c.account_id as account_id,
    toUInt8(c.is_eligible and (notEmpty(noted) or notEmpty(raised))) as checked_accounts,
    c.is_eligible as eligible_accounts,
    toUInt8(c.is_eligible and (has(impressions, 'risk') or notEmpty(raised))) as risk_accounts,
    toUInt8(c.is_eligible and has(impressions, 'opportunity')) as opportunity_accounts,
    c.days as days,
    if(notEmpty(noted), toNullable(noted[-1].2), null) as noted_on,
    impressions[-1] as impression,
    if(notEmpty(raised), toNullable(raised[-1]), null) as raised_on,
    length(raised) as risks
from (
    select
        a.segment as segment, a.account_id as account_id, a.is_eligible as is_eligible, a.days as days,
        arrayFilter(t -> t.5 != '', a.touches) as noted,
        arrayMap(t -> t.5, noted) as impressions,
        arrayFilter(d -> d > {as_of:Date} - a.days, r.days_raised) as raised
    from cs.account_coverage(as_of = {as_of:Date}) as a
    left join (
        select account_id, arraySort(groupArray(k.raised_on)) as days_raised
        from cs.risks as k final
        where k.raised_on <= {as_of:Date}
        group by account_id
    ) as r on r.account_id = a.account_id
) as c
