package dashboards

import (
	"fmt"
	"strings"
)

// Days are those of the company, wherever the board is looked at: a day as Grafana writes it is one of the reader's browser.
const (
	zone  = "assumeNotNull((select zone from reporting_zone))"
	asOf  = "toDate(fromUnixTimestamp64Milli(toInt64(${__to})), " + zone + ")"   // at whose end the board's time range ends
	since = "toDate(fromUnixTimestamp64Milli(toInt64(${__from})), " + zone + ")" // on which it begins
)

// Rows of the segments and the owners that are chosen.
var (
	inSegments = in("segment", "segment")
	inCSMs     = in("csm", "csm")
)

// in keeps the rows whose column is among the values that are chosen for a variable. Only formats that encode quotes and backslashes may stand in
// SQL: percentencode has no name for the end of a string, and queryparam none for the end of a value either (var-csm=one&var-csm=another).
// All of them is written .* by Grafana up to 9, .%2A by later ones, and the one value .* as {.*}, encoded.
func in(column, variable string) string {
	return "(" + chosenValue(variable) + " = '.*' or has(arrayMap(p -> decodeURLComponent(substring(p, position(p, '=') + 1)), splitByChar('&', '${" + variable + ":queryparam}')), " + column + "))"
}

// chosenValue is the value of a variable of which one is chosen.
func chosenValue(variable string) string {
	return "decodeURLComponent('${" + variable + ":percentencode}')"
}

// listing is a list that says so itself when there is nothing on it.
type listing struct {
	columns string // of the list, in their order, separated by commas
	rows    string // a query with these columns
	order   string // of the rows, by columns of that query
	limit   int
	whole   string // a query for n, how many could be on the list, and day, as of which that is known
	in      string // the column of text in which the sentence stands
	said    string // the sentence that says that none are
}

// sql has the rows of the list, or, if there are none, one row with the sentence. If there is nothing that could be on the list, it is unknown whether
// the list is empty, and there is no row at all.
func (l listing) sql() string {
	var columns []string
	for c := range strings.SplitSeq(l.columns, ", ") {
		if c == l.in {
			columns = append(columns, "if(l.listed = 1, toString(l."+c+"), @say("+l.said+")) as "+c)
		} else {
			columns = append(columns, "if(l.listed = 1, l."+c+", null) as "+c)
		}
	}
	return fmt.Sprintf(`select %s
from (select 1 as one, n as whole_n, day as whole_day from (%s) where n > 0) as w
full join (select 1 as one, 1 as listed, row_number() over (order by %s) as place, t.* from (%s) as t) as l on l.one = w.one
order by l.place
limit %d`, strings.Join(columns, ", "), l.whole, l.order, l.rows, l.limit)
}

// knownUntil is the last day of which facts that are read directly can tell.
const knownUntil = "least(" + asOf + ", (select day from current_day))"

// paying are the accounts that are chosen, as they stood on the latest day.
var paying = "(select * from account_states where day = " + latestDay + " and " + inSegments + " and " + inCSMs + ")"

// latestDay is the last computed day that is not after the end of the board's time range.
const latestDay = "(select max(day) from days where state != 'not computed' and day <= " + asOf + ")"

// named are all accounts that ever paid, with their names and owners.
const named = "(select account_id, if(name = '', account_id, name) as name, csm from account_days where day = " + latestDay + ")"

// why are the three causes that weigh most, in the order of risk_drivers.
const why = `arrayStringConcat(arraySlice(arrayConcat(
        if(notice_arr > 0, [transform('notice_given', @words(driver), '')], []),
        if(overridden != '' and band = 'red', [transform('set_by_hand', @words(driver), '')], []),
        arrayMap(driver -> transform(driver, @words(driver), driver), raised),
        arrayMap(d -> transform(toString(d.1), @words(measure), toString(d.1)),
            arraySort(d -> d.6 * (assumeNotNull(d.5) - 100), arrayFilter(d -> d.5 is not null and d.5 < 100, drivers)))), 1, 3), ', ')`

