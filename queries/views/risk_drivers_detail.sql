-- The drivers of the risk of the accounts that are named.
--
-- One row per account and driver, three at most.
--
-- Columns:
--   day        key   Day.
--   account    label Account.
--   name       label Its display name; the account where it has none.
--   csm        label Owner on the day.
--   driver     label notice_given, set_by_hand, risk_ and the kind of an open risk, or a measure of the health score.
--   account_id key   Account.
--   rank       part  Place among the drivers of the account, 1 to 3.
--   points     part  Points of the health score that it costs; 0 for what is no measure.
--   segment    fact  Touch model on the day.
--   band       fact  Health band.

select
    day, account_id as account, name, csm, ranked.2.3 as driver, account_id, ranked.1 as rank, ranked.2.4 as points, segment, band
from (
    select
        h.day as day, h.account_id as account_id, if(s.name = '', h.account_id, s.name) as name, h.csm as csm, h.segment as segment, h.band as band,
        arraySum(d -> if(d.5 is null, 0., d.6), h.drivers) as weight,
        -- (sort, most first, driver, points)
        arrayConcat(
            arrayFilter(x -> h.arr > s.contracted_arr, [(toUInt8(0), 0., 'notice_given', 0.)]),
            arrayFilter(x -> h.overridden != '' and h.band = 'red', [(toUInt8(1), 0., 'set_by_hand', 0.)]),
            o.raised,
            arrayMap(d -> (toUInt8(3), 0. - d.6 * (100 - assumeNotNull(d.5)), d.1, d.6 * (100 - assumeNotNull(d.5)) / weight),
                arrayFilter(d -> d.5 is not null and d.5 < 100, h.drivers))) as found
    from account_health as h
    join (
        select distinct day, account_id
        from (
            select day, account_id from risk_accounts_detail where account != '(other)'
            union all
            select day, account_id from health_falls where is_named
        ) as either
    ) as n on n.day = h.day and n.account_id = h.account_id
    join (select day, account_id, name, contracted_arr from account_days) as s on s.day = h.day and s.account_id = h.account_id
    left join (
        select day, account_id, groupArray((toUInt8(2), 0. - severest, if(kind = '', 'risk', concat('risk_', kind)), 0.)) as raised
        from (
            select d.day as day, x.account_id as account_id, toString(x.kind) as kind, toFloat64(max(x.severity)) as severest
            from stored_risks as x final
            cross join (select day from policy_days) as d
            where x.raised_on <= d.day and (x.closed_on is null or x.closed_on > d.day) and x.severity in (2, 3)
            group by day, account_id, kind
        ) as kinds
        group by day, account_id
    ) as o on o.day = h.day and o.account_id = h.account_id
) as listed
array join arrayZip([toUInt8(1), 2, 3], arrayResize(arraySort(found), 3, (toUInt8(0), 0., '', 0.))) as ranked
where driver != ''
