-- A database without facts: zero where something is counted, nothing where a ratio would be of nothing, and never an error.

-- By hand: 3 segments of zero; the bridge closes at zero; 9 series without a ratio.
select * from cs.arr(as_of = '2024-12-31') order by segment;
select count() as series, sum(amount) as amount, sum(accounts) as accounts from cs.arr_movements(as_of = '2024-12-31');
select * from cs.arr_bridge(as_of = '2024-12-31') order by window;
select count() as series, sum(amount) as amount, sum(accounts) as accounts from cs.expansion(as_of = '2024-12-31');
select count() as series, countIf(ratio is null) as undefined, sum(opening_arr) as opening from cs.nrr(as_of = '2024-12-31');
select count() as series, countIf(ratio is null) as undefined, sum(opening_arr) as opening from cs.grr(as_of = '2024-12-31');
select count() as series, countIf(ratio is null) as undefined, sum(opening_arr) as opening from cs.nrr_definitions(as_of = '2024-12-31');
select count() as series, countIf(ratio is null) as undefined, countIf(ratio_lower is null) as no_lower, countIf(ratio_upper is null) as no_upper, sum(lost_accounts) as lost from cs.logo_churn(as_of = '2024-12-31');
select count() as series, countIf(gross_ratio is null) as undefined, countIf(net_ratio is null) as no_net, sum(lost_arr) as lost from cs.revenue_churn(as_of = '2024-12-31');
select count() as series, sum(accounts) as accounts from cs.segment_migrations(as_of = '2024-12-31');
select count() as series, sum(contracts) as contracts from cs.renewals(as_of = '2024-12-31');
select count() as series, countIf(ratio is null) as undefined from cs.renewal_rate(as_of = '2024-12-31');
select count() as series, countIf(ratio is null) as undefined from cs.renewal_readiness(as_of = '2024-12-31');
select * from cs.efficiency(as_of = '2024-12-31');
select count() as series, sum(rows) as rows, countIf(latest_timestamp_seconds is null) as without_latest from cs.freshness(as_of = '2024-12-31');
select count() as checks, sum(violations) as violations from cs.quality(as_of = '2024-12-31');

-- By hand: no cohort, no churn, no target, so no series at all.
select count() as series from cs.cohorts(as_of = '2024-12-31');
select count() as series from cs.churn_reasons(as_of = '2024-12-31');
select count() as series from cs.targets_kpi(as_of = '2024-12-31');
select count() as rows from cs.nrr_definition_bridge(as_of = '2024-12-31');
