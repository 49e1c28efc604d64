-- Why an account's health score is what it is, and what changed in 28 days.
--
-- One row per account that pays on the day and measure that counts for it now or did 28 days before. The contributions of an
-- account add up to its score, and the changes to the change of its score.
--
-- Columns:
--   day                 key   Day.
--   account_id          key   Account.
--   measure             key   Measure; views/health_measures.sql says what it is.
--   dimension           label Deployment, engagement, adoption or roi (DEAR).
--   segment             label Touch model on the day.
--   value               fact  What was measured; null: missing or too old.
--   measured_on         fact  Day that the value is of.
--   score               fact  0 to 100; null where it is missing.
--   weight              fact  Weight.
--   contribution        fact  Points of the account's score that the measure gives.
--   contribution_before fact  The same 28 days before; null where the account had no score then.
--   change              fact  Contribution less the one before; null where the account has or had no score.
--
-- Back: account_health 0, 28

select
    day, account_id, driver.1 as measure, driver.2 as dimension, segment,
    driver.3 as value, driver.4 as measured_on, driver.5 as score, driver.6 as weight, driver.7 as contribution,
    if(had_score, toNullable(arrayFirst(d -> d.1 = driver.1, before).7), null) as contribution_before,
    if(has_score, driver.7 - contribution_before, null) as change
from (
    -- What counted then and does not now stands here too, with no weight: the points that it gave are gone.
    select
        n.day as day, n.account_id as account_id, n.segment as segment, toUInt8(n.score is not null) as has_score, b.drivers as before, b.had_score as had_score,
        arrayConcat(n.drivers, arrayMap(d -> (d.1, d.2, cast(null as Nullable(Float64)), cast(null as Nullable(Date)), cast(null as Nullable(Float64)), 0., 0.),
            arrayFilter(d -> not has(arrayMap(x -> x.1, n.drivers), d.1), b.drivers))) as drivers
    from account_health as n
    left join (
        select day + 28 as day, account_id, drivers, toUInt8(score is not null) as had_score
        from account_health
    ) as b on b.day = n.day and b.account_id = n.account_id
) as listed
array join drivers as driver
