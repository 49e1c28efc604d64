-- The accounts behind the use of features.
--
-- One row per feature, among the fifty that most accounts use, and account that pays at as_of and used it.
--
-- Columns:
--   feature           label Name of the event.
--   account_id        key   Account.
--   accounts          part  1.
--   users             part  Users of the account who used it in the last 28 days.
--   eligible_accounts fact  Paying accounts.
--   segment           fact  Touch model at as_of.

select feature, account_id, accounts, users, eligible_accounts, segment
from (
    select
        feature, account_id, accounts, users, eligible_accounts, segment,
        dense_rank() over (order by feature_accounts desc, feature_users desc, feature) as place
    from (
        select
            f.feature as feature, f.account_id as account_id, toUInt8(1) as accounts, f.users as users, s.segment as segment,
            count() over (partition by feature) as feature_accounts,
            sum(f.users) over (partition by feature) as feature_users,
            s.eligible_accounts as eligible_accounts
        from (
            select account_id, feature, countDistinctIf(user_id, user_id != '') as users
            from (
                select account_id, user_id, toString(arrayJoin(u.features)) as feature
                from cs.usage_user_days as u final
                where day > {as_of:Date} - 28 and day <= {as_of:Date}
            ) as used
            group by account_id, feature
        ) as f
        join (
            select account_id, segment, count() over () as eligible_accounts
            from cs.account_states(as_of = {as_of:Date})
        ) as s on s.account_id = f.account_id
    ) as joined
) as ranked
where place <= 50
