-- What each account pays at each age in months after its first contract.
--
-- Ages are 0 to 12 months one by one and from there to 60 by threes; the day is the account's own first day plus the age. There
-- are rows for each length that the grace period ever had: those of policy_days.grace_days hold on a day. Ages that lie
-- ahead are here, too: who reads this leaves them out.
--
-- Columns:
--   account_id    key  Account.
--   grace_days    key  Length of the grace period.
--   age           key  Age in months.
--   first_paid_on fact First day on which it paid.
--   amounts       fact Annual values by currency of the contracts that count at that age, Map(String, Decimal).
--
-- Key: account_id, grace_days, age

with
arrayFilter(m -> m <= 12 or m % 3 = 0, range(61)) as ages,

spans as (
    select s.account_id as account_id, s.grace_days as grace_days, toString(s.currency) as currency, s.amount as amount, s.since as since, s.before as before, f.first_paid_on as first_paid_on
    from arr_spans as s
    join (
        select account_id, grace_days, min(since) as first_paid_on
        from arr_spans
        where empty({accounts:Array(String)}) or account_id in {accounts:Array(String)}
        group by account_id, grace_days
    ) as f on f.account_id = s.account_id and f.grace_days = s.grace_days
)

select
    account_id, grace_days, x.age as age, any(x.first_paid_on) as first_paid_on,
    mapFromArrays(groupArrayIf(currency, amount > 0), groupArrayIf(amount, amount > 0)) as amounts
from (
    select account_id, grace_days, currency, amount, first_paid_on, arrayJoin(arrayFilter(m -> since <= addMonths(first_paid_on, m) and addMonths(first_paid_on, m) < before, ages)) as age
    from spans
    union all
    -- Every age, also one at which nothing is paid.
    select account_id, grace_days, '' as currency, toDecimal128(0, 4) as amount, first_paid_on, arrayJoin(ages) as age
    from (select distinct account_id, grace_days, first_paid_on from spans) as accounts
) as x
group by account_id, grace_days, age
