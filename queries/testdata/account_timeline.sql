-- One account's whole story, in the reporting zone Asia/Tokyo (nine hours ahead of UTC, so a day begins at 15:00 UTC of the day before).

insert into stored_settings (name, value) values ('timezone', 'Asia/Tokyo');

-- Acme is Kim's, from the evening of 5 March 2024 UTC on (the 6th in Tokyo) Lee's. Lab is a test account: it has no story.
insert into stored_accounts (account_id, name, csm, created_on, is_test, updated_at) values
    ('acme', 'Acme', 'kim', '2022-12-01', false, '2022-12-01 00:00:00'),
    ('acme', 'Acme', 'lee', '2022-12-01', false, '2024-03-05 23:30:00'),
    ('lab',  'Lab',  'kim', '2022-12-01', true,  '2022-12-01 00:00:00');

-- A year for 1,000, renewed for 1,200; notice in April 2024, the end in June; back in August for 500.
insert into stored_contracts (contract_id, account_id, product, seats, acv, starts_on, ends_before, renewed_from, notice_on, cancel_reason) values
    ('c1', 'acme', 'core', 10, 1000, '2023-01-01', '2024-01-01', '',   null,         ''),
    ('c2', 'acme', 'core', 0,  1200, '2024-01-01', '2024-06-01', 'c1', '2024-04-01', 'price'),
    ('c3', 'acme', 'core', 0,  500,  '2024-08-01', null,         '',   null,         ''),
    ('c4', 'lab',  'core', 0,  9000, '2023-01-01', null,         '',   null,         '');

-- The onboarding deadline was moved from 1 March to 1 April 2023 and reached on 20 March.
insert into stored_milestones (account_id, milestone, due_on, reached_on, updated_at) values
    ('acme', 'onboarded', '2023-03-01', null,         '2023-01-02 00:00:00'),
    ('acme', 'onboarded', '2023-04-01', '2023-03-20', '2023-03-21 00:00:00');

-- The meeting is on the 2nd in Tokyo. The upsell was worth 100 when it was created and 90 euros when it was won.
insert into stored_touchpoints (touchpoint_id, account_id, csm, kind, happened_at, with_executive, sentiment, note) values
    ('t1', 'acme', 'kim', 'meeting', '2024-02-01 20:00:00', true, 'opportunity', 'they grow');
insert into stored_opportunities (opportunity_id, account_id, kind, originated_by, csm, amount, currency, created_on, closed_on, is_won, updated_at) values
    ('o1', 'acme', 'upsell', 'cs', 'kim', 100, '',    '2024-02-02', null,         null, '2024-02-02 00:00:00'),
    ('o1', 'acme', 'upsell', 'cs', 'kim', 90,  'EUR', '2024-02-02', '2024-03-01', true, '2024-03-02 00:00:00');

-- A risk, a plan against it, a complaint and what customers said, a band set by hand.
insert into stored_risks (risk_id, account_id, csm, kind, severity, raised_on, closed_on) values ('r1', 'acme', 'lee', 'champion_left', 3, '2024-03-10', '2024-03-20');
insert into stored_action_items (item_id, account_id, csm, title, due_on, done_on, updated_at) values
    ('i1', 'acme', 'lee', 'meet the new champion', '2024-03-15', null,         '2024-03-11 00:00:00'),
    ('i1', 'acme', 'lee', 'meet the new champion', '2024-03-25', '2024-03-18', '2024-03-19 00:00:00');
insert into stored_health_overrides (override_id, account_id, csm, band, reason, starts_on, ends_before) values ('h1', 'acme', 'lee', 'yellow', 'new champion', '2024-03-20', '2024-03-28');
insert into stored_tickets (ticket_id, account_id, severity, is_complaint, opened_at, first_response_at) values ('k1', 'acme', '1', true, '2024-05-01 10:00:00', '2024-05-01 11:00:00');
insert into stored_surveys (response_id, account_id, user_id, kind, score, responded_at) values ('s1', 'acme', 'ann', 'nps', 3, '2024-05-02 00:00:00');
insert into stored_engagements (engagement_id, account_id, contact, kind, happened_at) values ('e1', 'acme', 'ann', 'webinar_attended', '2024-05-03 00:00:00');
insert into stored_feedback (feedback_id, account_id, csm, kind, created_on) values ('f1', 'acme', 'lee', 'product_request', '2024-05-04');
insert into stored_value_reviews (review_id, account_id, reviewed_on, outcome, improvement_ratio, is_verified) values ('v1', 'acme', '2024-05-05', 'faster', 0.2, true);
insert into stored_usage_account_days (account_id, day, users, active_users, events, core_events, features, last_at, version) values
    ('acme', '2024-05-01', 3, 2, 10, 10, 1, '2024-05-01 00:00:00', 1), ('acme', '2024-05-09', 3, 3, 12, 10, 1, '2024-05-09 00:00:00', 1);

-- By hand: all of the above, each on its day; the renewal stands for the first contract's end, and Acme was away from 1 June
-- to 1 August. The item was due on 15 March, whatever it was moved to.
select day, at, kind, id, what, who, amount from account_timeline where day <= '2024-12-31' and account_id = 'acme' order by at, kind, id;

-- By hand: of 29 rows 24 are up to 10 May 2024. The month of usage is not among them: it stands at the last day of May.
select count() as rows, max(day) as latest, countIf(kind in ('churned', 'returned', 'contract_ended')) as later from account_timeline where day <= '2024-05-10';

-- By hand: nobody but Acme has a story.
select groupUniqArray(account_id) as accounts from account_timeline where day <= '2024-12-31';
