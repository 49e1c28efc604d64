-- Accounts whose health fell most over 28 days.
-- ja: ヘルスが悪化した顧客
--
-- Accounts that pay now and paid 28 days ago, and whose score is lower or whose band is worse than then; from or to unknown is
-- no worse band. As many as the setting risk_accounts says are named: first those that turned red, then by points lost times
-- ARR. All others are under account (other), by the same segments and bands.
--
-- ja: 現在も28日前も契約中で、スコアが下がったか、ヘルスの帯が悪化した顧客。帯が「不明」になった場合と「不明」から変わった場合は、帯の
-- ja: 悪化に含めない。レッドに変わった顧客を先に、次に失点×ARRの大きい順に、設定risk_accountsの社数まで名前を示し、残りは同じ
-- ja: セグメントと帯ごとに「(other)」にまとめる。
--
-- Columns:
--   day       key   Day.
--   account   label Account; (other) is all the rest.
--   csm       label Owner on the day; (other) for the rest.
--   segment   label Touch-model segment of the account on the day.
--   from_band label Band 28 days before: red, yellow, green, unknown.
--   band      label Band on the day: red, yellow, green, unknown.
--   arr       gauge ARR on the day, in the reporting currency.
--   accounts  gauge Accounts: 1, or how many the others are.
--   points    gauge Points of the health score lost in 28 days; none for the others, and where there is or was no score.
--   score     gauge Health score, 0 to 100; none for the others.
--
-- Group: Customers, 17
-- Every: 15m
-- Stored: by day

select
    day,
    if(is_named, f.account_id, '(other)') as account,
    if(is_named, f.csm, '(other)') as csm,
    segment, from_band, band,
    cs_float(sum(f.arr)) as arr,
    toUInt64(count()) as accounts,
    if(account = '(other)', null, any(f.points)) as points,
    if(account = '(other)', null, any(f.score)) as score
from health_falls as f
group by day, account, csm, segment, from_band, band
