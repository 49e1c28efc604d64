-- Float64 nearest to an exact number.
--
-- A cast of a wide Decimal rounds twice, and a cast of text to Float64 is hasty: both may end in …9999998. Reading a number of
-- JSON rounds once. (The e0 makes it a float there, however large the number is.)
(x) -> if(toTypeName(x) like '%Float%', toFloat64(x), JSONExtractFloat(concat(toString(x), 'e0')))
