-- The accounts with most ARR at risk, and the rest of those with any.
--
-- One row per account with ARR at risk. Beyond as many as the setting risk_accounts says, account is (other), and so are CSM
-- and segment.
--
-- Columns:
--   day             key   Day.
--   account         label Account, or (other).
--   csm             label Owner on the day, or (other).
--   segment         label Touch model on the day, or (other).
--   account_id      key   Account.
--   arr             part  ARR at risk.
--   accounts        part  1.
--   score           fact  Health score.
--   renewal_seconds fact  Seconds from the end of the day until the first of its contracts ends; 0 where it has ended and counts on in a grace period; null: none does.
--   band            fact  Health band.
--   reason          fact  Why the ARR without notice is at risk: usage, qualitative, both; empty: it is not.
--   notice_arr      fact  ARR of the contracts that have given notice.
--   worst           fact  The three measures that cost most points, with their scores.

select
    day,
    if(place <= names, r.1, '(other)') as account,
    if(place <= names, r.2, '(other)') as csm,
    if(place <= names, r.3, '(other)') as segment,
    r.1 as account_id, r.4 as arr, toUInt8(1) as accounts, r.5 as score,
    if(r.6 = toDate('2149-06-06'), null, greatest(toInt64(r.6 - day - 1), 0) * 86400) as renewal_seconds,
    r.7 as band, r.8 as reason, r.9 as notice_arr, r.10 as worst
from (
    select
        x.day as day, any(p.risk_accounts) as names,
        arraySort(r -> (-r.4, r.1), groupArray((
            x.account_id, x.csm, x.segment, x.at_risk_arr, x.score, x.due_on, x.band, x.reason, x.notice_arr, x.worst))) as at_risk
    from risk_days as x
    join policy_days as p on p.day = x.day
    where x.at_risk_arr > 0
    group by day
) as d
array join at_risk as r, arrayEnumerate(at_risk) as place
