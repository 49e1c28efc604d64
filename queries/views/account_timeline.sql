-- Everything that happened to each account up to the latest day that is computed, in one list.
--
-- Ask for one account, as in where account_id = 'acme', and order by at: this reads the facts themselves. Contracts, opportunities
-- and their amounts stand as the source gives them; first payment, return and churn are those of the KPIs, in the reporting
-- currency at the rate of the fiscal year of the latest day. What is known by day alone stands at the day's first instant in the
-- reporting zone; a month of usage stands at its last day, or at the latest. Test accounts have no story.
--
-- Columns:
--   day        key   Day in the reporting time zone.
--   account_id key   Account.
--   at         key   Instant, UTC.
--   kind       label What sort of thing happened, as contract_began.
--   id         key   Contract, touchpoint, opportunity and so on, as its source names it; empty: the account itself.
--   what       key   What happened, in words.
--   who        fact  CSM, respondent or contact; empty: nobody is named.
--   amount     fact  Money that it is about, in the currency that what names, else the reporting currency; null: none.

with
toDate('2149-06-06') as never,
toDateTime64('2149-01-01 00:00:00', 3, 'UTC') as not_yet,
cast(null as Nullable(Float64)) as nothing,
assumeNotNull((select zone from reporting_zone)) as zone,
assumeNotNull((select max(day) from policy_days)) as latest,

-- Contracts as they counted, for payments and churn.
paid as (
    select account_id, groupArray((counts_from, c.counts_before, c.arr, trimBoth(toString(cancel_reason)), contract_id)) as terms
    from contract_days as c
    where c.day = latest
    group by account_id
),

