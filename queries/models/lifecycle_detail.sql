-- The accounts behind the lifecycle.
--
-- Columns:
--   segment        label Touch model at as_of.
--   phase          label onboarding, adoption, growth, leaving.
--   account_id     key   Account.
--   accounts       part  1.
--   arr            part  ARR in the reporting currency.
--   contracted_arr fact  ARR less the contracts that have given notice; 0: it is leaving.
--   first_paid_on  fact  First day on which it ever paid.
--   csm            fact  Owner at as_of; (none): nobody.

select segment, phase, account_id, toUInt8(1) as accounts, s.arr as arr, contracted_arr, first_paid_on, csm
from cs.account_states(as_of = {as_of:Date}) as s
