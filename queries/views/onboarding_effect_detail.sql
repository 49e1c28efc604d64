-- The accounts behind the effect of onboarding.
--
-- Columns:
--   day              key   Day.
--   segment          label Touch model by what it paid on its first day.
--   outcome          label on_time, late, never: how onboarding had gone when the first renewal was due.
--   account_id       key   Account.
--   accounts         part  1.
--   renewed_accounts part  1 where the first contract was renewed.
--   source           fact  System that the first contract came from.
--   contract_id      fact  First contract: the largest of the first paid day.
--   renewal_due_on   fact  Its own first day no longer covered.
--   due_on           fact  First deadline of onboarding.
--   onboarded_on     fact  Day on which it was onboarded, by the day; null: not yet.
--   slack_seconds    fact  From onboarding to the day on which the renewal was due; null: not onboarded before it.

select
    t.day as day, f.segment as segment,
    multiIf(f.onboarded_on >= t.due_on, 'never', f.onboarded_on > f.deadline, 'late', 'on_time') as outcome,
    f.account_id as account_id,
    toUInt8(1) as accounts,
    toUInt8(t.outcome = 'renewed') as renewed_accounts,
    t.source as source, t.contract_id as contract_id, t.due_on as renewal_due_on,
    f.deadline as due_on,
    nullIf(f.onboarded_on, toDate('2149-06-06')) as onboarded_on,
    if(f.onboarded_on < t.due_on, toNullable(86400 * (t.due_on - f.onboarded_on)), null) as slack_seconds
from renewal_terms as t
join (
    select
        b.day as day, b.account_id as account_id,
        any(b.segment) as segment, any(b.first_paid_on) as first_paid_on, any(b.due_on) as deadline, any(b.onboarded_on) as onboarded_on,
        argMax((toString(c.source), c.contract_id), (toDecimal128(c.acv, 4) * r.rate, c.due_on, toString(c.source), c.contract_id)) as first_contract
    from onboarding_days as b
    join (select * from contract_terms where acv > 0 and counts_from < counts_before) as c on c.account_id = b.account_id and c.counts_from = b.first_paid_on
    join day_rates as r on r.day = b.day and r.currency = toString(c.currency)
    group by day, account_id
) as f on f.day = t.day and f.first_contract = (t.source, t.contract_id) and f.first_paid_on = t.begins_on
join windows as w on w.day = t.day
where w.window = '12m' and t.due_on > w.opens_on and t.due_on <= t.day and t.outcome in ('renewed', 'lost')
    and t.due_on > addMonths(t.day, -13) -- as above, before the joins
