package refresh

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/store"
	"cskpi/queries"
	"cskpi/queries/sqltext"
)

// Announce says what facts that are about to be stored touch: the accounts of the rows of staged, a table like stored_<table> (columns that have a
// default may be missing), and of the rows that these replace, from the first day that any of those names; and accounts of which something is said
// that depends on these. Once the facts are stored, [Stored] says so.
func Announce(ctx context.Context, conn driver.Conn, batch uint64, table, staged, zone string) error {
	of, isFact := tableOf(table)
	if !isFact {
		return fmt.Errorf("%s is no table of facts", table)
	}
	columns, err := columnsOf(ctx, conn, staged)
	if err != nil {
		return fmt.Errorf("read what the table %s looks like: %w", staged, store.Brief(err))
	}
	for name, otherwise := range defaults[table] {
		if !columns[name] {
			staged = "(select *, " + otherwise + " as " + name + " from " + staged + ")"
			columns[name] = true
		}
	}
	identity := slices.DeleteFunc(slices.Clone(of.Key), func(c string) bool { return c == "valid_from" })
	account := "account_id"
	if !of.Has("account_id") {
		account = "''"
	}
	ids := strings.Join(identity, ", ")
	touched := "select " + account + " as account, " + firstDay(of, columns, zone) + " as first, 1 as arrived from " + staged
	if table == "accounts" {
		touched = accountChanges(staged, zone)
	}
	parts := []string{touched}
	if table != "accounts" {
		parts = append(parts, "select "+account+" as account, "+firstDay(of, nil, zone)+" as first, 0 as arrived from stored_"+table+" where ("+ids+") in (select "+ids+" from "+staged+")")
	}
	if table == staff {
		touched = staffChanges(staged)
	}
	for _, linked := range others(table, staged) {
		parts = append(parts, "select account_id as account, (select min(t.first) from ("+touched+") as t) as first, 0 as arrived from ("+linked+")")
	}
	if err := conn.Exec(ctx, fmt.Sprintf("insert into stored_fact_changes (batch, table, account_id, first_on, last_on, rows, step) select %d, %s, account, min(first), max(first), sum(arrived), 1 from (%s) as touched group by account",
		batch, sqltext.Quote(table), strings.Join(parts, " union all "))); err != nil {
		return fmt.Errorf("announce what facts touch: %w", store.Brief(err))
	}
	return nil
}

// staff is the table of our own people. Its facts are about the accounts whose facts name them.
const staff = "staff"

// defaults are what columns say that rows to be stored may lack, by table, where what they touch depends on it.
var defaults = map[string]map[string]string{
	"accounts": {"valid_from": "updated_at", "is_withdrawn": "toUInt8(0)", "is_test": "false", "created_on": "cast(null as Nullable(Date))"},
	staff:      {"valid_from": "updated_at", "is_withdrawn": "toUInt8(0)", "name": "''", "email": "''", "also_known_as": "''", "ends_before": "cast(null as Nullable(Date))"},
}

// others are statements that give the accounts, beside those that rows of staged and what they replace name, of which layers say something else
// when the rows are stored.
func others(table, staged string) []string {
	var accounts string // that change
	var all []string
	contracts := "stored_contracts"
	switch table {
	case "accounts":
		// Contracts of test accounts replace nothing; and a parent is known or not.
		accounts = "select account_id from " + staged
		all = append(all, "select account_id from stored_accounts where parent_account_id in ("+accounts+")")
	case staff:
		return namedBy(staged)
	case "contracts":
		contracts = "(select source, contract_id, account_id, renewed_from from stored_contracts union all select source, contract_id, account_id, renewed_from from " + staged + ")"
		accounts = "select account_id from " + contracts + " where (source, contract_id) in (select source, contract_id from " + staged + ")"
	default:
		return nil
	}
	// A contract ends by the one that renews it, and what renews several is divided among them: so the accounts of the contracts that theirs
	// name, and of all that name one of these or of theirs.
	ids := "select source, arrayJoin([contract_id, renewed_from]) as id from " + contracts + " where id != '' and account_id in (" + accounts + ")"
	return append(all, "select account_id from "+contracts+" where (source, contract_id) in ("+ids+") or (source, renewed_from) in ("+ids+")")
}

// namedBy are statements that give the accounts of facts that name any of the people of staged, or someone who shares a name with them.
func namedBy(staged string) (all []string) {
	const names = "arrayJoin(arrayFilter(x -> x != '', arrayMap(x -> cs_name_key(x), arrayConcat([staff_id, name, email], splitByRegexp('[;；]', also_known_as))))) as name_key"
	known := "(select staff_id, name, email, also_known_as from stored_staff union all select staff_id, name, email, also_known_as from " + staged + ")"
	theirs := "select name_key from (select staff_id, " + names + " from " + known + " where staff_id in (select staff_id from " + staged + "))"
	theirs = "select name_key from (select " + names + " from " + known + " where staff_id in (select staff_id from (select staff_id, " + names + " from " + known + ") where name_key in (" + theirs + ")))"
	for _, t := range queries.StoredTables() {
		if t.Has("csm") && t.Has("account_id") {
			all = append(all, "select account_id from stored_"+t.Name+" where cs_name_key(csm) in ("+theirs+")")
		}
	}
	return all
}

