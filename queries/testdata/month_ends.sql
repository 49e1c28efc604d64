-- Months end on different days: a window's start is clamped to the end of a shorter month.

-- Each begins on a day around the end of February 2024, which has 29 days; Dune and Elm around that of 2023, which has 28.
insert into cs.contracts (contract_id, account_id, acv, starts_on) values
    ('acme',  'acme',  1000, '2024-02-28'),
    ('birch', 'birch', 1000, '2024-02-29'),
    ('cedar', 'cedar', 1000, '2024-03-01'),
    ('dune',  'dune',  1000, '2023-02-28'),
    ('elm',   'elm',   1000, '2023-03-01');

-- By hand: a month before 31 March 2024, and before 29 and 30 March, is 29 February; before 28 March it is 28 February.
-- At the end of the 29th Acme and Birch paid (with Dune and Elm 4 of them), Cedar did not; a day earlier, Birch did not either.
select * from (
    select '31 March' as day, opening_arr from cs.nrr(as_of = '2024-03-31') where segment = 'tech' and window = '1m'
    union all select '30 March', opening_arr from cs.nrr(as_of = '2024-03-30') where segment = 'tech' and window = '1m'
    union all select '29 March', opening_arr from cs.nrr(as_of = '2024-03-29') where segment = 'tech' and window = '1m'
    union all select '28 March', opening_arr from cs.nrr(as_of = '2024-03-28') where segment = 'tech' and window = '1m'
) order by day;

-- By hand: three months before 31 May and before 29 May 2024 is 29 February: 4,000.
select opening_arr from cs.nrr(as_of = '2024-05-31') where segment = 'tech' and window = '3m';
select opening_arr from cs.nrr(as_of = '2024-05-29') where segment = 'tech' and window = '3m';

-- By hand: a year before 29 February 2024 is 28 February 2023, Dune alone; a year before 28 February 2025 is 28 February 2024:
-- Dune, Elm, Acme. A month before 31 March 2023 is 28 February 2023: Dune alone.
select opening_arr from cs.nrr(as_of = '2024-02-29') where segment = 'tech' and window = '12m';
select opening_arr from cs.nrr(as_of = '2025-02-28') where segment = 'tech' and window = '12m';
select opening_arr from cs.nrr(as_of = '2023-03-31') where segment = 'tech' and window = '1m';

-- Fir buys a year on leap day, and renews on 28 February 2025. By hand: the twelve months to that day begin on 28 February 2024,
-- a day before Fir came, so it is new in them. Those to 1 March begin on 1 March 2024: 1,100 of 1,000. It never stopped paying:
-- the month to 28 March begins on 28 February 2025: 1,100 of 1,100.
truncate table cs.contracts;
insert into cs.contracts (contract_id, account_id, acv, starts_on, ends_before, renewed_from) values
    ('fir-1', 'fir', 1000, '2024-02-29', '2025-02-28', ''),
    ('fir-2', 'fir', 1100, '2025-02-28', '2026-02-28', 'fir-1');
select movement, amount from cs.arr_movements(as_of = '2025-02-28') where window = '12m' and amount != 0;
select opening_arr, closing_arr from cs.nrr(as_of = '2025-03-01') where segment = 'tech' and window = '12m';
select opening_arr, closing_arr from cs.nrr(as_of = '2025-03-28') where segment = 'tech' and window = '1m';

-- By hand: its first anniversary is 28 February 2025, at which it pays 1,100 of 1,000. The quarter's last customer reaches it on 31 March.
select cohort, age_months, arr_ratio from cs.cohorts(as_of = '2025-03-31') where age_months = '12';
