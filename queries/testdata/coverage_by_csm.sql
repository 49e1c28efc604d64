-- Who looks after their customers? Accounts go by the owner of the day that is asked about, touches by nobody.

-- Acme is handed over from Kim to Lee on 20 April; Kim had met them. Cedar is nobody's. Elm is too new to be asked for.
insert into stored_accounts (account_id, csm, updated_at) values
    ('acme',  'kim', '2023-01-01 00:00:00'),
    ('acme',  'lee', '2024-04-20 00:00:00'),
    ('birch', 'lee', '2023-01-01 00:00:00'),
    ('elm',   'zoe', '2024-04-20 00:00:00');
insert into stored_contracts (contract_id, account_id, product, acv, starts_on) values
    ('acme', 'acme', 'core', 120000, '2023-01-01'), ('birch', 'birch', 'core', 20000, '2023-01-01'),
    ('cedar', 'cedar', 'core', 1000, '2023-01-01'), ('elm', 'elm', 'core', 120000, '2024-04-20');
insert into stored_touchpoints (touchpoint_id, account_id, csm, kind, happened_at) values ('1', 'acme', 'kim', 'meeting', '2024-04-05 09:00:00');

-- By hand: on 19 April Kim 1 of 1, Lee 0 of 1; on 30 April Lee 1 of 2, and Zoe has nobody to be asked for.
select * from coverage_by_csm where day = '2024-04-19' order by csm;
select * from coverage_by_csm where day = '2024-04-30' order by csm;
select csm, account_id, covered_accounts, eligible_accounts, segment, touched_on, touched_by
from coverage_by_csm_detail where day = '2024-04-30' order by csm, account_id;
