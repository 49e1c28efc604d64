-- Accounts that are no test, as they were known from one day on until the next row: name, owner, attributes.
--
-- A version of an account holds from its valid_from on; before the first, the first holds. An owner is called by the present name, whatever
-- the account calls him or her (views/staff_names.sql). Accounts of owners who left have none from that day on.
--
-- Columns:
--   account_id        key  Account.
--   since             key  First day on which this holds.
--   name              fact Display name.
--   parent_account_id fact Account of the parent company.
--   industry          fact Industry.
--   geo               fact Sales region.
--   csm               fact Owner; empty: nobody.
--   left_csm          fact Owner who left and was not replaced; empty: there is none.
--   attributes        fact Further attributes, Map(String, String).
--   created_on        fact Day on which it was created, by the last version.
--
-- Key: account_id, since

select
    v.account_id as account_id, held.1 as since,
    v.latest.1 as name, v.latest.2 as parent_account_id, v.latest.3 as industry, v.latest.4 as geo,
    if(held.2, '', v.owner) as csm, if(held.2, v.owner, '') as left_csm,
    v.latest.6 as attributes, v.created_on as created_on
from (
    select
        n.account_id as account_id, n.latest as latest, n.created_on as created_on, if(s.csm = '', n.latest.5, s.csm) as owner,
        -- Since when, and whether the owner has left.
        if(s.left_on > n.since and s.left_on < n.before, [(n.since, false), (s.left_on, true)], [(n.since, s.csm != '' and s.left_on <= n.since)]) as states
    from (
        select
            account_id, latest, created_on,
            if(row_number() over versions = 1, toDate(0), day) as since,
            leadInFrame(day, 1, toDate('2149-06-06')) over versions as before
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
        window versions as (partition by account_id order by day rows between unbounded preceding and unbounded following)
    ) as n
    left join staff_names as s on s.name = cs_name_key(n.latest.5)
) as v
array join v.states as held