// raisedRisks are the kinds of each account's open risks, the severest first.
const raisedRisks = `(
    select account_id, arrayMap(k -> if(k.2 = '', 'risk', concat('risk_', k.2)), arraySort(groupArray((-severest, kind)))) as raised
    from (
        select account_id, toString(kind) as kind, toInt8(max(severity)) as severest
        from risks
        where raised_on <= ` + asOf + ` and (closed_on is null or closed_on > ` + asOf + `) and severity in (2, 3)
        group by account_id, kind
    )
    group by account_id
)`

// driversSQL is what each measure costs, on average over the accounts that have it. A measure's share of the weight is what it
// could give; what it gives is its contribution.
var driversSQL = `select measure, any(dimension) as dimension,
    avgIf(lost, is_now) as cost, if(countIf(not is_now) = 0, null, avgIf(lost, is_now) - avgIf(lost, not is_now)) as change
from (
    select d.1 as measure, d.2 as dimension, d.5 as score, 100 * d.6 / total - d.7 as lost, is_now
    from (
        select arrayJoin(drivers) as d, arraySum(x -> if(x.5 is null, 0., x.6), drivers) as total, day = ` + latestDay + ` as is_now
        from account_states
        where day in (` + latestDay + `, ` + latestDay + ` - 28) and ` + inSegments + ` and ` + inCSMs + `
    )
    where total > 0
)
where score is not null
group by measure
having countIf(is_now) > 0
order by cost desc`

var declinedSQL = listing{
	columns: "account_id, account, csm, segment, arr, from_band, band, points, score, why",
	rows: `select account_id, if(name = '', account_id, name) as account, csm, segment, toFloat64(arr) as arr, from_band, band, points, score, rung, rung_before, ` + why + ` as why
from (
    select n.*, b.band as from_band, b.score - n.score as points,
        indexOf(['red', 'yellow', 'green'], n.band) as rung, indexOf(['red', 'yellow', 'green'], b.band) as rung_before
    from ` + paying + ` as n
    inner join (select account_id, band, score from health_days where day = ` + latestDay + ` - 28) as b on b.account_id = n.account_id
    where ifNull(points, 0) > 0 or rung > 0 and rung < rung_before
) as d
left join ` + raisedRisks + ` as r on r.account_id = d.account_id`,
	order: "rung = 1 and rung_before > 1 desc, ifNull(points, 0) * arr desc, account_id", limit: 50,
	whole: `select countIf(n.score is not null and b.score is not null) as n, any(n.day) as day
from ` + paying + ` as n
inner join (select account_id, score from health_days where day = ` + latestDay + ` - 28) as b on b.account_id = n.account_id`,
	in: "why", said: "no decline",
}.sql()

var riskAccountsSQL = listing{
	columns: "account_id, account, csm, segment, at_risk_arr, band, score, due_on, reason, planned, why",
	rows: `select account_id, if(name = '', account_id, name) as account, csm, segment, toFloat64(d.at_risk_arr) as at_risk_arr,
    band, score, toString(due_on) as due_on, if(notice_arr > 0, 'notice', reason) as reason, toFloat64(planned_items) as planned, ` + why + ` as why
from (select * from ` + paying + ` where at_risk_arr > 0) as d
left join ` + raisedRisks + ` as r on r.account_id = d.account_id`,
	order: "at_risk_arr desc, account_id", limit: 50,
	whole: "select count() as n, any(day) as day from " + paying,
	in:    "why", said: "no risk",
}.sql()

