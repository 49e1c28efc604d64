-- Accounts whose health improved or declined over 28 days.
-- ja: ヘルスの改善・悪化
--
-- Accounts that pay now and paid 28 days ago, whose band moved between red, yellow and green. From or to unknown is no change.
--
-- ja: 現在も28日前も契約のある顧客のうち、ヘルスの帯がレッド・イエロー・グリーンの間で動いた顧客。「不明」との出入りは変化としない。
--
-- Columns:
--   segment   label Touch-model segment of the account at as_of.
--   direction label improved, declined.
--   accounts  gauge Accounts.
--   arr       gauge Their ARR at as_of, in the reporting currency.
--
-- Group: Customers, 16
-- Every: 15m

select
    g.segment as segment, g.direction as direction,
    sum(d.accounts) as accounts,
    cs_float(sum(d.arr)) as arr
from (select arrayJoin(['high', 'low', 'tech']) as segment, arrayJoin(['improved', 'declined']) as direction) as g
left join cs.health_changes_detail(as_of = {as_of:Date}) as d on d.segment = g.segment and d.direction = g.direction
group by g.segment, g.direction
order by segment, direction
