-- ARR at risk.
-- ja: リスクARR
--
-- ARR of contracts that have given notice (notice), and of the rest of the accounts whose health score is red (usage), of
-- which a risk of severity 2 or 3 is open (qualitative), or both. Reasons are disjoint, so they add up; an account of which
-- only a part has given notice may be counted under two of them.
--
-- ja: 解約通知を受けた契約のARR(解約通知)と、それ以外で、ヘルスがレッドの顧客(利用状況)、重大度2・3のリスクが登録されている顧客(定
-- ja: 性リスク)、または両方に当てはまる顧客のARR。理由は重複しないので足し合わせられる。一部の契約だけ解約通知を受けた顧客は、二つ
-- ja: の理由で数えることがある。
--
-- Columns:
--   day      key   Day.
--   segment  label Touch-model segment of the account on the day.
--   reason   label usage, qualitative, both, notice.
--   arr      gauge ARR at risk, in the reporting currency.
--   accounts gauge Accounts with ARR at risk for this reason.
--
-- Group: Customers, 18
-- Every: 5m

select g.day as day, g.segment as segment, g.reason as reason, cs_float(d.arr) as arr, d.accounts as accounts
from (select day, segment, arrayJoin(['usage', 'qualitative', 'both', 'notice']) as reason from segments) as g
left join (
    select day, segment, reason, sum(x.arr) as arr, sum(x.accounts) as accounts
    from risk_detail as x
    group by day, segment, reason
) as d on d.day = g.day and d.segment = g.segment and d.reason = g.reason
