-- Accounts. RavenStack has no owner, no parent and no test accounts. Its account-wide plan, seats, trial and churn flags
-- are left out: they contradict the subscriptions, which are what is paid for.
with
    -- DD-MM-YYYY as YYYY-MM-DD; what cannot be read stays as it is, so that the row is rejected with it.
    d -> ifNull(toString(toDate(parseDateTimeOrNull(d, '%d-%m-%Y', 'UTC'))), d) as iso_day

select
    account_id,
    account_name          as name,
    industry,
    country               as geo,
    iso_day(signup_date)  as created_on,
    concat('{"referral_source":', toJSONString(ifNull(referral_source, '')), '}') as attributes,
    'ravenstack'          as source,
    _file,
    _line
from ravenstack_accounts
