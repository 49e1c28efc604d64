-- The accounts behind the distribution of health scores.
--
-- One row per account that pays on the day and has a score.
--
-- Columns:
--   day             key   Day.
--   segment         label Touch model on the day.
--   account_id      key   Account.
--   scored_accounts part  1.
--   score           fact  Health score, 0 to 100.
--   measured_ratio  fact  Share of the weight that is measured.
--   band            fact  Health band.
--   csm             fact  Owner on the day.

select day, segment, account_id, toUInt8(1) as scored_accounts, assumeNotNull(h.score) as score, measured_ratio, band, csm
from account_health as h
where h.score is not null
