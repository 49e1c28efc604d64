-- ARR at risk of each account that pays, and why.
--
-- What has given notice is at risk by notice. The rest of an account is at risk by usage when its score is red and nobody
-- has set a band by hand, by qualitative risk when a risk of severity 2 or 3 is open or somebody has set it to red, and
-- by both when both hold.
--
-- Columns:
--   day           key  Day.
--   account_id    key  Account.
--   segment       fact Touch model.
--   csm           fact Owner; (none): nobody.
--   phase         fact Lifecycle phase.
--   band          fact Health band.
--   arr           fact ARR.
--   notice_arr    fact ARR of the contracts that have given notice.
--   reason        fact Why the rest is at risk: usage, qualitative, both; empty: it is not.
--   at_risk_arr   fact ARR at risk in all.
--   due_on        fact First day on which one of its contracts ends; it is past where that counts on in a grace period; 2149-06-06: none does.
--   score         fact Health score.
--   severity      fact Highest severity of an open risk.
--   worst         fact Of an account at risk, the three measures that cost most points, with their scores.
--   planned_items fact Open action items.
--
-- Key: day, account_id

select
    r.day as day, r.account_id as account_id, r.segment as segment, r.csm as csm, r.phase as phase, r.band as band, r.arr as arr,
    r.notice_arr as notice_arr, r.reason as reason, r.at_risk_arr as at_risk_arr, r.due_on as due_on, r.score as score, r.severity as severity,
    if(r.at_risk_arr > 0, r.worst, []) as worst,
    i.items as planned_items
from (
    select
        s.day as day, s.account_id as account_id, h.segment as segment, h.csm as csm, h.phase as phase, h.band as band, h.arr as arr, s.due_on as due_on,
        h.arr - s.contracted_arr as notice_arr,
        ['', 'usage', 'qualitative', 'both'][1 + (h.scored_band = 'red' and h.overridden = '') + 2 * (h.severity >= 2 or h.overridden != '' and h.band = 'red')] as reason,
        if(reason = '', notice_arr, h.arr) as at_risk_arr,
        h.score as score, h.severity as severity, h.worst as worst
    from (
        select day, account_id, contracted_arr, due_on
        from account_days
        where day in {days:Array(Date)} and is_paying and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as s
    join (
        select day, account_id, segment, csm, phase, arr, band, scored_band, overridden, severity, score, worst
        from account_health
        where day in {days:Array(Date)} and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as h on h.day = s.day and h.account_id = s.account_id
) as r
left join (
    select d.day as day, x.account_id as account_id, count() as items
    from (
        select account_id, since, before
        from action_item_spans
        where is_open and since <= arrayMax({days:Array(Date)}) and before > arrayMin({days:Array(Date)})
            and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
    ) as x
    cross join (select arrayJoin({days:Array(Date)}) as day) as d
    where x.since <= d.day and x.before > d.day
    group by day, account_id
) as i on i.day = r.day and i.account_id = r.account_id
