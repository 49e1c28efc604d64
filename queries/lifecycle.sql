-- Paying accounts by lifecycle phase.
-- ja: ライフサイクル別の顧客
--
-- Leaving: all that the account pays for has given notice. Growth: it renewed or bought more at least once. Onboarding: its
-- deadline, as it is planned now, is still ahead and it is not onboarded. Adoption: everybody else, also who missed the
-- deadline, because life goes on. The first that holds counts.
--
-- ja: 解約予定:全ての契約で解約通知を受けている。拡大:一度以上、更新または追加契約があった。オンボーディング:現在の期限がまだ先で、
-- ja: 完了していない。アダプション:それ以外(期限を過ぎた顧客を含む)。上から順に、最初に当てはまるものとする。
--
-- Columns:
--   day      key   Day.
--   segment  label Touch-model segment of the account on the day.
--   phase    label Phase: onboarding, adoption, growth, leaving.
--   accounts gauge Paying accounts.
--   arr      gauge Their ARR, in the reporting currency.
--
-- Group: Customers, 5
-- Every: 15m
-- Stored: by day

select g.day as day, g.segment as segment, g.phase as phase, d.accounts as accounts, cs_float(d.arr) as arr
from (select day, segment, arrayJoin(['onboarding', 'adoption', 'growth', 'leaving']) as phase from segments) as g
left join (
    select day, segment, phase, sum(x.accounts) as accounts, sum(x.arr) as arr
    from lifecycle_detail as x
    group by day, segment, phase
) as d on d.day = g.day and d.segment = g.segment and d.phase = g.phase
