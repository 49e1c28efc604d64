-- Facts that contradict themselves or each other, each from the day on which it says so.
--
-- What depends on the day alone is elsewhere: currencies without a rate and sources that fell silent in the view quality_detail,
-- names of events in layers/usage_violations.sql, accounts in layers/account_violations.sql, ARR in layers/arr_jumps.sql. Names and
-- domains that several accounts have are in layers/account_twins.sql. Instants count by UTC.
--
-- Columns:
--   account_id key  Account that the fact is about; empty: none.
--   check      key  Name of the check.
--   table      key  Fact table.
--   source     key  System that the row came from.
--   id         key  Row; of orphan_usage, the account.
--   since      key  First day on which it is a violation.
--   before     fact First day on which it no longer is; 2149-06-06: it still is.
--   reason     key  What is wrong with it; one event id may come with several payloads.
--   affected   fact How much it is about, in the unit of the next column; null: one row.
--   unit       fact Currency, ISO 4217; empty: the reporting currency.
--
-- Key: account_id, check, table, source, id, since, reason

with
toDate('2149-06-06') as never,

-- Each contract by its last version.
terms as (
    select
        toString(c.source) as source, contract_id,
        argMax((c.account_id, c.acv, c.starts_on, ifNull(c.ends_before, never), c.notice_on, c.renewed_from, toString(c.currency)), (c.valid_from, c.updated_at)) as last_version,
        last_version.1 as account_id, last_version.2 as acv, last_version.3 as starts_on, last_version.4 as due_on, last_version.5 as notice_on, last_version.6 as renewed_from,
        last_version.7 as currency
    from stored_contracts as c final
    group by source, contract_id
    having not argMax(is_withdrawn, c.updated_at)
),

