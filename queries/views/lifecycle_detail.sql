-- The accounts behind the lifecycle.
--
-- Columns:
--   day            key   Day.
--   segment        label Touch model on the day.
--   phase          label onboarding, adoption, growth, leaving.
--   account_id     key   Account.
--   accounts       part  1.
--   arr            part  ARR in the reporting currency.
--   contracted_arr fact  ARR less the contracts that have given notice; 0: it is leaving.
--   first_paid_on  fact  First day on which it ever paid.
--   csm            fact  Owner on the day; (none): nobody.

select day, segment, phase, account_id, toUInt8(1) as accounts, arr, contracted_arr, first_paid_on, csm
from account_days
where is_paying
