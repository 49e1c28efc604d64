-- Value reviews whose outcome the customer confirmed by fact: the latest of each account from one day on until the next row.
--
-- Columns:
--   account_id        key  Account.
--   since             key  Day of the review.
--   review_id         fact Review.
--   improvement_ratio fact Improvement of the customer's own measure; null: it names none.
--
-- Key: account_id, since

select account_id, v.reviewed_on as since, (argMax((v.review_id, v.improvement_ratio), (v.review_id, v.source)) as latest).1 as review_id, latest.2 as improvement_ratio
from stored_value_reviews as v final
where v.is_verified and (empty({accounts:Array(String)}) or account_id in {accounts:Array(String)})
group by account_id, since
