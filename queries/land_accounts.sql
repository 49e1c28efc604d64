-- Accounts that began small and are meant to expand.
-- ja: Land顧客の定着と拡大
--
-- Accounts that pay at as_of and whose first contract is marked as a land contract: who is onboarded, and who pays more than
-- on its first day.
--
-- ja: 最初の契約がLand(小規模契約)の契約中の顧客:オンボーディングが完了した顧客と、初日よりARRが増えた顧客。
--
-- Columns:
--   segment            label Touch-model segment of the account at as_of.
--   accounts           gauge Paying accounts that began with a land contract.
--   onboarded_accounts gauge Those of them that are onboarded.
--   expanded_accounts  gauge Those of them whose ARR is above that of their first day, at the exchange rates of as_of.
--   seats              gauge Their contracted seats.
--   land_seats         gauge Their contracted seats on their first days.
--
-- Group: Growth and voice, 7
-- Every: 15m

select
    g.segment as segment,
    sum(d.accounts) as accounts,
    sum(d.onboarded_accounts) as onboarded_accounts,
    sum(d.expanded_accounts) as expanded_accounts,
    sum(d.seats) as seats,
    sum(d.land_seats) as land_seats
from (select arrayJoin(['high', 'low', 'tech']) as segment) as g
left join cs.land_accounts_detail(as_of = {as_of:Date}) as d on d.segment = g.segment
group by g.segment
order by segment