var renewalsSQL = listing{
	columns: "account_id, account, csm, segment, due_on, due, contract, arr, band, outcome",
	rows: `select r.account_id as account_id, if(o.name = '', r.account_id, o.name) as account, o.csm as csm, r.segment as segment,
    toString(r.due_on) as due_on, r.due as due, r.contract_id as contract, toFloat64(r.arr) as arr, if(h.band = '', 'unknown', toString(h.band)) as band, r.outcome as outcome
from (select * from renewals_ahead where day = ` + latestDay + `) as r
left join ` + named + ` as o on o.account_id = r.account_id
left join (select account_id, band from health_days where day = ` + latestDay + `) as h on h.account_id = r.account_id
where ` + inSegments + ` and ` + inCSMs,
	order: "due_on, arr desc", limit: 200,
	whole: `select count() as n, ` + knownUntil + ` as day
from ` + paying + ` as c`,
	in: "account", said: "no renewal",
}.sql()

// thisAccount keeps the account that is chosen.
var thisAccount = "account_id = " + chosenValue("account")

// computedAccount is the latest computed day, if there is the account. An account that does not pay on it had no contract then.
var computedAccount = "(select max(day) as latest from days where state != 'not computed' and day <= " + asOf + " and (select count() from accounts where " + thisAccount + ") > 0 having count() > 0)"

// oneAccount is the whole of what is listed of the account.
var oneAccount = "select uniqExact(account_id) as n, " + knownUntil + " as day from accounts where " + thisAccount

