-- What Customer Success brought back from customers, and who brought it.
--
-- Columns:
--   account_id  key  Account that it came from.
--   source      key  System that it came from.
--   feedback_id key  Feedback.
--   kind        fact product_request, use_case_share, case_study.
--   csm         fact Who brought it; else the owner of the account at the end of that day; (none): nobody.
--   created_on  fact Day on which it was brought.
--   previous_on fact Day of the account's item of this kind before it; 1970-01-01: none.
--
-- Key: account_id, source, feedback_id

select
    f.account_id as account_id, f.source as source, f.feedback_id as feedback_id, f.kind as kind,
    multiIf(n.csm != '', n.csm, f.csm != '', f.csm, o.csm != '', o.csm, '(none)') as csm,
    f.created_on as created_on, f.previous_on as previous_on
from (
    select
        account_id, toString(x.source) as source, feedback_id, toString(x.kind) as kind, toString(x.csm) as csm, created_on,
        lagInFrame(created_on) over (partition by account_id, kind order by created_on, source, feedback_id rows between 1 preceding and current row) as previous_on
    from stored_feedback as x final
    where (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
        and account_id not in (select account_id from test_accounts)
) as f
left join staff_names as n on n.name = cs_name_key(f.csm)
asof left join account_spans as o on o.account_id = f.account_id and o.since <= f.created_on
