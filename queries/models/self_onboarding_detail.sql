-- The accounts behind self-onboarding.
--
-- One row per account that was onboarded in the last 12 months.
--
-- Columns:
--   segment            label Touch model by what it paid on its first day.
--   account_id         key   Account.
--   self_accounts      part  1 where there was no human touch by the day of onboarding.
--   onboarded_accounts part  1.
--   onboarded_on       fact  Day on which it was onboarded.
--   touches            fact  Human touches by then.
--   touched_on         fact  Day of the first of them, in the reporting time zone; null: none.
--   first_paid_on      fact  First day on which it ever paid.

select
    segment, account_id,
    toUInt8(touches = 0) as self_accounts,
    toUInt8(1) as onboarded_accounts,
    onboarded_on, touches,
    if(touches = 0, null, toNullable(first_touch)) as touched_on,
    first_paid_on
from (
    select
        b.segment as segment, b.account_id as account_id, b.onboarded_on as onboarded_on, b.first_paid_on as first_paid_on,
        arrayCount(d -> d <= b.onboarded_on, t.days) as touches,
        arrayMin(t.days) as first_touch
    from cs.account_onboarding(as_of = {as_of:Date}) as b
    left join (
        -- A scalar subquery is Nullable, and days are not.
        select account_id, groupArray(assumeNotNull(toDate(p.happened_at, (select timezone from cs.policy(as_of = {as_of:Date}))))) as days
        from cs.touchpoints as p final
        where p.kind in ('meeting', 'call', 'visit', 'review')
        group by account_id
    ) as t on t.account_id = b.account_id
    where b.onboarded_on > addMonths({as_of:Date}, -12) and b.onboarded_on <= {as_of:Date}
) as o
