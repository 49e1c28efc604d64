-- What was reported for the last day of June, and what it was restated to. (Rows as cskpi serve and cskpi backfill write them.)

-- ARR was 100,000 in high and 50,000 in low touch on 30 June, as computed the day after. Then a contract was corrected: on
-- 10 July low was computed as 45,000, and tech, of which there had been nothing, as 3,000. On 5 August somebody asked for it
-- again; nothing had changed. Every day is reported at least once, 29 June exactly once.
insert into kpi_daily (view, column, labels, as_of, value, computed_at) values
    ('arr', 'amount',   map('segment', 'high'), '2024-06-30', 100000, '2024-07-01 01:00:00'),
    ('arr', 'amount',   map('segment', 'low'),  '2024-06-30', 50000,  '2024-07-01 01:00:00'),
    ('arr', 'accounts', map('segment', 'low'),  '2024-06-30', 5,      '2024-07-01 01:00:00'),
    ('arr', 'amount',   map('segment', 'low'),  '2024-06-29', 50000,  '2024-07-01 01:00:00'),
    ('arr', 'amount',   map('segment', 'low'),  '2024-06-30', 45000,  '2024-07-10 01:00:00'),
    ('arr', 'amount',   map('segment', 'tech'), '2024-06-30', 3000,   '2024-07-10 01:00:00');
insert into kpi_runs (view, as_of, computed_at, changed, reason, facts) values
    ('arr', '2024-06-29', '2024-07-01 01:00:00', 1, 'first', []),
    ('arr', '2024-06-30', '2024-07-01 01:00:00', 3, 'first', []),
    ('arr', '2024-06-30', '2024-07-10 01:00:00', 2, 'facts', [('contracts', 2, '2024-06-01', '2024-06-15')]),
    ('arr', '2024-06-30', '2024-08-05 01:00:00', 0, 'asked', []);
-- A histogram of one value, which becomes two.
insert into kpi_daily (view, column, labels, as_of, distribution, computed_at) values
    ('time_to_use', 'duration', map('segment', 'low'), '2024-06-30', ([10, inf], [1, 1], 7, map(23, 1), 0), '2024-07-01 01:00:00'),
    ('time_to_use', 'duration', map('segment', 'low'), '2024-06-30', ([10, inf], [1, 2], 27, map(23, 1, 36, 1), 0), '2024-07-10 01:00:00');
insert into kpi_runs (view, as_of, computed_at, changed, reason) values
    ('time_to_use', '2024-06-30', '2024-07-01 01:00:00', 1, 'first'), ('time_to_use', '2024-06-30', '2024-07-10 01:00:00', 1, 'definition');

-- The definition of another KPI changed on 20 July, so that 60,000 took the place of 49,000, which had been 50,000 before a fact of 10 July. A fact of
-- 25 July added 1,000.
insert into kpi_daily (view, column, labels, as_of, value, computed_at) values
    ('grr', 'closing_arr', map('segment', 'low'), '2024-06-30', 50000, '2024-07-01 01:00:00'),
    ('grr', 'closing_arr', map('segment', 'low'), '2024-06-30', 49000, '2024-07-10 01:00:00'),
    ('grr', 'closing_arr', map('segment', 'low'), '2024-06-30', 60000, '2024-07-20 01:00:00'),
    ('grr', 'closing_arr', map('segment', 'low'), '2024-06-30', 61000, '2024-07-25 01:00:00');
insert into kpi_runs (view, as_of, computed_at, changed, reason) values
    ('grr', '2024-06-30', '2024-07-01 01:00:00', 1, 'first'), ('grr', '2024-06-30', '2024-07-10 01:00:00', 1, 'facts'),
    ('grr', '2024-06-30', '2024-07-20 01:00:00', 1, 'definition'), ('grr', '2024-06-30', '2024-07-25 01:00:00', 1, 'facts');

-- By hand: a new definition moves nothing, so of grr 1,000 of 60,000 have moved by the end of July, and 1,000 of 50,000 by the 19th.
select kpi, ratio, moved, told from restatement where day in ('2024-07-19', '2024-07-20', '2024-07-31') and kpi = 'grr.closing_arr' order by day;

-- By hand, at the end of July: 8,000 of 150,000 moved, in two series; accounts did not move. Histograms are not in it.
select * from restatement where day = '2024-07-31' order by kpi;

-- At the end of 9 July nothing had moved yet, and tech was not known.
select * from restatement where day = '2024-07-09' order by kpi;
select kpi, labels, old, new, moved, told, restated_series, told_at, restated_at from restatement_detail where day = '2024-07-31' order by kpi, labels;

-- In June it is about May, and in August about July; nothing was reported for either.
select count() as kpis from restatement where day = '2024-06-30';
select count() as kpis from restatement where day = '2024-08-31';

-- Each change, with the facts behind it.
select view, column, labels, day, restated_at, told_at, old, new, reason, facts
from kpi_restatements where restated_at < '2024-09-01' order by view, column, labels;
select old_distribution, new_distribution from kpi_restatements where view = 'time_to_use';
select count() as changes from kpi_restatements where restated_at < '2024-07-10';

-- What is reported now.
select view, column, labels, day, value, computed_at, told_at from kpi_history order by view, column, labels, day;

-- A run that was cut short has left a row and no run: nothing was reported.
insert into kpi_daily (view, column, labels, as_of, value, computed_at) values ('arr', 'amount', map('segment', 'low'), '2024-06-30', 1, '2024-08-20 01:00:00');
select labels, value from kpi_history where column = 'amount' and day = '2024-06-30' order by labels;
select count() as changes from kpi_restatements where view = 'arr';

-- A series that goes: its last value is no longer reported.
insert into kpi_daily (view, column, labels, as_of, value, computed_at) values ('arr', 'amount', map('segment', 'tech'), '2024-06-30', null, '2024-08-25 01:00:00');
insert into kpi_runs (view, as_of, computed_at, changed, reason) values ('arr', '2024-06-30', '2024-08-25 01:00:00', 2, 'asked');
select labels, old, new from kpi_restatements where view = 'arr' and restated_at > '2024-08-01 00:00:00' order by labels;
select labels, value from kpi_history where column = 'amount' and day = '2024-06-30' order by labels;
