-- Do customers read, come, and let us talk to those who decide?

-- Acme, Birch and Cedar are low touch; Dune left.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('1', 'acme', 20000, '2023-01-01', '2025-01-01'), ('2', 'birch', 20000, '2023-01-01', '2025-01-01'),
    ('3', 'cedar', 20000, '2023-01-01', '2025-01-01'), ('4', 'dune', 20000, '2023-01-01', '2024-05-01');

-- Acme got four mails and opened one. Birch got one and opened it three times: one. Cedar got one 89 days ago, on 2 April, and one 90 days ago; it opened one of tomorrow's.
-- Birch came to one of the two webinars that it was invited to; Acme came uninvited: there is no whole. Cedar takes part in the community, Dune's does not count.
insert into stored_engagements (engagement_id, account_id, contact, kind, happened_at) values
    ('1',  'acme',  'a', 'email_delivered',  '2024-06-10 09:00:00'), ('2',  'acme',  'b', 'email_delivered',  '2024-06-10 09:00:00'),
    ('3',  'acme',  'a', 'email_delivered',  '2024-06-17 09:00:00'), ('4',  'acme',  'b', 'email_delivered',  '2024-06-17 09:00:00'),
    ('5',  'acme',  'a', 'email_opened',     '2024-06-10 10:00:00'), ('6',  'birch', 'c', 'email_delivered',  '2024-06-10 09:00:00'),
    ('7',  'birch', 'c', 'email_opened',     '2024-06-10 10:00:00'), ('8',  'birch', 'c', 'email_opened',     '2024-06-11 10:00:00'),
    ('9',  'birch', 'c', 'email_opened',     '2024-06-12 10:00:00'), ('10', 'cedar', 'd', 'email_delivered',  '2024-04-02 00:00:00'),
    ('11', 'cedar', 'd', 'email_delivered',  '2024-04-01 23:59:59'), ('12', 'cedar', 'd', 'email_opened',     '2024-07-01 00:00:00'),
    ('13', 'birch', 'c', 'webinar_invited',  '2024-05-10 09:00:00'), ('14', 'birch', 'c', 'webinar_invited',  '2024-06-10 09:00:00'),
    ('15', 'birch', 'c', 'webinar_attended', '2024-05-20 09:00:00'), ('16', 'acme',  'a', 'webinar_attended', '2024-05-20 09:00:00'),
    ('17', 'cedar', 'd', 'community',        '2024-06-20 09:00:00'), ('18', 'dune',  'e', 'community',        '2024-04-20 09:00:00'),
    ('19', 'dune',  'e', 'email_delivered',  '2024-04-20 09:00:00');
-- A meeting with Acme's executive; Birch's read an e-mail, and Cedar's comes tomorrow; Birch's meeting was without.
insert into stored_touchpoints (touchpoint_id, account_id, kind, with_executive, happened_at) values
    ('1', 'acme',  'meeting', true,  '2024-04-02 09:00:00'), ('2', 'birch', 'email', true, '2024-06-10 09:00:00'),
    ('3', 'cedar', 'visit',   true,  '2024-07-01 00:00:00'), ('4', 'birch', 'meeting', false, '2024-06-10 09:00:00');

-- By hand, at the end of 30 June 2024, low: e-mail 1 + 1 of 4 + 1 + 1: 2 of 6; webinar 1 of 2; executive 1 of 3; community 1 of 3.
select * from engagement where day = '2024-06-30' order by segment, kind;
select kind, account_id, part, whole, last_on from engagement_detail where day = '2024-06-30' order by kind, account_id;
