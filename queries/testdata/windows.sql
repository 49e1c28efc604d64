-- Windows at month ends: each opening is the closing of the window before, so that what left in four months is what left month by month.

-- Ibis leaves on 30 January, Heron on 31 March, the last day of its month. Jay stays.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('heron', 'heron', 4000,  '2023-01-01', '2024-03-31'),
    ('ibis',  'ibis',  6000,  '2023-01-01', '2024-01-30'),
    ('jay',   'jay',   90000, '2023-01-01', null);

-- By hand: the months to 31 January, 29 February, 31 March and 30 April open on the last day of the month before. Ibis was lost in January,
-- Heron in March: 1, 0, 1, 0, together 2. Twelve months before 30 April both paid: 2. (Heron paid on 30 March, too, and not on 30 April: a month that
-- opened there would lose it a second time.)
select day, sum(lost_accounts) as lost from logo_churn where day in ('2024-01-31', '2024-02-29', '2024-03-31', '2024-04-30') and window = '1m' group by day order by day;
select sum(lost_accounts) as lost from logo_churn where day = '2024-04-30' and window = '12m';

-- By hand: 100,000 at the end of the year; 94,000 from January, 90,000 from March on. Each opening is the closing before it.
select day, opening, closing from arr_bridge where day in ('2024-01-31', '2024-02-29', '2024-03-31', '2024-04-30') and window = '1m' order by day;

-- On the last day of a month the month to date is the month; on any other day it is shorter. By hand: on 15 February a month opens on 15 January, when
-- Ibis paid; the month to date opens on 31 January, and the quarter and the year on 31 December.
select window, opens_on from windows where day = '2024-04-30' order by opens_on, window;
select window, opening, closing from arr_bridge where day = '2024-02-15' order by opening, window;

-- The fiscal year begins in February. By hand: the quarter to 15 May opens on 30 April, as the month does, and the year on 31 January. On the last day of January the
-- fiscal year is a whole one, which opened on 31 January 2023, and its last quarter opened on 31 October.
insert into stored_settings (name, value) values ('fiscal_year_start', '2');
select window, opens_on from windows where day = '2024-05-15' and window in ('mtd', 'qtd', 'ytd') order by window;
select window, opens_on from windows where day = '2024-01-31' and window in ('mtd', 'qtd', 'ytd') order by window;
