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
