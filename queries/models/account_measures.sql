-- What is known of the health of each account that pays at as_of: measures as they are, not scored yet.
--
-- A measure that is missing is not in the map. What each one is, models/health_measures.sql says.
--
-- Columns:
--   account_id key   Account.
--   segment    label Touch model at as_of.
--   phase      label Lifecycle phase.
--   csm        label Owner at as_of.
--   arr        fact  ARR.
--   measured   fact  Value and day by measure, Map(String, Tuple(Float64, Date)).

-- Each source makes its measures itself, close to its table: what stands above many joins is costly to plan.
select
    s.account_id as account_id, s.segment as segment, s.phase as phase, s.csm as csm, s.arr as arr,
    cast(arrayConcat(
        u.measures, if(s.seats > 0, arrayMap(x -> ('seats_in_use', (x.1 / s.seats, x.2)), u.seated), []),
        m.measures, t.measures[s.segment], g.measures, k.measures, v.measures), 'Map(String, Tuple(Float64, Date))') as measured
from cs.account_states(as_of = {as_of:Date}) as s
left join (
    -- Of an account that was never seen nothing is known; of one that has been, no event is no use. What is known is as old as
    -- the newest event of anybody.
    select
        e.account_id as account_id,
        [(toFloat64(u.users), newest_on)] as seated,
        [
            ('stickiness', (if(u.mau > 0, u.user_days / 28 / u.mau, 0), newest_on)),
            ('depth', (toFloat64(u.active_days), newest_on)),
            ('breadth', (if(all_features > 0, length(u.features) / all_features, 0), newest_on))
        ] as measures
    from (
        select account_id from cs.usage_accounts final where first_on <= {as_of:Date}
    ) as e
    left join cs.account_usage(as_of = {as_of:Date}) as u on u.account_id = e.account_id
    cross join (select maxIf(day, events > 0) as newest_on from cs.usage_days final where day <= {as_of:Date}) as feed
    cross join (
        select length(groupUniqArrayArray(x.features)) as all_features
        from cs.account_usage(as_of = {as_of:Date}) as x
        where x.account_id not in (select account_id from cs.accounts final group by account_id having argMax(is_test, updated_at))
    ) as seen
) as u on u.account_id = s.account_id
left join (
    select account_id, [('setup_done', (toFloat64(max(reached_on <= {as_of:Date})), {as_of:Date}))] as measures
    from cs.milestone_states(as_of = {as_of:Date})
    where milestone = 'setup' and is_known
    group by account_id
) as m on m.account_id = s.account_id
left join (
    select
        account_id,
        mapApply((segment, days) -> (segment, arrayConcat(
            arrayMap(x -> ('touch', (({as_of:Date} - x) / days, x)), arrayFilter(x -> x != toDate(0), [if(segment = 'tech', contacted_on, held_on)])),
            [('decision_maker', (toFloat64(has_met), contacted_on))])), coverage_days) as measures
    from (
        select
            account_id, max(day) as contacted_on, max(with_executive) as has_met, maxIf(day, kind in ('meeting', 'call', 'visit', 'review')) as held_on
        from (
            select account_id, toString(kind) as kind, with_executive, toDate(happened_at, assumeNotNull((select timezone from cs.policy(as_of = {as_of:Date})))) as day
            from cs.touchpoints final
        ) as touches
        where day <= {as_of:Date}
        group by account_id
    ) as touched
    cross join (select coverage_days from cs.policy(as_of = {as_of:Date})) as policy
) as t on t.account_id = s.account_id
left join (
    select
        account_id,
        arrayFilter(x -> isFinite(x.2.1), [
            ('mail_opened', (least(countIf(kind = 'email_opened' and is_recent) as opened, countIf(kind = 'email_delivered' and is_recent) as delivered) / delivered, {as_of:Date})),
            ('webinar_attended', (least(countIf(kind = 'webinar_attended') as attended, countIf(kind = 'webinar_invited') as invited) / invited, {as_of:Date}))
        ]) as measures
    from (
        select account_id, toString(kind) as kind, day > {as_of:Date} - 90 as is_recent
        from (
            select account_id, kind, toDate(happened_at, assumeNotNull((select timezone from cs.policy(as_of = {as_of:Date})))) as day
            from cs.engagements final
        ) as dated
        where day > {as_of:Date} - 180 and day <= {as_of:Date}
    ) as reactions
    group by account_id
) as g on g.account_id = s.account_id
left join (
    select account_id, [('tickets', (toFloat64(countIf(day > {as_of:Date} - 90)), max(day)))] as measures
    from (
        select account_id, toDate(opened_at, assumeNotNull((select timezone from cs.policy(as_of = {as_of:Date})))) as day
        from cs.tickets final
    ) as asked
    where day <= {as_of:Date}
    group by account_id
) as k on k.account_id = s.account_id
left join (
    select r.account_id as account_id, [('verified_outcome', (toFloat64(argMax(r.is_verified, (r.reviewed_on, r.is_verified))), max(r.reviewed_on)))] as measures
    from cs.value_reviews as r final
    where r.reviewed_on <= {as_of:Date}
    group by r.account_id
) as v on v.account_id = s.account_id
