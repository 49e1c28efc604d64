-- Net promoter score of the last 90 days.
-- ja: NPS(推奨者の正味比率)
--
-- Latest answer of each respondent of an account; an answer without a respondent stands for itself. Promoters (9, 10) less
-- detractors (0 to 6), of all: in points, -100 to 100. Answers outside of 0 to 10 are left out. Accounts that do not pay (any
-- more) are in it: their opinion was asked.
--
-- ja: 回答者ごとの最新の回答による、推奨者(9・10)の割合−批判者(0〜6)の割合。−100〜100のポイント。回答者不明の回答は一件ずつ数え、
-- ja: 範囲外の回答は除く。解約した顧客の回答も含む。
--
-- Columns:
--   day        key   Day.
--   segment    label Touch-model segment of the account at the day; where it no longer pays, 12 months ago; else tech.
--   score      gauge Net promoter score in points, -100 to 100.
--   promoters  gauge Respondents whose latest answer is 9 or 10.
--   passives   gauge Respondents whose latest answer is 7 or 8.
--   detractors gauge Respondents whose latest answer is 0 to 6.
--   responses  gauge Respondents.
--
-- Group: Growth and voice, 8
-- Every: 15m
-- Stored: by day

select
    day, segment,
    100 * (promoters_sum - detractors_sum) / nullIf(responses_sum, 0) as score,
    promoters_sum as promoters, passives_sum as passives, detractors_sum as detractors, responses_sum as responses
from (
    select
        day, segment,
        sum(promoters) as promoters_sum, sum(passives) as passives_sum, sum(detractors) as detractors_sum, sum(responses) as responses_sum
    from (
        select day, segment, promoters, passives, detractors, responses from nps_detail
        union all
        select day, segment, 0 as promoters, 0 as passives, 0 as detractors, 0 as responses from segments
    ) as d
    group by day, segment
) as sums
