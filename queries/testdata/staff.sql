-- Who owns an account? People are known by more than one name, change it, and leave.

-- Alder and birch pay 20,000 each since January, cedar 90,000. The CRM has names for owners, the help desk addresses, the calendar ids.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before) values
    ('1', 'alder', 'core', 20000, '2024-01-01', null), ('2', 'birch', 'core', 20000, '2024-01-01', null), ('3', 'cedar', 'core', 90000, '2024-01-01', null);
insert into stored_accounts (account_id, name, csm, created_on, updated_at) values
    ('alder', 'Alder', 'Emi Sato', '2024-01-01', '2024-01-01'), ('birch', 'Birch', 'emi.sato@vendor.example', '2024-01-01', '2024-01-01'), ('cedar', 'Cedar', 'Jun Mori', '2024-01-01', '2024-01-01');
insert into stored_touchpoints (touchpoint_id, account_id, csm, kind, happened_at) values ('1', 'alder', 'U-17', 'meeting', '2024-06-10 10:00:00');

-- By hand, while nothing is known of who is who: Emi Sato and the address are two owners, with 20,000 each.
select csm, accounts, arr from csm_load where day = '2024-06-30' order by csm;

-- Then the people come: Emi has married, and her id in the calendar is listed. By hand: she owns alder and birch, on all days and under her present name, and
-- touched alder. Jun Mori is not among the people, and a check says so.
insert into stored_staff (staff_id, name, email, also_known_as, team, updated_at) values
    ('17', 'Emi Sato', 'emi.sato@vendor.example', '', 'low touch', '2024-01-01'), ('17', 'Emi Abe', 'emi.abe@vendor.example', 'u-17; esato', 'low touch', '2024-05-01');
select csm, accounts, arr from csm_load where day = '2024-06-30' order by csm;
select csm, accounts, arr from csm_load where day = '2024-02-29' order by csm;
select account_id, csm, touched_by from coverage_detail where day = '2024-06-30' and touches > 0;
select account_id, reason, affected, unit from quality_detail where day = '2024-06-30' and check = 'owner_unknown';

-- Emi leaves: she is there until 14 July. By hand: up to that day nothing changes; from the 15th on her accounts have no owner, and the check
-- names both with what they pay. What she did stays hers, and what she was to do is left over.
insert into stored_action_items (item_id, account_id, csm, title, due_on, updated_at) values ('1', 'cedar', 'esato', 'call', '2024-08-01', '2024-07-01');
insert into stored_staff (staff_id, name, email, also_known_as, team, ends_before, updated_at) values ('17', 'Emi Abe', 'emi.abe@vendor.example', 'u-17; esato', 'low touch', '2024-07-15', '2024-07-10');
select csm, accounts, arr from csm_load where day = '2024-07-14' order by csm;
select csm, accounts, arr from csm_load where day = '2024-07-15' order by csm;
select account_id, reason, affected, unit from quality_detail where day = '2024-07-15' and check = 'owner_left' order by account_id;
select check, violations from quality where day = '2024-07-14' and check in ('owner_left', 'action_item_owner_left') order by check;
select account_id, id, reason from quality_detail where day = '2024-07-15' and check = 'action_item_owner_left';
select csm, due_items, overdue_items from action_items_kpi where day = '2024-08-02';
select account_id, touched_by from coverage_detail where day = '2024-07-15' and touches > 0;

-- Alder is given to Jun Mori on the 20th, who is among the people by then, like another one of this name: until the CRM says which of them it means,
-- the name means neither.
insert into stored_accounts (account_id, name, csm, created_on, updated_at) values ('alder', 'Alder', '森 純', '2024-01-01', '2024-07-20');
insert into stored_staff (staff_id, name, also_known_as, updated_at) values ('20', 'Jun Mori', '森純', '2024-07-20'), ('21', 'Jun Mori', '', '2024-07-20');
select csm, accounts, arr from csm_load where day = '2024-07-31' order by csm;
select account_id, reason from quality_detail where day = '2024-07-31' and check in ('owner_unknown', 'owner_left') order by account_id;

-- By hand: the story of alder, in which a new name is no new owner.
select day, kind, what, who from account_timeline where account_id = 'alder' and day >= '2024-06-01' order by at, kind;
