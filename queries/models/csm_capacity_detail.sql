-- The CSMs behind the capacity.
--
-- One row per segment and owner of paying accounts of it; the accounts themselves are in csm_load_detail, with their segments.
--
-- Columns:
--   segment     label Touch model of the accounts at as_of.
--   csm         key   Owner at as_of.
--   csms        part  1.
--   accounts    part  Paying accounts of the segment.
--   arr         part  Their ARR.
--   account_ids fact  Which accounts they are, Array(String).

select segment, csm, toUInt8(1) as csms, count() as accounts, sum(s.arr) as arr, arraySort(groupArray(account_id)) as account_ids
from cs.account_states(as_of = {as_of:Date}) as s
where csm != '(none)'
group by segment, csm
