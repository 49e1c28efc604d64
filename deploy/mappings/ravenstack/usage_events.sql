-- One event per row of feature usage: a feature used some number of times on one day. The account is the
-- subscription's. 21 usage ids stand twice, for different subscriptions and days: they are different facts whose short
-- random ids collide, so the subscription is part of the event's id.
with
    -- DD-MM-YYYY as YYYY-MM-DD; what cannot be read stays as it is, so that the row is rejected with it.
    d -> ifNull(toString(toDate(parseDateTimeOrNull(d, '%d-%m-%Y', 'UTC'))), d) as iso_day,

    -- A number goes into the JSON as it is: one that is none makes it malformed, and the row is rejected.
    n -> ifNull(n, 'null') as number

select
    concat(u.usage_id, ':', u.subscription_id) as event_id,
    s.account_id                               as account_id,
    u.feature_name                             as event,
    iso_day(u.usage_date)                      as ts,
    concat(
        '{"subscription_id":', toJSONString(u.subscription_id),
        ',"count":', number(u.usage_count),
        ',"duration_seconds":', number(u.usage_duration_secs),
        ',"errors":', number(u.error_count),
        ',"beta":', number(lower(u.is_beta_feature)),
        '}'
    )                                          as properties,
    'ravenstack'                               as source,
    u._file                                    as _file,
    u._line                                    as _line
from ravenstack_feature_usage as u
left join ravenstack_subscriptions as s on s.subscription_id = u.subscription_id
