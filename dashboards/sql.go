package dashboards

// asOf is the day at whose end the board's time range ends; views take it as a constant.
const asOf = "toDate('${__to:date:YYYY-MM-DD}')"

// inSegments keeps the segments that are chosen.
const inSegments = "match(segment, '^${segment:regex}$')"

// driversSQL is what each measure costs, on average over the accounts that have it. A measure's share of the weight is what it
// could give; what it gives is its contribution.
const driversSQL = `select measure, any(dimension) as dimension,
    avg(100 * weight / total - contribution) as cost, avg(-change) as change
from (
    select account_id, measure, dimension, weight, contribution, change, score,
        sum(if(score is null, 0, weight)) over (partition by account_id) as total
    from cs.account_health_drivers(as_of = ` + asOf + `)
    where ` + inSegments + `
)
where score is not null and total > 0
group by measure
order by cost desc`

const declinedSQL = `select d.account_id as account_id, if(o.name = '', d.account_id, o.name) as account, d.csm as csm, d.segment as segment,
    toFloat64(d.arr) as arr, d.from_band as from_band, d.to_band as to_band, d.from_score as from_score, d.to_score as to_score
from cs.health_changes_detail(as_of = ` + asOf + `) as d
left join cs.account_owners(as_of = ` + asOf + `) as o on o.account_id = d.account_id
where d.direction = 'declined' and ` + inSegments + `
order by arr desc
limit 50`

const riskAccountsSQL = `select r.account_id as account_id, if(o.name = '', r.account_id, o.name) as account, r.csm as csm, r.segment as segment,
    toFloat64(r.arr) as at_risk_arr, r.band as band, r.score as score, r.renewal_seconds / 86400 as renewal_days,
    if(toFloat64(r.notice_arr) > 0, 'notice', r.reason) as reason, arrayStringConcat(r.worst, ', ') as worst
from cs.risk_accounts_detail(as_of = ` + asOf + `) as r
left join cs.account_owners(as_of = ` + asOf + `) as o on o.account_id = r.account_id
where r.account != '(other)' and ` + inSegments + `
order by at_risk_arr desc
limit 50`

const renewalsSQL = `select r.account_id as account_id, if(o.name = '', r.account_id, o.name) as account, o.csm as csm, r.segment as segment,
    toDateTime(r.due_on) as due_on, r.due as due, r.contract_id as contract, toFloat64(r.arr) as arr, r.band as band, r.outcome as outcome
from cs.renewals_detail(as_of = ` + asOf + `) as r
left join cs.account_owners(as_of = ` + asOf + `) as o on o.account_id = r.account_id
where ` + inSegments + `
order by due_on, arr desc
limit 200`

// thisAccount keeps the account that is chosen.
const thisAccount = "account_id = ${account:sqlstring}"

const (
	accountsSQL = "select account_id, if(name = '', account_id, name) as name from cs.account_owners(as_of = " + asOf + ") order by name"
	currencySQL = "select currency from cs.policy(as_of = " + asOf + ")"

	accountSQL = `select o.name as name, o.csm as csm, s.segment as segment, s.phase as phase
from cs.account_owners(as_of = ` + asOf + `) as o
left join cs.account_states(as_of = ` + asOf + `) as s on s.account_id = o.account_id
where o.account_id = ${account:sqlstring}`

	accountHealthSQL = `select toFloat64(arr) as arr, band, score, measured_ratio
from cs.account_health(as_of = ` + asOf + `)
where ` + thisAccount

	accountRiskSQL = `select toFloat64(at_risk_arr) as at_risk_arr, if(reason = '', if(toFloat64(notice_arr) > 0, 'notice', ''), reason) as reason
from cs.account_risks(as_of = ` + asOf + `)
where ` + thisAccount

	accountARRSQL = `select toDateTime(addMonths(` + asOf + `, -(month.1 - 1))) as time, toFloat64(month.2) as arr
from (select arrayJoin(arrayZip(arrayEnumerate(arr), arr)) as month from cs.account_arr(as_of = ` + asOf + `) where ` + thisAccount + `) as months
order by time`

	accountDriversSQL = `select measure, dimension, score, weight, contribution, change
from cs.account_health_drivers(as_of = ` + asOf + `)
where ` + thisAccount + `
order by isNull(score), score, weight desc`

	accountContractsSQL = `select contract_id, product, department, kind, seats, toFloat64(acv) as acv, currency,
    toDateTime(starts_on) as starts_on, if(due_on >= '2149-06-06', null, toDateTime(due_on)) as due_on,
    multiIf(covered_before <= ` + asOf + `, 'ended', notice_on <= ` + asOf + `, 'notice', 'active') as state, cancel_reason
from cs.contract_terms(as_of = ` + asOf + `)
where ` + thisAccount + `
order by starts_on desc, contract_id`

	accountUsageSQL = `select toDateTime(day) as time, toFloat64(active_users) as users
from cs.usage_account_days final
where ` + thisAccount + ` and day >= toDate('${__from:date:YYYY-MM-DD}') and day <= ` + asOf + `
order by time`

	accountTimelineSQL = `select at, kind, what, who
from cs.account_timeline(as_of = ` + asOf + `)
where ` + thisAccount + ` and day >= toDate('${__from:date:YYYY-MM-DD}') and kind not in ('usage', 'engagement', 'ticket_answered')
order by at desc, kind
limit 300`

	accountTicketsSQL = `select ticket_id, severity, if(is_complaint, '1', '0') as complaint, opened_at, resolved_at,
    dateDiff('second', opened_at, first_response_at) / 3600 as response_hours
from cs.tickets final
where ` + thisAccount + ` and toDate(opened_at) <= ` + asOf + `
order by opened_at desc
limit 50`

	accountRisksSQL = `select kind, toString(severity) as severity, csm, toDateTime(raised_on) as raised_on, toDateTime(closed_on) as closed_on
from cs.risks final
where ` + thisAccount + ` and raised_on <= ` + asOf + `
order by closed_on is not null, severity desc, raised_on desc
limit 50`

	accountPlanSQL = `select title, csm, toDateTime(first_due_on) as first_due_on, toDateTime(due_on) as due_on,
    multiIf(is_open = 0, 'done', due_on < ` + asOf + `, 'overdue', 'open') as state
from cs.action_item_states(as_of = ` + asOf + `)
where ` + thisAccount + `
order by is_open desc, due_on
limit 50`

	accountMilestonesSQL = `select milestone, if(first_due >= '2149-06-06', null, toDateTime(first_due)) as due_on,
    if(reached_on >= '2149-06-06', null, toDateTime(reached_on)) as reached_on
from cs.milestone_states(as_of = ` + asOf + `)
where ` + thisAccount + `
order by due_on, milestone`
)

