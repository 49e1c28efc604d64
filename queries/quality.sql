-- Violations of the data's quality.
-- ja: データ品質
--
-- How many facts contradict themselves or each other, by check; `cskpi check` and quality_detail list them. The KPIs
-- still count them as their definitions say: an unknown account's contract is ARR all the same.
--
-- ja: それ自体、または互いに矛盾する事実の件数(検査項目別)。内訳は`cskpi check`とquality_detailで分かる。KPIは定義どおりに数え
-- ja: 続ける。
--
-- Columns:
--   day        key   Day.
--   check      label Name of the check.
--   violations gauge Rows that violate it.
--
-- Group: Targets and data, 3
-- Every: 1h
-- Timeout: 2m

select day, check, sum(d.violations) as violations
from (
    select day, check, violations from quality_detail
    union all
    select day, arrayJoin([
        'negative_acv', 'ends_before_start', 'notice_after_end', 'missing_rate', 'unknown_predecessor', 'renewal_before_predecessor',
        'renewal_of_other_account', 'overlapping_contracts', 'orphan_contracts', 'orphan_touchpoints', 'orphan_value_reviews',
        'orphan_opportunities', 'unknown_parent', 'own_parent', 'severity_out_of_scale', 'score_out_of_scale', 'resolved_before_opened',
        'rate_not_positive', 'override_never_holds', 'override_without_reason', 'conflicting_events', 'orphan_usage', 'future_events', 'future_touchpoints',
        'ids_in_event_names', 'many_event_names']) as check, 0 as violations
    from policy_days
) as d
group by day, check
