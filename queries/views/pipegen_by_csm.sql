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
--   day           key   Day.
--   csm           label CSM; (none): nobody.
--   window        label Length of the window.
--   amount        gauge Annual amount at creation, in the reporting currency.
--   opportunities gauge Opportunities created.
--
-- Group: Growth and voice, 2
-- Every: 15m

select
    day, csm, window,
    cs_float(sum(d.amount)) as amount,
    sum(d.opportunities) as opportunities
from (
    select day, csm, window, amount, opportunities from pipegen_by_csm_detail
    union all
    -- Every CSM who created one in twelve months, with every window, so that what is zero is shown as zero.
    select c.day as day, c.csm as csm, w.window as window, toDecimal128(0, 12) as amount, 0 as opportunities
    from (select day, csm from pipegen_by_csm_detail where window = '12m' group by day, csm) as c
    join windows as w on w.day = c.day
) as d
group by day, csm, window
