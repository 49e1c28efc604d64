-- The accounts behind the touch volume.
--
-- One row per paying account and kind of touch, also where there was none.
--
-- Columns:
--   segment    label Touch model of the account at as_of.
--   kind       label meeting, call, visit, email, webinar, review.
--   account_id key   Account.
--   touches    part  Touches in the last 90 days.
--   accounts   part  1.
--   touched_on fact  Day of the last one, in the reporting time zone; null: none.

select
    s.segment as segment, s.kind as kind, s.account_id as account_id,
    t.touches as touches,
    toUInt8(1) as accounts,
    nullIf(t.last_day, toDate(0)) as touched_on
from (
    select segment, account_id, arrayJoin(['meeting', 'call', 'visit', 'email', 'webinar', 'review']) as kind
    from cs.account_states(as_of = {as_of:Date})
) as s
left join (
    select account_id, kind, count() as touches, max(day) as last_day
    from (
        -- A scalar subquery is Nullable, and no touch is the day 0 here, not null.
        select account_id, toString(p.kind) as kind, assumeNotNull(toDate(p.happened_at, (select timezone from cs.policy(as_of = {as_of:Date})))) as day
        from cs.touchpoints as p final
        where p.happened_at > toDateTime64({as_of:Date} - 92, 3, 'UTC')
    ) as dated
    where day > {as_of:Date} - 90 and day <= {as_of:Date}
    group by account_id, kind
) as t on t.account_id = s.account_id and t.kind = s.kind
