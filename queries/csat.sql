-- Customer satisfaction of the last 90 days.
-- ja: 顧客満足度(CSAT)
--
-- Satisfied answers over all answers. On the usual scale of 1 to 5 these are 4 and 5; on scales of 4, 6 and 7 the two highest, of 3 the highest,
-- of 10 the three highest (8 to 10). The scale belongs to the answer; where the answer does not say it, it is the setting csat_scale of its
-- day. Every answer counts, also several of one person: each is about another occasion. Answers outside of their scale are left out. Accounts that
-- do not pay (any more) are in it.
--
-- ja: 満足の回答の割合。5段階評価では4・5、4・6・7段階では上位2つ、3段階では最高点、10段階では8〜10を満足とする。段階は回答ごとに持ち、なければ回答日の設定 csat_scale
-- ja: による。場面ごとの評価なので、同じ人の回答も全て数える。範囲外の回答は除く。解約した顧客の回答も含む。
--
-- Columns:
--   day         key   Day.
--   segment     label Touch-model segment of the account at the day; where it no longer pays, 12 months ago; else tech.
--   ratio       gauge Satisfied over all answers.
--   ratio_lower gauge Lower 95 % bound of the ratio.
--   ratio_upper gauge Upper 95 % bound of the ratio.
--   satisfied   gauge Satisfied answers.
--   responses   gauge Answers.
--
-- Group: Growth and voice, 9
-- Every: 15m
-- Stored: by day

select
    day, segment,
    cs_ratio(satisfied_sum, responses_sum) as ratio,
    cs_wilson_lower(satisfied_sum, responses_sum) as ratio_lower,
    cs_wilson_upper(satisfied_sum, responses_sum) as ratio_upper,
    satisfied_sum as satisfied, responses_sum as responses
from (
    select day, segment, sum(satisfied) as satisfied_sum, sum(responses) as responses_sum
    from (
        select day, segment, satisfied, responses from csat_detail
        union all
        select day, segment, 0 as satisfied, 0 as responses from segments
    ) as d
    group by day, segment
) as sums
