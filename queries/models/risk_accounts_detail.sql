-- The accounts with most ARR at risk, and the rest of those with any.
--
-- One row per account with ARR at risk. Beyond as many as the setting risk_accounts says, account is (other), and so are CSM
-- and segment.
--
-- Columns:
--   account         label Account, or (other).
--   csm             label Owner at as_of, or (other).
--   segment         label Touch model at as_of, or (other).
--   account_id      key   Account.
--   arr             part  ARR at risk.
--   accounts        part  1.
--   score           fact  Health score.
--   renewal_seconds fact  Seconds from the end of as_of until the first of its contracts ends; null: none does.
--   band            fact  Health band.
--   reason          fact  Why the ARR without notice is at risk: usage, qualitative, both; empty: it is not.
--   notice_arr      fact  ARR of the contracts that have given notice.
--   worst           fact  The three measures that cost most points, with their scores.

select
    if(is_named, account_id, '(other)') as account,
    if(is_named, owner, '(other)') as csm,
    if(is_named, of_segment, '(other)') as segment,
    account_id, at_risk_arr as arr, toUInt8(1) as accounts, score,
    if(due_on in (toDate(0), toDate('2149-06-06')), null, toInt64(due_on - {as_of:Date} - 1) * 86400) as renewal_seconds,
    band, reason, notice_arr, worst
from (
    select
        r.account_id as account_id, r.csm as owner, r.segment as of_segment, r.at_risk_arr as at_risk_arr, r.score as score, r.band as band,
        r.reason as reason, r.notice_arr as notice_arr, r.worst as worst, t.due_on as due_on,
        row_number() over (order by r.at_risk_arr desc, r.account_id) <= p.risk_accounts as is_named
    from cs.account_risks(as_of = {as_of:Date}) as r
    left join (
        select c.account_id as account_id, min(c.due_on) as due_on
        from cs.contract_arr(as_of = {as_of:Date}) as c
        where c.is_active and c.due_on > {as_of:Date}
        group by c.account_id
    ) as t on t.account_id = r.account_id
    cross join (select risk_accounts from cs.policy(as_of = {as_of:Date})) as p
    where r.at_risk_arr > 0
) as ranked
