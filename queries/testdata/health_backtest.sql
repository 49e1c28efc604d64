-- Did the score tell the truth? To keep it small, a score is ten points a ticket in 90 days.
insert into stored_settings (name, value) values ('health_measures', 'tickets'), ('health_full_tickets', '10');

-- As of 31 December 2024 the scores are of 2 October and of 4 July. Acme left in November. Birch renewed with less, which counts as lost. Cedar and
-- Elm stay as they were, Dune took more. Fir left in September, before the later score. Gum came in August. Hazel left in December.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, renewed_from) values
    ('acme',    'acme',  1000, '2023-01-01', '2024-11-30', ''),
    ('birch-1', 'birch', 1000, '2023-01-01', '2024-11-01', ''),
    ('birch-2', 'birch', 800,  '2024-11-01', '2025-11-01', 'birch-1'),
    ('cedar',   'cedar', 1000, '2023-01-01', null,         ''),
    ('dune-1',  'dune',  1000, '2023-01-01', null,         ''),
    ('dune-2',  'dune',  500,  '2024-12-01', null,         ''),
    ('elm',     'elm',   1000, '2023-01-01', null,         ''),
    ('fir',     'fir',   1000, '2023-01-01', '2024-09-01', ''),
    ('gum',     'gum',   1000, '2024-08-01', null,         ''),
    ('hazel',   'hazel', 1000, '2023-01-01', '2024-12-15', '');

-- Tickets in spring, for the score of 4 July, and in summer, for that of 2 October. Those of 3 October came too late to change anything: Acme's do not
-- lift it, Gum has no score, and Hazel, which never asked before, has none either.
insert into stored_tickets (ticket_id, account_id, opened_at)
select concat(account, ' ', toString(day), ' ', toString(number)), account, day
from values('account String, day Date, tickets UInt8',
    ('acme', '2024-04-06', 1), ('birch', '2024-06-01', 3), ('cedar', '2024-07-04', 1), ('dune', '2024-06-01', 5), ('elm', '2024-06-01', 5), ('fir', '2024-06-01', 2),
    ('acme', '2024-07-05', 2), ('birch', '2024-09-01', 4), ('cedar', '2024-09-01', 4), ('dune', '2024-09-01', 6), ('elm', '2024-10-02', 8),
    ('acme', '2024-10-03', 8), ('gum', '2024-10-03', 9), ('hazel', '2024-10-03', 1))
array join range(tickets) as number;

-- By hand, 90 days before: 20 (Acme, lost), 40 (Birch, lost), 40 (Cedar), 60 (Dune), 80 (Elm). Pairs of lost and kept: Acme is below all three, Birch below two
-- and level with one: 5.5 of 6 = 0.9167. Hanley and McNeil: Q1 = A / (2 - A) = 0.846154, Q2 = 2A² / (1 + A) = 0.876812, A² = 0.840278;
-- (A(1 - A) + 1 * (Q1 - A²) + 2 * (Q2 - A²)) / 6 = (0.076389 + 0.005876 + 0.073068) / 6 = 0.025889, the root of which is 0.160900; times 1.96 is
-- 0.315358: from 0.601309 to 1, where it ends. The worst tenth of 5 is one: Acme, lost: 1 over 2/5 = 2.5.
-- 180 days before: 10 (Acme, lost), 10 (Cedar), 20 (Fir, lost), 30 (Birch, lost), 50 (Dune), 50 (Elm). Acme 2.5, Fir 2, Birch 2: 6.5 of 9 = 0.7222.
-- Q1 = 0.565217, Q2 = 0.605735, A² = 0.521605; (0.200617 + 2 * 0.043612 + 2 * 0.084130) / 9 = 0.050678, root 0.225118: from 0.281000 to 1. The worst tenth is
-- one of the two at 10, of which half were lost: 0.5 over 3/6 = 1.
select
    horizon, round(auc, 6) as auc, round(auc_lower, 6) as auc_lower, round(auc_upper, 6) as auc_upper, round(worst_decile_lift, 6) as worst_decile_lift,
    accounts, lost_accounts, round(lost_ratio, 6) as lost_ratio
from health_backtest where day = '2024-12-31' order by horizon desc;
select horizon, account_id, score, band, lost_accounts, opening_arr, closing_arr, outcome from health_backtest_detail where day = '2024-12-31' order by horizon desc, score, account_id;

-- By hand, on 1 April 2024 nobody has had a score: nothing is defined, and the bounds are not either.
select * from health_backtest where day = '2024-04-01' order by horizon;
