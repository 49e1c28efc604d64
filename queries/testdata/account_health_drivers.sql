-- Why is the score what it is, and what changed in 28 days?

-- Until 14 June four measures counted: touch 2, set-up done 1, tickets 1, verified outcome 2. Since then tickets do not.
insert into stored_settings (name, starts_on, value) values
    ('health_measures', '2024-01-01', 'touch,setup_done,tickets,verified_outcome'),
    ('health_measures', '2024-06-15', 'touch,setup_done,verified_outcome');
insert into stored_contracts (contract_id, account_id, acv, starts_on) values
    ('acme', 'acme', 20000, '2023-01-01'), ('birch', 'birch', 20000, '2024-06-10'), ('cedar', 'cedar', 20000, '2023-01-01');

-- Acme was last met on 18 January: 136 days before 2 June and 164 before 30 June, of 90 within which it should be. It opened
-- two tickets in May. It was set up on 10 June, before which it was not. Its outcome was verified in March.
insert into stored_touchpoints (touchpoint_id, account_id, kind, happened_at) values ('1', 'acme', 'call', '2024-01-18'), ('2', 'birch', 'call', '2024-06-30');
insert into stored_tickets (ticket_id, account_id, opened_at) values ('1', 'acme', '2024-05-02'), ('2', 'acme', '2024-05-03');
insert into stored_milestones (account_id, milestone, due_on, reached_on, updated_at) values
    ('acme', 'setup', '2024-06-10', null, '2024-01-01'), ('acme', 'setup', '2024-06-10', '2024-06-10', '2024-06-10');
insert into stored_value_reviews (review_id, account_id, reviewed_on, is_verified) values ('1', 'acme', '2024-03-01', true);

-- By hand, Acme's touch scored 100 * (2 - 136 / 90) = 48.89 on 2 June, and 100 * (2 - 164 / 90) = 17.78 now.
-- Before, of 6: touch 2 * 48.89 / 6 = 16.30, set-up 0, tickets 100 / 6 = 16.67, outcome 200 / 6 = 33.33; score 66.30.
-- Now, of 5: touch 2 * 17.78 / 5 = 7.11, set-up 100 / 5 = 20, outcome 200 / 5 = 40; score 67.11. Tickets gave 16.67 and give nothing.
-- Birch came in June: a score now, and none to compare with. Of Cedar nothing is known.
select
    account_id, measure, dimension, round(value, 3) as value, measured_on, round(score, 2) as score, weight, round(contribution, 2) as points,
    round(contribution_before, 2) as points_before, round(change, 2) as change
from account_health_drivers where day = '2024-06-30' order by account_id, measure;

-- They add up: 67.11, and up by 0.81.
select d.account_id as account_id, round(sum(d.contribution), 2) as points, round(sum(d.change), 2) as change, any(round(h.score, 2)) as score, any(round(h.score - b.score, 2)) as score_change
from account_health_drivers as d
join account_health as h on h.day = d.day and h.account_id = d.account_id
left join (select day + 28 as day, account_id, score from account_health) as b on b.day = d.day and b.account_id = d.account_id
where d.day = '2024-06-30'
group by d.account_id order by account_id;