var (
	accountsSQL = "select account_id, if(a.name = '', account_id, a.name) as name from accounts as a where not is_test order by name"
	currencySQL = "select currency from policy_days where day = " + latestDay

	// The name of a customer that no longer pays comes from its facts.
	accountSQL = `select if(a.name = '', a.account_id, a.name) as name, if(d.csm = '', a.csm, d.csm) as csm, d.segment as segment, d.phase as phase
from (
    select account_id, name, toString(csm) as csm
    from accounts
    where ` + thisAccount + `
) as a
left join (
    select account_id, toString(csm) as csm, toString(segment) as segment, toString(phase) as phase
    from account_days
    where ` + thisAccount + ` and day = ` + latestDay + ` and is_paying
) as d on d.account_id = a.account_id`

	accountHealthSQL = `select if(d.stored = 1, d.arr, 0) as arr, if(d.stored = 1, d.band, 'none') as band, if(d.stored = 1, d.score, null) as score,
    if(d.stored = 1, d.measured_ratio, null) as measured_ratio
from ` + computedAccount + ` as w
left join (
    select 1 as stored, day, toFloat64(arr) as arr, toString(band) as band, score, measured_ratio
    from account_states
    where ` + thisAccount + ` and day = ` + latestDay + `
) as d on d.day = w.latest`

	accountRiskSQL = `select if(d.stored = 1, d.at_risk_arr, 0) as at_risk_arr, if(d.stored = 1, d.reason, 'none') as reason, if(d.stored = 1, d.due_on, null) as due_on,
    if(d.stored = 1, d.planned, null) as planned
from ` + computedAccount + ` as w
left join (
    select 1 as stored, day, toFloat64(at_risk_arr) as at_risk_arr, if(notice_arr > 0, 'notice', toString(reason)) as reason, toString(due_on) as due_on,
        toFloat64(planned_items) as planned
    from account_states
    where ` + thisAccount + ` and day = ` + latestDay + `
) as d on d.day = w.latest`

	accountARRSQL = `select toDateTime(day) as time, toFloat64(d.arr) as arr
from account_days as d
where ` + thisAccount + ` and is_paying and day > addYears(` + asOf + `, -3) and day <= ` + asOf + `
order by time`

	// A field for each band, so that each has its colour.
	accountScoresSQL = `select toDateTime(day) as time,
    if(band = 'green', score, null) as green, if(band = 'yellow', score, null) as yellow, if(band = 'red', score, null) as red,
    if(band = 'unknown', score, null) as unknown
from health_days
where ` + thisAccount + ` and day > addYears(` + asOf + `, -3) and day <= ` + asOf + `
order by time`

	// What counted then and does not now has no score, and its points are gone.
	accountDriversSQL = `select d.1 as measure, d.2 as dimension, d.5 as score, d.6 as weight, d.7 as contribution,
    if(has_score and had_score, contribution - arrayFirst(x -> x.1 = d.1, before).7, null) as change
from (
    select n.score is not null as has_score, b.score is not null as had_score, b.drivers as before,
        arrayJoin(arrayConcat(n.drivers, arrayMap(x -> (x.1, x.2, cast(null as Nullable(Float64)), cast(null as Nullable(Date)), cast(null as Nullable(Float64)), 0., 0.),
            arrayFilter(x -> not has(n.drivers.1, x.1), b.drivers)))) as d
    from (select account_id, score, drivers from account_states where ` + thisAccount + ` and day = ` + latestDay + `) as n
    left join (select account_id, score, drivers from account_states where ` + thisAccount + ` and day = ` + latestDay + ` - 28) as b on b.account_id = n.account_id
)
order by isNull(score), weight * (100 - score) desc, weight desc`

	accountContractsSQL = listing{
		columns: "contract_id, product, department, kind, seats, acv, currency, starts_on, due_on, state, cancel_reason",
		rows: `select c.contract_id as contract_id, c.product as product, c.department as department, toString(c.kind) as kind, c.seats as seats, toFloat64(c.acv) as acv,
    c.currency as currency, toString(c.starts_on) as starts_on, toString(c.ends_before) as due_on,
    multiIf(if(d.contract_id = '', ifNull(c.ends_before, toDate('2149-06-06')), d.covered_before) <= ` + asOf + `, 'ended', ifNull(c.notice_on <= ` + asOf + `, 0), 'notice', 'active') as state,
    c.cancel_reason as cancel_reason
from contracts as c
left join (
    select source, contract_id, argMax(covered_before, counts_from) as covered_before
    from contract_days
    where ` + thisAccount + ` and day = ` + latestDay + `
    group by source, contract_id
) as d on d.source = c.source and d.contract_id = c.contract_id
where c.` + thisAccount + ` and c.starts_on <= ` + asOf,
		order: "starts_on desc, contract_id", limit: 500,
		whole: oneAccount, in: "product", said: "nothing recorded",
	}.sql()

	// Days without use have rows as well, so that the line falls to 0 there.
	accountUsageSQL = `select toDateTime(day) as time, users, mean
from (
    select day, sum(active) as users, avg(users) over (order by day rows between 6 preceding and current row) as mean
    from (
        select day, toFloat64(active_users) as active
        from stored_usage_account_days final
        where ` + thisAccount + ` and day > ` + since + ` - 7 and day <= ` + asOf + `
        union all
        select ` + since + ` - 6 + number as day, toFloat64(0) as active
        from numbers(toUInt64(` + asOf + ` - ` + since + ` + 7))
    )
    group by day
)
where day >= ` + since + `
    and (select count() from stored_usage_account_days final where ` + thisAccount + ` and day between ` + since + ` and ` + asOf + `) > 0
order by time`

	// What people have written, behind a colon, is shown as it is; the words before it are known.
	accountTimelineSQL = listing{
		columns: "at, kind, what, amount, who",
		rows: `select toString(toDate(happened_at, ` + zone + `)) as at, happened_at, kind,
    concat(arrayStringConcat(arrayMap(w -> transform(w, @words(story), w),
        extractAll(arrayFold((said, p) -> replaceAll(said, p.1, p.2), arrayZip(@words(phrase)), head), '[A-Za-z_0-9]+|[^A-Za-z_0-9]+'))),
        substring(what, length(head) + 1)) as what,
    amount, who
from (
    select at as happened_at, kind, what, amount, who, if(kind in ('action_item_due', 'action_item_done'), '', splitByString(': ', what)[1]) as head
    from account_timeline
    where ` + thisAccount + ` and day between ` + since + ` and ` + asOf + ` and kind not in ('usage', 'engagement', 'ticket_answered')
)`,
		order: "happened_at desc, kind", limit: 300,
		whole: oneAccount, in: "what", said: "nothing in period",
	}.sql()

	accountTicketsSQL = listing{
		columns: "ticket_id, severity, complaint, opened_at, resolved_at, response_hours",
		rows: `select ticket_id, severity, if(is_complaint, '1', '0') as complaint, toString(toDate(t.opened_at, ` + zone + `)) as opened_at, toString(toDate(t.resolved_at, ` + zone + `)) as resolved_at,
    dateDiff('second', t.opened_at, first_response_at) / 3600 as response_hours
from tickets as t
where ` + thisAccount + ` and toDate(t.opened_at, ` + zone + `) <= ` + asOf + ``,
		order: "opened_at desc", limit: 50,
		whole: oneAccount, in: "severity", said: "nothing recorded",
	}.sql()

	accountRisksSQL = listing{
		columns: "kind, severity, raised_on, closed_on",
		rows: `select kind, toString(severity) as severity, toString(raised_on) as raised_on, toString(closed_on) as closed_on
from risks as r
where ` + thisAccount + ` and r.raised_on <= ` + asOf + ``,
		order: "closed_on is not null, severity desc, raised_on desc", limit: 50,
		whole: oneAccount, in: "kind", said: "nothing recorded",
	}.sql()

	accountPlanSQL = listing{
		columns: "title, csm, first_due_on, due_on, state",
		rows: `select title, csm, toString(first_due_on) as first_due_on, toString(due_on) as due_on,
    is_open, multiIf(is_open = 0, 'done', s.due_on < ` + asOf + `, 'overdue', 'open') as state
from action_item_spans as s
where ` + thisAccount + ` and since <= ` + asOf + ` and before > ` + asOf,
		order: "is_open desc, due_on", limit: 50,
		whole: oneAccount, in: "title", said: "nothing recorded",
	}.sql()

	accountMilestonesSQL = listing{
		columns: "milestone, due_on, reached_on",
		rows: `select m.1 as milestone, if(m.2.1 >= '2149-06-06', null, toString(m.2.1)) as due_on, if(m.2.3 >= '2149-06-06', null, toString(m.2.3)) as reached_on
from (
    select argMax(milestones, since) as latest
    from milestone_spans
    where ` + thisAccount + ` and since <= ` + asOf + `
) as s
array join arrayFilter(x -> x.2.4 = 1, arrayZip(mapKeys(latest), mapValues(latest))) as m`,
		order: "due_on, milestone", limit: 50,
		whole: oneAccount, in: "milestone", said: "nothing recorded",
	}.sql()
)

