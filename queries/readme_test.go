package queries_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/refresh"
	"cskpi/exporter/store"
	"cskpi/queries"
)

// readmeFacts are a small company around 30 June 2024, in which each query of README.md finds something.
const readmeFacts = `
insert into stored_accounts (account_id, name, industry, csm, created_on, updated_at, attributes) values
    ('acme', 'Acme', 'steel', 'kim', '2022-12-01', '2022-12-01 00:00:00', map('plan', 'pro')), ('birch', 'Birch', 'wood', 'lee', '2022-12-01', '2022-12-01 00:00:00', map()),
    ('cedar', 'Cedar', 'wood', 'lee', '2024-01-01', '2024-01-01 00:00:00', map('plan', 'pro')), ('dune', 'Dune', 'sand', 'kim', '2022-12-01', '2022-12-01 00:00:00', map());
insert into stored_contracts (contract_id, account_id, product, seats, acv, starts_on, ends_before, renewed_from, cancel_reason) values
    ('c1', 'acme',  'core', 100, 150000, '2023-01-01', '2024-01-01', '',   ''),
    ('c2', 'acme',  'core', 80,  120000, '2024-01-01', null,         'c1', ''),
    ('c3', 'acme',  'plus', 20,  5000,   '2024-05-15', null,         '',   ''),
    ('c4', 'birch', 'core', 10,  20000,  '2023-08-01', '2024-08-01', '',   ''),
    ('c5', 'cedar', 'plus', 5,   3000,   '2024-04-10', null,         '',   ''),
    ('c6', 'dune',  'core', 5,   4000,   '2023-05-01', '2024-05-01', '',   'price');
insert into stored_touchpoints (touchpoint_id, account_id, csm, kind, happened_at) values
    ('t1', 'acme', 'kim', 'meeting', '2024-06-10 09:00:00'), ('t2', 'birch', 'lee', 'call', '2024-03-01 09:00:00'), ('t3', 'birch', 'lee', 'call', '2024-07-01 09:00:00'),
    ('t4', 'cedar', 'lee', 'call', '2024-06-01 09:00:00'), ('t5', 'cedar', 'lee', 'call', '2024-05-31 09:00:00');
insert into stored_milestones (account_id, milestone, due_on, updated_at) values
    ('cedar', 'onboarded', '2024-06-01', '2024-04-10 00:00:00'), ('cedar', 'onboarded', '2024-07-15', '2024-05-20 00:00:00');
insert into kpi_daily (view, column, labels, as_of, value, computed_at) values
    ('nrr', 'closing_arr', map('segment', 'high', 'window', '12m'), '2024-05-31', 150000, '2024-06-01 00:00:10'),
    ('nrr', 'closing_arr', map('segment', 'high', 'window', '12m'), '2024-05-31', 125000, '2024-06-12 09:00:00');
insert into kpi_runs (view, as_of, computed_at, changed, reason, facts) values
    ('nrr', '2024-05-31', '2024-06-01 00:00:10', 1, 'first', []),
    ('nrr', '2024-05-31', '2024-06-12 09:00:00', 1, 'facts', [('contracts', 1, '2024-01-01', '2024-01-01')])`

// TestReadme runs every query that README.md shows; each finds rows. Its files are a folder as CSKPI_QUERIES_DIR names it, and do what it says. Every
// view it names is there.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	overlay := fstest.MapFS{}
	for _, m := range regexp.MustCompile("(?s)\n<!-- file: (\\S+) -->\n```sql\n(.*?)\n```\n").FindAllSubmatch(text, -1) {
		overlay[string(m[1])] = &fstest.MapFile{Data: m[2]}
	}
	if len(overlay) != 3 {
		t.Errorf("README.md shows %d files, want a KPI, its detail and a layer", len(overlay))
	}
	c := enginetest.Database(t)
	catalogue, err := queries.Load(overlay)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if err := store.Install(t.Context(), c, catalogue); err != nil {
		t.Fatal(err)
	}
	for statement := range strings.SplitSeq(readmeFacts, ";") {
		if err := c.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	layout := catalogue.Layout()
	if got := layout.Facts("call_days"); !slices.Equal(got, []string{"touchpoints"}) {
		t.Errorf("the layer of README.md is computed again for facts of %q, want touchpoints", got)
	}
	days := refresh.NewDays(refresh.Options{Conn: c, Layout: layout, Zone: time.UTC})
	var asked []time.Time
	for _, day := range []string{"2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31", "2024-06-30"} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		asked = append(asked, at)
	}
	if err := days.Compute(t.Context(), nil, asked...); err != nil {
		t.Fatal(err)
	}
	// answer is what a query gives, without its columns, as text.
	answer := func(sql string) string {
		t.Helper()
		var found string
		if err := c.QueryRow(t.Context(), "select arrayStringConcat(groupArray(formatRowNoNewline('TabSeparated', *)), '\n') from ("+sql+")").Scan(&found); err != nil {
			t.Errorf("%s\n%v", sql, err)
		}
		return found
	}
	blocks := regexp.MustCompile("(?s)\n```sql\n([^-].*?)\n```\n").FindAllSubmatch(text, -1)
	if worked := strings.Count(string(text), "\n**") - strings.Count(string(text), "\n**Name the day") - strings.Count(string(text), "\n**Never average") - strings.Count(string(text), "\n**Break down"); worked != 11 || len(blocks) < worked {
		t.Errorf("README.md has %d worked queries and %d blocks of SQL, want 11 and more", worked, len(blocks))
	}
	for _, block := range blocks {
		if got := answer(string(block[1])); got == "" {
			t.Errorf("this finds nothing:\n%s", block[1])
		} else {
			t.Logf("%s\n\n%s", block[1], got)
		}
	}
	if got := answer("select segment, called, accounts from called where day = '2024-06-30' and accounts > 0 order by segment"); got != "high\t0\t1\nlow\t0\t1\ntech\t1\t1" {
		t.Errorf("the KPI of README.md says\n%s", got)
	}
	if got := answer("select account_id, called, calls from called_detail where day = '2024-06-30' and segment = 'tech'"); got != "cedar\t1\t1" {
		t.Errorf("the detail of README.md says\n%s", got)
	}
	// The first column of the table of views.
	names := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllSubmatch(text, -1)
	if len(names) < 15 {
		t.Errorf("README.md names only %d views", len(names))
	}
	for _, name := range names {
		if answer("select count() from system.tables where database = currentDatabase() and name = '"+string(name[1])+"'") != "1" {
			t.Errorf("README.md names %s, which is not there", name[1])
		}
	}
}
