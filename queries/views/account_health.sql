-- Health of each account that pays, beside who it is.
--
-- Columns:
--   day            key   Day.
--   account_id     key   Account.
--   segment        label Touch model.
--   phase          label Lifecycle phase.
--   csm            label Owner.
--   band           label red, yellow, green, unknown.
--   arr            fact  ARR.
--   score          fact  0 to 100; null where nothing is measured.
--   measured_ratio fact  Share of the weight that is measured.
--   scored_band    fact  Band by the score alone.
--   severity       fact  Highest severity of an open risk; 0: none.
--   overridden     fact  Reason of the band set by hand; empty: none is.
--   worst          fact  The three measures that cost most points, with their scores, Array(String).
--   drivers        fact  Measures, as in health_days.

select
    s.day as day, s.account_id as account_id, s.segment as segment, s.phase as phase, s.csm as csm, h.band as band, s.arr as arr,
    h.score as score, h.measured_ratio as measured_ratio, h.scored_band as scored_band, h.severity as severity, h.overridden as overridden,
    h.worst as worst, h.drivers as drivers
from account_days as s
join health_days as h on h.day = s.day and h.account_id = s.account_id
where s.is_paying
