-- Accounts of which something is missing on each day: usage without a contract, a contract without usage, an owner.
--
-- Usage in the 28 days up to the day, and no contract in that time, be it a trial or free: the contract is missing, or the usage is
-- under another account. Paid for longer than onboarding may take (setting onboarding_days), and never seen in usage, though usage
-- of others has come for 28 days: its usage is missing, or under another account. A contract or usage of the parent, of a subsidiary or of
-- another one of the same parent counts for the account. Paid for, and owned by someone who has left, or who is not in the table staff
-- though that has others.
--
-- Columns:
--   day        key  Day.
--   check      key  usage_without_contract, contract_without_usage, owner_left, owner_unknown.
--   id         key  Account.
--   account_id fact Account.
--   reason     fact What is missing.
--   affected   fact Events in 28 days; ARR.
--   unit       fact events; currency, ISO 4217.
--
-- Key: day, check, id

with
used as (
    select day, account_id, users, events from usage_days where day in {days:Array(Date)}
),

-- Accounts with a contract, and all that belong to them.
covered as (
    select distinct day, arrayJoin([c.account_id, if(o.parent_account_id = '', c.account_id, o.parent_account_id)]) as who
    from (
        select distinct p.day as day, t.account_id as account_id
        from (select account_id, counts_from, counts_before from contract_terms where counts_from < counts_before) as t
        cross join (select day, grace_days from policy_days where day in {days:Array(Date)}) as p
        where t.counts_from <= p.day and t.counts_before > p.day - 27 - p.grace_days
    ) as c
    asof left join account_spans as o on o.account_id = c.account_id and o.since <= c.day
),

seen as (
    select distinct day, arrayJoin([u.account_id, if(o.parent_account_id = '', u.account_id, o.parent_account_id)]) as who
    from used as u
    asof left join account_spans as o on o.account_id = u.account_id and o.since <= u.day
)

select
    day, 'usage_without_contract' as check, u.account_id as id, id as account_id,
    concat(toString(u.users), if(u.users = 1, ' user', ' users'), ' in 28 days, and no contract in that time') as reason,
    toNullable(toDecimal128(u.events, 4)) as affected, 'events' as unit
from (select * from used where events > 0) as u
asof join account_spans as o on o.account_id = u.account_id and o.since <= u.day
where (u.day, u.account_id) not in (select day, who from covered) and (u.day, if(o.parent_account_id = '', u.account_id, o.parent_account_id)) not in (select day, who from covered)
union all
select
    a.day as day, 'contract_without_usage' as check, a.account_id as id, id as account_id,
    concat('has paid since ', toString(a.first_paid_on), ' and has never been seen in usage') as reason,
    toDecimal128(a.arr, 4) as affected, p.currency as unit
from (
    select day, account_id, parent_account_id, arr, segment, first_paid_on from account_days where day in {days:Array(Date)} and is_paying
) as a
join (select day, currency, onboarding_days from policy_days where day in {days:Array(Date)}) as p on p.day = a.day
where a.first_paid_on + p.onboarding_days[a.segment] <= a.day
    and (a.day, a.account_id) not in (select day, who from seen) and (a.day, if(a.parent_account_id = '', a.account_id, a.parent_account_id)) not in (select day, who from seen)
    and a.day in (select day from used where events > 0) and a.day >= (select min(first_on) + 28 from stored_usage_accounts final)
union all
select
    a.day as day, if(o.left_csm != '', 'owner_left', 'owner_unknown') as check, a.account_id as id, id as account_id,
    if(o.left_csm != '', concat('its owner ', o.left_csm, ' has left'), concat('its owner ', a.csm, ' is not in the table staff')) as reason,
    toDecimal128(a.arr, 4) as affected, p.currency as unit
from (
    select day, account_id, csm, arr from account_days where day in {days:Array(Date)} and is_paying
) as a
join (select day, currency from policy_days where day in {days:Array(Date)}) as p on p.day = a.day
asof join account_spans as o on o.account_id = a.account_id and o.since <= a.day
where o.left_csm != '' or a.csm != '(none)' and a.csm not in (select csm from staff_names) and (select count() from staff_names) > 0
