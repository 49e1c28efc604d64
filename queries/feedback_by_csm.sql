-- What each CSM brought back from customers over trailing windows.
-- ja: CSM別の顧客の声・事例
--
-- As feedback, by who brought it; where it does not say, by the owner of the account on that day. Every CSM who brought
-- something within twelve months is here, with zeros for the other kinds and the shorter windows.
--
-- ja: 持ち帰ったCSM別の件数。記載がなければ、その日の顧客担当者とする。直近12か月に一件でもあるCSMを全て示す。
--
-- Columns:
--   day    key   Day.
--   csm    label CSM; (none): nobody.
--   kind   label product_request, use_case_share, case_study.
--   window label Length of the window.
--   items  gauge Items brought.
--
-- Group: Growth and voice, 12
-- Every: 15m

select c.day as day, c.csm as csm, c.kind_of as kind, w.window as window, arrayFirst(x -> x.1 = c.kind_of and x.2 = w.window, c.known).3 as items
from (
    select day, csm, known, kind_of
    from (
        select day, csm, groupArray((kind, window, items_sum)) as known
        from (
            select day, csm, kind, window, sum(d.items) as items_sum
            from feedback_by_csm_detail as d
            group by day, csm, kind, window
        ) as sums
        group by day, csm
        having arrayExists(x -> x.2 = '12m', known)
    ) as by_csm
    array join ['product_request', 'use_case_share', 'case_study'] as kind_of
) as c
-- Every CSM with every kind and window, so that what is zero is shown as zero.
join windows as w on w.day = c.day
