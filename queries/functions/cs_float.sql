-- Float64 nearest to an exact number.
--
-- Going by text rounds once; a direct cast of a wide Decimal may round twice and end in …0000000001.
(x) -> toFloat64(toString(x))