// Stored says that the facts of a batch are stored.
func Stored(ctx context.Context, conn driver.Conn, batch uint64) error {
	if err := conn.Exec(ctx, fmt.Sprintf("insert into stored_fact_changes (batch, table, account_id, first_on, last_on, rows, step) select batch, table, account_id, first_on, last_on, rows, 2 from stored_fact_changes final where batch = %d", batch)); err != nil {
		return fmt.Errorf("say that facts are stored: %w", store.Brief(err))
	}
	return nil
}

// accountChanges selects what versions of accounts touch. A version holds from its valid_from on. Before the first one the first one holds, and
// whether an account is a test or withdrawn and when it was created is by the last one, so these touch all days; those of an account that is new
// begin with its creation, if that is known, or with the first fact that names it.
func accountChanges(staged, zone string) string {
	facts := []string{"select account_id, first_on as first from stored_usage_accounts"}
	for _, t := range queries.StoredTables() {
		if t.Name != "accounts" && t.Name != "usage_events" && t.Name != "user_accounts" && t.Has("account_id") && t.Has("ingested_at") {
			facts = append(facts, "select account_id, "+firstDay(t, nil, zone)+" as first from stored_"+t.Name)
		}
	}
	return fmt.Sprintf(`
		select
			s.account_id as account,
			multiIf(
				k.known = 0 and s.created_on is not null, if(f.named = 0, assumeNotNull(s.created_on), least(assumeNotNull(s.created_on), f.first)),
				k.known = 0 or s.valid_from < k.first_from or toString((s.is_test, s.is_withdrawn, s.created_on)) != k.said, toDate(0),
				toDate(s.valid_from, %[2]s)) as first,
			1 as arrived
		from %[1]s as s
		left join (
			select account_id, 1 as known, min(valid_from) as first_from, toString(argMax((is_test, is_withdrawn, created_on), (valid_from, updated_at))) as said
			from stored_accounts
			where account_id in (select account_id from %[1]s)
			group by account_id
		) as k on k.account_id = s.account_id
		left join (
			select account_id, 1 as named, min(first) as first
			from (%[3]s) as dated
			where account_id in (select account_id from %[1]s)
			group by account_id
		) as f on f.account_id = s.account_id`, staged, sqltext.Quote(zone), strings.Join(facts, " union all "))
}

// staffChanges selects what rows of staff touch of the accounts whose facts name these people: all days where a name is another one, else those from the
// day on which the person leaves.
func staffChanges(staged string) string {
	return fmt.Sprintf(`
		select if(toString((s.name, s.email, s.also_known_as, s.is_withdrawn)) = k.said, least(ifNull(s.ends_before, toDate('2149-06-06')), k.left_on), toDate(0)) as first
		from %[1]s as s
		left join (
			select
				staff_id, toString(argMax((name, email, also_known_as, is_withdrawn), (valid_from, updated_at))) as said,
				argMax(ifNull(ends_before, toDate('2149-06-06')), (valid_from, updated_at)) as left_on
			from stored_staff
			where staff_id in (select staff_id from %[1]s)
			group by staff_id
		) as k on k.staff_id = s.staff_id`, staged)
}

// tableOf describes a table of facts.
func tableOf(name string) (queries.Table, bool) {
	all := queries.StoredTables()
	i := slices.IndexFunc(all, func(t queries.Table) bool { return t.Name == name })
	if i < 0 {
		return queries.Table{}, false
	}
	return all[i], true
}

// columnsOf reads which columns a table has.
func columnsOf(ctx context.Context, conn driver.Conn, table string) (map[string]bool, error) {
	database := "currentDatabase()"
	if before, name, qualified := strings.Cut(table, "."); qualified {
		database, table = sqltext.Quote(before), name
	}
	var names []string
	if err := conn.QueryRow(ctx, "select groupArray(name) from system.columns where database = "+database+" and table = "+sqltext.Quote(table)).Scan(&names); err != nil {
		return nil, err
	}
	return set(names), nil
}

// firstDay is an expression for the first day that a row touches: the earliest that it names in the columns that are there, or, where the table has
// none for days, that of its last change. Unless there is given, all columns are there.
func firstDay(table queries.Table, there map[string]bool, zone string) string {
	never := "toDate('2149-06-06')"
	days := []string{never}
	for _, c := range table.Columns {
		name := sqltext.Name(c.Name)
		switch {
		case c.Name == "updated_at", c.Name == "ingested_at", table.Name == "contracts" && c.Name == "valid_from", there != nil && !there[c.Name]:
		case c.Type == "Date", c.Type == "Nullable(Date)":
			days = append(days, "ifNull("+name+", "+never+")")
		case strings.Contains(c.Type, "DateTime64"):
			days = append(days, "ifNull(toDate("+name+", "+sqltext.Quote(zone)+"), "+never+")")
		}
	}
	if len(days) == 1 && (there == nil || there["updated_at"]) {
		days = append(days, "toDate(updated_at, "+sqltext.Quote(zone)+")")
	}
	return "least(" + strings.Join(days, ", ") + ")"
}
