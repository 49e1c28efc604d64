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
-- Stored: by day

select
    c.day as day, c.csm as csm, w.window as window,
    cs_float(arrayFirst(x -> x.1 = w.window, c.known).2) as amount,
    arrayFirst(x -> x.1 = w.window, c.known).3 as opportunities
from (
    select day, csm, groupArray((window, amount_sum, opportunities_sum)) as known
    from (
        select day, csm, window, sum(d.amount) as amount_sum, sum(d.opportunities) as opportunities_sum
        from pipegen_by_csm_detail as d
        group by day, csm, window
    ) as sums
    group by day, csm
    having has(arrayMap(x -> x.1, known), '12m')
) as c
-- Every CSM with every window, so that what is zero is shown as zero.
join windows as w on w.day = c.day
