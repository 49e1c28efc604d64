-- What CS brought back from customers, item by item.
--
-- Columns:
--   kind        label product_request, use_case_share, case_study.
--   window      label Length of the window: 1m, 3m, 12m.
--   source      key   System that it came from.
--   feedback_id key   Feedback.
--   account_id  key   Account that it came from.
--   items       part  1.
--   accounts    part  1 on the account's first item of the kind in the window.
--   csm         fact  Who brought it; else the owner of the account at the end of that day; (none): nobody.
--   created_on  fact  Day on which it was brought.

select
    kind, concat(toString(length), 'm') as window, source, feedback_id, account_id,
    toUInt8(1) as items,
    toUInt8(row_number() over (partition by kind, length, account_id order by created_on, source, feedback_id) = 1) as accounts,
    csm, created_on
from (
    select
        toString(f.kind) as kind, toString(f.source) as source, f.feedback_id as feedback_id, f.account_id as account_id, f.created_on as created_on,
        toDateTime64(f.created_on + 1, 3, assumeNotNull((select timezone from cs.policy(as_of = {as_of:Date})))) - interval 1 millisecond as created_end,
        multiIf(f.csm != '', toString(f.csm), cs_owner_on(w.owners, created_end) != '', cs_owner_on(w.owners, created_end), '(none)') as csm,
        arrayJoin(arrayFilter(n -> f.created_on > addMonths({as_of:Date}, -n), [1, 3, 12])) as length
    from cs.feedback as f final
    left join cs.account_owners(as_of = {as_of:Date}) as w on w.account_id = f.account_id
    where f.created_on <= {as_of:Date} and f.created_on > addMonths({as_of:Date}, -12)
        and f.account_id not in (select account_id from cs.accounts final group by account_id having argMax(is_test, updated_at))
) as item
