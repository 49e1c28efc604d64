-- The renewals of the months ahead, on 30 September 2024.

-- Acme's ends with September, so it is due on 1 October; Birch's ends with the year, and so does Cedar's, which has given notice. Dune's would have ended with the
-- year, too, but was renewed for less in September. Elm's is due on the last day of the twelfth month, Fir's a day later. Gum's has no end.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, renewed_from, notice_on) values
    ('acme',   'acme',  1000,  '2023-10-01', '2024-10-01', '',       null),
    ('birch',  'birch', 20000, '2024-01-01', '2025-01-01', '',       null),
    ('cedar',  'cedar', 30000, '2024-01-01', '2025-01-01', '',       '2024-09-30'),
    ('dune-1', 'dune',  50000, '2024-01-01', '2025-01-01', '',       null),
    ('dune-2', 'dune',  40000, '2024-09-15', '2025-09-15', 'dune-1', null),
    ('elm',    'elm',   2000,  '2024-01-01', '2025-09-30', '',       null),
    ('fir',    'fir',   3000,  '2024-01-01', '2025-10-01', '',       null),
    ('gum',    'gum',   4000,  '2024-01-01', null,         '',       null);

-- Ivy's subscription keeps its number. It was for a year, and since August it is for two, at 1,500 in place of 1,000: renewed in place, with an uplift of 500.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, valid_from) values
    ('ivy', 'ivy', 1000, '2024-01-01', '2025-01-01', '1970-01-01'),
    ('ivy', 'ivy', 1500, '2024-01-01', '2026-01-01', '2024-08-01');

-- By hand: October Acme. January: low Birch, Cedar and Dune, 100,000 in three, of which Dune's renewal took over 40,000 and Cedar's 30,000 are on notice; tech Ivy, renewed.
-- September 2025: low Dune's renewal, tech Elm. October 2025 is the thirteenth month after this one, so Fir is not here.
select * from renewals_calendar where day = '2024-09-30' and due_contracts > 0 order by month, segment;
select month, contract_id, due_on, outcome, due_arr, renewed_arr, notice_arr from renewals_calendar_detail where day = '2024-09-30' order by due_on, contract_id;

-- By hand: the rest of September and twelve months, by three segments; zero where nothing is due.
select count() as series, min(month) as first, max(month) as last, countIf(due_contracts = 0) as zero from renewals_calendar where day = '2024-09-30';

-- By hand: the renewal rate of January counts Ivy's contract with its first end, 1,000 of 1,000, and the uplift of 500.
select segment, renewed_arr, due_arr, uplift_arr from renewal_rate where day = '2025-01-31' and window = '1m' and segment = 'tech';
