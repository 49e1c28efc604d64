-- The CSMs behind the capacity.
--
-- One row per segment and owner of paying accounts of it; the accounts themselves are in csm_load_detail, with their segments.
--
-- Columns:
--   day         key   Day.
--   segment     label Touch model of the accounts on the day.
--   csm         key   Owner on the day.
--   csms        part  1.
--   accounts    part  Paying accounts of the segment.
--   arr         part  Their ARR.
--   account_ids fact  Which accounts they are, Array(String).

select day, segment, csm, toUInt8(1) as csms, count() as accounts, sum(s.arr) as arr, arraySort(groupArray(account_id)) as account_ids
from account_days as s
where is_paying and csm != '(none)'
group by day, segment, csm
