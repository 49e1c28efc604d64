-- One contract per subscription. end_date is taken as the first day no longer covered (README.md says why); a
-- subscription that ends gives as its reason that of the account's churn event nearest to its end, if one lies within
-- 31 days of it.
with
    -- DD-MM-YYYY as a date, null if it cannot be read.
    d -> toDate(parseDateTimeOrNull(d, '%d-%m-%Y', 'UTC')) as day,

    -- The same as YYYY-MM-DD; what cannot be read stays as it is, so that the row is rejected with it.
    d -> ifNull(toString(day(d)), d) as iso_day,

    -- Each ended subscription's nearest churn event of the same account.
    reasons as (
        select
            s.subscription_id as subscription_id,
            argMin(e.reason_code, (abs(dateDiff('day', day(s.end_date), day(e.churn_date))), e.churn_event_id)) as reason
        from ravenstack_subscriptions as s
        inner join ravenstack_churn_events as e on e.account_id = s.account_id
        where abs(dateDiff('day', day(s.end_date), day(e.churn_date))) <= 31
        group by s.subscription_id
    )

select
    s.subscription_id                       as contract_id,
    s.account_id                            as account_id,
    s.plan_tier                             as product,
    s.seats                                 as seats,
    s.arr_amount                            as acv,
    'USD'                                   as currency,
    iso_day(s.start_date)                   as starts_on,
    iso_day(s.end_date)                     as ends_before,
    -- That the reason is not known is what an empty one says.
    if(r.reason = 'unknown', '', r.reason)  as cancel_reason,
    s.is_trial                              as is_trial,
    'ravenstack'                            as source,
    s._file                                 as _file,
    s._line                                 as _line
from ravenstack_subscriptions as s
left join reasons as r on r.subscription_id = s.subscription_id
