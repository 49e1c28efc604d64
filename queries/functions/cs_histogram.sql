-- Distribution of values, as a column of kind histogram: classic buckets and native ones. No value may be negative.
--
-- The bounds of the classic buckets ascend, without infinity. The result is a tuple of the bounds with infinity, how many
-- values lie at or below each of them, the sum, the native buckets (a map from index to number of values), and how many
-- values are zero. The native bucket i takes the values in (2^((i-1)/8), 2^(i/8)], as in every Prometheus histogram of
-- schema 3. A logarithm rounds and so would miss where a value lies on a bound, as powers of two do; hence the index is read
-- off the bits: how many of the eight bounds from a half to one lie below the fraction, and eight for each doubling. (A value
-- too small to have a full fraction is multiplied by 2^54 first.) The sum runs in order of size: the same for any order of rows.
(values, bounds) -> arrayMap((v, b) -> (
    arrayPushBack(arrayMap(x -> toFloat64(x), b), inf),
    arrayPushBack(arrayMap(x -> toUInt64(arrayCount(y -> y <= x, v)), b), length(v)),
    arraySum(v),
    arrayMap(buckets -> arrayMap(counts -> mapFromArrays(counts.1, counts.2), [arrayReduce('sumMap', [buckets], [arrayMap(x -> toUInt64(1), buckets)])])[1],
        [arrayMap((mantissa, exponent) -> toInt32((mantissa > 0.5) + (mantissa > 0.5452538663326288) + (mantissa > 0.5946035575013605) + (mantissa > 0.6484197773255048)
                + (mantissa > 0.7071067811865475) + (mantissa > 0.7711054127039704) + (mantissa > 0.8408964152537144) + (mantissa > 0.9170040432046711) + 8 * exponent),
            arrayMap(y -> reinterpretAsFloat64(bitOr(bitAnd(reinterpretAsUInt64(if(y < 2.2250738585072014e-308, y * 18014398509481984., y)), 4503599627370495), 4602678819172646912)), arrayFilter(y -> y > 0, v)),
            arrayMap(y -> toInt32(bitShiftRight(reinterpretAsUInt64(if(y < 2.2250738585072014e-308, y * 18014398509481984., y)), 52)) - 1023 - if(y < 2.2250738585072014e-308, 54, 0), arrayFilter(y -> y > 0, v)))])[1],
    toUInt64(arrayCount(y -> y = 0, v)) + throwIf(arrayExists(y -> not (y >= 0 and y < inf), v), 'a value of a histogram is negative or not finite')),
    [arraySort(arrayMap(x -> toFloat64(x), values))], [bounds])[1]
