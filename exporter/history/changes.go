package history

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"cskpi/queries"
)

// change is facts of a table that arrived, or changed, at an instant and touch days that had closed by then.
type change struct {
	at      time.Time
	rows    uint64
	firstOn time.Time // first day that they touch
	lastOn  time.Time
}

// changes are what has changed in each table, in order of time. What touches all tables stands under the empty name.
type changes map[string][]change

// factTable is a table of facts as the database describes it.
type factTable struct {
	name      string
	identity  []string // what makes two rows versions of the same fact
	dates     []string // columns of days
	times     []string // columns of instants, without updated_at
	versioned bool     // all versions are kept
	accounts  bool     // its rows are about accounts
}

// changesSince finds the facts that arrived or changed after an instant and touch days that had closed by then. Facts of the day on
// which they arrive are none: that day is computed when it has closed, if they were there by then.
//
// A row touches days from the earliest one that it names, now or in one of its versions that is still there. cs.fact_changes tells of
// versions that are not, and of late usage; cs.erasures of what was erased. Accounts name few days and are what nearly every KPI reads,
// so they are looked at more closely. Settings are none of this: see settingsOf.
func (h *History) changesSince(ctx context.Context, since time.Time) (changes, error) {
	tables, err := h.factTables(ctx)
	if err != nil {
		return nil, fmt.Errorf("read what the tables of facts look like: %w", queries.Brief(err))
	}
	zones, err := h.zones(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the reporting time zones: %w", queries.Brief(err))
	}
	parts := []string{
		"select toString(table) as table, changed_at as at, rows, first_on, last_on from cs.fact_changes where changed_at > " + timeLiteral(since),
		`select '' as table, updated_at as at, arraySum(mapValues(rows)) as rows, assumeNotNull(first_on) as first_on, assumeNotNull(last_on) as last_on
			from cs.erasures final where updated_at > ` + timeLiteral(since) + ` and first_on is not null and last_on is not null`,
	}
	for _, t := range tables {
		switch t.name {
		case "settings", "usage_events":
		case "accounts":
			parts = append(parts, accountChanges(tables, zones, since))
		default:
			parts = append(parts, t.changes(zones, since))
		}
	}
	rows, err := h.o.Conn.Query(ctx, "select table, at, sum(rows), min(first_on) as first_on, max(last_on) from (\n"+strings.Join(parts, "\nunion all\n")+
		"\n) as arrived group by table, at having first_on < toDate(at + toIntervalMillisecond("+
		fmt.Sprint(seen.Milliseconds())+"), "+queries.QuoteText(h.o.Zone.String())+") order by at")
	if err != nil {
		return nil, fmt.Errorf("look for facts that arrived: %w", queries.Brief(err))
	}
	defer rows.Close()
	found := changes{}
	for rows.Next() {
		var table string
		var c change
		if err := rows.Scan(&table, &c.at, &c.rows, &c.firstOn, &c.lastOn); err != nil {
			return nil, err
		}
		c.at, c.firstOn, c.lastOn = c.at.UTC(), c.firstOn.UTC(), c.lastOn.UTC()
		found[table] = append(found[table], c)
	}
	return found, rows.Err()
}

