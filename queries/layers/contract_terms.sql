-- Contracts as they count, in the pieces for which their terms hold: without test accounts, replaced ones ended by their successor.
--
-- A contract that names a predecessor in renewed_from replaces it from its own first day, so an early renewal never
-- counts twice. A row with valid_from changes a contract from that day on. Trials, one-off amounts and contracts without value are here with
-- acv 0, so that they can be explained, and for their seats.
--
-- What is here does not depend on a day: on a day it is known what began by then, and a piece counts from counts_from until
-- counts_before, which a grace period may put off (account_days).
--
-- Columns:
--   account_id     key   Account that pays.
--   source         key   System that the contract came from.
--   contract_id    key   Contract.
--   counts_from    key   First day of the piece.
--   counts_before  fact  First day on which it no longer counts, without grace; 2149-06-06: open.
--   resumes_on     fact  First day from then on on which the account's next contract counts, or this one again, up to which a grace period may count it; the same as counts_before where there is none.
--   product        fact  Product.
--   department     fact  Department that uses it.
--   kind           fact  What the source says it was sold as; empty: not said.
--   seats          fact  Seats bought.
--   seats_sold     fact  Those of them that count: whatever they cost, and even nothing, but not those of a trial.
--   acv            fact  Annual value that counts as ARR, in the contract currency.
--   currency       fact  ISO 4217; empty: the reporting currency.
--   starts_on      fact  First day covered by the contract.
--   due_on         fact  Its own first day no longer covered, whatever replaced it; 2149-06-06: open.
--   renewed_from   fact  Contract that it replaces.
--   replaced_on    fact  First day of its successor; 2149-06-06: none.
--   notice_on      fact  Day on which notice was given; 2149-06-06: not.
--   cancel_reason  fact  Why it was cancelled.
--
-- Key: account_id, source, contract_id, counts_from

with
toDate('2149-06-06') as never,

versions as (
    select
        c.source as source, contract_id, c.account_id as account_id, product, department, kind, seats, if(is_trial or acv < 0, 0, seats) as seats_sold,
        if(is_trial or is_one_off or acv < 0, toDecimal64(0, 4), acv) as acv,
        currency, starts_on, ends_before, renewed_from, notice_on, cancel_reason, is_trial, is_one_off, valid_from,
        leadInFrame(valid_from, 1, never) over contract as valid_before,
        argMax(is_withdrawn, c.updated_at) over (partition by c.source, contract_id) as is_gone,
        first_value(starts_on) over contract as began_on
    from stored_contracts as c final
    where c.account_id not in (select account_id from test_accounts)
    window contract as (partition by c.source, contract_id order by valid_from rows between unbounded preceding and unbounded following)
),

successors as (
    select source, renewed_from as replaced_id, min(began_on) as first_start
    from versions
    where not is_gone and renewed_from not in ('', contract_id) and not is_trial
        and not is_one_off
        -- One that was withdrawn before its first day replaces nothing.
        and (ends_before is null or ends_before > starts_on)
    group by source, renewed_from
),

pieces as (
    select
        v.*,
        ifNull(v.ends_before, never) as due_on,
        if(s.replaced_id = '', never, s.first_start) as replaced_on,
        greatest(v.starts_on, v.valid_from) as counts_from,
        least(due_on, replaced_on) as covered_before,
        least(covered_before, v.valid_before) as counts_before
    from versions as v
    left join successors as s on s.source = v.source and s.replaced_id = v.contract_id
    where not v.is_gone and (empty({accounts:Array(String)}) or v.account_id in {accounts:Array(String)})
        and v.valid_before > v.starts_on -- another one followed before the contract began: it never held
),

-- Only a grace period needs to know what follows a contract.
following as (
    select account_id, arraySort(groupUniqArray(pays_from)) as starts
    from (
        select account_id, source, contract_id, min(greatest(starts_on, valid_from)) as pays_from
        from versions
        where not is_gone and acv > 0 and not is_trial
        group by account_id, source, contract_id
    ) as contracts
    group by account_id
)

select
    account_id, source, contract_id, counts_from, p.counts_before as counts_before,
    -- A piece that goes on in the next one has no grace; a contract that is extended after its end has it until then.
    if(p.counts_before < p.covered_before, p.counts_before,
        arrayMin(arrayFilter(d -> d >= p.counts_before, arrayPushBack(f.starts, p.valid_before)))) as resumes_on,
    product, department, toString(kind) as kind, seats, seats_sold, acv, currency, starts_on, due_on, renewed_from, replaced_on, ifNull(notice_on, never) as notice_on, cancel_reason
from pieces as p
left join following as f on f.account_id = p.account_id
