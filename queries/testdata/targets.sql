-- Targets in force on a day. The view is targets_kpi, because targets is the table.

-- We aim at a net retention of 1.10 in the first half of 2024 and of 1.15 from July on; for high touch of 1.20 throughout.
-- From July on nobody has set a warning: there is none, rather than the old one. Coverage had a target in 2023 only.
insert into stored_targets (kpi, segment, starts_on, ends_before, target, warning, critical) values
    ('nrr.ratio',      '',     '2024-01-01', null,         1.10, 1.05, 1.00),
    ('nrr.ratio',      '',     '2024-07-01', null,         1.15, null, 1.00),
    ('nrr.ratio',      'high', '2024-01-01', null,         1.20, 1.10, 1.05),
    ('coverage.ratio', '',     '2023-01-01', '2024-01-01', 0.80, 0.70, 0.60);

-- By hand, on 30 June the first, on 1 July the second.
select * from targets_kpi where day = '2024-06-30' order by kpi, segment;
select * from targets_kpi where day = '2024-07-01' order by kpi, segment;

-- By hand: on its last day, 31 December 2023, coverage's is in force; net retention has none yet.
select * from targets_kpi where day = '2023-12-31' order by kpi, segment;
select count() as targets from targets_kpi where day = '2024-01-01' and kpi = 'coverage.ratio';

-- A correction: the target from July on is 1.12. The last change wins, whichever row comes first.
insert into stored_targets (kpi, starts_on, target, updated_at) values ('nrr.ratio', '2024-07-01', 1.12, '2100-01-01 00:00:00');
insert into stored_targets (kpi, starts_on, target, updated_at) values ('nrr.ratio', '2024-07-01', 1.99, '2001-01-01 00:00:00');
select kpi, target from targets_kpi where day = '2024-12-31' and segment = '';
