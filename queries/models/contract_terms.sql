-- Contracts begun by as_of, as they count: last version, without test accounts, replaced ones ended by their successor.
--
-- A contract that names a predecessor in renewed_from replaces it from its own first day, so an early renewal never
-- counts twice. Trials and contracts without value are here with acv 0, so that they can be explained.
--
-- Columns:
--   source         key   System that the contract came from.
--   contract_id    key   Contract.
--   account_id     key   Account that pays.
--   product        fact  Product.
--   department     fact  Department that uses it.
--   kind           fact  What the source says it was sold as; empty: not said.
--   seats          fact  Seats bought.
--   acv            fact  Annual value that counts as ARR, in the contract currency.
--   currency       fact  ISO 4217; empty: the reporting currency.
--   starts_on      fact  First day covered.
--   covered_before fact  First day no longer covered, by its end or its successor; 2149-06-06: open.
--   resumes_on     fact  First day of the account's next contract from then on; looked up only where there is a grace period.
--   due_on         fact  Its own first day no longer covered, whatever replaced it; 2149-06-06: open.
--   renewed_from   fact  Contract that it replaces.
--   replaced_on    fact  First day of its successor; 2149-06-06: none.
--   notice_on      fact  Day on which notice was given, by as_of; 2149-06-06: not.
--   cancel_reason  fact  Why it was cancelled.

with
toDate('2149-06-06') as never,

test_accounts as (
    select account_id from cs.accounts final group by account_id having argMax(is_test, updated_at)
),

latest as (
    select
        source, contract_id, account_id, product, department, kind, seats, acv, currency, starts_on, ends_before,
        renewed_from, notice_on, cancel_reason, is_trial
    from cs.contracts final
    where starts_on <= {as_of:Date} and account_id not in (select account_id from test_accounts)
),

successors as (
    select source, renewed_from as replaced_id, min(starts_on) as first_start
    from cs.contracts final
    where starts_on <= {as_of:Date} and renewed_from not in ('', contract_id) and not is_trial
        -- One that was withdrawn before its first day replaces nothing.
        and (ends_before is null or ends_before > starts_on)
    group by source, renewed_from
),

-- Only a grace period needs to know what follows a contract; without one nothing is read here.
following as (
    select account_id as follower, groupArray(starts_on) as account_starts
    from cs.contracts final
    where starts_on <= {as_of:Date} and acv > 0 and not is_trial and (select count() from cs.settings where name = 'grace_days') > 0
    group by account_id
)

select
    l.source as source, contract_id, account_id, product, department, kind, seats,
    if(is_trial or acv < 0, toDecimal64(0, 4), acv) as acv,
    currency, starts_on,
    least(due_on, replaced_on) as covered_before,
    arrayMin(arrayFilter(d -> d >= covered_before, arrayPushBack(account_starts, never))) as resumes_on,
    ifNull(ends_before, never) as due_on,
    renewed_from,
    if(replaced_id = '', never, first_start) as replaced_on,
    -- A notice of a later day is not known yet.
    if(l.notice_on <= {as_of:Date}, assumeNotNull(l.notice_on), never) as notice_on,
    cancel_reason
from latest as l
left join successors as s on s.source = l.source and s.replaced_id = l.contract_id
left join following as f on f.follower = l.account_id
