-- The accounts behind the distribution of health scores.
--
-- One row per account that pays at as_of and has a score.
--
-- Columns:
--   segment         label Touch model at as_of.
--   account_id      key   Account.
--   scored_accounts part  1.
--   score           fact  Health score, 0 to 100.
--   measured_ratio  fact  Share of the weight that is measured.
--   band            fact  Health band.
--   csm             fact  Owner at as_of.

select segment, account_id, toUInt8(1) as scored_accounts, assumeNotNull(h.score) as score, measured_ratio, band, csm
from cs.account_health(as_of = {as_of:Date}) as h
where h.score is not null
