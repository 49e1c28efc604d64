-- Customer satisfaction of the last 90 days.
-- ja: 顧客満足度(CSAT)
--
-- Answers of 4 and 5 over all answers on the scale of 1 to 5. Every answer counts, also several of one person: each is about
-- another occasion. Answers outside of the scale are left out. Accounts that do not pay (any more) are in it.
--
-- ja: 5段階評価で4・5の回答の割合。場面ごとの評価なので、同じ人の回答も全て数える。範囲外の回答は除く。解約した顧客の回答も含む。
--
-- Columns:
--   segment     label Touch-model segment of the account at as_of; where it no longer pays, 12 months ago; else tech.
--   ratio       gauge Satisfied over all answers.
--   ratio_lower gauge Lower 95 % bound of the ratio.
--   ratio_upper gauge Upper 95 % bound of the ratio.
--   satisfied   gauge Answers of 4 or 5.
--   responses   gauge Answers.
--
-- Group: Growth and voice, 9
-- Every: 15m

select
    segment,
    cs_ratio(satisfied, responses) as ratio,
    cs_wilson_lower(satisfied, responses) as ratio_lower,
    cs_wilson_upper(satisfied, responses) as ratio_upper,
    satisfied, responses
from (
    select g.segment as segment, sum(d.satisfied) as satisfied, sum(d.responses) as responses
    from (select arrayJoin(['high', 'low', 'tech']) as segment) as g
    left join cs.csat_detail(as_of = {as_of:Date}) as d on d.segment = g.segment
    group by g.segment
) as counts
order by segment
