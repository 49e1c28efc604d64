-- Health score of an account, as (drivers, score, measured ratio, band by the score, what costs most points).
--
-- Score = sum of weight x score over the sum of the weights of the measures that are there and not too old; each driver
-- is (measure, dimension, value, measured on, score, weight, contribution), in the order of the profile, and the score is the
-- sum of the contributions. Thresholds are compared to nine digits, since floats may add up to a hair below 70. measured maps a measure to its value and day; the profile is that of models/health_profiles.sql.
-- (Each arrayMap over one element gives a name to what is used more than once.)
(measured, profile, as_of) -> arrayMap(x -> (
        x.1, x.2, x.3,
        multiIf(x.2 is null or round(x.3, 9) < x.4.4, 'unknown', round(assumeNotNull(x.2), 9) >= x.4.3, 'green', round(assumeNotNull(x.2), 9) >= x.4.2, 'yellow', 'red'),
        arrayMap(d -> concat(d.1, ' ', toString(round(assumeNotNull(d.5)))),
            arraySlice(arraySort(d -> (-d.6 * (100 - assumeNotNull(d.5)), d.1), arrayFilter(d -> d.5 is not null and d.5 < 100, x.1)), 1, 3))),
    arrayMap(x -> (x.1, if(x.2 > 0, toNullable(arraySum(d -> d.7, x.1)), null), if(x.3 > 0, x.2 / x.3, 0.), x.4),
    arrayMap(x -> (arrayMap(d -> (d.1, d.2, d.3, d.4, d.5, d.6, if(d.5 is null, 0., d.6 * assumeNotNull(d.5) / x.2)), x.1), x.2, x.3, x.4),
    arrayMap(x -> (x.1, arraySum(d -> if(d.5 is null, 0., d.6), x.1), arraySum(d -> d.6, x.1), x.2),
    arrayMap((m, p) -> (
        arrayMap(t -> (
            t.1, t.2,
            if(mapContains(m, t.1) and as_of - m[t.1].2 <= t.6, toNullable(m[t.1].1), null),
            if(mapContains(m, t.1), toNullable(m[t.1].2), null),
            if(mapContains(m, t.1) and as_of - m[t.1].2 <= t.6, toNullable(100 * least(1., greatest(0., (m[t.1].1 - t.4) / (t.5 - t.4) + 0.))), null),
            t.3), p.1),
        p),
    [measured], [profile])))))[1]
