-- Upper bound of the 95 % Wilson score interval of successes out of trials; null without trials.
--
-- The mirror image of cs_wilson_lower: one less the lower bound of the failures.
(successes, trials) -> 1 - cs_wilson_lower(trials - successes, trials)
