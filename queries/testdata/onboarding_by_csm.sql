-- Whose customers get onboarded in time? By their owners at as_of.

insert into stored_accounts (account_id, csm, updated_at) values
    ('acme',  'kim', '2023-01-01 00:00:00'),
    ('birch', 'kim', '2023-01-01 00:00:00'),
    ('birch', 'lee', '2024-03-01 00:00:00'),
    ('cedar', 'lee', '2023-01-01 00:00:00');
insert into stored_contracts (contract_id, account_id, product, acv, starts_on) values
    ('acme', 'acme', 'core', 20000, '2024-01-01'), ('birch', 'birch', 'core', 20000, '2024-01-01'),
    ('cedar', 'cedar', 'core', 20000, '2024-06-01'), ('dune', 'dune', 'core', 20000, '2024-01-01');
insert into stored_milestones (account_id, milestone, due_on, reached_on, updated_at) values
    ('acme',  'onboarded', '2024-02-01', '2024-01-20', '2024-01-20'),
    ('birch', 'onboarded', '2024-02-01', '2024-02-20', '2024-02-20');

-- By hand: Kim has Acme, 1 of 1; Lee has Birch, late: 0 of 1, and Cedar in progress; Dune, of nobody, is overdue: 0 of 1.
select * from onboarding_by_csm where day = '2024-06-30' order by csm;
select csm, account_id, due_accounts, on_time_accounts, segment, due_on, onboarded_on from onboarding_by_csm_detail where day = '2024-06-30' order by csm, account_id;
