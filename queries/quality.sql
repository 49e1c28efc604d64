-- Violations of the data's quality.
-- ja: データ品質
--
-- How many facts contradict themselves or each other, or look like a mistake of an import, by check; `cskpi check` and
-- quality_detail list them with the accounts, how much is affected, and what to do, and quality_checks says what each check looks for.
-- The KPIs still count them as their definitions say: an unknown account's contract is ARR all the same. A check that the setting
-- quality_exceptions names has no series.
--
-- ja: それ自体または互いに矛盾する事実、取り込みの誤りが疑われる事実の件数(検査項目別)。内訳(顧客、影響額、対処方法)は`cskpi check`と
-- ja: quality_detail、各検査の内容はquality_checksで分かる。KPIは定義どおりに数え続ける。設定quality_exceptionsで除いた検査には値がない。
--
-- Columns:
--   day        key   Day.
--   check      label Name of the check.
--   violations gauge Rows that violate it.
--
-- Group: Targets and data, 3
-- Every: 1h
-- Timeout: 2m

select day, check, sum(d.violations) as violations
from (
    select day, check, violations from quality_detail
    union all
    select day, check, 0 as violations from quality_checks_in_force
) as d
group by day, check
