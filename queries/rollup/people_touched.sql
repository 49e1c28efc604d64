-- Days on which those users did something.

select distinct day
from stored_usage_user_days
where {changed}
order by day desc
