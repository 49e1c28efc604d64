-- How often do we touch our customers? From 2 April to 30 June 2024.

insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before) values
    ('acme', 'acme', 'core', 100000, '2023-01-01', null), ('birch', 'birch', 'core', 100000, '2024-06-30', null),
    ('cedar', 'cedar', 'core', 5000, '2023-01-01', '2024-06-01');
insert into stored_touchpoints (touchpoint_id, account_id, kind, happened_at) values
    ('1', 'acme',  'meeting', '2024-04-02 00:00:00'), ('2', 'acme',  'meeting', '2024-06-30 23:59:59'), ('3', 'acme', 'meeting', '2024-04-01 23:59:59'),
    ('4', 'acme',  'email',   '2024-07-01 00:00:00'), ('5', 'birch', 'meeting', '2024-05-01 09:00:00'), ('6', 'acme', 'email',   '2024-05-01 09:00:00'),
    ('7', 'cedar', 'call',    '2024-05-01 09:00:00');

-- By hand: high 3 meetings and an e-mail with 2 accounts: 1.5 and 0.5; Birch's meeting before it paid is one. Cedar has left.
select * from touch_volume where day = '2024-06-30' order by segment, kind;
select * from touch_volume_detail where day = '2024-06-30' and touches > 0 order by segment, kind, account_id;
