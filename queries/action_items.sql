-- Response plans carried out in time.
-- ja: 対応計画の実行率
--
-- Of the action items that were first due in the last 90 days, those done by then: re-planning does not improve the past.
-- Overdue is what is not done though its present deadline has passed, however long ago. Items of all accounts but test
-- accounts, whether they pay or not.
--
-- ja: 直近90日に当初の期限を迎えた対応項目(ToDo)のうち、期限までに実行した割合。計画を延ばしても過去の数値は良くならない。期限超過
-- ja: は、現在の期限を過ぎて未完了のもの全て。テスト用以外の全アカウントが対象。
--
-- Columns:
--   day           key   Day.
--   csm           label Who is to do it; where the item names nobody, the owner of the account on the day it was due.
--   on_time_ratio gauge Items done in time over items due.
--   due_items     gauge Items first due in the last 90 days.
--   on_time_items gauge Those of them that were done by then.
--   overdue_items gauge Items whose present deadline has passed and that are not done.
--
-- Group: Customers, 23
-- Every: 15m

select
    day, csm,
    cs_ratio(sum(d.on_time_items), sum(d.due_items)) as on_time_ratio,
    sum(d.due_items) as due_items,
    sum(d.on_time_items) as on_time_items,
    sum(d.overdue_items) as overdue_items
from action_items_detail as d
group by day, csm
