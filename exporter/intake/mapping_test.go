package intake_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const ravenStack = "../../deploy/mappings/ravenstack"

// TestRavenStack maps a company in RavenStack's shape that is small enough to check by eye.
func TestRavenStack(t *testing.T) {
	f := newFixture(t)
	s, err := f.Mapping(t.Context(), ravenStack, "testdata/ravenstack")
	if err != nil {
		t.Fatal(err)
	}
	want := `accounts read=2 stored=2 unchanged=0 superseded=0 rejected=0
contracts read=5 stored=5 unchanged=0 superseded=0 rejected=0
surveys read=1 stored=1 unchanged=0 superseded=0 rejected=0
tickets read=2 stored=2 unchanged=0 superseded=0 rejected=0
usage_events read=3 stored=3 unchanged=0 superseded=0 rejected=0`
	f.equal("summary", counts(s), want)
	f.equal("accounts", f.query("account_id, name, industry, geo, created_on, source", "stored_accounts order by account_id"),
		"A-1|Company, one|FinTech|US|2023-02-28|ravenstack\nA-2|Company_2|EdTech|DE|2024-12-31|ravenstack")
	f.equal("contracts", f.query("contract_id, account_id, product, seats, acv, currency, starts_on, ends_before, cancel_reason, is_trial", "stored_contracts order by contract_id"),
		`S-1|A-1|Pro|10|12000|USD|2023-03-01|2024-03-01|pricing|false
S-2|A-1|Basic|3|1200|USD|2024-01-31|NULL||false
S-3|A-1|Enterprise|50|0|USD|2024-02-29|NULL||true
S-4|A-2|Pro|8|9996|USD|2024-05-05|2024-05-05||false
S-5|A-2|Pro|8|9996|USD|2024-05-05|2024-12-31||false`)
	f.equal("usage", f.query("event_id, account_id, event, ts, properties", "stored_usage_events order by event_id"),
		`U-1:S-1|A-1|feature_20|2023-07-27 00:00:00.000|{"subscription_id":"S-1","count":9,"duration_seconds":5004,"errors":0,"beta":false}
U-1:S-4|A-2|feature_3|2023-12-07 00:00:00.000|{"subscription_id":"S-4","count":6,"duration_seconds":2166,"errors":1,"beta":true}
U-2:S-2|A-1|feature_5|2024-08-07 00:00:00.000|{"subscription_id":"S-2","count":1,"duration_seconds":369,"errors":0,"beta":false}`)
	f.equal("tickets", f.query("ticket_id, account_id, severity, is_complaint, opened_at, first_response_at, resolved_at", "stored_tickets order by ticket_id"),
		`T-1|A-1|high|false|2023-07-27 00:00:00.000|2023-07-27 01:14:00.000|2023-07-28 03:00:00.000
T-2|A-2|urgent|true|2024-07-08 00:00:00.000|2024-07-08 02:24:00.000|2024-07-08 19:30:00.000`)
	f.equal("surveys", f.query("response_id, account_id, kind, score, responded_at", "stored_surveys"), "T-2|A-2|csat|4|2024-07-08 19:30:00.000")

	if s, err = f.Mapping(t.Context(), ravenStack, "testdata/ravenstack"); err != nil {
		t.Fatal(err)
	}
	for _, table := range s.Tables {
		if table.Table != "usage_events" && table.Unchanged != table.Read {
			t.Errorf("mapped again: %s", counts(s))
		}
	}
}

// TestRavenStackWhole checks the mapping on the real files, in the folder that CSKPI_TEST_RAVENSTACK names. They are
// not part of the project, so this test runs on demand only; TestRavenStack always does.
func TestRavenStackWhole(t *testing.T) {
	dir := os.Getenv("CSKPI_TEST_RAVENSTACK")
	if dir == "" {
		t.Skip("CSKPI_TEST_RAVENSTACK names no folder with the RavenStack files")
	}
	f := newFixture(t)
	s, err := f.Mapping(t.Context(), ravenStack, dir)
	if err != nil {
		t.Fatal(err)
	}
	f.equal("summary", counts(s), `accounts read=500 stored=500 unchanged=0 superseded=0 rejected=0
contracts read=5000 stored=5000 unchanged=0 superseded=0 rejected=0
surveys read=1175 stored=1175 unchanged=0 superseded=0 rejected=0
tickets read=2000 stored=2000 unchanged=0 superseded=0 rejected=0
usage_events read=25000 stored=25000 unchanged=0 superseded=0 rejected=0`)
	f.equal("events after merging", f.query("count(), uniqExact(event_id)", "stored_usage_events final"), "25000|25000")
	f.equal("contracts", f.query("countIf(is_trial), countIf(isNull(ends_before)), sum(acv), countIf(acv = 0), countIf(cancel_reason != '')", "stored_contracts"), "778|4514|136064964|778|114")
}

func TestMappingErrors(t *testing.T) {
	f := newFixture(t)
	source := f.file("subs.csv", "id;account;day;amount\n1;a1;2024-01-01;10\n2;a2;someday;20\n3;;2024-01-02;30\n")
	mapping := func(name, sql string) string {
		dir := filepath.Join(f.dir, name)
		f.file(name+"/contracts.sql", sql)
		return dir
	}
	for _, c := range []struct{ name, sql, want string }{
		{"table", "select * from subscriptions", "it reads a table that no source file is named after; there are subs"},
		{"column", "select id as contract_id, account as account_id, amount as acv, day as start_on from subs", `column "start_on" is not a column of contracts; did you mean starts_on?`},
		{"missing", "select id as contract_id, account as account_id, amount as acv from subs", "column starts_on of contracts is missing"},
		{"syntax", "selec 1", "contracts.sql"},
	} {
		_, err := f.Mapping(t.Context(), mapping(c.name, c.sql), source)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), filepath.Join(c.name, "contracts.sql")) {
			t.Errorf("%s: error %v; want the file and %q", c.name, err, c.want)
		}
	}
	const good = "-- a comment\nselect id as contract_id, account as account_id, amount as acv, day as starts_on from subs order by id; -- the end"
	s, err := f.Mapping(t.Context(), mapping("good", good), source)
	if err != nil {
		t.Fatal(err)
	}
	f.equal("rejects", rejects(s), "contracts.sql:2: starts_on \"someday\" is not a date; write it as YYYY-MM-DD\ncontracts.sql:3: account_id is missing")
	f.equal("counts", counts(s), "contracts read=3 stored=1 unchanged=0 superseded=0 rejected=2")
	s, err = f.Mapping(t.Context(), mapping("placed", strings.Replace(good, "select", "select _file, _line,", 1)), source)
	if err != nil {
		t.Fatal(err)
	}
	f.equal("rejects with their place", rejects(s), "subs.csv:3: starts_on \"someday\" is not a date; write it as YYYY-MM-DD\nsubs.csv:4: account_id is missing")
}
