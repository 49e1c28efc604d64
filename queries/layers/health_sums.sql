-- Health of the accounts of each segment: bands, scores, dimensions and measures, in sums.
--
-- Bands are in the order red, yellow, green, unknown; dimensions in the order deployment, engagement, adoption, roi; measures in the order of
-- policy_days.profiles.
--
-- Columns:
--   day                 key  Day.
--   segment             key  Touch model.
--   band_accounts       fact Accounts by band, Array(UInt64).
--   band_arr            fact Their ARR, Array(Decimal).
--   scores              fact Distribution of the scores, as cs_histogram makes it of the bounds 10, 20, to 100.
--   scored_accounts     fact Accounts with a score.
--   score_sum           fact Sum of their scores.
--   dimension_sums      fact Sum of the scores by dimension, Array(Float64).
--   dimension_measured  fact Accounts that have a score, by dimension, Array(UInt64).
--   dimension_eligible  fact Accounts for which the dimension counts, Array(UInt64).
--   measures            fact Names of the measures, Array(String).
--   measured            fact Accounts of which the measure is there and not too old, Array(UInt64).
--   eligible            fact Accounts for which it counts, Array(UInt64).
--
-- Key: day, segment

-- Floats are summed in order of size, so that the sum is the same for any order of rows.
select
    day, segment,
    [sumIf(h.accounts, h.band = 'red'), sumIf(h.accounts, h.band = 'yellow'), sumIf(h.accounts, h.band = 'green'), sumIf(h.accounts, h.band = 'unknown')] as band_accounts,
    [sumIf(h.arr, h.band = 'red'), sumIf(h.arr, h.band = 'yellow'), sumIf(h.arr, h.band = 'green'), sumIf(h.arr, h.band = 'unknown')] as band_arr,
    cs_histogram(groupArrayArray(h.scores) as all_scores, [10., 20., 30., 40., 50., 60., 70., 80., 90., 100.]) as scores,
    toUInt64(length(all_scores)) as scored_accounts,
    arraySum(arraySort(all_scores)) as score_sum,
    [arraySum(arraySort(groupArrayArray(h.deployment))), arraySum(arraySort(groupArrayArray(h.engagement))), arraySum(arraySort(groupArrayArray(h.adoption))), arraySum(arraySort(groupArrayArray(h.roi)))] as dimension_sums,
    [sum(length(h.deployment)), sum(length(h.engagement)), sum(length(h.adoption)), sum(length(h.roi))] as dimension_measured,
    sumForEach(arrayMap(x -> if(arrayExists(p -> p.7 and p.2 = x, q.measures), h.accounts, 0), ['deployment', 'engagement', 'adoption', 'roi'])) as dimension_eligible,
    any(q.measures.1) as measures,
    sumForEach(h.measured) as measured,
    sumForEach(arrayMap(p -> if(p.7, h.accounts, 0), q.measures)) as eligible
from (
    select
        day, segment, phase, band, count() as accounts, sum(x.arr) as arr, groupArray(x.score) as scores,
        groupArray(x.dimensions[1]) as deployment, groupArray(x.dimensions[2]) as engagement, groupArray(x.dimensions[3]) as adoption, groupArray(x.dimensions[4]) as roi,
        countForEach(x.scores) as measured
    from health_days as x
    where day in {days:Array(Date)}
    group by day, segment, phase, band
) as h
join health_weights as q on q.day = h.day and q.segment = h.segment and q.phase = h.phase
group by day, segment
