-- Whom has nobody touched in the cadence (high 30 days, low 90), and whose touch soon falls out of it? The three largest are named.
insert into stored_settings (name, value) values ('risk_accounts', '3');
insert into stored_accounts (account_id, name, csm, updated_at) values ('acme', 'Acme Corp.', 'kim', '2023-01-01'), ('birch', '', 'kim', '2023-01-01'), ('cedar', '', 'lee', '2023-01-01');
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('acme', 'acme', 150000, '2023-01-01', null), ('birch', 'birch', 140000, '2023-01-01', null), ('cedar', 'cedar', 130000, '2023-01-01', null),
    ('dune', 'dune', 120000, '2023-01-01', null), ('elm', 'elm', 110000, '2024-06-10', null), ('fir', 'fir', 20000, '2023-01-01', null),
    ('gum', 'gum', 20000, '2023-01-01', null), ('hazel', 'hazel', 20000, '2023-01-01', null), ('ivy', 'ivy', 900000, '2023-01-01', '2024-06-30');

-- On 30 June the cadence of high touch began on 1 June. Acme's call of that day counts today for the last time. Birch was met the week after, Cedar not
-- at all, and Dune on 16 June, which counts until 15 July: a day too far to be named here. Elm pays too short a time to be asked for. Of low touch, Fir was met on 1 April, a
-- day before the cadence, Gum on 10 April and Hazel yesterday. Ivy, the largest, left today.
insert into stored_touchpoints (touchpoint_id, account_id, kind, happened_at) values
    ('1', 'acme', 'call', '2024-06-01 09:00:00'), ('2', 'birch', 'meeting', '2024-06-09 09:00:00'), ('3', 'dune', 'meeting', '2024-06-16 09:00:00'),
    ('4', 'fir', 'meeting', '2024-04-01 09:00:00'), ('5', 'gum', 'meeting', '2024-04-10 09:00:00'), ('6', 'hazel', 'meeting', '2024-06-29 09:00:00');

-- By hand: Acme has 0 days left, Birch 8 (until 8 July), and Cedar none; the others are Fir, overdue, and Gum, covered until 8 July: 8 days.
select * from coverage_gaps where day = '2024-06-30' order by account, due;
select account, account_id, due, left_seconds, days, touched_on from coverage_gaps_detail where day = '2024-06-30' order by account_id;

-- By hand: the overdue are those that coverage lacks.
select sum(accounts) as overdue, (select sum(eligible_accounts) - sum(covered_accounts) from coverage where day = '2024-06-30') as not_covered
from coverage_gaps where day = '2024-06-30' and due = 'overdue';
