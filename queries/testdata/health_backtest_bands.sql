-- Do red accounts leave more often than green ones? Set-up done weighs 1 and the verified outcome 2.
insert into stored_settings (name, value) values ('health_measures', 'setup_done,verified_outcome');

-- As of 31 December 2024, bands are of 2 October; 180 days before, nothing was known. Three are red (0), of which Acme leaves and Birch takes less. Dune
-- is yellow (66.67) and stays. Two are green, of which Fir leaves. Gum is set up, but that is a third of the weight: unknown. Of Hazel nothing is known, so
-- there is no score to test.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('acme', 'acme', 1000, '2023-01-01', '2024-11-30'), ('birch-1', 'birch', 1000, '2023-01-01', '2024-11-01'), ('birch-2', 'birch', 999, '2024-11-01', null),
    ('cedar', 'cedar', 1000, '2023-01-01', null), ('dune', 'dune', 1000, '2023-01-01', null), ('elm', 'elm', 1000, '2023-01-01', null), ('fir', 'fir', 1000, '2023-01-01', '2024-12-31'),
    ('gum', 'gum', 1000, '2023-01-01', null), ('hazel', 'hazel', 1000, '2023-01-01', '2024-11-01');
insert into stored_milestones (account_id, milestone, due_on, reached_on, updated_at)
select a, 'setup', '2024-10-02', if(a in ('elm', 'fir', 'gum'), toDate('2024-10-02'), null), '2024-10-02' from (select arrayJoin(['acme', 'birch', 'cedar', 'dune', 'elm', 'fir', 'gum']) as a);
insert into stored_value_reviews (review_id, account_id, reviewed_on, is_verified)
select a, a, '2024-09-01', a in ('dune', 'elm', 'fir') from (select arrayJoin(['acme', 'birch', 'cedar', 'dune', 'elm', 'fir']) as a);

-- The day after, everything was verified with everybody, which changes nothing about what was known then.
insert into stored_value_reviews (review_id, account_id, reviewed_on, is_verified)
select concat(a, ' later'), a, '2024-10-03', true from (select arrayJoin(['acme', 'birch', 'cedar', 'gum', 'hazel']) as a);

-- By hand: red 2 of 3, by Wilson from 0.2077 to 0.9385; yellow 0 of 1, from 0 to 0.7935; green 1 of 2, from 0.0945 to 0.9055; unknown 0 of 1.
select horizon, band, round(ratio, 4) as ratio, round(ratio_lower, 4) as ratio_lower, round(ratio_upper, 4) as ratio_upper, accounts, lost_accounts
from health_backtest_bands where day = '2024-12-31' order by horizon, band;
select horizon, band, account_id, lost_accounts, round(score, 2) as score, outcome from health_backtest_bands_detail where day = '2024-12-31' order by account_id;
