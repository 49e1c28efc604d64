-- What Customer Success brought back from customers over trailing windows.
-- ja: 顧客の声・事例
--
-- Product requests, use cases shared inside the company, and case studies, of all accounts, by the day on which they were brought.
--
-- ja: CSが顧客から持ち帰った製品への要望、社内に共有したユースケース、導入事例。登録日で数え、全ての顧客を含む。
--
-- Columns:
--   kind     label product_request, use_case_share, case_study.
--   window   label Length of the window: 1m, 3m, 12m.
--   items    gauge Items brought.
--   accounts gauge Accounts that they came from.
--
-- Group: Growth and voice, 11
-- Every: 15m

select g.kind as kind, g.window as window, sum(d.items) as items, sum(d.accounts) as accounts
from (
    select arrayJoin(['product_request', 'use_case_share', 'case_study']) as kind, arrayJoin(['1m', '3m', '12m']) as window
) as g
left join cs.feedback_detail(as_of = {as_of:Date}) as d on d.kind = g.kind and d.window = g.window
group by g.kind, g.window
order by kind, window
