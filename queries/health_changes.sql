-- Accounts whose health improved or declined over 28 days.
-- ja: ヘルスの改善・悪化
--
-- Accounts that pay now and paid 28 days ago, whose band moved between red, yellow and green. From or to unknown is no change.
--
-- ja: 現在も28日前も契約のある顧客のうち、ヘルスの帯がレッド・イエロー・グリーンの間で動いた顧客。「不明」との出入りは変化としない。
--
-- Columns:
--   day       key   Day.
--   segment   label Touch-model segment of the account on the day.
--   direction label improved, declined.
--   accounts  gauge Accounts.
--   arr       gauge Their ARR on the day, in the reporting currency.
--
-- Group: Customers, 16
-- Every: 15m
-- Stored: by day

select g.day as day, g.segment as segment, g.direction as direction, d.accounts as accounts, cs_float(d.arr) as arr
from (select day, segment, arrayJoin(['improved', 'declined']) as direction from segments) as g
left join (
    select day, segment, direction, sum(x.accounts) as accounts, sum(x.arr) as arr
    from health_changes_detail as x
    group by day, segment, direction
) as d on d.day = g.day and d.segment = g.segment and d.direction = g.direction
