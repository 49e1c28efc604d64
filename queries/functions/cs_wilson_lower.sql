-- Lower bound of the 95 % Wilson score interval of successes out of trials; null without trials.
--
-- Wilson, E. B. (1927): Probable inference, the law of succession, and statistical inference. JASA 22, 209-212.
-- With z = 1.959963984540054: (p + z²/2n - z √(p(1-p)/n + z²/4n²)) / (1 + z²/n).
(successes, trials) -> multiIf(trials = 0, null, successes = 0, 0.,
    (successes / trials + 1.9207294103470862 / trials
        - 1.959963984540054 * sqrt((successes / trials) * (1 - successes / trials) / trials + 0.9603647051735431 / (trials * trials)))
    / (1 + 3.8414588206941723 / trials))
