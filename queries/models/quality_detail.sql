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
terms as (
    select *, ifNull(ends_before, toDate('2149-06-06')) as due_on from cs.contracts final where starts_on <= {as_of:Date}
),

-- Each contract beside its predecessor. What is wrong is said of those few that are.
contracts as (
    select
        check, source, contract_id,
        multiIf(
            check = 'negative_acv', concat('acv is ', toString(acv)),
            check = 'ends_before_start', concat('starts on ', toString(starts_on), ' and ends before ', toString(due_on)),
            check = 'notice_after_end', concat('notice on ', toString(notice_on), ', end on ', toString(due_on)),
            check = 'missing_rate', concat('no exchange rate for ', currency, ' in the fiscal year of ', toString({as_of:Date})),
            check = 'unknown_predecessor', concat('renewed from ', renewed_from, ', which is not there'),
            check = 'renewal_before_predecessor', if(contract_id = renewed_from, 'renewed from itself',
                concat('starts on ', toString(starts_on), ', its predecessor ', renewed_from, ' on ', toString(before.2))),
            concat('account ', account_id, ', its predecessor ', renewed_from, ' is of ', before.1)) as reason
    from (
        select
            toString(t.source) as source, t.contract_id as contract_id, t.account_id as account_id, t.acv as acv, t.currency as currency,
            t.starts_on as starts_on, t.due_on as due_on, t.notice_on as notice_on, t.renewed_from as renewed_from,
            (p.account_id, p.starts_on) as before,
            arrayJoin(arrayFilter((c, is_so) -> is_so,
                ['negative_acv', 'ends_before_start', 'notice_after_end', 'missing_rate', 'unknown_predecessor', 'renewal_before_predecessor', 'renewal_of_other_account'],
                [
                    t.acv < 0, t.due_on <= t.starts_on, ifNull(t.notice_on > t.due_on, false), t.acv > 0 and not t.is_trial and r.rates[t.currency].1 = 0,
                    t.renewed_from != '' and p.contract_id = '', p.contract_id != '' and t.starts_on <= p.starts_on,
                    p.contract_id != '' and t.account_id != p.account_id
                ])) as check
        from terms as t
        left join terms as p on p.source = t.source and p.contract_id = t.renewed_from
        cross join (select rates from cs.valuation(as_of = {as_of:Date})) as r
    ) as found
),

-- Facts of accounts that nobody has described.
orphans as (
    select check, table, source, id, concat('account ', account_id, ' is not in accounts') as reason
    from (
        select 'orphan_contracts' as check, 'contracts' as table, toString(source) as source, contract_id as id, account_id from terms
        union all
        select 'orphan_touchpoints', 'touchpoints', toString(source), touchpoint_id, account_id
        from cs.touchpoints final where happened_at < toDateTime64({as_of:Date} + 1, 3, 'UTC')
        union all
        select 'orphan_value_reviews', 'value_reviews', toString(source), review_id, account_id
        from cs.value_reviews final where reviewed_on <= {as_of:Date}
        union all
        select 'orphan_opportunities', 'opportunities', toString(source), opportunity_id, any(o.account_id)
        from cs.opportunities as o where created_on <= {as_of:Date} group by source, opportunity_id
        union all
        select 'orphan_usage', 'usage_events', '', account_id, account_id
        from cs.usage_accounts final where first_on <= {as_of:Date}
    ) as facts
    where account_id not in (select account_id from cs.accounts)
),

violations as (
    select check, 'contracts' as table, source, contract_id as id, reason from contracts
    union all
    select check, table, source, id, reason from orphans
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
    select if(parent = account_id, 'own_parent', 'unknown_parent'), 'accounts', '', account_id,
        if(parent = account_id, 'is its own parent', concat('parent ', parent, ' is not in accounts'))
    from (select account_id, argMax(parent_account_id, updated_at) as parent from cs.accounts final group by account_id) as known
    where parent = account_id or parent != '' and parent not in (select account_id from cs.accounts)
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
    -- A clock that runs ahead, or a wrong year.
    select 'future_events', 'usage_events', toString(source), event_id, concat('dated ', toString(ts), ', stored at ', toString(stored_at))
    from cs.usage_ahead final where stored_at < toDateTime64({as_of:Date} + 1, 3, 'UTC')
    union all
    -- Names of events that differ by nothing but a token with a digit, or a UUID, are one event with an id in its name.
    select 'ids_in_event_names', 'usage_events', '', shape,
        concat(toString(names), ' names of this shape in 28 days, such as ', example, '; give the event one name and put the id into a property')
    from (
        select replaceRegexpAll(replaceRegexpAll(name, '(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', '*'), '[0-9A-Za-z]*[0-9][0-9A-Za-z]*', '*') as shape,
            countIf(shape != name) as names, min(name) as example
        from (
            select toString(arrayJoin(d.features)) as name
            from cs.usage_user_days as d final
            where day > {as_of:Date} - 28 and day <= {as_of:Date}
            group by name
        ) as known
        group by shape
    ) as shapes
    where names >= 50
    union all
    select 'many_event_names', 'usage_events', '', toString(day), 'more names than the setting event_names keeps apart; those of the fewest users count as the feature (other)'
    from (
        select d.day as day
        from cs.usage_user_days as d final
        where day > {as_of:Date} - 28 and day <= {as_of:Date} and has(d.features, '(other)')
        group by day
    ) as crowded
    union all
    select 'future_touchpoints', 'touchpoints', toString(source), touchpoint_id, concat('dated ', toString(happened_at), ', stored at ', toString(ingested_at))
    from cs.touchpoints final where ingested_at < toDateTime64({as_of:Date} + 1, 3, 'UTC') and happened_at > ingested_at + interval 1 day
)

select check, toUInt8(1) as violations, table, source, id, reason
from violations
