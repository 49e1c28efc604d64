-- Renewals of the months ahead.
-- ja: 月別の更新予定
--
-- Contracts by the month in which they are due: the rest of this month, and the twelve months after it. A contract is due on the first day that it no
-- longer covers, so one that runs to the end of December is due in January, as in the renewal rate. What is neither renewed nor on
-- notice is still open.
--
-- ja: 契約を更新期限の月別に示す(当月の残りと、その後の12か月)。期限は契約期間の翌日で、12月末までの契約は1月に数える(契約更新率と
-- ja: 同じ)。更新済みでも解約通知済みでもない契約は、まだ結果が出ていない。
--
-- Columns:
--   day               key   Day.
--   segment           label Touch-model segment of the account at the day.
--   month             label Month in which the contract is due, as 2025-03.
--   due_arr           gauge Annual value of the contracts due, in the reporting currency.
--   due_contracts     gauge Contracts due.
--   renewed_arr       gauge ARR that is renewed already, at most what is due, in the reporting currency.
--   renewed_contracts gauge Contracts that are renewed already.
--   notice_arr        gauge Annual value of the contracts on notice, in the reporting currency.
--   notice_contracts  gauge Contracts on notice.
--
-- Group: Revenue, 19
-- Every: 15m
-- Stored: by day

select
    g.day as day, g.segment as segment, g.month as month,
    cs_float(d.due_arr) as due_arr, d.due_contracts as due_contracts,
    cs_float(d.renewed_arr) as renewed_arr, d.renewed_contracts as renewed_contracts,
    cs_float(d.notice_arr) as notice_arr, d.notice_contracts as notice_contracts
from (
    select day, segment, formatDateTime(addMonths(toStartOfMonth(day), arrayJoin(range(13))), '%Y-%m') as month from segments
) as g
left join (
    select
        day, segment, month, sum(x.due_arr) as due_arr, sum(x.due_contracts) as due_contracts,
        sum(x.renewed_arr) as renewed_arr, sum(x.renewed_contracts) as renewed_contracts,
        sum(x.notice_arr) as notice_arr, sum(x.notice_contracts) as notice_contracts
    from renewals_calendar_detail as x
    group by day, segment, month
) as d on d.day = g.day and d.segment = g.segment and d.month = g.month
