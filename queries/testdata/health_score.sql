-- How are the scores spread? By two measures: ten points a ticket (weight 1), and the verified outcome (weight 2), which nobody
-- has yet, so that a third is measured: too little for a band, but a score all the same.
insert into stored_settings (name, value) values ('health_measures', 'tickets,verified_outcome'), ('health_full_tickets', '10');
insert into stored_contracts (contract_id, account_id, acv, starts_on) values
    ('acme', 'acme', 100000, '2023-01-01'), ('birch', 'birch', 1000, '2023-01-01'), ('cedar', 'cedar', 1000, '2023-01-01'), ('dune', 'dune', 1000, '2023-01-01'),
    ('elm', 'elm', 1000, '2023-01-01');
insert into stored_tickets (ticket_id, account_id, opened_at)
select concat(account, ' ', toString(number)), account, day
from values('account String, day Date, tickets UInt8', ('acme', '2024-06-01', 12), ('birch', '2024-06-01', 3), ('cedar', '2024-01-15', 2), ('elm', '2024-06-01', 8))
array join range(tickets) as number;

-- By hand: Acme 100, no more than that; Birch 30, on the bound, which is inclusive; Cedar's tickets are too long ago: 0; Dune
-- never opened one: no score; Elm 80. So tech touch: 0, 30, 80; at most 10: 1, at most 30: 2, at most 80: 3; mean 110 / 3.
select segment, score.1 as bounds, score.2 as counts, score.3 as sum, scored_accounts, mean_score from health_score where day = '2024-06-30' order by segment;
select segment, account_id, scored_accounts, score, round(measured_ratio, 3) as measured, band from health_score_detail where day = '2024-06-30' order by account_id;