-- Each contract beside its predecessor, which is known from its own first day on.
contracts as (
    select
        account_id, v.1 as check, source, contract_id, v.2 as since, v.3 as before, v.4 as reason, acv, currency
    from (
        select
            t.account_id as account_id, t.source as source, t.contract_id as contract_id, toDecimal128(t.acv, 4) as acv, t.currency as currency,
            arrayFilter(v -> v.5 and v.2 < v.3, [
                ('negative_acv', t.starts_on, never, concat('acv is ', toString(t.acv)), t.acv < 0),
                ('ends_before_start', t.starts_on, never, concat('starts on ', toString(t.starts_on), ' and ends before ', toString(t.due_on)), t.due_on <= t.starts_on),
                ('notice_after_end', t.starts_on, never, concat('notice on ', ifNull(toString(t.notice_on), ''), ', end on ', toString(t.due_on)), ifNull(t.notice_on > t.due_on, false)),
                ('unknown_predecessor', t.starts_on, if(has_predecessor, other_start, never), concat('renewed from ', t.renewed_from, ', which is not there'), t.renewed_from != ''),
                ('renewal_before_predecessor', both_from, never,
                    if(t.contract_id = t.renewed_from, 'renewed from itself', concat('starts on ', toString(t.starts_on), ', its predecessor ', t.renewed_from, ' on ', toString(other_start))),
                    has_predecessor and t.starts_on <= other_start),
                ('renewal_of_other_account', both_from, never, concat('account ', t.account_id, ', its predecessor ', t.renewed_from, ' is of ', other_account),
                    has_predecessor and t.account_id != other_account)]) as found
        from (
            -- Most contracts are in order, and texts are built only for the others.
            select
                t.account_id as account_id, t.source as source, t.contract_id as contract_id, t.acv as acv, t.currency as currency, t.starts_on as starts_on, t.due_on as due_on, t.notice_on as notice_on, t.renewed_from as renewed_from,
                p.contract_id != '' as has_predecessor, p.account_id as other_account, p.starts_on as other_start, greatest(t.starts_on, p.starts_on) as both_from
            from (
                select account_id, source, contract_id, acv, currency, starts_on, due_on, notice_on, renewed_from from terms
                where (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
                    and (acv < 0 or due_on <= starts_on or ifNull(notice_on > due_on, false) or renewed_from != '')
            ) as t
            left join (select source, contract_id, account_id, starts_on from terms) as p on p.source = t.source and p.contract_id = t.renewed_from
            where t.acv < 0 or t.due_on <= t.starts_on or ifNull(t.notice_on > t.due_on, false)
                or t.renewed_from != '' and (p.contract_id = '' or t.starts_on <= p.starts_on or t.account_id != p.account_id)
        ) as t
    ) as compared
    array join found as v
),

pieces as (
    select
        account_id, source, contract_id, counts_from, counts_before, toString(t.product) as product, toString(t.department) as department, t.kind as kind, toDecimal128(t.acv, 4) as acv,
        toString(t.currency) as currency, starts_on, due_on, renewed_from, notice_on, t.cancel_reason != '' as is_cancelled
    from contract_terms as t
    where counts_from < counts_before and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
),

-- Paid contracts that give way to a successor, or to later terms of their own, before their own end: what they were worth and what follows. Where somebody
-- gave notice or a reason for cancelling, less is meant.
steps as (
    select
        account_id, source, p.counts_before as since, p.notice_on as before, p.contract_id as previous, p.acv as acv, p.currency as currency, p.due_on as due_on,
        min(n.contract_id) as contract_id, sum(n.acv) as next_acv, min(n.kind in ('upsell', 'cross_sell', 'extension')) as is_expansion,
        max((n.source, n.contract_id) in (select source, contract_id from terms where acv < 0)) as is_negative
    from pieces as p
    join pieces as n on n.account_id = p.account_id and n.source = p.source and n.counts_from = p.counts_before
    where p.acv > 0 and p.counts_before < p.due_on and p.notice_on > p.counts_before and not p.is_cancelled and (n.renewed_from = p.contract_id or n.contract_id = p.contract_id)
    group by account_id, source, since, before, previous, acv, currency, due_on
    having not max(n.is_cancelled) and (next_acv = 0 or uniqExact(n.currency) = 1 and any(n.currency) = currency)
),

-- Paid contracts by their own end, with the contract that begins a day after it: one that names it, or one of the same thing, unless others of that cover the day
-- between. If one begins on the very day, the end is right.
ended as (
    select
        account_id, source, p.contract_id as contract_id, p.counts_from as counts_from, p.counts_before as counts_before, p.product as product, p.department as department, p.acv as acv,
        p.currency as currency, p.due_on as due_on, countIf(n.counts_from = due_on) > 0 as is_right,
        minIf(n.contract_id, n.renewed_from = contract_id and n.counts_from > due_on) as successor_id, minIf(n.contract_id, n.renewed_from = '' and n.counts_from > due_on) as next_id,
        -- A day is missing from whole years. In a leap year 365 days are a day less than a year as well, and may be meant.
        arrayExists(k -> addYears(p.starts_on, k) = due_on + 1 and dateDiff('day', p.starts_on, due_on) != 365 * k, range(1, 11)) as lacks_a_day
    from pieces as p
    left join (
        select account_id, source, contract_id, counts_from, renewed_from, product, department, arrayJoin([counts_from, counts_from - 1]) as ended_on
        from pieces
        where acv > 0 and counts_from = starts_on
    ) as n on n.account_id = p.account_id and n.source = p.source and n.ended_on = p.counts_before
        and (n.renewed_from = p.contract_id or n.renewed_from = '' and n.product = p.product and n.department = p.department)
    where p.acv > 0 and p.due_on < never
    group by account_id, source, contract_id, counts_from, counts_before, product, department, acv, currency, due_on, p.starts_on
    having lacks_a_day or counts_before = due_on and not is_right and (successor_id != '' or next_id != '')
),

ends as (
    select
        account_id, source, e.contract_id as contract_id, e.counts_from as counts_from, e.counts_before as counts_before, e.acv as acv, e.currency as currency, e.due_on as due_on,
        -- What was added a day after the beginning of whole years ends with them.
        e.lacks_a_day and max(q.due_on = due_on and q.counts_from < counts_from and q.is_whole) = 0 as lacks_a_day, e.is_right as is_right,
        multiIf(
            counts_before < due_on or is_right, '', e.successor_id != '', e.successor_id,
            max(q.product = e.product and q.department = e.department and q.counts_from <= due_on and due_on < q.counts_before) = 0, e.next_id, '') as follows
    from ended as e
    left join (
        select account_id, source, product, department, counts_from, counts_before, due_on, arrayExists(k -> addYears(starts_on, k) = due_on, range(1, 11)) as is_whole from pieces where acv > 0
    ) as q on q.account_id = e.account_id and q.source = e.source
    group by account_id, source, contract_id, counts_from, counts_before, acv, currency, due_on, e.lacks_a_day, is_right, e.successor_id, e.next_id
    having follows != '' or lacks_a_day
),

-- Facts of accounts that nobody has described.
orphans as (
    select check, table, source, id, since, account_id, concat('account ', account_id, ' is not in accounts') as reason
    from (
        select 'orphan_contracts' as check, 'contracts' as table, source, contract_id as id, starts_on as since, account_id from terms
        union all
        -- Candidate rows are selected first, since comparing the versions of a row takes long.
        select 'orphan_touchpoints', 'touchpoints', toString(source), touchpoint_id, toDate(happened_at, 'UTC'), account_id from stored_touchpoints final
        where touchpoint_id in (select touchpoint_id from stored_touchpoints where account_id not in (select account_id from stored_accounts))
        union all
        select 'orphan_value_reviews', 'value_reviews', toString(source), review_id, reviewed_on, account_id from stored_value_reviews final
        union all
        select 'orphan_opportunities', 'opportunities', toString(o.source), opportunity_id, min(created_on), argMax(o.account_id, (o.valid_from, o.updated_at))
        from stored_opportunities as o final group by o.source, opportunity_id having not argMax(is_withdrawn, o.updated_at)
        union all
        select 'orphan_usage', 'usage_events', '', account_id, first_on, account_id from stored_usage_accounts final
    ) as facts
    where (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)}) and account_id not in (select account_id from stored_accounts)
)

