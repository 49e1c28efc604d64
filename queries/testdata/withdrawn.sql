-- A fact that its source took back never was, on any day.

-- Rook pays 10,000. Swift's 5,000 were entered by mistake, and so were its call, its ticket and its answer.
insert into stored_contracts (contract_id, account_id, acv, starts_on, updated_at) values
    ('1', 'rook',  10000, '2024-01-01', '2024-01-01'),
    ('2', 'swift', 5000,  '2024-01-01', '2024-01-01');
insert into stored_touchpoints (touchpoint_id, account_id, kind, happened_at, updated_at) values ('1', 'rook', 'call', '2024-06-20', '2024-06-20'), ('2', 'rook', 'call', '2024-06-21', '2024-06-21');
insert into stored_tickets (ticket_id, account_id, opened_at, updated_at) values ('1', 'rook', '2024-06-20', '2024-06-20'), ('2', 'rook', '2024-06-21', '2024-06-21');
insert into stored_surveys (response_id, account_id, kind, score, responded_at, updated_at) values ('1', 'rook', 'nps', 9, '2024-06-20', '2024-06-20'), ('2', 'rook', 'nps', 0, '2024-06-21', '2024-06-21');

-- By hand: 15,000; 2 calls; 2 tickets; a promoter and a detractor.
select sum(amount) as arr, sum(accounts) as accounts from arr where day = '2024-06-30';
select calls from touch_days where day = '2024-06-30' and account_id = 'rook';
select sum(opened) as tickets from tickets_kpi where day = '2024-06-30';
select sum(promoters) as promoters, sum(detractors) as detractors from nps where day = '2024-06-30';

-- On 25 June the second of each is deleted in its source. By hand: 10,000, on all days, and nobody has left; one call, one ticket, one promoter.
insert into stored_contracts (contract_id, account_id, acv, starts_on, is_withdrawn, updated_at) values ('2', 'swift', 5000, '2024-01-01', 1, '2024-06-25');
insert into stored_touchpoints (touchpoint_id, account_id, kind, happened_at, is_withdrawn, updated_at) values ('2', 'rook', 'call', '2024-06-21', 1, '2024-06-25');
insert into stored_tickets (ticket_id, account_id, opened_at, is_withdrawn, updated_at) values ('2', 'rook', '2024-06-21', 1, '2024-06-25');
insert into stored_surveys (response_id, account_id, kind, score, responded_at, is_withdrawn, updated_at) values ('2', 'rook', 'nps', 0, '2024-06-21', 1, '2024-06-25');
select day, sum(amount) as arr, sum(accounts) as accounts from arr where day in ('2024-01-31', '2024-06-30') group by day order by day;
select sum(lost_accounts) as lost from logo_churn where day = '2024-06-30' and window = '3m';
select calls from touch_days where day = '2024-06-30' and account_id = 'rook';
select sum(opened) as tickets from tickets_kpi where day = '2024-06-30';
select sum(promoters) as promoters, sum(detractors) as detractors from nps where day = '2024-06-30';

-- It was no mistake after all: entered again, it counts again, on all days.
insert into stored_contracts (contract_id, account_id, acv, starts_on, updated_at) values ('2', 'swift', 5000, '2024-01-01', '2024-06-28');
select day, sum(amount) as arr from arr where day in ('2024-01-31', '2024-06-30') group by day order by day;

-- A renewal that is withdrawn replaces nothing. By hand, beside Swift's 5,000: Rook's renewal for 12,000 replaces its first contract; once it is
-- withdrawn, the 10,000 of the first one count again.
insert into stored_contracts (contract_id, account_id, acv, starts_on, renewed_from, updated_at) values ('3', 'rook', 12000, '2024-06-01', '1', '2024-06-01');
select sum(amount) as arr from arr where day = '2024-06-30';
insert into stored_contracts (contract_id, account_id, acv, starts_on, renewed_from, is_withdrawn, updated_at) values ('3', 'rook', 12000, '2024-06-01', '1', 1, '2024-06-28');
select sum(amount) as arr from arr where day = '2024-06-30';
