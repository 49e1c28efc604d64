-- Users by the number of days on which they were active in 28.
-- ja: 直近28日の利用日数別ユーザー数(パワーユーザーカーブ)
--
-- Each active user of the trailing 28 days by the number of days with an event that counts as use (setting core_events): the power user curve,
-- or L28. If the curve rises at its right end, there is a core of users who come every day; if it only falls, users look in now and
-- then. It covers users of paying accounts, as usage does: over all numbers of days they are its monthly active users, and the
-- sum of users times days is its daily_users. The curve was described by Li Jin and Andrew Chen (a16z.com, The Power User Curve, 2018), for 28, 30
-- or 31 days; PostHog and Amplitude show it as stickiness.
--
-- ja: 直近28日のアクティブユーザーを、利用した日数(設定core_eventsのイベントがあった日数)ごとに数える。パワーユーザーカーブ、L28とも
-- ja: 呼ばれる。右端が上がっていれば毎日使う中核ユーザーがおり、下がるだけなら時々のぞくユーザーが多い。対象は契約中の顧客のユーザーで、合
-- ja: 計は利用状況(usage)のMAUに、人数×日数の合計はそのdaily_usersに一致する。出典はLi Jin、Andrew Chen(a16z、2018年)。PostHogや
-- ja: AmplitudeのStickinessにあたる。
--
-- Columns:
--   day         key   Day.
--   segment     label Touch-model segment of the account on the day.
--   active_days label Number of days on which they were active: 1 to 28.
--   ratio       gauge Share of the monthly active users.
--   users       gauge Users active on exactly so many days.
--   mau_users   gauge Users active in the trailing 28 days.
--
-- Group: Customers, 36
-- Every: 1h
-- Stored: by day

select
    g.day as day, g.segment as segment, toString(g.number) as active_days,
    cs_ratio(d.counts[g.number], d.mau_users) as ratio, d.counts[g.number] as users, d.mau_users as mau_users
from (select day, segment, toUInt8(arrayJoin(range(1, 29))) as number from segments) as g
left join (
    select day, segment, arrayMap(n -> countEqual(numbers, n), range(1, 29)) as counts, length(numbers) as mau_users
    from (
        select s.day as day, s.segment as segment, groupArrayArray(u.active_days) as numbers
        from account_days as s
        join use_counts as u on u.day = s.day and u.account_id = s.account_id
        where s.is_paying
        group by day, segment
    ) as x
) as d on d.day = g.day and d.segment = g.segment