-- What is known by day. Each row has events of one thing: kind, day, what, amount.
by_day as (
    select
        account_id, contract_id as id, '' as who,
        concat(if(product = '', 'contract', product), if(department = '', '', concat(' for ', department)), if(currency = '', '', concat(', ', currency)),
            if(seats = 0, '', concat(', ', toString(seats), ' seats')), if(renewed_from = '', '', concat(', in place of ', renewed_from))) as thing,
        [
            (if(renewed_from = '', 'contract_began', 'contract_renewed'), starts_on, concat(thing, if(acv = 0, ', of no value or a trial', '')), toNullable(toFloat64(acv))),
            ('contract_notice', notice_on, concat(thing, if(cancel_reason = '', '', concat('; ', cancel_reason))), toNullable(toFloat64(acv))),
            -- Where another takes its place, the beginning of that one says so.
            ('contract_ended', if(replaced_on <= due_on, never, due_on), concat(thing, if(cancel_reason = '', '', concat('; ', cancel_reason))), toNullable(toFloat64(acv)))
        ] as events
    from (
        select
            account_id, source, contract_id,
            argMax((toString(t.product), toString(t.department), toString(t.currency), t.seats, t.renewed_from, t.starts_on, t.acv, t.notice_on, toString(t.cancel_reason), t.replaced_on, t.due_on), t.counts_from) as x,
            x.1 as product, x.2 as department, x.3 as currency, x.4 as seats, x.5 as renewed_from, x.6 as starts_on, x.7 as acv, x.8 as notice_on, x.9 as cancel_reason,
            x.10 as replaced_on, x.11 as due_on
        from contract_terms as t
        group by account_id, source, contract_id
    ) as contracts
    where starts_on <= latest
    union all
    select account_id, '' as id, '' as who, '' as thing,
        arrayMap((d, n) -> (if(n = 1, 'first_paid', 'returned'), d, if(n = 1, 'became a customer', 'became a customer again'),
            toNullable(cs_float(arraySum(arrayMap(t -> t.3, arrayFilter(t -> t.1 <= d and t.2 > d, terms)))))), begun, arrayEnumerate(begun)) as events
    from (
        select account_id, terms, arraySort(arrayDistinct(arrayMap(t -> t.1, arrayFilter(t -> not arrayExists(u -> u.1 < t.1 and u.2 >= t.1, terms), terms)))) as begun
        from paid
    ) as payments
    union all
    -- The reason is that of the largest contract that ended on the day and names one.
    select account_id, '' as id, '' as who, '' as thing, [
            ('churned', churned_on, concat('no longer pays: ', if(reason = '', 'unknown', reason)),
                toNullable(cs_float(arraySum(arrayMap(t -> t.3, arrayFilter(t -> t.1 < churned_on and t.2 >= churned_on, terms)))))) ] as events
    from (
        select account_id, terms, churned_on, arrayReverseSort(t -> (t.4 != '', t.3, t.5), arrayFilter(t -> t.2 = churned_on, terms))[1].4 as reason
        from paid
        array join arrayFilter(d -> d <= latest and not arrayExists(t -> t.1 <= d and t.2 > d, terms), arrayDistinct(arrayMap(t -> t.2, terms))) as churned_on
    ) as churns
    union all
    select account_id, '' as id, '' as who, '' as thing, [
            ('milestone_due', first_due, milestone, nothing),
            ('milestone_due', if(last_due = first_due, never, last_due), concat(milestone, ', as moved'), nothing),
            ('milestone_reached', reached_on, milestone, nothing)
        ] as events
    from (
        select account_id, m.1 as milestone, if(m.2.1 = toDate(0), never, m.2.1) as first_due, m.2.2 as last_due, m.2.3 as reached_on
        from (
            select account_id, argMax(x.milestones, x.since) as known
            from milestone_spans as x
            where x.since <= latest
            group by account_id
        ) as by_account
        array join cast(known, 'Array(Tuple(String, Tuple(Date, Date, Date, UInt8)))') as m
        where m.2.4
    ) as milestones
    union all
    select account_id, opportunity_id as id, csm as who, '' as thing, [
            ('opportunity_created', created_on, concat(o.kind, if(o.originated_by = '', '', concat(' by ', o.originated_by)), if(created_currency = '', '', concat(', ', created_currency))),
                nullIf(toFloat64(created_amount), 0)),
            (if(is_won, 'opportunity_won', 'opportunity_lost'), decided_on, concat(o.kind, if(o.currency = '', '', concat(', ', o.currency))), nullIf(toFloat64(o.amount), 0))
        ] as events
    from opportunity_spans as o
    where o.since <= latest and latest < o.before
    union all
    select account_id, risk_id as id, toString(csm) as who, '' as thing, [
            ('risk_raised', raised_on, concat(toString(kind), ', severity ', toString(severity)), nothing),
            ('risk_closed', ifNull(closed_on, never), concat(toString(kind), ', severity ', toString(severity)), nothing)
        ] as events
    from stored_risks final
    union all
    select account_id, override_id as id, toString(csm) as who, '' as thing, [
            ('health_overridden', starts_on, concat(toString(band), ': ', reason), nothing),
            ('health_override_ended', ends_before, toString(band), nothing)
        ] as events
    from stored_health_overrides final where starts_on <= latest
    union all
    select v.1 as account_id, item_id as id, x.1 as who, '' as thing, [x.2] as events
    from (
        select
            item_id,
            argMin((toString(a.csm), a.title, a.due_on), (a.valid_from, a.updated_at)) as f,
            argMax((a.account_id, toString(a.csm), a.title, ifNull(a.done_on, toDate('2149-06-06'))), (a.valid_from, a.updated_at)) as v
        from stored_action_items as a final
        group by source, item_id
        having not argMax(is_withdrawn, a.updated_at)
    ) as items
    array join [(f.1, ('action_item_due', f.3, f.2, nothing)), (v.2, ('action_item_done', v.4, v.3, nothing))] as x
    union all
    select account_id, feedback_id as id, toString(csm) as who, '' as thing, [('feedback', created_on, toString(kind), nothing)] as events
    from stored_feedback final
    union all
    select account_id, '' as id, left_csm as who, '' as thing, [('owner_left', min(o.since), concat('owner left: ', left_csm), nothing)] as events
    from account_spans as o
    where left_csm != ''
    group by account_id, left_csm
    union all
    select account_id, review_id as id, '' as who, '' as thing, [('value_review', reviewed_on, concat(if(is_verified, 'verified', 'not verified'),
            if(improvement_ratio is null, '', concat(', improved by ', toString(assumeNotNull(improvement_ratio)))), if(outcome = '', '', concat(': ', outcome))), nothing)] as events
    from stored_value_reviews final
    union all
    select account_id, '' as id, '' as who, '' as thing, [('usage', least(toLastDayOfMonth(month), latest),
            concat('used on ', toString(n), ' days of the month, by up to ', toString(most), ' active users a day; ', toString(total), ' events'), nothing)] as events
    from (
        select account_id, toStartOfMonth(u.day) as month, count() as n, max(u.active_users) as most, sum(u.events) as total
        from stored_usage_account_days as u final
        where u.day <= latest
        group by account_id, month
    ) as months
),