var onboardingSQL = listing{
	columns: "account_id, account, csm, segment, first_paid_on, due_on, planned_due_on, days_late, state",
	rows: `select d.account_id as account_id, if(o.name = '', d.account_id, o.name) as account, d.csm as csm, d.segment as segment,
    toString(d.first_paid_on) as first_paid_on, toString(d.due_on) as due_on, toString(d.planned_due_on) as planned_due_on,
    greatest(dateDiff('day', d.due_on, ` + asOf + `), 0) as days_late, if(d.overdue = 1, 'overdue', 'open') as state
from (select * from onboarding_detail where day = ` + latestDay + `) as d
left join ` + named + ` as o on o.account_id = d.account_id
where d.in_progress = 1 and ` + inSegments + ` and ` + inCSMs,
	order: "due_on, account", limit: 100,
	whole: `select count() as n, ` + knownUntil + ` as day
from ` + paying + ` as c`,
	in: "account", said: "no onboarding",
}.sql()

var quantitiesSQL = `select q.quantity as quantity, sum(q.value) as value, sum(q.previous_value) as previous_value, cs_ratio(sum(q.value), sum(q.events)) as mean_value, max(q.largest_value) as largest_value, sum(q.accounts) as accounts
from (select * from usage_quantities where day = ` + latestDay + ` and ` + inSegments + `) as q
group by quantity
order by quantity`

