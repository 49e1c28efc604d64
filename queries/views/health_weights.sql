-- How health is scored in each segment and lifecycle phase.
--
-- Columns:
--   day            key  Day.
--   segment        key  Touch model.
--   phase          key  Lifecycle phase.
--   measures       fact Measures in order, Array(Tuple(measure, dimension, weight, zero, full, max_age, takes_part)).
--   yellow         fact Score from which the band is yellow.
--   green          fact Score from which it is green.
--   measured_ratio fact Share of the weight that is to be measured.

select
    day, splitByChar('/', x.1)[1] as segment, splitByChar('/', x.1)[2] as phase, x.2.1 as measures, x.2.2 as yellow, x.2.3 as green, x.2.4 as measured_ratio
from policy_days
array join cast(profiles, 'Array(Tuple(String, Tuple(Array(Tuple(String, String, Float64, Float64, Float64, Int32, UInt8)), Float64, Float64, Float64, String)))') as x
