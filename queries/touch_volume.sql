-- Touches per account.
-- ja: 接点量
--
-- All touches of paying accounts in the last 90 days, whether they count for coverage or not.
--
-- ja: 契約中の顧客に対する直近90日の全ての接点。顧客カバー率に数えるかどうかは問わない。
--
-- Columns:
--   day               key   Day.
--   segment           label Touch-model segment of the account on the day.
--   kind              label Way of touching: meeting, call, visit, email, webinar, review.
--   touches           gauge Touches in the last 90 days.
--   accounts          gauge Paying accounts of the segment.
--   per_account_ratio gauge Touches over accounts.
--
-- Group: Customers, 4
-- Every: 1h
-- Stored: by day

select
    g.day as day, g.segment as segment, g.kind as kind,
    d.touches as touches, d.accounts as accounts,
    cs_ratio(d.touches, d.accounts) as per_account_ratio
from (select day, segment, arrayJoin(['meeting', 'call', 'visit', 'email', 'webinar', 'review']) as kind from segments) as g
left join (
    select day, segment, kind, sum(x.touches) as touches, sum(x.accounts) as accounts
    from touch_volume_detail as x
    group by day, segment, kind
) as d on d.day = g.day and d.segment = g.segment and d.kind = g.kind