// factTables reads which tables hold facts: those that say when a row was stored.
func (h *History) factTables(ctx context.Context) ([]factTable, error) {
	rows, err := h.o.Conn.Query(ctx, `
		select t.name, splitByString(', ', t.sorting_key),
			(select groupArray((table, name, type)) from system.columns where database = 'cs')
		from system.tables as t
		where t.database = 'cs' and t.engine like '%MergeTree' and t.name in (select table from system.columns where database = 'cs' and name = 'ingested_at')
		order by t.name`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var tables []factTable
	for rows.Next() {
		var t factTable
		var key []string
		var columns [][]any
		if err := rows.Scan(&t.name, &key, &columns); err != nil {
			return nil, err
		}
		for _, column := range key {
			if column == "updated_at" {
				t.versioned = true
			} else {
				t.identity = append(t.identity, column)
			}
		}
		for _, c := range columns {
			name, _ := c[1].(string)
			kind, _ := c[2].(string)
			switch {
			case c[0] != t.name:
			case name == "account_id":
				t.accounts = true
			case name == "updated_at" || name == "ingested_at":
			case kind == "Date" || kind == "Nullable(Date)":
				t.dates = append(t.dates, name)
			case strings.Contains(kind, "DateTime64"):
				t.times = append(t.times, name)
			}
		}
		tables = append(tables, t)
	}
	return tables, rows.Err()
}

// zones are those in which days of the past may have been cut.
func (h *History) zones(ctx context.Context) ([]string, error) {
	var zones []string
	err := h.o.Conn.QueryRow(ctx, "select groupUniqArray(value) from cs.settings where name = 'timezone'").Scan(&zones)
	if !slices.Contains(zones, h.o.Zone.String()) {
		zones = append(zones, h.o.Zone.String())
	}
	slices.Sort(zones)
	return zones, err
}

// first is an expression for the first day that a row touches. Milestones and the like, which are planned, are known from the time of
// their versions on.
func (t factTable) first(zones []string) string {
	var days []string
	for _, c := range t.dates {
		days = append(days, "ifNull("+c+", toDate('2149-06-06'))")
	}
	times := t.times
	if t.versioned || len(t.dates)+len(t.times) == 0 {
		times = append(slices.Clip(times), "updated_at")
	}
	for _, c := range times {
		for _, zone := range zones {
			days = append(days, "ifNull(toDate("+c+", "+queries.QuoteText(zone)+"), toDate('2149-06-06'))")
		}
	}
	if len(days) == 1 {
		return days[0]
	}
	return "least(" + strings.Join(days, ", ") + ")"
}

// changes selects the rows that arrived, with the first day of whatever versions of them are there.
func (t factTable) changes(zones []string, since time.Time) string {
	identity := strings.Join(t.identity, ", ")
	return fmt.Sprintf(`select '%[1]s' as table, at, count() as rows, min(first) as first_on, max(own) as last_on
		from (
			select ingested_at as at, %[3]s as own, min(own) over (partition by %[2]s) as first
			from cs.%[1]s
			where (%[2]s) in (select %[2]s from cs.%[1]s where ingested_at > %[4]s)
		) as versions
		where at > %[4]s
		group by at`, t.name, identity, t.first(zones), timeLiteral(since))
}

// accountChanges selects the versions of accounts that arrived. A version holds from its updated_at on. Before its first version the
// first one holds, so an account that is new touches all facts that name it, from its creation on if that is known; and whether it is a
// test, when it was created and whom it belongs to is told by the last version, for all days.
func accountChanges(tables []factTable, zones []string, since time.Time) string {
	facts := []string{"select account_id, first_on as first from cs.usage_accounts final"}
	for _, t := range tables {
		if t.name != "accounts" && t.name != "usage_events" && t.name != "user_accounts" && t.accounts {
			facts = append(facts, "select account_id, "+t.first(zones)+" as first from cs."+t.name)
		}
	}
	var days []string
	for _, zone := range zones {
		days = append(days, "toDate(v.1, "+queries.QuoteText(zone)+")")
	}
	day := days[0]
	if len(days) > 1 {
		day = "least(" + strings.Join(days, ", ") + ")"
	}
	arrived := "(select account_id from cs.accounts where ingested_at > " + timeLiteral(since) + ")"
	// Versions are (updated_at, ingested_at, what is told by the last).
	return fmt.Sprintf(`select 'accounts' as table, at, count() as rows, min(first) as first_on, max(own) as last_on
		from (
			select
				v.2 as at,
				arrayFilter(o -> o.2 < v.2, versions) as before,
				%[1]s as own,
				multiIf(
					empty(before), if(v.3.2 = toDate(0), toDate(0), least(v.3.2, earliest)),
					v.1 < before[1].1 or v.1 >= before[-1].1 and v.3 != before[-1].3, toDate(0),
					own) as first
			from (
				select a.versions as versions, if(f.found = 1, f.first, toDate('2149-06-06')) as earliest
				from (
					select account_id, arraySort(groupArray((updated_at, ingested_at, (is_test, ifNull(created_on, toDate(0)), parent_account_id)))) as versions
					from cs.accounts
					where account_id in %[2]s
					group by account_id
				) as a
				left join (
					select account_id, min(first) as first, 1 as found
					from (%[3]s) as dated
					where account_id in %[2]s
					group by account_id
				) as f on f.account_id = a.account_id
			) as accounts
			array join versions as v
		) as told
		where at > %[4]s
		group by at`, day, arrived, strings.Join(facts, "\nunion all\n"), timeLiteral(since))
}
