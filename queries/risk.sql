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
--   segment  label Touch-model segment of the account at as_of.
--   reason   label usage, qualitative, both, notice.
--   arr      gauge ARR at risk, in the reporting currency.
--   accounts gauge Accounts with ARR at risk for this reason.
--
-- Group: Customers, 18
-- Every: 5m

select
    g.segment as segment, g.reason as reason,
    cs_float(sum(d.arr)) as arr,
    sum(d.accounts) as accounts
from (select arrayJoin(['high', 'low', 'tech']) as segment, arrayJoin(['usage', 'qualitative', 'both', 'notice']) as reason) as g
left join cs.risk_detail(as_of = {as_of:Date}) as d on d.segment = g.segment and d.reason = g.reason
group by g.segment, g.reason
order by segment, reason
