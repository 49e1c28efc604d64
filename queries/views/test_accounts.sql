-- Test and internal accounts, by the last version of each, which are in no KPI. A version that its source took back does not count.
--
-- Columns:
--   account_id key Account.

select account_id
from (
    select account_id, is_test, valid_from, updated_at, argMax(is_withdrawn, updated_at) over (partition by account_id, source) as is_gone
    from stored_accounts final
) as said
where not is_gone
group by account_id
having argMax(is_test, (valid_from, updated_at))