const onboardingSQL = `select d.account_id as account_id, if(o.name = '', d.account_id, o.name) as account, d.csm as csm, d.segment as segment,
    toDateTime(d.first_paid_on) as first_paid_on, toDateTime(d.due_on) as due_on, toDateTime(d.planned_due_on) as planned_due_on,
    greatest(dateDiff('day', d.due_on, ` + asOf + `), 0) as days_late, if(d.overdue = 1, 'overdue', 'open') as state
from cs.onboarding_detail(as_of = ` + asOf + `) as d
left join cs.account_owners(as_of = ` + asOf + `) as o on o.account_id = d.account_id
where d.in_progress = 1 and ` + inSegments + `
order by due_on, account
limit 100`

const untouchedSQL = `select d.account_id as account_id, if(s.name = '', d.account_id, s.name) as account, s.csm as csm, d.segment as segment,
    toFloat64(s.arr) as arr, toFloat64(d.days) as cadence, toDateTime(d.touched_on) as touched_on
from cs.coverage_detail(as_of = ` + asOf + `) as d
inner join cs.account_states(as_of = ` + asOf + `) as s on s.account_id = d.account_id
where d.eligible_accounts = 1 and d.covered_accounts = 0 and match(d.segment, '^${segment:regex}$')
order by arr desc
limit 100`

const signalsSQL = `select d.account_id as account_id, any(if(o.name = '', d.account_id, o.name)) as account, any(o.csm) as csm, any(d.segment) as segment,
    max(toFloat64(d.arr)) as arr,
    toString(max(d.signal = 'seats_nearly_full')) as seats_nearly_full, toString(max(d.signal = 'usage_rising')) as usage_rising,
    toString(max(d.signal = 'new_department_active')) as new_department_active, toString(max(d.signal = 'raised_by_csm')) as raised_by_csm,
    toString(max(d.signal = 'no_open_opportunity')) as no_open_opportunity
from cs.expansion_signals_detail(as_of = ` + asOf + `) as d
left join cs.account_owners(as_of = ` + asOf + `) as o on o.account_id = d.account_id
where match(d.segment, '^${segment:regex}$')
group by d.account_id
having max(d.signal != 'no_open_opportunity')
order by arr desc
limit 100`

const unhappySQL = `select f.at as at, f.account_id as account_id, if(o.name = '', f.account_id, o.name) as account, o.csm as csm, f.what as what,
    f.score as score, f.state as state
from (
    select opened_at as at, account_id, 'complaint' as what, cast(null, 'Nullable(Float64)') as score,
        if(resolved_at is null or toDate(resolved_at) > ` + asOf + `, 'open', 'resolved') as state
    from cs.tickets final
    where is_complaint and toDate(opened_at) between toDate('${__from:date:YYYY-MM-DD}') and ` + asOf + `
    union all
    select responded_at as at, account_id, toString(kind) as what, toFloat64(score) as score, '' as state
    from cs.surveys final
    where (kind = 'nps' and score between 0 and 6 or kind = 'csat' and score between 1 and 2)
        and toDate(responded_at) between toDate('${__from:date:YYYY-MM-DD}') and ` + asOf + `
) as f
inner join cs.account_owners(as_of = ` + asOf + `) as o on o.account_id = f.account_id
order by at desc
limit 100`
