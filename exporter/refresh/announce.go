package refresh

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/queries"
)

// Announce says what facts that are about to be stored touch: the accounts of the rows of staged, a table like stored_<table>, and of the
// rows that these replace, from the first day that any of those names; and accounts of which something is said that depends on these. Once
// the facts are stored, [Stored] says so.
func Announce(ctx context.Context, conn driver.Conn, batch uint64, table, staged, zone string) error {
	columns, key, err := describe(ctx, conn, queries.StoredPrefix+table)
	if err != nil {
		return fmt.Errorf("read what the table %s looks like: %w", table, queries.Brief(err))
	}
	identity := slices.DeleteFunc(slices.Clone(key), func(c string) bool { return c == "valid_from" })
	account := "account_id"
	if !slices.ContainsFunc(columns, func(c [2]string) bool { return c[0] == "account_id" }) {
		account = "''"
	}
	first := firstDay(table, columns, zone)
	ids := strings.Join(identity, ", ")
	known := "select " + account + " as account, " + first + " as first from stored_" + table + " where (" + ids + ") in (select " + ids + " from " + staged + ")"
	parts := []string{"select " + account + " as account, " + first + " as first from " + staged, known}
	for _, linked := range others(table, staged) {
		parts = append(parts, "select account_id as account, (select min("+first+") from "+staged+") as first from ("+linked+")")
	}
	if err := conn.Exec(ctx, fmt.Sprintf("insert into stored_fact_changes (batch, table, account_id, first_on, step) select %d, '%s', account, min(first), 1 from (%s) as touched group by account",
		batch, table, strings.Join(parts, " union all "))); err != nil {
		return fmt.Errorf("announce what facts touch: %w", queries.Brief(err))
	}
	return nil
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

// Stored says that the facts of a batch are stored.
func Stored(ctx context.Context, conn driver.Conn, batch uint64) error {
	if err := conn.Exec(ctx, fmt.Sprintf("insert into stored_fact_changes (batch, table, account_id, first_on, step) select batch, table, account_id, first_on, 2 from stored_fact_changes final where batch = %d", batch)); err != nil {
		return fmt.Errorf("say that facts are stored: %w", queries.Brief(err))
	}
	return nil
}

// describe reads the columns of a table, as name and type, and those that order it.
func describe(ctx context.Context, conn driver.Conn, table string) (columns [][2]string, key []string, err error) {
	rows, err := conn.Query(ctx, "select name, type, is_in_sorting_key from system.columns where database = currentDatabase() and table = "+queries.QuoteText(table)+" and default_kind != 'MATERIALIZED' order by position")
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name, kind string
		var isKey uint8
		if err := rows.Scan(&name, &kind, &isKey); err != nil {
			return nil, nil, err
		}
		columns = append(columns, [2]string{name, kind})
		if isKey == 1 {
			key = append(key, name)
		}
	}
	return columns, key, rows.Err()
}

// firstDay is an expression for the first day that a row touches: the earliest that it names.
func firstDay(table string, columns [][2]string, zone string) string {
	if table == "accounts" {
		return "toDate(0)" // before the first version of an account the first one holds, and whether it is a test holds for all days
	}
	never := "toDate('2149-06-06')"
	days := []string{never}
	for _, c := range columns {
		name, kind := queries.QuoteName(c[0]), c[1]
		switch {
		case c[0] == "updated_at", c[0] == "ingested_at", table == "contracts" && c[0] == "valid_from":
		case kind == "Date", kind == "Nullable(Date)":
			days = append(days, "ifNull("+name+", "+never+")")
		case strings.Contains(kind, "DateTime64"):
			days = append(days, "ifNull(toDate("+name+", "+queries.QuoteText(zone)+"), "+never+")")
		}
	}
	return "least(" + strings.Join(days, ", ") + ")"
}
