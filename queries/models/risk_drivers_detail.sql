-- The drivers of the risk of the accounts that are named.
--
-- One row per account and driver, three at most.
--
-- Columns:
--   account    label Account.
--   name       label Its display name; the account where it has none.
--   csm        label Owner at as_of.
--   driver     label notice_given, set_by_hand, risk_ and the kind of an open risk, or a measure of the health score.
--   account_id key   Account.
--   rank       part  Place among the drivers of the account, 1 to 3.
--   points     part  Points of the health score that it costs; 0 for what is no measure.
--   segment    fact  Touch model at as_of.
--   band       fact  Health band.

select
    account_id as account, name, csm, ranked.2.3 as driver, account_id, ranked.1 as rank, ranked.2.4 as points, segment, band
from (
    select
        h.account_id as account_id, if(s.name = '', h.account_id, s.name) as name, h.csm as csm, h.segment as segment, h.band as band,
        arraySum(d -> if(d.5 is null, 0., d.6), h.drivers) as weight,
        -- (sort, most first, driver, points)
        arrayConcat(
            arrayFilter(x -> r.notice_arr > 0, [(toUInt8(0), 0., 'notice_given', 0.)]),
            arrayFilter(x -> h.overridden != '' and h.band = 'red', [(toUInt8(1), 0., 'set_by_hand', 0.)]),
            o.raised,
            arrayMap(d -> (toUInt8(3), 0. - d.6 * (100 - assumeNotNull(d.5)), d.1, d.6 * (100 - assumeNotNull(d.5)) / weight),
                arrayFilter(d -> d.5 is not null and d.5 < 100, h.drivers))) as found,
        arrayJoin(arrayZip([toUInt8(1), 2, 3], arrayResize(arraySort(found), 3, (toUInt8(0), 0., '', 0.)))) as ranked
    from cs.account_health(as_of = {as_of:Date}) as h
    join (
        select distinct account
        from (
            select account from cs.risk_accounts_detail(as_of = {as_of:Date})
            union all
            select account from cs.health_declines_detail(as_of = {as_of:Date})
        ) as either
    ) as n on n.account = h.account_id
    join (select x.account_id as account_id, x.name as name from cs.account_states(as_of = {as_of:Date}) as x) as s on s.account_id = h.account_id
    left join (select x.account_id as account_id, x.notice_arr as notice_arr from cs.account_risks(as_of = {as_of:Date}) as x) as r on r.account_id = h.account_id
    left join (
        select account_id, groupArray((toUInt8(2), 0. - severest, if(kind = '', 'risk', concat('risk_', kind)), 0.)) as raised
        from (
            select x.account_id as account_id, toString(x.kind) as kind, toFloat64(max(x.severity)) as severest
            from cs.risks as x final
            where x.raised_on <= {as_of:Date} and (x.closed_on is null or x.closed_on > {as_of:Date}) and x.severity in (2, 3)
            group by x.account_id, x.kind
        ) as kinds
        group by account_id
    ) as o on o.account_id = h.account_id
) as listed
where driver != ''
