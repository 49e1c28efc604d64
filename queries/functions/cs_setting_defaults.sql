-- Defaults of the settings, by name/segment; those of the health measures stand in views/health_measures.sql.
() -> map(
    'currency/', 'USD', 'timezone/', 'UTC', 'fiscal_year_start/', '1', 'segment_high_arr/', '100000', 'segment_low_arr/', '10000',
    'grace_days/', '0', 'renewal_overdue_days/', '30', 'fx_rate_max_age_days/', '31', 'coverage_days/high', '30', 'coverage_days/low', '90',
    'coverage_days/tech', '180', 'onboarding_days/', '90', 'first_use_users/', '1', 'core_events/', '', 'event_names/', '1000', 'department_property/', 'department', 'excluded_users/', '', 'excluded_property/', '', 'event_quantities/', '', 'health_quantity/', '', 'csat_scale/', '5',
    'risk_accounts/', '50', 'health_measured_ratio/', '0.5', 'health_yellow/', '40', 'health_green/', '70', 'health_measures/', '', 'arr_jump_ratio/', '0.3333', 'quality_exceptions/', '')
