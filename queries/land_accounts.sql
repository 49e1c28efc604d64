-- Accounts that began small and are meant to expand.
-- ja: Land顧客の定着と拡大
--
-- Accounts that pay at the day and whose first contract is marked as a land contract: who is onboarded, and who pays more than
-- on its first day.
--
-- ja: 最初の契約がLand(小規模契約)の契約中の顧客:オンボーディングが完了した顧客と、初日よりARRが増えた顧客。
--
-- Columns:
--   day                key   Day.
--   segment            label Touch-model segment of the account at the day.
--   accounts           gauge Paying accounts that began with a land contract.
--   onboarded_accounts gauge Those of them that are onboarded.
--   expanded_accounts  gauge Those of them whose ARR is above that of their first day, at the exchange rates of the day.
--   seats              gauge Their contracted seats.
--   land_seats         gauge Their contracted seats on their first days.
--
-- Group: Growth and voice, 7
-- Every: 15m
-- Stored: by day

select
    g.day as day, g.segment as segment,
    d.accounts as accounts, d.onboarded_accounts as onboarded_accounts, d.expanded_accounts as expanded_accounts, d.seats as seats, d.land_seats as land_seats
from segments as g
left join (
    select
        day, segment, count() as accounts, sum(x.onboarded_accounts) as onboarded_accounts, sum(x.expanded_accounts) as expanded_accounts,
        sum(x.seats) as seats, sum(x.land_seats) as land_seats
    from land_accounts_detail as x
    group by day, segment
) as d on d.day = g.day and d.segment = g.segment
