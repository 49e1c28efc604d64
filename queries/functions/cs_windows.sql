-- The trailing windows that KPIs are given for: name, length in months, and the day at whose end the window begins.
--
-- A window is half open: what falls on the day itself is before it. Month ends clamp: a month before 31 March is 28 or 29 February.
(as_of) -> [('1m', 1, addMonths(as_of, -1)), ('3m', 3, addMonths(as_of, -3)), ('12m', 12, addMonths(as_of, -12))]
