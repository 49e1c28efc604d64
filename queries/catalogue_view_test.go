package queries_test

import (
	"fmt"
	"strings"
	"testing"

	"cskpi/exporter/store"
	"cskpi/queries"
)

// TestCatalogueView: catalogue lists every column of every view and table with its meaning.
func TestCatalogueView(t *testing.T) {
	c, catalogue := installed(t)
	rows := map[string][]string{}
	for _, cells := range table(t, c, []string{"view", "column", "kind", "type", "unit", "help", "title", "title_ja", "metric", "file", "chapter"}, "catalogue") {
		rows[cells[0]+"."+cells[1]] = cells[2:]
	}
	for _, q := range catalogue {
		if q.Function {
			continue
		}
		for _, column := range q.Columns {
			row := rows[q.View()+"."+column.Name]
			if row == nil || row[1] != string(column.Kind) || row[3] != column.Help || row[4] != q.Title || row[7] != q.File || !q.Model && row[8] != q.Group {
				t.Errorf("%s.%s is listed as %q", q.View(), column.Name, row)
			}
		}
	}
	for name, want := range map[string][]string{
		"nrr.ratio":                   {"kpi", "gauge", "ratio", "Net revenue retention; 1 is no change.", "Net revenue retention over trailing windows.", "売上継続率(NRR)", "cs_nrr_ratio", "nrr.sql"},
		"targets_kpi.kpi":             {"kpi", "label", "", "View and column, as nrr.ratio.", "Targets in force.", "目標値", "", "targets.sql"},
		"arr_bridge_detail.residual":  {"detail", "part", "reporting currency", "Opening plus all movements less policy_change, unvalued and closing.", "The accounts behind the bridge from opening to closing ARR.", "", "", "views/arr_bridge_detail.sql"},
		"account_days.seats":          {"layer", "fact", "", "Contracted seats, also of contracts that cost nothing.", "Every account that ever paid, as it stood at the end of each day: what it pays, what it paid at the starts of the windows, and who it is.", "", "", "layers/account_days.sql"},
		"cs_ratio.":                   {"function", "", "", "", "Ratio of two exact numbers; null where the whole is zero.", "", "", "functions/cs_ratio.sql"},
		"contracts.acv":               {"table", "Decimal(18, 4)", "", "Annual contract value, in the contract currency.", "Contracts; the last version of a contract holds for all of its days.", "", "", ""},
		"freshness.rows":              {"kpi", "gauge", "count", "Rows dated up to the day, versions of the same row counted once each.", "Facts stored, and how recent they are.", "データの鮮度", "cs_freshness_rows", "freshness.sql"},
		"churn_reasons_detail.window": nil,
	} {
		got := rows[name]
		if len(got) > 0 {
			got = got[:len(got)-1]
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Errorf("%s: got %q\nwant %q", name, got, want)
		}
	}

	// What it lists is what there is, and nothing in the database is without a word on it.
	for what, sql := range map[string]string{
		"views and tables that it does not list":    "select name from system.tables where database = currentDatabase() and name not in (select view from catalogue) and name != 'catalogue'",
		"views and tables that it lists, not there": "select view as name from catalogue where kind != 'function' and view not in (select name from system.tables where database = currentDatabase())",
		"views and tables without a comment":        "select name from system.tables where database = currentDatabase() and comment = ''",
		"columns of tables without a comment":       "select concat(table, '.', name) as name from system.columns where database = currentDatabase() and comment = '' and table in (select name from system.tables where database = currentDatabase() and engine != 'View')",
		"columns without help":                      "select concat(view, '.', column) as name from catalogue where help = '' and kind != 'function'",
		"columns listed twice":                      "select concat(view, '.', column) as name from catalogue group by name having count() > 1",
	} {
		if got := scalar(t, c, "select arrayStringConcat(arraySort(groupUniqArray(name)), ', ') from ("+sql+")"); got != "" {
			t.Errorf("%s: %s", what, got)
		}
	}
}

// TestCatalogueViewOfMuch: a catalogue of more text than ClickHouse takes in a statement by default is installed all the same.
func TestCatalogueViewOfMuch(t *testing.T) {
	texts := map[string]string{}
	for i := range 30 {
		texts[fmt.Sprintf("v%d.sql", i)] = kpi("V.", strings.Repeat("It's long, \\ and 日本語. ", 800), fmt.Sprint(i))
	}
	c := migrated(t)
	if err := store.Install(t.Context(), c, load(t, texts)); err != nil {
		t.Fatal(err)
	}
	if got := scalar(t, c, "select (uniqExact(view), min(length(help)), uniqExact(help)) from catalogue where kind = 'kpi' and column = 'x'"); got != "(30,22399,1)" {
		t.Errorf("got %s", got)
	}
	// One without anything lists the tables alone.
	if err := store.Install(t.Context(), c, nil); err != nil {
		t.Fatal(err)
	}
	if got := scalar(t, c, "select groupUniqArray(kind) from catalogue"); got != "['table']" {
		t.Errorf("got %s", got)
	}
}

func TestUnit(t *testing.T) {
	for _, tt := range []struct {
		name string
		kind queries.Kind
		help string
		want string
	}{
		{"segment", queries.Label, "Segment.", ""},
		{"account_id", queries.Key, "Account.", ""},
		{"ratio", queries.Gauge, "Renewed ARR over due ARR, in the reporting currency.", "ratio"},
		{"win_ratio_upper", queries.Gauge, "Upper bound.", "ratio"},
		{"p50_seconds", queries.Gauge, "Median.", "seconds"},
		{"opening_arr", queries.Part, "ARR.", "reporting currency"},
		{"amount", queries.Gauge, "Amount.", "reporting currency"},
		{"lifetime_value", queries.Gauge, "ARR per account over annual logo churn, in the reporting currency.", "reporting currency"},
		{"expanded_accounts", queries.Gauge, "Accounts whose ARR grew.", "count"},
		{"acv", queries.Fact, "Annual value in the contract currency.", "its own currency"},
		{"amount", queries.Fact, "Amount at as_of, in currency; 0: none was given.", "its own currency"},
		{"created_amount", queries.Fact, "Amount of the earliest version, in its currency.", "its own currency"},
		{"amount", queries.Fact, "Money, in the currency that what names, else the reporting currency.", "its own currency"},
		{"duration", queries.Histogram, "Seconds to the first real use.", "seconds"},
		{"target", queries.Gauge, "What is aimed for, in the unit of the column.", ""},
		{"score", queries.Histogram, "Health score.", "points"},
		{"score", queries.Fact, "Health score.", "points"},
		{"touched_on", queries.Fact, "Last touch.", "date"},
		{"happened_at", queries.Fact, "Instant.", "time"},
		{"grace_days", queries.Fact, "Setting.", "days"},
		{"outcome", queries.Fact, "Outcome.", ""},
	} {
		if got := (queries.Column{Name: tt.name, Kind: tt.kind, Help: tt.help}).Unit(); got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.kind, tt.name, got, tt.want)
		}
	}
}
