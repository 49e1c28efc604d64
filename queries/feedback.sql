-- What Customer Success brought back from customers over trailing windows.
-- ja: 顧客の声・事例
--
-- Product requests, use cases shared inside the company, and case studies, of all accounts, by the day on which they were brought.
--
-- ja: CSが顧客から持ち帰った製品への要望、社内に共有したユースケース、導入事例。登録日で数え、全ての顧客を含む。
--
-- Columns:
--   day      key   Day.
--   kind     label product_request, use_case_share, case_study.
--   window   label Length of the window.
--   items    gauge Items brought.
--   accounts gauge Accounts that they came from.
--
-- Group: Growth and voice, 11
-- Every: 15m

select day, kind, window, sum(d.items) as items, sum(d.accounts) as accounts
from (
    select day, kind, window, items, accounts from feedback_detail
    union all
    select day, arrayJoin(['product_request', 'use_case_share', 'case_study']) as kind, window, 0 as items, 0 as accounts from windows
) as d
group by day, kind, window
