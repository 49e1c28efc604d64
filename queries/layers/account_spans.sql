-- Accounts that are no test, as they were known from one day on until the next row: name, owner, attributes.
--
-- A version of an account holds from its valid_from on; before the first, the first holds.
--
-- Columns:
--   account_id        key  Account.
--   since             key  First day on which this holds.
--   name              fact Display name.
--   parent_account_id fact Account of the parent company.
--   industry          fact Industry.
--   geo               fact Sales region.
--   csm               fact Owner; empty: nobody.
--   attributes        fact Further attributes, Map(String, String).
--   created_on        fact Day on which it was created, by the last version.
--
-- Key: account_id, since

select
    account_id,
    if(version_of = 1, toDate(0), day) as since,
    latest.1 as name, latest.2 as parent_account_id, latest.3 as industry, latest.4 as geo, latest.5 as csm, latest.6 as attributes, created_on
from (
    select
        account_id, day, latest, created_on,
        row_number() over (partition by account_id order by day) as version_of
    from (
        select
            account_id, toDate(a.valid_from, {zone:String}) as day,
            argMax((name, parent_account_id, toString(industry), toString(geo), toString(csm), attributes), (a.valid_from, a.updated_at)) as latest,
            any(last_created_on) as created_on
        from (
            select *,
                argMax(created_on, (valid_from, updated_at)) over account as last_created_on,
                argMax(is_test, (valid_from, updated_at)) over account as is_out
            from (
                -- What one source took back, another one may still say.
                select *, argMax(is_withdrawn, updated_at) over (partition by account_id, source) as is_gone
                from stored_accounts final
                where empty({accounts:Array(String)}) or account_id in {accounts:Array(String)}
            ) as said
            where not is_gone
            window account as (partition by account_id)
        ) as a
        where not is_out
        group by account_id, day
    ) as by_day
) as numbered
