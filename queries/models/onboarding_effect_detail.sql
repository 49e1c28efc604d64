-- The accounts behind the effect of onboarding.
--
-- Columns:
--   segment          label Touch model by what it paid on its first day.
--   outcome          label on_time, late, never: how onboarding had gone when the first renewal was due.
--   account_id       key   Account.
--   accounts         part  1.
--   renewed_accounts part  1 where the first contract was renewed.
--   source           fact  System that the first contract came from.
--   contract_id      fact  First contract: the largest of the first paid day.
--   renewal_due_on   fact  Its own first day no longer covered.
--   due_on           fact  First deadline of onboarding.
--   onboarded_on     fact  Day on which it was onboarded, by as_of; null: not yet.
--   slack_seconds    fact  From onboarding to the day on which the renewal was due; null: not onboarded before it.

select
    f.segment as segment,
    multiIf(f.onboarded_on >= t.due_on, 'never', f.onboarded_on > f.deadline, 'late', 'on_time') as outcome,
    f.account_id as account_id,
    toUInt8(1) as accounts,
    toUInt8(t.outcome = 'renewed') as renewed_accounts,
    t.source as source, t.contract_id as contract_id, t.due_on as renewal_due_on,
    f.deadline as due_on,
    nullIf(f.onboarded_on, toDate('2149-06-06')) as onboarded_on,
    if(f.onboarded_on < t.due_on, toNullable(86400 * (t.due_on - f.onboarded_on)), null) as slack_seconds
from (
    select
        b.account_id as account_id,
        any(b.segment) as segment, any(b.due_on) as deadline, any(b.onboarded_on) as onboarded_on,
        argMax((c.source, c.contract_id), (c.arr, c.due_on, c.source, c.contract_id)) as first_contract
    from cs.account_onboarding(as_of = {as_of:Date}) as b
    inner join cs.contract_arr(as_of = {as_of:Date}) as c on c.account_id = b.account_id and c.starts_on = b.first_paid_on
    group by b.account_id
) as f
inner join cs.renewal_terms(as_of = {as_of:Date}) as t on t.source = f.first_contract.1 and t.contract_id = f.first_contract.2
where t.due_on > addMonths({as_of:Date}, -12) and t.due_on <= {as_of:Date} and t.outcome in ('renewed', 'lost')
