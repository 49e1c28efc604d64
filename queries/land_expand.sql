-- Success of the expands that were planned, over trailing windows.
-- ja: Land & Expand成功率
--
-- Expands whose first planned day fell in the window: won by the day over all. One that is past its day and undecided is no
-- success yet, and moving the day later does not take it out. Where no day was planned, it is the day of the decision, so that
-- such an expand counts once it is decided.
--
-- ja: 当初の予定日が期間内にあったExpand商談のうち、受注した割合。予定日を過ぎて未決定のものは成功に数えず、予定を延ばしても対象か
-- ja: ら外れない。予定日のない商談は、決定日で数える。
--
-- Columns:
--   day             key   Day.
--   window          label Length of the window.
--   ratio           gauge Won over planned expands.
--   ratio_lower     gauge Lower 95 % bound of the ratio.
--   ratio_upper     gauge Upper 95 % bound of the ratio.
--   planned_expands gauge Expands that were planned to be decided in the window.
--   won_expands     gauge Those of them that were won by the day.
--   on_time_expands gauge Those of them that were won on or before the planned day.
--   planned_amount  gauge Annual amount of the planned expands when they were created, in the reporting currency.
--   won_amount      gauge Annual amount of those won, in the reporting currency.
--
-- Group: Growth and voice, 6
-- Every: 15m
-- Stored: by day

select
    day, window,
    cs_ratio(won_sum, planned_sum) as ratio,
    cs_wilson_lower(won_sum, planned_sum) as ratio_lower,
    cs_wilson_upper(won_sum, planned_sum) as ratio_upper,
    planned_sum as planned_expands, won_sum as won_expands, on_time_sum as on_time_expands,
    cs_float(planned_amount_sum) as planned_amount,
    cs_float(won_amount_sum) as won_amount
from (
    select
        day, window,
        sum(d.planned_expands) as planned_sum, sum(d.won_expands) as won_sum, sum(d.on_time_expands) as on_time_sum,
        sum(d.planned_amount) as planned_amount_sum, sum(d.won_amount) as won_amount_sum
    from (
        select day, window, planned_expands, won_expands, on_time_expands, planned_amount, won_amount from land_expand_detail
        union all
        select
            day, window, 0 as planned_expands, 0 as won_expands, 0 as on_time_expands,
            toDecimal128(0, 12) as planned_amount, toDecimal128(0, 12) as won_amount
        from windows
    ) as d
    group by day, window
) as counts
