-- Facts that contradict themselves or each other.
--
-- One row per violation; nothing here is left out of the KPIs for it, unless the KPI's own definition says so. Facts dated
-- after as_of are not looked at, but for those stored by then with a date more than a day ahead.
--
-- Columns:
--   check      label Name of the check.
--   violations part  1.
--   table      key   Fact table.
--   source     key   System that the row came from.
--   id         key   Row; of orphan_usage, the account.
--   reason     fact  What is wrong with it.

with
known as (
    select account_id, argMax(parent_account_id, updated_at) as parent from cs.accounts final group by account_id
),

terms as (
    select *, ifNull(ends_before, toDate('2149-06-06')) as due_on from cs.contracts final where starts_on <= {as_of:Date}
),

rates as (
    select rates from cs.valuation(as_of = {as_of:Date})
),

violations as (
    -- Contracts.
    select 'negative_acv' as check, 'contracts' as table, toString(source) as source, contract_id as id,
        concat('acv is ', toString(acv)) as reason
    from terms where acv < 0
    union all
    select 'ends_before_start', 'contracts', toString(source), contract_id,
        concat('starts on ', toString(starts_on), ' and ends before ', toString(due_on))
    from terms where due_on <= starts_on
    union all
    select 'notice_after_end', 'contracts', toString(source), contract_id,
        concat('notice on ', toString(notice_on), ', end on ', toString(due_on))
    from terms where notice_on > due_on
    union all
    select 'missing_rate', 'contracts', toString(t.source), contract_id,
        concat('no exchange rate for ', t.currency, ' in the fiscal year of ', toString({as_of:Date}))
    from terms as t cross join rates as r
    where r.rates[t.currency].1 = 0 and acv > 0 and not is_trial
    union all
    select 'unknown_predecessor', 'contracts', toString(t.source), t.contract_id, concat('renewed from ', t.renewed_from, ', which is not there')
    from terms as t left join terms as p on p.source = t.source and p.contract_id = t.renewed_from
    where t.renewed_from != '' and p.contract_id = ''
    union all
    select 'renewal_before_predecessor', 'contracts', toString(t.source), t.contract_id,
        if(t.contract_id = t.renewed_from, 'renewed from itself', concat('starts on ', toString(t.starts_on), ', its predecessor ', p.contract_id, ' on ', toString(p.starts_on)))
    from terms as t inner join terms as p on p.source = t.source and p.contract_id = t.renewed_from
    where t.starts_on <= p.starts_on
    union all
    select 'renewal_of_other_account', 'contracts', toString(t.source), t.contract_id,
        concat('account ', t.account_id, ', its predecessor ', p.contract_id, ' is of ', p.account_id)
    from terms as t inner join terms as p on p.source = t.source and p.contract_id = t.renewed_from
    where t.account_id != p.account_id
    union all
    select 'overlapping_contracts', 'contracts', toString(source), contract_id,
        concat('overlaps ', previous, ' of the same account, product and department')
    from (
        select source, contract_id, starts_on,
            lagInFrame(contract_id) over lines as previous,
            max(covered_before) over (partition by account_id, product, department order by starts_on, contract_id rows between unbounded preceding and 1 preceding) as covered_until,
            row_number() over lines as position
        from cs.contract_terms(as_of = {as_of:Date})
        where acv > 0 and covered_before > starts_on
        window lines as (partition by account_id, product, department order by starts_on, contract_id)
    ) as l
    where position > 1 and starts_on < covered_until
    union all
    -- Facts of accounts that nobody has described.
    select 'orphan_contracts', 'contracts', toString(source), contract_id, concat('account ', account_id, ' is not in accounts')
    from terms where account_id not in (select account_id from known)
    union all
    select 'orphan_touchpoints', 'touchpoints', toString(source), touchpoint_id, concat('account ', account_id, ' is not in accounts')
    from cs.touchpoints final where happened_at < toDateTime64({as_of:Date} + 1, 3, 'UTC') and account_id not in (select account_id from known)
    union all
    select 'orphan_value_reviews', 'value_reviews', toString(source), review_id, concat('account ', account_id, ' is not in accounts')
    from cs.value_reviews final where reviewed_on <= {as_of:Date} and account_id not in (select account_id from known)
    union all
    select 'orphan_opportunities', 'opportunities', toString(source), opportunity_id, concat('account ', any(account_id), ' is not in accounts')
    from cs.opportunities where created_on <= {as_of:Date} and account_id not in (select account_id from known) group by source, opportunity_id
    union all
    select 'unknown_parent', 'accounts', '', account_id, concat('parent ', parent, ' is not in accounts')
    from known where parent != '' and parent not in (select account_id from known)
    union all
    select 'own_parent', 'accounts', '', account_id, 'is its own parent'
    from known where parent = account_id
    union all
    -- Values outside of their scale, and times that run backwards.
    select 'severity_out_of_scale', 'risks', toString(source), risk_id, concat('severity is ', toString(severity), ', not 1 to 3')
    from cs.risks final where raised_on <= {as_of:Date} and severity not between 1 and 3
    union all
    select 'score_out_of_scale', 'surveys', toString(source), response_id, concat(toString(kind), ' score is ', toString(score))
    from cs.surveys final
    where responded_at < toDateTime64({as_of:Date} + 1, 3, 'UTC') and (kind = 'nps' and score > 10 or kind = 'csat' and score not between 1 and 5)
    union all
    select 'resolved_before_opened', 'tickets', toString(source), ticket_id, concat('opened at ', toString(opened_at), ', resolved at ', toString(resolved_at))
    from cs.tickets final
    where opened_at < toDateTime64({as_of:Date} + 1, 3, 'UTC') and (resolved_at < opened_at or first_response_at < opened_at)
    union all
    select 'rate_not_positive', 'fx_rates', toString(source), concat(currency, ' ', toString(day)), concat('rate is ', toString(rate))
    from cs.fx_rates final where day <= {as_of:Date} and rate <= 0
    union all
    -- Health bands that a person set. The importer refuses these two; somebody may have written them by another way.
    select 'override_never_holds', 'health_overrides', toString(source), override_id, concat('starts on ', toString(starts_on), ' and ends before ', toString(ends_before))
    from cs.health_overrides final where starts_on <= {as_of:Date} and ends_before <= starts_on
    union all
    select 'override_without_reason', 'health_overrides', toString(source), override_id, concat(toString(band), ' without a reason')
    from cs.health_overrides final where starts_on <= {as_of:Date} and trimBoth(reason) = ''
    union all
    -- Usage, from what the roll-up found.
    select 'conflicting_events', 'usage_events', toString(source), event_id, concat('dated ', toString(ts), ', account ', account_id, ': not counted, since another event of this id was stored before')
    from cs.usage_conflicts final where not is_kept and ts < toDateTime64({as_of:Date} + 1, 3, 'UTC')
    union all
    select distinct 'orphan_usage', 'usage_events', '', account_id, concat('account ', account_id, ' is not in accounts')
    from cs.usage_account_days final where day <= {as_of:Date} and account_id not in (select account_id from known)
    union all
    -- A clock that runs ahead, or a wrong year.
    select 'future_events', 'usage_events', toString(source), event_id, concat('dated ', toString(ts), ', stored at ', toString(stored_at))
    from cs.usage_ahead final where stored_at < toDateTime64({as_of:Date} + 1, 3, 'UTC')
    union all
    select 'future_touchpoints', 'touchpoints', toString(source), touchpoint_id, concat('dated ', toString(happened_at), ', stored at ', toString(ingested_at))
    from cs.touchpoints final where ingested_at < toDateTime64({as_of:Date} + 1, 3, 'UTC') and happened_at > ingested_at + interval 1 day
)

select check, toUInt8(1) as violations, table, source, id, reason
from violations
