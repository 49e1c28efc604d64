-- Exchange rate, or an error that names currency and day; never a silent 1.
--
-- ClickHouse's throwIf takes constant texts only, so the text goes through a cast that fails.
(rate, currency, day) -> if(rate > 0, rate, toDecimal64(concat('no exchange rate for ', currency, ' in the fiscal year of ', toString(day)), 8))
