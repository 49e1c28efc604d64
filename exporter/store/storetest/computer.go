package storetest

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/refresh"
	"cskpi/queries"
)

// Computer computes the layers that questions need, and remembers what it has computed.
type Computer struct {
	c        driver.Conn
	layout   queries.Layout
	done     map[string]map[time.Time]bool // days of each layer; of one without days, the zero time
	whole    time.Time
	naming   string          // a select of the accounts that facts name
	accounts map[string]bool // that they ever named; the empty one is the company
}

// NewComputer is one that has computed nothing.
func NewComputer(c driver.Conn, layout queries.Layout) *Computer {
	return &Computer{c: c, layout: layout, done: map[string]map[time.Time]bool{}, accounts: map[string]bool{"": true}}
}

// Changed forgets what was computed from a table.
func (p *Computer) Changed(table string) {
	for layer := range p.done {
		facts := p.layout.Facts(layer)
		if table == "settings" || slices.Contains(facts, table) || (strings.HasPrefix(table, "usage_") || table == "user_aliases" || table == "users") && slices.ContainsFunc(facts, func(f string) bool { return strings.HasPrefix(f, "usage_") }) {
			delete(p.done, layer)
		}
	}
}

// Compute computes the layers that a text reads, for some days and those on which views look back from them. whole is the last day that is
// over.
func (p *Computer) Compute(t testing.TB, text string, days []time.Time, whole time.Time) {
	t.Helper()
	if !p.whole.Equal(whole) {
		p.done, p.whole = map[string]map[time.Time]bool{}, whole
	}
	distances := p.layout.Distances(wordsOf.FindAllString(text, -1)...)
	zone := "UTC"
	if set := Column(t, p.c, "select argMax(value, updated_at) from stored_settings where name = 'timezone'"); set[0] != "" {
		zone = set[0]
	}
	// With accounts named, one statement computes all days. Those of contracts that moved to another account are named by what was computed before.
	if p.naming == "" {
		p.naming = "select account_id from " + strings.Join(Column(t, p.c, `select table from system.columns where database = currentDatabase() and name = 'account_id'
			and (table in (select table from system.columns where database = currentDatabase() and name = 'ingested_at') or match(table, '^stored_(usage_user_days|usage_account_days|contract_terms)$'))`), " union distinct select account_id from ")
	}
	for _, account := range Column(t, p.c, p.naming) {
		p.accounts[account] = true // also where the facts are gone later
	}
	accounts := slices.Sorted(maps.Keys(p.accounts))
	filled := Column(t, p.c, "select name from system.tables where database = currentDatabase() and total_rows > 0")
	compute := func(layer queries.Query, days []time.Time) {
		if p.done[layer.View()] == nil {
			if p.isEmpty(layer, filled) {
				return
			}
			p.done[layer.View()] = map[time.Time]bool{}
		}
		if !layer.IsByDay() {
			days = []time.Time{{}}
		}
		left := slices.DeleteFunc(slices.Clone(days), func(d time.Time) bool { return p.done[layer.View()][d] })
		if len(left) == 0 {
			return
		}
		one := p.layout
		one.Layers = []queries.Query{layer}
		if err := (&refresh.Refresher{Conn: p.c, Layout: one}).Days(t.Context(), left, accounts, zone, whole); err != nil {
			t.Fatal(err)
		}
		for _, d := range left {
			p.done[layer.View()][d] = true
		}
	}
	asked := slices.Clone(days)
	if distances["arr_residuals"] != nil { // compares the openings of windows with what the ARR was then
		for _, layer := range p.layout.Layers {
			if layer.View() == "policy_days" {
				compute(layer, days)
			}
		}
		for _, text := range Column(t, p.c, "select distinct opens_on from windows") {
			d, _ := time.Parse(time.DateOnly, text)
			asked = append(asked, d)
		}
	}
	for _, layer := range p.layout.Layers {
		all := slices.Clone(asked)
		for _, before := range distances[layer.View()] {
			for _, d := range append([]time.Time{whole}, days...) { // usage of a day that is not over is that of the last whole one
				all = append(all, d.AddDate(0, 0, -before))
			}
		}
		if distances[layer.View()] != nil {
			slices.SortFunc(all, time.Time.Compare)
			compute(layer, slices.Compact(all))
		}
	}
}

var wordsOf = regexp.MustCompile(`\w+`)

// isEmpty reports whether a layer needs no computation: it is about accounts, and reads nothing but tables of facts that have no rows.
func (p *Computer) isEmpty(layer queries.Query, filled []string) bool {
	return layer.IsByAccount() && !slices.Contains(filled, layer.Stored()) && len(p.layout.Next(layer.View())) == 0 &&
		!slices.ContainsFunc(p.layout.Facts(layer.View()), func(table string) bool { return slices.Contains(filled, queries.StoredPrefix+table) })
}
