-- Pipeline that each CSM generated over trailing windows.
-- ja: CSM別パイプライン創出(Pipegen)
--
-- As pipegen, by who created the opportunity; where it does not say, by the owner of the account on that day. Every CSM who
-- created one within twelve months is here, with zeros for the shorter windows without any.
--
-- ja: 商談を創出したCSM別のパイプライン。創出者の記載がなければ、その日の顧客担当者とする。直近12か月に一件でも創出したCSMを全て示
-- ja: す。
--
-- Columns:
--   csm           label CSM; (none): nobody.
--   window        label Length of the window: 1m, 3m, 12m.
--   amount        gauge Annual amount at creation, in the reporting currency.
--   opportunities gauge Opportunities created.
--
-- Group: Growth and voice, 2
-- Every: 15m

select csm, window, cs_float(amount_sum) as amount, opportunities
from (
    -- Every CSM with every window, so that what is zero is shown as zero.
    select
        d.csm as csm, g.window as window,
        sumIf(d.amount, d.window = g.window) as amount_sum,
        sumIf(d.opportunities, d.window = g.window) as opportunities
    from cs.pipegen_by_csm_detail(as_of = {as_of:Date}) as d
    cross join (select arrayJoin(['1m', '3m', '12m']) as window) as g
    group by d.csm, g.window
) as sums
order by csm, window
