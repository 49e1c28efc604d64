-- Support tickets of the last 28 days.
-- ja: サポートチケット
--
-- Tickets are of the day on which they were opened. Response times are of those opened in the 28 days and answered by as_of,
-- resolution times of those resolved in the 28 days, whenever opened; between two values a percentile is interpolated, as
-- spreadsheets do. The tickets of all accounts count, those of accounts that do not pay as well.
--
-- ja: 起票日で数える。初回応答時間は28日以内に起票され応答済みのもの、解決時間は28日以内に解決したもの(起票日を問わない)。契約のな
-- ja: い顧客のチケットも含む。
--
-- Columns:
--   severity                   label Severity as the help desk names it, the 20 most frequent; (other): the rest; (none): not given.
--   opened                     gauge Opened within 28 days.
--   answered                   gauge Of those opened within 28 days: answered by as_of.
--   resolved                   gauge Resolved within 28 days, whenever opened.
--   open                       gauge Open at as_of, whenever opened.
--   complaints                 gauge Complaints opened within 28 days.
--   first_response_p50_seconds gauge Median time to the first answer.
--   first_response_p90_seconds gauge Time to the first answer that 90 % did not exceed.
--   resolution_p50_seconds     gauge Median time to the resolution.
--   resolution_p90_seconds     gauge Time to the resolution that 90 % did not exceed.
--   per_account_ratio          gauge Tickets opened for each paying account.
--   accounts                   gauge Accounts that pay at as_of; the same for every severity.
--
-- Group: Growth and voice, 10
-- Every: 15m

select
    severity, opened, answered, resolved, open, complaints,
    if(answered = 0, null, round(response[1], 4)) as first_response_p50_seconds,
    if(answered = 0, null, round(response[2], 4)) as first_response_p90_seconds,
    if(resolved = 0, null, round(resolution[1], 4)) as resolution_p50_seconds,
    if(resolved = 0, null, round(resolution[2], 4)) as resolution_p90_seconds,
    cs_ratio(opened, accounts) as per_account_ratio,
    accounts
from (
    select
        d.severity as severity,
        sum(d.opened) as opened, sum(d.answered) as answered, sum(d.resolved) as resolved, sum(d.open) as open, sum(d.complaints) as complaints,
        quantilesExactInclusiveIf(0.5, 0.9)(ifNull(d.first_response_seconds, 0), d.answered = 1) as response,
        quantilesExactInclusiveIf(0.5, 0.9)(ifNull(d.resolution_seconds, 0), d.resolved = 1) as resolution,
        assumeNotNull((select count() from cs.account_states(as_of = {as_of:Date}))) as accounts
    from cs.tickets_detail(as_of = {as_of:Date}) as d
    group by d.severity
) as counts
order by severity
