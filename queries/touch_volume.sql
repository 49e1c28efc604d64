-- Touches per account.
-- ja: 接点量
--
-- All touches of paying accounts in the last 90 days, whether they count for coverage or not.
--
-- ja: 契約中の顧客に対する直近90日の全ての接点。顧客カバー率に数えるかどうかは問わない。
--
-- Columns:
--   segment           label Touch-model segment of the account at as_of.
--   kind              label Way of touching: meeting, call, visit, email, webinar, review.
--   touches           gauge Touches in the last 90 days.
--   accounts          gauge Paying accounts of the segment.
--   per_account_ratio gauge Touches over accounts.
--
-- Group: Customers, 4
-- Every: 1h

select
    g.segment as segment, g.kind as kind,
    sum(d.touches) as touches,
    sum(d.accounts) as accounts,
    cs_ratio(sum(d.touches), sum(d.accounts)) as per_account_ratio
from (
    select arrayJoin(['high', 'low', 'tech']) as segment, arrayJoin(['meeting', 'call', 'visit', 'email', 'webinar', 'review']) as kind
) as g
left join cs.touch_volume_detail(as_of = {as_of:Date}) as d on d.segment = g.segment and d.kind = g.kind
group by g.segment, g.kind
order by segment, kind
