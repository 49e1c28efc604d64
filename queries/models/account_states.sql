-- Every account that pays at as_of: what it pays, who owns it, and where it stands.
--
-- Phases: leaving when all that it pays for has given notice; growth when a contract of it began after its first day;
-- onboarding until it is onboarded or the deadline has passed (models/account_onboarding.sql); adoption otherwise.
--
-- Columns:
--   account_id     key   Account.
--   segment        label Touch model at as_of.
--   csm            label Owner at as_of; (none): nobody.
--   phase          label onboarding, adoption, growth, leaving.
--   arr            fact  ARR in the reporting currency.
--   contracted_arr fact  ARR less the contracts that have given notice.
--   seats          fact  Contracted seats.
--   departments    fact  Departments that have a contract, Array(String).
--   first_paid_on  fact  First day on which it ever paid.
--   name           fact  Display name.
--
-- Keep: 20s

select
    c.account_id as account_id,
    cs_segment(c.arr, high_arr, low_arr) as segment,
    if(o.csm = '', '(none)', o.csm) as csm,
    multiIf(c.contracted_arr = 0, 'leaving', last_started_on > c.first_paid_on, 'growth', b.is_in_progress, 'onboarding', 'adoption') as phase,
    c.arr as arr, c.contracted_arr as contracted_arr, c.seats as seats, c.departments as departments, c.first_paid_on as first_paid_on,
    o.name as name
from (
    select
        account_id,
        sumIf(t.arr, is_active) as arr,
        sumIf(t.arr, is_active and notice_on > {as_of:Date}) as contracted_arr,
        sumIf(t.seats, is_active) as seats,
        arraySort(groupUniqArrayIf(toString(department), is_active)) as departments,
        min(starts_on) as first_paid_on,
        max(starts_on) as last_started_on,
        any(segment_high_arr) as high_arr,
        any(segment_low_arr) as low_arr
    from cs.contract_arr(as_of = {as_of:Date}) as t
    group by account_id
    having arr > 0
) as c
left join cs.account_owners(as_of = {as_of:Date}) as o on o.account_id = c.account_id
left join cs.account_onboarding(as_of = {as_of:Date}) as b on b.account_id = c.account_id
