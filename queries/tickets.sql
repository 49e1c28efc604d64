-- Support tickets of the last 28 days.
-- ja: サポートチケット
--
-- Tickets are of the day on which they were opened. Response times are of those opened in the 28 days and answered by the day,
-- resolution times of those resolved in the 28 days, whenever opened; between two values a percentile is interpolated, as
-- spreadsheets do. The tickets of all accounts count, those of accounts that do not pay as well.
--
-- ja: 起票日で数える。初回応答時間は28日以内に起票され応答済みのもの、解決時間は28日以内に解決したもの(起票日を問わない)。契約のな
-- ja: い顧客のチケットも含む。
--
-- Columns:
--   day                        key   Day.
--   severity                   label Severity as the help desk names it, the 20 most frequent; (other): the rest; (none): not given.
--   opened                     gauge Opened within 28 days.
--   answered                   gauge Of those opened within 28 days: answered by the day.
--   resolved                   gauge Resolved within 28 days, whenever opened.
--   open                       gauge Open at the day, whenever opened.
--   complaints                 gauge Complaints opened within 28 days.
--   first_response_p50_seconds gauge Median time to the first answer.
--   first_response_p90_seconds gauge Time to the first answer that 90 % did not exceed.
--   resolution_p50_seconds     gauge Median time to the resolution.
--   resolution_p90_seconds     gauge Time to the resolution that 90 % did not exceed.
--   per_account_ratio          gauge Tickets opened for each paying account.
--   accounts                   gauge Accounts that pay at the day; the same for every severity.
--
-- Group: Growth and voice, 10
-- Every: 15m
-- Stored: by day

select
    c.day as day, c.severity as severity, c.opened_sum as opened, c.answered_sum as answered, c.resolved_sum as resolved, c.open_sum as open, c.complaints_sum as complaints,
    if(c.answered_sum = 0, null, round(c.response[1], 4)) as first_response_p50_seconds,
    if(c.answered_sum = 0, null, round(c.response[2], 4)) as first_response_p90_seconds,
    if(c.resolved_sum = 0, null, round(c.resolution[1], 4)) as resolution_p50_seconds,
    if(c.resolved_sum = 0, null, round(c.resolution[2], 4)) as resolution_p90_seconds,
    cs_ratio(c.opened_sum, a.paying) as per_account_ratio,
    a.paying as accounts
from (
    select
        day, severity,
        sum(d.opened) as opened_sum, sum(d.answered) as answered_sum, sum(d.resolved) as resolved_sum, sum(d.open) as open_sum, sum(d.complaints) as complaints_sum,
        quantilesExactInclusiveIf(0.5, 0.9)(ifNull(d.first_response_seconds, 0), d.answered = 1) as response,
        quantilesExactInclusiveIf(0.5, 0.9)(ifNull(d.resolution_seconds, 0), d.resolved = 1) as resolution
    from tickets_detail as d
    group by day, severity
) as c
left join (select day, sum(toUInt64(is_paying)) as paying from account_days group by day) as a on a.day = c.day
