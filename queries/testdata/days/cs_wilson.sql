-- Wilson's 95 % bounds of a ratio, against published figures.

-- From table I of Newcombe, R. G. (1998): Two-sided confidence intervals for the single proportion, Statistics in
-- Medicine 17, 857-872, method 3:
--   81 of 263: 0.2553 to 0.3662;  15 of 148: 0.0624 to 0.1605;  0 of 20: 0 to 0.1611;  1 of 29: 0.0061 to 0.1718
select n, k, round(cs_wilson_lower(k, n), 4) as lower, round(cs_wilson_upper(k, n), 4) as upper
from values('k UInt64, n UInt64', (81, 263), (15, 148), (0, 20), (1, 29)) order by n desc;

-- By hand: with all of n the lower bound is n / (n + 3.8415), so 10 of 10 are 0.7225 to 1; half of 100 are 0.4038 to
-- 0.5962, symmetrical about the half; of 0 nothing is known.
select n, k, round(cs_wilson_lower(k, n), 4) as lower, round(cs_wilson_upper(k, n), 4) as upper
from values('k UInt64, n UInt64', (10, 10), (50, 100), (0, 0)) order by n;
