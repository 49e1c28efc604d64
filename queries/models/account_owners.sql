-- Accounts that are no test, with their owners over time.
--
-- A version of an account holds from its updated_at on; before the first, the first holds.
--
-- Columns:
--   account_id        key   Account.
--   name              fact  Display name by as_of.
--   parent_account_id fact  Account of the parent company.
--   created_on        fact  Day on which it was created.
--   csm               fact  Owner at the end of as_of; (none): nobody.
--   owners            fact  Owners by as_of as (since, owner), in order, Array(Tuple(DateTime64, String)).
--
-- Keep: 20s

select
    account_id,
    cs_owner_on(names, day_end) as name,
    cs_owner_on(parents, day_end) as parent_account_id,
    created_on,
    if(cs_owner_on(owners, day_end) = '', '(none)', cs_owner_on(owners, day_end)) as csm,
    if(empty(arrayFilter(o -> o.1 < day_end, owners)), arraySlice(owners, 1, 1), arrayFilter(o -> o.1 < day_end, owners)) as owners
from (
    select
        account_id,
        -- A version that names the same owner again, as an import repeated later does, is no change.
        arrayCompact(o -> o.2, arraySort(groupArray((updated_at, toString(a.csm))))) as owners,
        arraySort(groupArray((updated_at, a.name))) as names,
        arraySort(groupArray((updated_at, a.parent_account_id))) as parents,
        argMax(a.created_on, updated_at) as created_on
    from cs.accounts as a final
    group by account_id
    having not argMax(is_test, updated_at)
) as versions
cross join (
    -- The first instant after as_of in the reporting zone, from a date, since a day may have no midnight.
    select toDateTime64({as_of:Date} + 1, 3, assumeNotNull((select timezone from cs.policy(as_of = {as_of:Date})))) - interval 1 millisecond as day_end
) as bounds
