-- Usage of the product by paying accounts.
-- ja: 利用状況(DAU・WAU・MAU・スティッキネス・シート利用率)
--
-- Users active on the day, in the trailing 7 and 28 days. A user is active on a day with an event that counts as use (setting
-- core_events; all of them unless it is set), and a user of two accounts is two users. Stickiness is the mean of the
-- daily active users of the 28 days over the monthly active users. Seats in use are the users with any event in 28 days;
-- the ratio is not clipped, since more users than seats is worth knowing, and leaves out accounts without seats.
--
-- ja: 当日、直近7日、直近28日のアクティブユーザー数。設定core_eventsのイベント(指定がなければ全て)があった日をアクティブとし、2社
-- ja: で使うユーザーは2人と数える。スティッキネスは、28日間の平均DAU÷MAU。シート利用率は、28日間に利用したユーザー÷契約シート数で、
-- ja: 100%を超えることもある。
--
-- Columns:
--   day              key   Day.
--   segment          label Touch-model segment of the account on the day.
--   dau_users        gauge Users active on the day.
--   wau_users        gauge Users active in the trailing 7 days.
--   mau_users        gauge Users active in the trailing 28 days.
--   stickiness_ratio gauge Mean daily active users of 28 days over monthly active users.
--   daily_users      gauge Users active on each of the 28 days, added up; over 28 it is the mean daily active users.
--   active_accounts  gauge Paying accounts with an active user in the trailing 28 days.
--   seat_ratio       gauge Seats in use over contracted seats.
--   seats_used       gauge Users with any event in the trailing 28 days, of accounts with contracted seats.
--   seats            gauge Contracted seats.
--
-- Group: Customers, 11
-- Every: 5m
-- Stored: by day

select
    g.day as day, g.segment as segment,
    d.dau_users as dau_users, d.wau_users as wau_users, d.mau_users as mau_users,
    cs_ratio(d.daily_users, d.mau_users * 28) as stickiness_ratio,
    d.daily_users as daily_users, d.active_accounts as active_accounts,
    cs_ratio(d.seats_used, d.seats) as seat_ratio,
    d.seats_used as seats_used, d.seats as seats
from segments as g
left join (
    select
        day, segment, sum(x.dau_users) as dau_users, sum(x.wau_users) as wau_users, sum(x.mau_users) as mau_users, sum(x.daily_users) as daily_users,
        sum(x.active_accounts) as active_accounts, sum(x.seats_used) as seats_used, sum(x.seats) as seats
    from usage_detail as x
    group by day, segment
) as d on d.day = g.day and d.segment = g.segment
