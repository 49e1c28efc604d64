-- What a term's amount comes to in a year; null for an open term.
--
-- Whole months count by 12 (one month, one year, three years), whole weeks that are no whole months by 52, anything else
-- by days of 365. For mappings: sources often know what a term costs, while contracts.acv is a year's worth.
(amount, starts_on, ends_before) -> multiIf(
    ends_before is null or ends_before <= starts_on, null,
    addMonths(starts_on, dateDiff('month', starts_on, ends_before)) = ends_before,
        toDecimal128(amount, 4) * 12 / nullIf(dateDiff('month', starts_on, ends_before), 0),
    dateDiff('day', starts_on, ends_before) % 7 = 0,
        toDecimal128(amount, 4) * 52 / nullIf(intDiv(dateDiff('day', starts_on, ends_before), 7), 0),
    toDecimal128(amount, 4) * 365 / nullIf(dateDiff('day', starts_on, ends_before), 0))
