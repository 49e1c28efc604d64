-- Ratio of two exact numbers; null where the whole is zero.
--
-- A Decimal divided by a Decimal would keep its scale (100/150 = 0.66), and by zero would throw.
(part, whole) -> cs_float(part) / nullIf(cs_float(whole), 0)
