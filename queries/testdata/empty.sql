-- A database without facts: zero where something is counted, nothing where a ratio would be of nothing, and never an error.

-- By hand: 3 segments of zero; the bridge closes at zero; 18 series, of 3 segments and 6 windows, without a ratio.
select * from arr where day = '2024-12-31' order by segment;
select count() as series, sum(amount) as amount, sum(accounts) as accounts from arr_movements where day = '2024-12-31';
select * from arr_bridge where day = '2024-12-31' order by window;
select count() as series, sum(amount) as amount, sum(accounts) as accounts from expansion where day = '2024-12-31';
select count() as series, countIf(ratio is null) as undefined, sum(opening_arr) as opening from nrr where day = '2024-12-31';
select count() as series, countIf(ratio is null) as undefined, sum(opening_arr) as opening from grr where day = '2024-12-31';
select count() as series, countIf(ratio is null) as undefined, sum(opening_arr) as opening from nrr_definitions where day = '2024-12-31';
select count() as series, countIf(ratio is null) as undefined, countIf(ratio_lower is null) as no_lower, countIf(ratio_upper is null) as no_upper, sum(lost_accounts) as lost from logo_churn where day = '2024-12-31';
select count() as series, countIf(gross_ratio is null) as undefined, countIf(net_ratio is null) as no_net, sum(lost_arr) as lost from revenue_churn where day = '2024-12-31';
select count() as series, sum(accounts) as accounts from segment_migrations where day = '2024-12-31';
select count() as series, sum(contracts) as contracts from renewals where day = '2024-12-31';
select count() as series, countIf(ratio is null) as undefined from renewal_rate where day = '2024-12-31';
select count() as series, countIf(ratio is null) as undefined from renewal_readiness where day = '2024-12-31';
select * from efficiency where day = '2024-12-31';
select count() as series, sum(rows) as rows, countIf(latest_timestamp_seconds is null) as without_latest from freshness where day = '2024-12-31';
select count() as checks, sum(violations) as violations from quality where day = '2024-12-31';

-- By hand: no cohort, no churn, no target, so no series at all.
select count() as series from cohorts where day = '2024-12-31';
select count() as series from churn_reasons where day = '2024-12-31';
select count() as series from targets_kpi where day = '2024-12-31';
select count() as rows from nrr_definition_bridge where day = '2024-12-31';