var signalsSQL = listing{
	columns: "account_id, account, csm, segment, arr, seats_nearly_full, usage_rising, quantity_rising, new_department_active, raised_by_csm, no_open_opportunity",
	rows: `select d.account_id as account_id, if(d.name = '', d.account_id, d.name) as account, d.csm as csm, d.segment as segment,
    toFloat64(d.arr) as arr,
    toString(has(d.signals, 'seats_nearly_full')) as seats_nearly_full, toString(has(d.signals, 'usage_rising')) as usage_rising, toString(has(d.signals, 'quantity_rising')) as quantity_rising,
    toString(has(d.signals, 'new_department_active')) as new_department_active, toString(has(d.signals, 'raised_by_csm')) as raised_by_csm,
    toString(has(d.signals, 'no_open_opportunity')) as no_open_opportunity
from ` + paying + ` as d
where arrayExists(s -> s != 'no_open_opportunity', d.signals)`,
	order: "arr desc, account_id", limit: 100,
	whole: "select countIf(band = 'green') as n, any(day) as day from " + paying,
	in:    "account", said: "no signal",
}.sql()

var unhappySQL = listing{
	columns: "at, account_id, account, csm, what, score, state",
	rows: `select toString(toDate(f.at, ` + zone + `)) as at, f.at as happened_at, f.account_id as account_id, o.name as account, o.csm as csm, f.what as what,
    f.score as score, f.state as state
from (
    select opened_at as at, account_id, 'complaint' as what, cast(null, 'Nullable(Float64)') as score,
        if(resolved_at is null or toDate(resolved_at, ` + zone + `) > ` + asOf + `, 'open', 'resolved') as state
    from tickets
    where is_complaint and toDate(opened_at, ` + zone + `) between ` + since + ` and ` + asOf + `
    union all
    select responded_at as at, account_id, toString(kind) as what, toFloat64(score) as score, '' as state
    from surveys
    where (kind = 'nps' and score between 0 and 6 or kind = 'csat' and score between 1 and 2)
        and toDate(responded_at, ` + zone + `) between ` + since + ` and ` + asOf + `
) as f
inner join ` + named + ` as o on o.account_id = f.account_id
where ` + inCSMs,
	order: "happened_at desc", limit: 100,
	whole: `select count() as n, max(f.day) as day
from (
    select account_id, toDate(opened_at, ` + zone + `) as day from tickets where day between ` + since + ` and ` + asOf + `
    union all
    select account_id, toDate(responded_at, ` + zone + `) as day from surveys where day between ` + since + ` and ` + asOf + `
) as f
inner join ` + named + ` as o on o.account_id = f.account_id
where ` + inCSMs,
	in: "account", said: "no complaint",
}.sql()

// marks are what boards mark on their time axis. Quarters are named by the year in which their fiscal year ends.
var marks = []mark{
	{text{"Settings and definitions", "設定・定義の変更"}, purple, true, `select toDateTime(day) as time, if(kind = 'definition', splitByChar(' ', text)[1], text) as text,
    transform(toString(kind), @words(mark), '') as tags
from annotations
where day <= ` + asOf + ` and kind in ('setting', 'definition') and day >= ` + since + `
order by time`},
	{text{"Restated numbers", "報告済みの数値の修正"}, warning, false, `select toStartOfHour(computed_at) as time, arrayStringConcat(arraySort(groupUniqArray(toString(view))), ', ') as text,
    transform(toString(reason), @words(mark), toString(reason)) as tags
from kpi_runs
where reason != 'first' and changed > 0 and toDate(computed_at, ` + zone + `) between ` + since + ` and ` + asOf + `
group by time, reason
order by time`},
	{text{"Fiscal quarters", "会計四半期"}, grey, false, `select toDateTime(day) as time,
    concat(substring(m.text, 1, 2), ' FY', substring(toString(toYear(addMonths(toDate(substring(m.text, length(m.text) - 9)), 12) - 1)), 3)) as text, '' as tags
from annotations as m
where day <= ` + asOf + ` and kind = 'fiscal_quarter' and day >= ` + since + `
order by time`},
}
