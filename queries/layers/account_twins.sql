-- Accounts that have the name or the domain of another one, from the day on which both have it.
--
-- Two records of one customer share its contracts, usage and touches between them, so that each looks worse than the customer is.
-- Names are compared without case, blanks and punctuation. The domain is the attribute domain, else website. Accounts of one parent,
-- and a parent and its subsidiaries, are no twins.
--
-- Columns:
--   check      key  same_name, same_domain.
--   id         key  Account.
--   since      key  First day on which it is so.
--   before     fact First day on which it no longer is; 2149-06-06: it still is.
--   account_id fact Account.
--   name       fact Name or domain, as the account has it.
--   accounts   fact Accounts that have it.
--
-- Key: check, id, since

with
toDate('2149-06-06') as never,

named as (
    select account_id, key.1 as check, key.2 as spelt, key.3 as name, if(parent_account_id = '', account_id, parent_account_id) as family, greatest(since, ifNull(created_on, toDate(0))) as since, before
    from (
        select account_id, parent_account_id, name, attributes, created_on, since, leadInFrame(since, 1, never) over (partition by account_id order by since rows between unbounded preceding and unbounded following) as before
        from account_spans
    ) as a
    array join [
        ('same_name', lowerUTF8(replaceRegexpAll(a.name, '[^\\p{L}\\p{N}]+', '')), a.name),
        ('same_domain', replaceRegexpAll(replaceRegexpOne(lowerUTF8(trimBoth(if(a.attributes['domain'] != '', a.attributes['domain'], a.attributes['website']))), '^[a-z]+://', ''), '^www\\.|[/?#:].*$', ''),
            if(a.attributes['domain'] != '', a.attributes['domain'], a.attributes['website']))] as key
    where key.2 != '' and greatest(since, ifNull(created_on, toDate(0))) < before
)

select check, n.1 as id, span.1 as since, span.2 as before, id as account_id, n.3 as name, toUInt64(arrayUniq(arrayMap(x -> x.1, together))) as accounts
from (
    -- Who has the name between each two days on which that changes.
    select check, owners, arraySort(arrayDistinct(arrayConcat(arrayMap(x -> x.4, owners), arrayMap(x -> x.5, owners)))) as changes
    from (
        select check, spelt, groupArray((account_id, family, name, since, before)) as owners
        from named
        group by check, spelt
        having uniqExact(family) > 1
    ) as shared
) as s
array join arrayZip(arrayPopBack(changes), arrayPopFront(changes)) as span
array join [arrayFilter(x -> x.4 <= span.1 and span.1 < x.5, owners)] as together
array join together as n
where arrayUniq(arrayMap(x -> x.2, together)) > 1
