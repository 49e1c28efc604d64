-- The accounts behind the qualitative risks.
--
-- Columns:
--   kind       label Kind of risk; (other) beyond the twenty most frequent.
--   account_id key   Account.
--   accounts   part  1.
--   arr        part  ARR at as_of, in the reporting currency.
--   risks      fact  Open risks of that kind.
--   severity   fact  Greatest severity among them.
--   raised_on  fact  Day on which the first of them was raised.
--   segment    fact  Touch model at as_of.
--   csm        fact  Owner at as_of; (none): nobody.

select
    kind, account_id, toUInt8(1) as accounts, any(f.account_arr) as arr,
    count() as risks, max(f.severity) as severity, min(f.raised_on) as raised_on, any(f.segment) as segment, any(f.csm) as csm
from (
    select
        if(dense_rank() over (order by frequency desc, said) <= 20, said, '(other)') as kind,
        account_id, account_arr, severity, raised_on, segment, csm
    from (
        select
            toString(r.kind) as said, r.account_id as account_id, s.arr as account_arr, r.severity as severity, r.raised_on as raised_on,
            s.segment as segment, s.csm as csm, count() over (partition by r.kind) as frequency
        from cs.risks as r final
        join cs.account_states(as_of = {as_of:Date}) as s on s.account_id = r.account_id
        where r.raised_on <= {as_of:Date} and (r.closed_on is null or r.closed_on > {as_of:Date})
    ) as open_risks
) as f
group by kind, account_id