select account_id, check, table, source, id, since, before, reason, affected, unit
from (
    select account_id, check, 'contracts' as table, source, contract_id as id, since, before, reason, toNullable(acv) as affected, currency as unit from contracts
    union all
    select
        account_id, 'inclusive_end', 'contracts', source, contract_id, v.1, v.2,
        concat('ends before ', toString(due_on), if(v.3, concat(', and ', follows, ' begins a day later: neither counts on that day'), ', a day short of whole years')), acv, currency
    from ends
    array join arrayFilter(x -> x.1 < x.2, [
        -- What is wrong with the end by itself is known until the terms change, or what follows shows whether it is.
        (if(lacks_a_day, counts_from, never), multiIf(counts_before < due_on, counts_before, is_right, due_on, follows != '', due_on + 1, never), false),
        (if(follows != '', due_on + 1, never), never, true)]) as v
    union all
    select
        account_id, if(next_acv = 0 and not is_negative, 'order_without_value', 'difference_as_total'), 'contracts', source, contract_id, since, before,
        concat('replaces ', if(previous = contract_id, 'its own value of ', concat(previous, ' of ')), toString(acv), ' with ', if(is_negative, 'a negative value', toString(next_acv)), ' on ', toString(since),
            if(due_on = never, ', without an end', concat(', ', toString(due_on - since), ' days before its end'))), acv - next_acv, currency
    from steps
    where next_acv = 0 or is_expansion and next_acv < acv or 2 * next_acv < acv and due_on < never and due_on - since > 90
    union all
    select account_id, check, table, source, id, since, never, reason, null, '' from orphans
    union all
    select account_id, 'overlapping_contracts', 'contracts', source, contract_id, starts_on, never, concat('overlaps ', previous, ' of the same account, product and department'), acv, currency
    from (
        select account_id, source, contract_id, starts_on, acv, currency,
            lagInFrame(contract_id) over lines as previous,
            max(covered_before) over (partition by account_id, product, department order by starts_on, contract_id rows between unbounded preceding and 1 preceding) as covered_until,
            row_number() over lines as position
        from (
            select
                account_id, source, contract_id, argMax(t.product, t.counts_from) as product, argMax(t.department, t.counts_from) as department,
                argMax(toDecimal128(t.acv, 4), t.counts_from) as acv, argMax(toString(t.currency), t.counts_from) as currency,
                argMax(t.starts_on, t.counts_from) as starts_on, max(least(t.due_on, t.replaced_on)) as covered_before
            from contract_terms as t
            where t.acv > 0 and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
            group by account_id, source, contract_id
            having covered_before > starts_on
        ) as contract_lines
        window lines as (partition by account_id, product, department order by starts_on, contract_id)
    ) as l
    where position > 1 and starts_on < covered_until
    union all
    select account_id, if(parent = account_id, 'own_parent', 'unknown_parent'), 'accounts', '', account_id, toDate(0), never,
        if(parent = account_id, 'is its own parent', concat('parent ', parent, ' is not in accounts')), null, ''
    from (
        select account_id, argMax(parent_account_id, (valid_from, updated_at)) as parent
        from stored_accounts final
        where empty({accounts:Array(String)}) or account_id in {accounts:Array(String)}
        group by account_id
        having not argMax(is_withdrawn, (valid_from, updated_at))
    ) as known
    where parent = account_id or parent != '' and parent not in (select account_id from stored_accounts)
    union all
    -- Values outside of their scale, and times that run backwards.
    select account_id, 'severity_out_of_scale', 'risks', toString(source), risk_id, raised_on, never, concat('severity is ', toString(severity), ', not 1 to 3'), null, ''
    from stored_risks final where severity not between 1 and 3 and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    union all
    select account_id, 'score_out_of_scale', 'surveys', toString(source), response_id, toDate(responded_at, 'UTC'), never, concat(kind, ' score is ', toString(score), if(kind = 'nps' or highest = 5, '', concat(' of ', toString(highest)))), null, ''
    from (
        select v.account_id as account_id, v.source as source, v.response_id as response_id, v.responded_at as responded_at, v.kind as kind, v.score as score, if(v.scale > 0, v.scale, s.highest) as highest
        from (select account_id, source, response_id, responded_at, toString(x.kind) as kind, score, scale, toDate(responded_at, 'UTC') as given_on from stored_surveys as x final where empty({accounts:Array(String)}) or account_id in {accounts:Array(String)}) as v
        asof join survey_scales as s on s.kind = v.kind and s.starts_on <= v.given_on
    ) as answers
    where score not between kind = 'csat' and highest or highest not in (3, 4, 5, 6, 7, 10)
    union all
    select account_id, 'resolved_before_opened', 'tickets', toString(source), ticket_id, toDate(opened_at, 'UTC'), never,
        concat('opened at ', toString(opened_at), ', resolved at ', ifNull(toString(resolved_at), '')), null, ''
    from (
        select source, ticket_id, v.1 as account_id, v.2 as opened_at, v.3 as resolved_at, v.4 as first_response_at
        from (
            select t.source as source, t.ticket_id as ticket_id, argMax((t.account_id, t.opened_at, t.resolved_at, t.first_response_at), (t.valid_from, t.updated_at)) as v
            from stored_tickets as t
            where (source, ticket_id) in (select source, ticket_id from stored_tickets where ifNull(resolved_at < opened_at, false) or ifNull(first_response_at < opened_at, false))
            group by source, ticket_id
            having not argMax(t.is_withdrawn, t.updated_at)
        ) as latest
    ) as tickets
    where (ifNull(resolved_at < opened_at, false) or ifNull(first_response_at < opened_at, false)) and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    union all
    select '' as account_id, 'rate_not_positive', 'fx_rates', toString(source), concat(currency, ' ', toString(day)), day, never, concat('rate is ', toString(rate)), null, ''
    from stored_fx_rates final where rate <= 0 and (empty({accounts:Array(String)}) or has({accounts:Array(String)}, ''))
    union all
    -- Health bands that a person set. The importer refuses these two; somebody may have written them by another way.
    select account_id, 'override_never_holds', 'health_overrides', toString(source), override_id, starts_on, never, concat('starts on ', toString(starts_on), ' and ends before ', toString(ends_before)), null, ''
    from stored_health_overrides final where ends_before <= starts_on and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    union all
    select account_id, 'override_without_reason', 'health_overrides', toString(source), override_id, starts_on, never, concat(toString(band), ' without a reason'), null, ''
    from stored_health_overrides final where trimBoth(reason) = '' and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    union all
    -- What is left over from people who are gone.
    select i.account_id as account_id, 'action_item_owner_left', 'action_items', i.source as source, i.item_id as id, greatest(i.since, n.left_on) as since, i.before as before, concat('is of ', n.csm, ', who has left'), null, ''
    from action_item_spans as i
    join (select distinct csm, left_on from staff_names) as n on n.csm = i.csm
    where i.is_open and since < i.before and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    union all
    -- Usage, from what the roll-up found.
    select account_id, 'conflicting_events', 'usage_events', toString(source), event_id, toDate(ts, 'UTC'), never,
        concat('dated ', toString(ts), ', account ', account_id, ': not counted, since another event of this id was stored before'), null, ''
    from stored_usage_conflicts final where not is_kept and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    union all
    -- A clock that runs ahead, or a wrong year.
    select account_id, 'future_events', 'usage_events', toString(source), event_id, toDate(stored_at, 'UTC'), never, concat('dated ', toString(ts), ', stored at ', toString(stored_at)), null, ''
    from stored_usage_ahead final where empty({accounts:Array(String)}) or account_id in {accounts:Array(String)}
    union all
    select account_id, 'future_touchpoints', 'touchpoints', toString(source), touchpoint_id, toDate(ingested_at, 'UTC'), never,
        concat('dated ', toString(happened_at), ', stored at ', toString(ingested_at)), null, ''
    from stored_touchpoints final
    where touchpoint_id in (select touchpoint_id from stored_touchpoints where happened_at > ingested_at + interval 1 day)
        and happened_at > ingested_at + interval 1 day and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
) as violations