-- What is known to the instant, likewise.
by_instant as (
    select account_id, touchpoint_id as id, toString(csm) as who, [('touchpoint', happened_at, concat(toString(kind), if(with_executive, ' with an executive', ''),
            if(sentiment = '', '', concat(', ', toString(sentiment))), if(note = '', '', concat(': ', note))))] as events
    from stored_touchpoints final
    union all
    select account_id, ticket_id as id, '' as who, [
            (if(is_complaint, 'complaint', 'ticket_opened'), opened_at, if(severity = '', 'ticket', concat('severity ', toString(severity)))),
            ('ticket_answered', ifNull(first_response_at, not_yet), if(severity = '', 'ticket', concat('severity ', toString(severity)))),
            ('ticket_resolved', ifNull(resolved_at, not_yet), if(severity = '', 'ticket', concat('severity ', toString(severity))))
        ] as events
    from (
        select ticket_id, v.1 as account_id, v.2 as is_complaint, v.3 as severity, v.4 as opened_at, v.5 as first_response_at, v.6 as resolved_at
        from (
            select t.ticket_id as ticket_id, argMax((t.account_id, t.is_complaint, t.severity, t.opened_at, t.first_response_at, t.resolved_at), (t.valid_from, t.updated_at)) as v
            from stored_tickets as t
            group by t.source, t.ticket_id
            having not argMax(t.is_withdrawn, t.updated_at)
        ) as latest
    ) as tickets
    union all
    select account_id, response_id as id, user_id as who, [('survey', responded_at, concat(toString(kind), ' ', toString(score)))] as events
    from stored_surveys final
    union all
    select account_id, engagement_id as id, contact as who, [('engagement', happened_at, toString(kind))] as events
    from stored_engagements final
    union all
    select account_id, '' as id, owner as who, [(what, since, if(owner = '', 'owner: (none)', concat('owner: ', owner)))] as events
    from (
        select account_id, e.1 as what, e.2 as since, e.3 as owner
        from (
            -- A version that names the same owner again, as an import repeated later does, is no change.
            select account_id, argMax(v.created_on, (v.valid_from, v.updated_at)) as created_on, arrayCompact(o -> o.2, arraySort(groupArray((v.valid_from, if(n.csm = '', toString(v.csm), n.csm))))) as owners
            from stored_accounts as v final
            left join staff_names as n on n.name = cs_name_key(v.csm)
            group by account_id
        ) as versions
        array join arrayConcat(
            [('account_created', if(created_on is null, not_yet, toDateTime64(toDateTime64(assumeNotNull(created_on), 3, zone), 3, 'UTC')), owners[1].2)],
            arrayFilter(e -> e.1 != '', arrayMap((o, p) -> (if(o.2 = p.2, '', 'owner_changed'), o.1, o.2), arrayPopFront(owners), arrayPopBack(owners)))) as e
    ) as changes
)

select e.day as day, e.account_id as account_id, e.at as at, e.kind as kind, e.id as id, e.what as what, if(n.csm = '', e.who, n.csm) as who, e.amount as amount
from (
    select account_id, toDateTime64(toDateTime64(e.2, 3, zone), 3, 'UTC') as at, e.2 as day, e.1 as kind, id, e.3 as what, who, e.4 as amount
    from by_day
    array join events as e
    union all
    select account_id, e.2 as at, toDate(e.2, zone) as day, e.1 as kind, id, e.3 as what, who, nothing as amount
    from by_instant
    array join events as e
) as e
left join staff_names as n on n.name = cs_name_key(e.who)
where e.day <= latest and e.account_id not in (select account_id from test_accounts)
