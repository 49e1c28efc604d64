-- The accounts behind the qualitative risks.
--
-- Columns:
--   day        key   Day.
--   kind       label Kind of risk; (other) beyond the twenty most frequent.
--   account_id key   Account.
--   accounts   part  1.
--   arr        part  ARR on the day, in the reporting currency.
--   risks      fact  Open risks of that kind.
--   severity   fact  Greatest severity among them.
--   raised_on  fact  Day on which the first of them was raised.
--   segment    fact  Touch model on the day.
--   csm        fact  Owner on the day; (none): nobody.

with
open_risks as (
    select
        r.day as day, r.kind as said, r.account_id as account_id, s.arr as account_arr, r.severity as severity, r.raised_on as raised_on,
        s.segment as segment, s.csm as csm
    from (
        select d.day as day, toString(x.kind) as kind, x.account_id as account_id, x.severity as severity, x.raised_on as raised_on
        from stored_risks as x final
        cross join (select day from policy_days) as d
        where x.raised_on <= d.day and (x.closed_on is null or x.closed_on > d.day)
    ) as r
    join account_days as s on s.day = r.day and s.account_id = r.account_id
    where s.is_paying
)

select
    f.day as day, if(has(k.kinds, f.said), f.said, '(other)') as kind, f.account_id as account_id, toUInt8(1) as accounts, any(f.account_arr) as arr,
    count() as risks, max(f.severity) as severity, min(f.raised_on) as raised_on, any(f.segment) as segment, any(f.csm) as csm
from open_risks as f
join (
    select day, arrayMap(x -> x.2, arraySlice(arraySort(x -> (-x.1, x.2), groupArray((toInt64(frequency), said))), 1, 20)) as kinds
    from (select day, said, count() as frequency from open_risks group by day, said) as counted
    group by day
) as k on k.day = f.day
group by day, kind, account_id
