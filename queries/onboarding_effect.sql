-- First renewals by how onboarding went.
-- ja: オンボーディングと初回更新
--
-- Does onboarding in time lead to the first renewal? Accounts whose first contract, the largest of their first paid day, came up
-- for renewal in the last 12 months and was renewed or lost; undecided ones are in neither part. The outcome is the one by
-- that day: what was onboarded only after it could not help the renewal.
--
-- ja: 期限内のオンボーディングは初回更新につながるか。最初の契約が直近12か月に更新期限を迎え、更新または解約した顧客を、更新期限ま
-- ja: でのオンボーディングの結果別に示す。未定の契約は含まない。
--
-- Columns:
--   day               key   Day.
--   segment           label Touch-model segment of the account by what it paid on its first day.
--   outcome           label on_time: onboarded by the first deadline; late: after it; never: not before the renewal was due.
--   ratio             gauge Renewed accounts over accounts.
--   ratio_lower       gauge Lower 95 % Wilson bound of the ratio.
--   ratio_upper       gauge Upper 95 % Wilson bound of the ratio.
--   accounts          gauge Accounts whose first renewal was due.
--   renewed_accounts  gauge Those of them whose first contract was renewed.
--   slack_p50_seconds gauge Median time from onboarding to the day on which the first renewal was due.
--
-- Group: Customers, 32
-- Every: 1h
-- Stored: by day

select
    g.day as day, g.segment as segment, g.outcome as outcome,
    cs_ratio(d.renewed_accounts, d.accounts) as ratio,
    cs_wilson_lower(d.renewed_accounts, d.accounts) as ratio_lower,
    cs_wilson_upper(d.renewed_accounts, d.accounts) as ratio_upper,
    d.accounts as accounts,
    d.renewed_accounts as renewed_accounts,
    d.slack_p50_seconds as slack_p50_seconds
from (select day, segment, arrayJoin(['on_time', 'late', 'never']) as outcome from segments) as g
left join (
    select
        day, segment, outcome, sum(x.accounts) as accounts, sum(x.renewed_accounts) as renewed_accounts,
        -- Between the two in the middle where their number is even, as spreadsheets do.
        quantileExactInclusiveOrNull(0.5)(x.slack_seconds) as slack_p50_seconds
    from onboarding_effect_detail as x
    group by day, segment, outcome
) as d on d.day = g.day and d.segment = g.segment and d.outcome = g.outcome
