-- Months end on different days: a window's start is clamped to the end of a shorter month, and on the last day of a month it is the last day of a month.

-- Each begins on a day around the end of February 2024, which has 29 days; Dune and Elm around that of 2023, which has 28.
insert into stored_contracts (contract_id, account_id, acv, starts_on) values
    ('acme',  'acme',  1000, '2024-02-28'),
    ('birch', 'birch', 1000, '2024-02-29'),
    ('cedar', 'cedar', 1000, '2024-03-01'),
    ('dune',  'dune',  1000, '2023-02-28'),
    ('elm',   'elm',   1000, '2023-03-01');

-- By hand: a month before 31 March 2024, and before 29 and 30 March, is 29 February; before 28 March it is 28 February.
-- At the end of the 29th Acme and Birch paid (with Dune and Elm 4 of them), Cedar did not; a day earlier, Birch did not either.
select day, opening_arr from nrr where day in ('2024-03-28', '2024-03-29', '2024-03-30', '2024-03-31') and segment = 'tech' and window = '1m' order by day desc;

-- By hand: three months before 31 May and before 29 May 2024 is 29 February: 4,000.
select opening_arr from nrr where day = '2024-05-31' and segment = 'tech' and window = '3m';
select opening_arr from nrr where day = '2024-05-29' and segment = 'tech' and window = '3m';

-- By hand: a year before 29 February 2024 is 28 February 2023, Dune alone; a year before 28 February 2025, the last day of its month, is 29 February
-- 2024: Dune, Elm, Acme, Birch. A month before 31 March 2023 is 28 February 2023: Dune alone.
select opening_arr from nrr where day = '2024-02-29' and segment = 'tech' and window = '12m';
select opening_arr from nrr where day = '2025-02-28' and segment = 'tech' and window = '12m';
select opening_arr from nrr where day = '2023-03-31' and segment = 'tech' and window = '1m';

-- Fir buys a year on leap day, and renews on 28 February 2025. By hand: the twelve months to that day begin on 29 February 2024,
-- on which Fir paid, so it is an expansion of 100. Those to 1 March begin on 1 March 2024: 1,100 of 1,000. It never stopped paying:
-- the month to 28 March begins on 28 February 2025: 1,100 of 1,100.
truncate table stored_contracts;
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, renewed_from) values
    ('fir-1', 'fir', 1000, '2024-02-29', '2025-02-28', ''),
    ('fir-2', 'fir', 1100, '2025-02-28', '2026-02-28', 'fir-1');
select movement, amount from arr_movements where day = '2025-02-28' and window = '12m' and amount != 0;
select opening_arr, closing_arr from nrr where day = '2025-03-01' and segment = 'tech' and window = '12m';
select opening_arr, closing_arr from nrr where day = '2025-03-28' and segment = 'tech' and window = '1m';

-- By hand: its first anniversary is 28 February 2025, at which it pays 1,100 of 1,000. The quarter's last customer reaches it on 31 March.
select cohort, age_months, arr_ratio from cohorts where day = '2025-03-31' and age_months = '12';
