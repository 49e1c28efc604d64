-- Renewals ahead and overdue, at the end of 30 September 2024. Everybody pays 1,000, so it is easy to count.

-- Due is the first day that is no longer covered: in 1, 30, 31, 60, 61, 90 and 91 days.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('in-01', 'acme',  1000, '2023-10-01', '2024-10-01'),
    ('in-30', 'birch', 1000, '2023-10-01', '2024-10-30'),
    ('in-31', 'cedar', 1000, '2023-10-01', '2024-10-31'),
    ('in-60', 'dune',  1000, '2023-10-01', '2024-11-29'),
    ('in-61', 'elm',   1000, '2023-10-01', '2024-11-30'),
    ('in-90', 'fir',   1000, '2023-10-01', '2024-12-29'),
    ('in-91', 'gum',   1000, '2023-10-01', '2024-12-30');

-- Oscar pays 120,000 by an open contract, too, so its small one that is due in 61 days is a high-touch customer's.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before) values
    ('open',  'oscar', 'core', 120000, '2023-10-01', null),
    ('small', 'oscar', 'mail', 1000,   '2023-10-01', '2024-11-30');

-- Ended without a word: today, 30 days ago, and 31 days ago, which is lost rather than overdue. Hazel was a large one.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('ago-00', 'hazel', 150000, '2023-10-01', '2024-09-30'),
    ('ago-30', 'ivy',   1000,   '2023-10-01', '2024-08-31'),
    ('ago-31', 'juno',  1000,   '2023-10-01', '2024-08-30');

-- Kilo has given notice for 15 October: that is still due. Lima ended two weeks ago and said why: that is lost.
-- Mike ended two weeks ago and renewed. November would be due in October, but renewed early, in July.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, renewed_from, notice_on, cancel_reason) values
    ('notice',  'kilo',     1000, '2023-10-15', '2024-10-15', '',       '2024-09-01', ''),
    ('reason',  'lima',     1000, '2023-09-15', '2024-09-15', '',       null,         'price'),
    ('mike-1',  'mike',     1000, '2023-09-15', '2024-09-15', '',       null,         ''),
    ('mike-2',  'mike',     1000, '2024-09-15', '2025-09-15', 'mike-1', null,         ''),
    ('early-1', 'november', 1000, '2023-10-10', '2024-10-10', '',       null,         ''),
    ('early-2', 'november', 1000, '2024-07-01', '2025-10-10', 'early-1', null,        '');

-- Set-up done weighs 1 and the verified outcome 2, so Birch is green (100), Elm yellow (66.67) and Cedar red (0). Of all others nothing is known. Hazel does not
-- pay any more, so it has no band, whatever was verified with it.
insert into stored_settings (name, value) values ('health_measures', 'setup_done,verified_outcome');
insert into stored_milestones (account_id, milestone, due_on, reached_on, updated_at) values
    ('birch', 'setup', '2024-01-01', '2024-01-01', '2024-01-01'), ('elm', 'setup', '2024-01-01', null, '2024-01-01'), ('cedar', 'setup', '2024-01-01', null, '2024-01-01');
insert into stored_value_reviews (review_id, account_id, reviewed_on, is_verified) values
    ('1', 'birch', '2024-06-01', true), ('2', 'elm', '2024-06-01', true), ('3', 'cedar', '2024-06-01', false), ('4', 'hazel', '2024-06-01', true);

-- By hand: 0-30d in-01, notice, and in-30 (green); 31-60d in-31 (red), in-60; 61-90d in-61 (yellow), in-90; overdue ago-30, and Hazel's as high touch.
-- Oscar's, in 61-90d, is high touch, too.
select * from renewals where day = '2024-09-30' and contracts > 0 order by segment, due, band;
select due, contract_id, band, due_on, outcome, arr from renewals_detail where day = '2024-09-30' order by due_on, contract_id;

-- By hand: 3 segments, 4 spans and 4 bands; zero where nothing is due.
select count() as series, countIf(contracts = 0) as zero, arraySort(groupUniqArray(band)) as bands from renewals where day = '2024-09-30';
