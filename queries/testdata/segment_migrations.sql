-- Who moved from one touch model to another: from 100,000 on high touch, from 10,000 on low touch.

-- Acme grows from 90,000 to 110,000 in July 2024, Birch shrinks from 20,000 to 5,000, Cedar leaves, Dune stays as it is.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, renewed_from) values
    ('acme-1',  'acme',  90000,  '2023-07-01', '2024-07-01', ''),
    ('acme-2',  'acme',  110000, '2024-07-01', null,         'acme-1'),
    ('birch-1', 'birch', 20000,  '2023-07-01', '2024-07-01', ''),
    ('birch-2', 'birch', 5000,   '2024-07-01', null,         'birch-1'),
    ('cedar',   'cedar', 150000, '2023-07-01', '2024-07-01', ''),
    ('dune',    'dune',  30000,  '2023-07-01', null,         '');

-- By hand, twelve months to the end of 2024: Acme low to high, Birch low to tech. Who left has not moved.
select * from segment_migrations where day = '2024-12-31' and accounts > 0 order by segment, to_segment, window;

-- By hand: 3 segments to the 2 others in 6 windows are 36 series, 32 of them zero.
select count() as series, countIf(accounts = 0) as zero from segment_migrations where day = '2024-12-31';
