package queries_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// readmeFacts are a small company around 30 June 2024, in which each query of README.md finds something.
const readmeFacts = `
insert into cs.accounts (account_id, name, csm, created_on, updated_at) values
    ('acme', 'Acme', 'kim', '2022-12-01', '2022-12-01 00:00:00'), ('birch', 'Birch', 'lee', '2022-12-01', '2022-12-01 00:00:00'),
    ('cedar', 'Cedar', 'lee', '2024-01-01', '2024-01-01 00:00:00'), ('dune', 'Dune', 'kim', '2022-12-01', '2022-12-01 00:00:00');
insert into cs.contracts (contract_id, account_id, product, seats, acv, starts_on, ends_before, renewed_from, cancel_reason) values
    ('c1', 'acme',  'core', 100, 150000, '2023-01-01', '2024-01-01', '',   ''),
    ('c2', 'acme',  'core', 80,  120000, '2024-01-01', null,         'c1', ''),
    ('c3', 'acme',  'plus', 20,  5000,   '2024-05-15', null,         '',   ''),
    ('c4', 'birch', 'core', 10,  20000,  '2023-08-01', '2024-08-01', '',   ''),
    ('c5', 'cedar', 'plus', 5,   3000,   '2024-04-10', null,         '',   ''),
    ('c6', 'dune',  'core', 5,   4000,   '2023-05-01', '2024-05-01', '',   'price');
insert into cs.touchpoints (touchpoint_id, account_id, csm, kind, happened_at) values
    ('t1', 'acme', 'kim', 'meeting', '2024-06-10 09:00:00'), ('t2', 'birch', 'lee', 'call', '2024-03-01 09:00:00'), ('t3', 'birch', 'lee', 'call', '2024-07-01 09:00:00');
insert into cs.milestones (account_id, milestone, due_on, updated_at) values
    ('cedar', 'onboarded', '2024-06-01', '2024-04-10 00:00:00'), ('cedar', 'onboarded', '2024-07-15', '2024-05-20 00:00:00');
insert into cs.kpi_daily (view, column, labels, as_of, value, computed_at) values
    ('nrr', 'closing_arr', map('segment', 'high', 'window', '12m'), '2024-05-31', 150000, '2024-06-01 00:00:10'),
    ('nrr', 'closing_arr', map('segment', 'high', 'window', '12m'), '2024-05-31', 125000, '2024-06-12 09:00:00');
insert into cs.kpi_runs (view, as_of, computed_at, changed, reason, facts) values
    ('nrr', '2024-05-31', '2024-06-01 00:00:10', 1, 'first', []),
    ('nrr', '2024-05-31', '2024-06-12 09:00:00', 1, 'facts', [('contracts', 1, '2024-01-01', '2024-01-01')])`

// TestReadme runs every query that README.md shows; each finds rows, and every view it names is there.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	c, _ := installed(t)
	for statement := range strings.SplitSeq(readmeFacts, ";") {
		exec(t, c, statement)
	}
	blocks := regexp.MustCompile("(?s)\n```sql\n(.*?)\n```\n").FindAllSubmatch(text, -1)
	if worked := strings.Count(string(text), "\n**"); worked != 11 || len(blocks) < worked {
		t.Errorf("README.md has %d worked queries and %d blocks of SQL, want 11 and more", worked, len(blocks))
	}
	for _, block := range blocks {
		sql := string(block[1])
		got, err := answer(t, c, sql)
		if err != nil {
			t.Errorf("%s\n%v", sql, err)
			continue
		}
		if lines := strings.Split(strings.TrimSpace(got), "\n"); len(lines) < 2 {
			t.Errorf("this finds nothing:\n%s", sql)
		} else {
			t.Logf("%s\n\n%s", sql, got)
		}
	}
	for _, name := range regexp.MustCompile(`\bcs\.([a-z_]+)`).FindAllSubmatch(text, -1) {
		if got := scalar(t, c, "select count() from system.tables where database = 'cs' and name = '"+string(name[1])+"'"); got != "1" {
			t.Errorf("README.md names cs.%s, which is not there", name[1])
		}
	}
}
