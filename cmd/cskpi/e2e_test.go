package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"cskpi/exporter/config"
	"cskpi/exporter/engine"
	"cskpi/exporter/engine/enginetest"
)

// TestMain lets the test binary be its own engine child.
func TestMain(m *testing.M) {
	enginetest.Main(m, func() {
		for _, dir := range []string{imported.dir, built.dir} {
			_ = os.RemoveAll(dir)
		}
	})
}

const contractsCSV = `contract_id,account_id,product,acv,currency,starts_on,ends_before
c1,acme,suite,120000,USD,2023-01-01,2024-01-01
c2,acme,suite,150000.5,USD,2024-01-01,2025-01-01
c3,bolt,suite,8000,USD,2023-03-01,2024-03-01
c4,core,suite,20000,USD,2023-06-01,
c5,core,add-on,4000.25,USD,2024-06-01,
c6,dyne,suite,9000,USD,2024-02-01,2025-02-01
`

// started is the end of a query file that asks which contracts have begun by each day.
const started = "from (select day from policy_days) as d cross join contracts as c where c.starts_on <= d.day"

// imported is a data folder with the contracts above, which was made by the first test that wants it.
var imported struct {
	sync.Mutex
	dir string
}

// facts gives the test a data folder of its own with the contracts above, and with today computed: a copy, since installing, importing and computing
// take seconds.
// TestImportThenKPI does so itself.
func facts(t *testing.T) {
	t.Helper()
	imported.Lock()
	defer imported.Unlock()
	if imported.dir == "" {
		dir, err := os.MkdirTemp("", "cskpi-facts-") //nolint:usetesting // It outlives the test that makes it.
		if err != nil {
			t.Fatal(err)
		}
		folder(t, dir)
		importContracts(t)
		if code, _, stderr := execute(t, "kpi", "arr"); code != exitOK {
			t.Fatalf("compute today: got %d, %s", code, stderr)
		}
		imported.dir = dir
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "data"), os.DirFS(imported.dir)); err != nil {
		t.Fatal(err)
	}
	folder(t, filepath.Join(dir, "data"))
}

// folder is the data folder of what the test runs.
func folder(t *testing.T, dir string) {
	t.Helper()
	environment(t, "CSKPI_DATA_DIR", dir, "CSKPI_LISTEN", "127.0.0.1:0", "CSKPI_ENGINE_LISTEN", "127.0.0.1:0")
}

func importContracts(t *testing.T) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "contracts.csv")
	writeFile(t, file, contractsCSV)
	if code, stdout, stderr := execute(t, "import", file); code != exitOK || !strings.Contains(stdout, "contracts") {
		t.Fatalf("import: got %d\n%s\n%s", code, stdout, stderr)
	}
}

// beside keeps an engine on the data folder, as cskpi serve does, so that each command of the test need not start one.
func beside(t *testing.T) *engine.Engine {
	t.Helper()
	c, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	a := newApp(c, slog.New(slog.DiscardHandler), t.Output(), t.Output())
	e, err := engine.Start(t.Context(), a.EngineOptions(""))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func TestImportThenKPI(t *testing.T) {
	folder(t, t.TempDir())
	// There is no all-clear for facts that are not there.
	if code, stdout, stderr := execute(t, "check"); code != exitOK || !strings.Contains(stdout, "not checked: there are no facts") || strings.Contains(stdout, "data           ok") {
		t.Errorf("check without facts: got %d\n%s\n%s", code, stdout, stderr)
	}
	importContracts(t)
	code, stdout, stderr := execute(t, "kpi", "nrr", "--as-of", "2024-06-30", "--format", "json")
	if code != exitOK {
		t.Fatalf("got %d, %s", code, stderr)
	}
	var rows []struct {
		Segment, Window string
		Ratio           *float64
		OpeningARR      float64 `json:"opening_arr"`
		ClosingARR      float64 `json:"closing_arr"`
		Accounts        int
	}
	if err := json.Unmarshal([]byte(stdout), &rows); err != nil {
		t.Fatalf("%v in %s", err, stdout)
	}
	got := map[string]string{}
	for _, r := range rows {
		ratio := "undefined"
		if r.Ratio != nil {
			ratio = fmt.Sprint(*r.Ratio)
		}
		got[r.Segment+" "+r.Window] = fmt.Sprint(ratio, " ", r.OpeningARR, " ", r.ClosingARR, " ", r.Accounts)
	}
	// acme (high) renewed higher; bolt (tech) left; core (low) added a contract; dyne is new and in no cohort of 12 months.
	for key, want := range map[string]string{
		"high 12m": fmt.Sprint(150000.5/120000, " 120000 150000.5 1"),
		"low 12m":  fmt.Sprint(24000.25/20000, " 20000 24000.25 1"),
		"tech 12m": "0 8000 0 1",
	} {
		if got[key] != want {
			t.Errorf("%s: got %s, want %s", key, got[key], want)
		}
	}
	// The same file again changes nothing, and a day before everything knows of nothing.
	if _, again, _ := execute(t, "kpi", "nrr", "--as-of", "2024-06-30", "--format", "json"); again != stdout {
		t.Errorf("got %s the second time, want %s", again, stdout)
	}
	code, stdout, stderr = execute(t, "kpi", "arr", "--as-of", "2022-12-31", "--format", "csv")
	if code != exitOK || strings.Contains(stdout, "120000") {
		t.Errorf("before the first contract: got %d, %s, %s", code, stdout, stderr)
	}
}

// TestCommandsTakeTurns: commands that run at the same time on one folder, as a script may start them, wait for each other.
func TestCommandsTakeTurns(t *testing.T) {
	facts(t)
	var wg sync.WaitGroup
	for month := range 4 {
		wg.Go(func() {
			day := fmt.Sprintf("2024-%02d-28", month+1)
			if code, stdout, stderr := execute(t, "kpi", "arr", "--as-of", day, "--format", "json"); code != exitOK || !strings.Contains(stdout, `"segment"`) {
				t.Errorf("%s: got %d, %s, %s", day, code, stdout, stderr)
			}
		})
	}
	wg.Wait()
}

// TestImportRejects holds the exit code to what was stored.
func TestImportRejects(t *testing.T) {
	environment(t, "CSKPI_DATA_DIR", t.TempDir())
	file := filepath.Join(t.TempDir(), "contracts.csv")
	writeFile(t, file, contractsCSV+"c7,echo,suite,a lot,USD,2024-01-01,\n")
	code, stdout, stderr := execute(t, "import", "--rejects", t.TempDir(), file)
	if code != exitProblem || !strings.Contains(stderr, "contracts.csv:8") || !strings.Contains(stderr, "acv") || !strings.Contains(stderr, "a lot") {
		t.Errorf("got %d\n%s\n%s", code, stdout, stderr)
	}
	if _, stdout, _ := execute(t, "kpi", "arr", "--as-of", "2024-02-01", "--format", "csv"); !strings.Contains(stdout, "150000.5") {
		t.Errorf("the good rows are not stored: %s", stdout)
	}
	if code, _, stderr := execute(t, "import", filepath.Join(t.TempDir(), "contracts.csv")); code == exitOK || !strings.Contains(stderr, "no such file") {
		t.Errorf("a missing file: got %d, %s", code, stderr)
	}
	if code, _, stderr := execute(t, "import", "--table", "nonsense", file); code == exitOK || !strings.Contains(stderr, "nonsense") {
		t.Errorf("an unknown table: got %d, %s", code, stderr)
	}
}

func TestExplain(t *testing.T) {
	facts(t)
	beside(t)
	tomorrow := time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)
	// Of every sort one: without labels, of floats, of a view that is called otherwise. The laws of package queries hold all to it.
	for kpi, view := range map[string]string{"arr": "arr", "arr_movements": "arr_movements", "efficiency": "efficiency", "logo_churn": "logo_churn",
		"nrr_definitions": "nrr_definitions", "quality": "quality", "targets": "targets_kpi"} {
		code, stdout, stderr := execute(t, "explain", kpi, "--as-of", "2024-06-30")
		if code != exitOK || !strings.Contains(stdout, "rows add up to "+view+" exactly") {
			t.Errorf("%s: got %d\n%s\n%s", kpi, code, stdout, stderr)
		}
	}
	code, stdout, stderr := execute(t, "explain", "nrr", "--as-of", "2024-06-30", "--segment", "high", "--label", "window=12m")
	if code != exitOK || !strings.Contains(stdout, "150,000.5") || !strings.Contains(stdout, "acme") || strings.Contains(stdout, "bolt") {
		t.Errorf("got %d\n%s\n%s", code, stdout, stderr)
	}
	code, stdout, stderr = execute(t, "explain", "nrr", "--as-of", "2024-06-30", "--segment", "high", "--window", "12m", "--format", "json")
	var rows []map[string]any
	if err := json.Unmarshal([]byte(stdout), &rows); err != nil || code != exitOK || len(rows) != 1 || !strings.Contains(stderr, "exactly") {
		t.Errorf("got %d, %v\n%s\n%s", code, err, stdout, stderr)
	}
	// The largest two of the rows, by what they pay now; and the row of one account. The sums stay those of all.
	code, stdout, stderr = execute(t, "explain", "nrr", "--as-of", "2024-06-30", "--window", "12m", "--by", "closing_arr", "--limit", "2", "--format", "csv")
	if lines := strings.Split(stdout, "\n"); code != exitOK || len(lines) != 4 || !strings.Contains(lines[1], "acme") || !strings.Contains(lines[2], "core") ||
		!strings.Contains(stderr, "2 of 3 rows") || !strings.Contains(stderr, "The 3 rows add up") {
		t.Errorf("got %d\n%s\n%s", code, stdout, stderr)
	}
	code, stdout, stderr = execute(t, "explain", "nrr", "--as-of", "2024-06-30", "--window", "12m", "--where", "account_id=bolt", "--format", "csv")
	if lines := strings.Split(stdout, "\n"); code != exitOK || len(lines) != 3 || !strings.Contains(lines[1], "bolt") || !strings.Contains(stderr, "1 of 3 rows") {
		t.Errorf("got %d\n%s\n%s", code, stdout, stderr)
	}
	// Nothing adds up to nothing: a value that is not there is said to be so, with those that are.
	for want, args := range map[string][]string{
		`nrr has on 2024-06-30 no segment "enterprise"; there are: high, low, tech`:                 {"nrr", "--segment", "enterprise"},
		`no segment "hihg"; there are: high, low, tech; and no window "12"; there are: 12m, 1m, 3m`: {"nrr", "--segment", "hihg", "--window", "12"},
		`nrr_detail has on 2024-06-30 no account_id "nobody"; there are: acme, bolt, core, dyne`:    {"nrr", "--where", "account_id=nobody"},
		`nrr_detail has on 2024-06-30 no account_id "dyne"; there are: acme`:                        {"nrr", "--segment", "high", "--window", "12m", "--where", "account_id=dyne"},
		tomorrow + " is in the future; today is ":                                                   {"nrr", "--as-of", tomorrow},
	} {
		if !slices.Contains(args, "--as-of") {
			args = append(args, "--as-of", "2024-06-30")
		}
		if code, stdout, stderr := execute(t, append([]string{"explain"}, args...)...); code != exitUsage || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%q: got %d\n%s\n%s, want %s", args, code, stdout, stderr, want)
		}
	}
	const early = "There are no facts of 2022-12-31: the first contract or usage is of 2023-01-01.\n"
	for _, command := range []string{"kpi", "explain"} {
		if code, stdout, stderr := execute(t, command, "arr", "--as-of", "2022-12-31", "--format", "csv"); code != exitOK || strings.Count(stdout, "\n") != 1 || stderr != early {
			t.Errorf("%s before the first fact: got %d\n%s\n%s", command, code, stdout, stderr)
		}
	}
	if code, stdout, stderr := execute(t, "kpi", "arr", "--from", "2022-11-30", "--to", "2023-01-31", "--step", "1m", "--format", "csv"); code != exitOK || strings.Contains(stdout, "2022") ||
		!strings.Contains(stdout, "2023-01-31,high,120000,") || !strings.Contains(stderr, "no facts before 2023-01-01") {
		t.Errorf("a series that begins before the first fact: got %d\n%s\n%s", code, stdout, stderr)
	}
	if code, stdout, stderr := execute(t, "kpi", "arr", "--from", "2024-01-31", "--to", "2024-02-01", "--where", "segment=enterprise"); code != exitUsage || stdout != "" ||
		!strings.Contains(stderr, `arr has from 2024-01-31 to 2024-02-01 no segment "enterprise"; there are: high, low, tech`) {
		t.Errorf("a series of what is not there: got %d\n%s\n%s", code, stdout, stderr)
	}
}

// TestExplainMismatch: rows that do not add up are not passed over.
func TestExplainMismatch(t *testing.T) {
	facts(t)
	overlay := t.TempDir()
	writeFile(t, filepath.Join(overlay, "tally.sql"), `-- Contracts on record.
--
-- Columns:
--   day  key  Day.
--   currency  label  Currency of the contract.
--   contracts  gauge  Contracts.
--
-- Every: 5m

select d.day as day, c.currency as currency, count() as contracts from (select day from policy_days) as d cross join contracts as c where c.starts_on <= d.day group by day, currency
`)
	writeFile(t, filepath.Join(overlay, "views", "tally_detail.sql"), `-- Contracts on record, one a row, but one too few.
--
-- Columns:
--   day  key  Day.
--   currency  label  Currency of the contract.
--   contract  key  Contract.
--   contracts  part  Always one.

select d.day as day, c.currency as currency, c.contract_id as contract, 1 as contracts from (select day from policy_days) as d cross join contracts as c where c.starts_on <= d.day and c.contract_id != 'c1'
`)
	t.Setenv("CSKPI_QUERIES_DIR", overlay)
	code, stdout, stderr := execute(t, "explain", "tally", "--as-of", "2024-12-31")
	if code != exitProblem || !strings.Contains(stdout, "THE ROWS DO NOT ADD UP TO tally") || !strings.Contains(stdout, "the rows sum to 5, the KPI is 6") {
		t.Errorf("got %d\n%s\n%s", code, stdout, stderr)
	}
}

// TestSettings: policy changes from a day on, and nothing is stored that does not go together.
func TestSettings(t *testing.T) {
	facts(t)
	beside(t)
	run := func(want int, args ...string) (stdout, stderr string) {
		t.Helper()
		code, stdout, stderr := execute(t, append([]string{"settings"}, args...)...)
		if code != want {
			t.Errorf("settings %v: got %d, want %d\n%s\n%s", args, code, want, stdout, stderr)
		}
		return stdout, stderr
	}
	const head = "name,segment,phase,value,since,origin,help\n"
	stdout, _ := run(exitOK, "get", "health_green", "--format", "csv")
	if want := head + "health_green,,,70,,default,Score from which an account is green.\n"; stdout != want {
		t.Errorf("got %s, want %s", stdout, want)
	}
	stdout, _ = run(exitOK, "set", "health_green", "80", "--from", "2024-07-01", "--segment", "high", "--phase", "growth")
	if want := "health_green 80 (segment high, phase growth, from 2024-07-01)\ntakes effect on 2024-07-01; numbers as of earlier days stay\n"; stdout != want {
		t.Errorf("got %q, want %q", stdout, want)
	}
	if stdout, _ = run(exitOK, "set", "health_green", "75", "--from", "2024-03-01", "--segment", "high", "--phase", "growth"); !strings.Contains(stdout, "holds until 2024-06-30, when health_green 80") {
		t.Errorf("got %q", stdout)
	}
	if stdout, _ = run(exitOK, "set", "health_green", "75", "--from", "2024-03-01", "--segment", "high", "--phase", "growth"); !strings.Contains(stdout, "nothing changes") {
		t.Errorf("got %q", stdout)
	}
	for day, want := range map[string]string{"2024-02-29": "70,,default", "2024-03-01": "75,2024-03-01,set", "2024-06-30": "75,2024-03-01,set", "2024-07-01": "80,2024-07-01,set"} {
		if stdout, _ = run(exitOK, "get", "health_green", "--segment", "high", "--phase", "growth", "--as-of", day, "--format", "csv"); !strings.Contains(stdout, want) {
			t.Errorf("on %s: got %s, want %s", day, stdout, want)
		}
	}
	stdout, _ = run(exitOK, "list", "--as-of", "2024-06-30", "--format", "csv")
	for _, line := range []string{"health_green,,,70,,default,", "health_green,high,growth,75,2024-03-01,set,", "coverage_days,tech,,180,,default,", "currency,,,USD,,default,"} {
		if !strings.Contains(stdout, "\n"+line) {
			t.Errorf("the list lacks %s", line)
		}
	}
	if _, stderr := run(exitUsage, "set", "helth_green", "80"); !strings.Contains(stderr, "did you mean health_green?") {
		t.Errorf("got %s", stderr)
	}
	if _, stderr := run(exitUsage, "set", "health_weight_touch", "0"); !strings.Contains(stderr, "is not above 0") {
		t.Errorf("got %s", stderr)
	}
	if _, stderr := run(exitUsage, "get", "coverage_days"); !strings.Contains(stderr, "differs by segment") {
		t.Errorf("got %s", stderr)
	}
	if _, stderr := run(exitProblem, "set", "health_yellow", "75", "--from", "2024-01-01"); !strings.Contains(stderr, "health_yellow 75 (from 2024-01-01) must be below health_green 70 (default)") {
		t.Errorf("got %s", stderr)
	}
	run(exitOK, "set", "--from", "2024-01-01", "--", "health_zero_touch", "-1")

	// It decides: from April on 24,000 a year are high touch.
	run(exitOK, "set", "segment_high_arr", "20000", "--from", "2024-04-01")
	for day, want := range map[string]string{"2024-03-31": "low", "2024-04-01": "high"} {
		if code, stdout, stderr := execute(t, "kpi", "account_states", "--as-of", day, "--format", "csv"); code != exitOK || !regexp.MustCompile(`(?m)^core,.*\b`+want+`\b`).MatchString(stdout) {
			t.Errorf("on %s: got %d, core is not %s\n%s\n%s", day, code, want, stdout, stderr)
		}
	}

	// The importer keeps to the same rules, row by row.
	file := filepath.Join(t.TempDir(), "settings.csv")
	writeFile(t, file, "name,segment,starts_on,value\ncoverage_days,high,2024-05-01,14\ncoverage_days,high,2024-06-01,never\nhealth_yellow,,2024-01-01,90\n")
	code, _, stderr := execute(t, "import", "--rejects", t.TempDir(), file)
	if code != exitProblem || !strings.Contains(stderr, `settings.csv:3: value "never" is no whole number`) || !strings.Contains(stderr, `settings.csv:4: value "90" does not go together`) {
		t.Errorf("got %d\n%s", code, stderr)
	}
	if stdout, _ = run(exitOK, "get", "coverage_days", "--segment", "high", "--as-of", "2024-12-31", "--format", "csv"); !strings.Contains(stdout, "coverage_days,high,,14,2024-05-01,set") {
		t.Errorf("got %s", stdout)
	}
}

func TestCheck(t *testing.T) {
	facts(t)
	file := filepath.Join(t.TempDir(), "accounts.csv")
	writeFile(t, file, "account_id,name\nacme,Acme\nbolt,Bolt\ncore,Core\ndyne,Dyne\n")
	if code, _, stderr := execute(t, "import", file); code != exitOK {
		t.Fatal(stderr)
	}
	// The all-clear says of how much, and as of when.
	if code, stdout, stderr := execute(t, "check", "--as-of", "2024-06-30"); code != exitOK || !regexp.MustCompile(`(?m)^data +ok: 0 of [1-9]\d+ checks found a violation in [1-9]\d* facts as of 2024-06-30$`).MatchString(stdout) {
		t.Errorf("got %d\n%s\n%s", code, stdout, stderr)
	}
	file = filepath.Join(t.TempDir(), "contracts.csv")
	writeFile(t, file, "contract_id,account_id,acv,starts_on\norphan,nobody,1000,2024-01-01\n")
	if code, _, stderr := execute(t, "import", file); code != exitOK {
		t.Fatal(stderr)
	}
	code, stdout, stderr := execute(t, "check", "--as-of", "2024-06-30")
	if code != exitProblem || !strings.Contains(stdout, "orphan_contracts") || !strings.Contains(stdout, "nobody") {
		t.Errorf("an orphan: got %d\n%s\n%s", code, stdout, stderr)
	}
	// Each check says what to do, and how much is affected.
	writeFile(t, file, "contract_id,account_id,acv,starts_on,ends_before,renewed_from\nlast,acme,1250,2023-01-01,2023-12-31,\nnext,acme,1250,2024-01-01,,last\n")
	if code, _, stderr := execute(t, "import", file); code != exitOK {
		t.Fatal(stderr)
	}
	_, stdout, stderr = execute(t, "check", "--as-of", "2024-06-30")
	if !regexp.MustCompile(`(?s)\ninclusive_end\nends_before is the first day that is no longer covered.*\ncontracts +import +last +acme +ends before 2023-12-31, and next begins .* 1,250 +USD\n.*\norphan_contracts\nImport the account, or`).MatchString(stdout) {
		t.Errorf("a last day: got\n%s\n%s", stdout, stderr)
	}
	if code, _, stderr := execute(t, "settings", "set", "quality_exceptions", "inclusive_end/last,orphan_contract"); code != exitUsage || !strings.Contains(stderr, "unknown check orphan_contract; did you mean orphan_contracts?") {
		t.Errorf("an unknown check: got %d, %s", code, stderr)
	}
	if code, _, stderr := execute(t, "settings", "set", "quality_exceptions", "inclusive_end/last,orphan_contracts", "--from", "2024-06-30"); code != exitOK {
		t.Fatal(stderr)
	}
	if code, stdout, stderr := execute(t, "check", "--as-of", "2024-06-30"); code != exitOK || !strings.Contains(stdout, "data           ok") {
		t.Errorf("exceptions: got %d\n%s\n%s", code, stdout, stderr)
	}
	overlay := t.TempDir()
	writeFile(t, filepath.Join(overlay, "broken.sql"), "-- No columns.\n\nselect now() as x\n")
	t.Setenv("CSKPI_QUERIES_DIR", overlay)
	if code, _, stderr := execute(t, "check"); code != exitProblem || !strings.Contains(stderr, "broken.sql:") {
		t.Errorf("a broken query file: got %d, %s", code, stderr)
	}
}

// TestServe follows one life: scrape, promtool, a real Prometheus, another command beside it, the engine killed, and stop.
// TestBridgeOfOpenings: a bridge of a day that is not stored looks at the days on which its windows open as well, and names the setting that has changed since.
func TestBridgeOfOpenings(t *testing.T) {
	t.Setenv("CSKPI_DATA_DIR", t.TempDir())
	file := filepath.Join(t.TempDir(), "contracts.csv")
	writeFile(t, file, "contract_id,account_id,acv,starts_on,ends_before\nk,kalmia,10000,2023-01-01,2024-03-01\nl,lupin,7000,2023-01-01,\n")
	if code, _, stderr := execute(t, "import", file); code != exitOK {
		t.Fatal(stderr)
	}
	if code, _, stderr := execute(t, "settings", "set", "grace_days", "30", "--from", "2024-03-10"); code != exitOK {
		t.Fatal(stderr)
	}
	for day, window := range map[string]string{"2024-04-05": "1m", "2025-03-05": "12m"} {
		code, stdout, stderr := execute(t, "kpi", "arr_bridge", "--as-of", day, "--where", "window="+window, "--format", "csv")
		if code != exitOK || !strings.HasSuffix(stdout, "\n"+window+",7000,7000,-10000,0,0\n") {
			t.Errorf("%s: got %d\n%s\n%s", day, code, stdout, stderr)
		}
		code, stdout, stderr = execute(t, "explain", "arr_bridge", "--as-of", day, "--window", window, "--format", "csv")
		if code != exitOK || !strings.Contains(stdout, "grace_days 0 then, 30 now") {
			t.Errorf("%s: got %d\n%s\n%s", day, code, stdout, stderr)
		}
	}
}

func TestServe(t *testing.T) {
	facts(t)
	overlay := t.TempDir()
	writeFile(t, filepath.Join(overlay, "prices.sql"), "-- Prices.\n--\n-- Columns:\n--   day  key  Day.\n--   year  histogram  Annual values of contracts.\n\nselect d.day as day, cs_histogram(groupArray(cs_float(c.acv)), [1000., 100000.]) as year "+started+" group by day\n")
	// Files that cannot be used stop nothing else: one is refused when it is read, one by the engine.
	writeFile(t, filepath.Join(overlay, "unread.sql"), "-- No columns.\n\nselect now() as x\n")
	writeFile(t, filepath.Join(overlay, "unmade.sql"), "-- Unmade.\n--\n-- Columns:\n--   day  key  Day.\n--   x  gauge  X.\n\nselect d.day as day, nothing as x "+started+"\n")
	t.Setenv("CSKPI_QUERIES_DIR", overlay)
	s := start(t, "serve")
	s.waitFor(t, "/-/ready", http.StatusOK, "")
	metrics := s.waitFor(t, "/metrics", http.StatusOK, "cs_arr_amount{segment=")
	for _, want := range []string{`cs_exporter_query_success{query="unread"} 0`, `cs_exporter_query_success{query="unmade"} 0`, `cs_exporter_query_success{query="prices"} 1`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	if !strings.Contains(metrics, "cs_exporter_engine_up 1") {
		t.Errorf("the engine is not up: %s", grep(metrics, "cs_exporter_engine"))
	}

	t.Run("promtool", func(t *testing.T) {
		cmd := exec.CommandContext(t.Context(), enginetest.Tool(t, "promtool"), "check", "metrics")
		cmd.Stdin = strings.NewReader(metrics)
		if out, err := cmd.CombinedOutput(); err != nil || len(bytes.TrimSpace(out)) > 0 {
			t.Errorf("%v\n%s", err, out)
		}
	})
	t.Run("prometheus", func(t *testing.T) { prometheusSees(t, s.url) })
	t.Run("refused files", func(t *testing.T) {
		s.waitFor(t, "/debug/query?name=unmade", http.StatusOK, "nothing")
		if code, _, stderr := execute(t, "kpi", "unread"); code != exitProblem || !strings.Contains(stderr, "the query file of unread is refused:\nunread.sql:") {
			t.Errorf("got %d, %s", code, stderr)
		}
	})
	t.Run("beside it", func(t *testing.T) {
		begin := time.Now()
		code, stdout, stderr := execute(t, "kpi", "arr", "--format", "csv", "--as-of", "2024-06-30")
		if code != exitOK || !strings.Contains(stdout, "150000.5") {
			t.Errorf("got %d\n%s\n%s", code, stdout, stderr)
		}
		t.Logf("kpi beside a running serve took %s", time.Since(begin).Round(time.Millisecond))
	})
	t.Run("second serve", func(t *testing.T) {
		code, _, stderr := execute(t, "serve")
		if want := fmt.Sprintf("process %d (http", os.Getpid()); code != exitProblem || !strings.Contains(stderr, want) || !strings.Contains(stderr, os.Getenv("CSKPI_DATA_DIR")) {
			t.Errorf("got %d, %s, want %s", code, stderr, want)
		}
	})
	t.Run("engine killed", func(t *testing.T) {
		if err := syscall.Kill(enginePID(t), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if body := s.waitFor(t, "/metrics", http.StatusOK, "cs_exporter_engine_up 0"); !strings.Contains(body, "cs_arr_amount{segment=") {
			t.Error("the last good values are gone with the engine")
		}
		s.waitFor(t, "/metrics", http.StatusOK, "cs_exporter_engine_up 1")
		s.waitFor(t, "/metrics", http.StatusOK, "cs_exporter_engine_restarts_total 1")
		code, stdout, stderr := execute(t, "kpi", "arr", "--format", "csv", "--as-of", "2024-06-30")
		if code != exitOK || !strings.Contains(stdout, "150000.5") {
			t.Errorf("after the restart: got %d\n%s\n%s", code, stdout, stderr)
		}
	})

	pid := enginePID(t)
	begin := time.Now()
	if code := s.stop(); code != exitOK {
		t.Errorf("stopped with %d\n%s", code, s.stderr)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("stopping took %s", took)
	}
	if syscall.Kill(pid, 0) == nil {
		t.Errorf("the engine %d outlived its parent", pid)
	}
}

// TestServeWithoutDatabase: a server that is away is waited for, and said to be away.
func TestServeWithoutDatabase(t *testing.T) {
	environment(t, "CSKPI_LISTEN", "127.0.0.1:0", "CSKPI_CLICKHOUSE_URL", "http://default:hunter2@127.0.0.1:1", "CSKPI_DATA_DIR", filepath.Join(t.TempDir(), "none"))
	s := start(t, "serve")
	s.waitFor(t, "/metrics", http.StatusOK, "cs_exporter_engine_up 0")
	s.waitFor(t, "/-/healthy", http.StatusOK, "")
	s.waitFor(t, "/-/ready", http.StatusServiceUnavailable, "")
	until(t, func() bool { return strings.Contains(s.stderr.String(), "the database is not ready; trying again") })
	if code := s.stop(); code != exitOK {
		t.Errorf("stopped with %d", code)
	}
	if strings.Contains(s.stderr.String(), "hunter2") {
		t.Errorf("the password is in the log: %s", s.stderr)
	}
	if code, _, stderr := execute(t, "kpi", "arr"); code != exitProblem || !strings.Contains(stderr, "127.0.0.1:1") || strings.Contains(stderr, "hunter2") {
		t.Errorf("kpi: got %d, %s", code, stderr)
	}
}

// TestServer works on a server instead of an engine, which comes to life only after serve did.
func TestServer(t *testing.T) {
	address, begin := server(t)
	environment(t, "CSKPI_LISTEN", "127.0.0.1:0", "CSKPI_CLICKHOUSE_URL", address, "CSKPI_DATA_DIR", filepath.Join(t.TempDir(), "none"))
	s := start(t, "serve")
	begin()
	s.waitFor(t, "/-/ready", http.StatusOK, "")
	s.waitFor(t, "/metrics", http.StatusOK, "cs_exporter_engine_up 1")
	file := filepath.Join(t.TempDir(), "contracts.csv")
	writeFile(t, file, contractsCSV)
	if code, stdout, stderr := execute(t, "import", file); code != exitOK {
		t.Fatalf("import: got %d\n%s\n%s", code, stdout, stderr)
	}
	if code, stdout, stderr := execute(t, "kpi", "arr", "--as-of", "2024-06-30", "--format", "csv"); code != exitOK || !strings.Contains(stdout, "150000.5") {
		t.Errorf("kpi: got %d\n%s\n%s", code, stdout, stderr)
	}
	// A query file that only this command knows is computed, but not forced upon the one that serves.
	overlay := t.TempDir()
	writeFile(t, filepath.Join(overlay, "mine.sql"), "-- Mine.\n--\n-- Columns:\n--   day  key  Day.\n--   contracts  gauge  Contracts.\n\nselect d.day as day, count() as contracts "+started+" group by day\n")
	t.Setenv("CSKPI_QUERIES_DIR", overlay)
	if code, stdout, stderr := execute(t, "kpi", "mine", "--as-of", "2024-06-30", "--format", "csv"); code != exitOK || stdout != "contracts\n6\n" {
		t.Errorf("a query of one's own: got %d, %q, %s", code, stdout, stderr)
	}
	writeFile(t, filepath.Join(overlay, "functions", "cs_new.sql"), "-- New.\n(x) -> x + 1\n")
	writeFile(t, filepath.Join(overlay, "mine.sql"), "-- Mine.\n--\n-- Columns:\n--   day  key  Day.\n--   contracts  gauge  Contracts.\n\nselect d.day as day, cs_new(count()) as contracts "+started+" group by day\n")
	if code, _, stderr := execute(t, "kpi", "mine"); code != exitProblem || !strings.Contains(stderr, "is not installed there; start cskpi serve") {
		t.Errorf("a function that is not there: got %d, %s", code, stderr)
	}
	if code := s.stop(); code != exitOK {
		t.Errorf("stopped with %d\n%s", code, s.stderr)
	}
	if _, err := os.Stat(filepath.Join(os.Getenv("CSKPI_DATA_DIR"), "engine")); err == nil {
		t.Error("an engine's folder was made although there is a server")
	}
}

// server is a ClickHouse server without facts: the one that CSKPI_TEST_CLICKHOUSE_URL names, else the test engine
// behind a proxy that gives everybody the service's rights. It answers once begin was called.
func server(t *testing.T) (address string, begin func()) {
	t.Helper()
	enginetest.Conn(t)
	if address := os.Getenv(enginetest.URLVariable); address != "" {
		return address, func() {}
	}
	e := enginetest.Engine(t)
	target, err := url.Parse("http://" + e.Options().Addr[0])
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	token := e.Options().HttpHeaders[engine.TokenHeader]
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var begun atomic.Bool
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if !begun.Load() || user != "me" || password != "p@ss" {
			http.Error(w, "not now", http.StatusServiceUnavailable)
			return
		}
		r.Header.Del("Authorization")
		r.Header.Set(engine.TokenHeader, token)
		proxy.ServeHTTP(w, r)
	})}
	go s.Serve(listener) // until Close
	t.Cleanup(func() { s.Close() })
	return "http://me:p%40ss@" + listener.Addr().String(), func() { begun.Store(true) }
}

// TestServeRefuses: what cannot work ends at once.
func TestServeRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	web := filepath.Join(t.TempDir(), "web.yml")
	writeFile(t, web, "tls_server_confg: {}\n")
	notLibrary := filepath.Join(t.TempDir(), "libchdb.so")
	writeFile(t, notLibrary, "this is no library")
	for _, tt := range []struct {
		name  string
		pairs []string
		want  string
	}{
		{"address taken", []string{"CSKPI_LISTEN", taken.Addr().String()}, "CSKPI_LISTEN: "},
		{"web configuration", []string{"CSKPI_WEB_CONFIG_FILE", web}, "CSKPI_WEB_CONFIG_FILE: "},
		{"no library", []string{"CSKPI_LIBCHDB", "/does/not/exist.so"}, "make engine"},
		{"bad library", []string{"CSKPI_LIBCHDB", notLibrary}, "make engine"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			environment(t, append([]string{"CSKPI_DATA_DIR", t.TempDir(), "CSKPI_LISTEN", "127.0.0.1:0", "CSKPI_ENGINE_LISTEN", "127.0.0.1:0"}, tt.pairs...)...)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			code, _, stderr := executeContext(ctx, "serve")
			if code != exitProblem || !strings.Contains(stderr, tt.want) {
				t.Errorf("got %d, %s, want %s", code, stderr, tt.want)
			}
		})
	}
}

// TestWebConfig serves with TLS and basic auth.
func TestWebConfig(t *testing.T) {
	dir := t.TempDir()
	pool := certificate(t, dir)
	// The password is "test"; the hash is of the least cost, so that the test is quick.
	writeFile(t, filepath.Join(dir, "web.yml"), `tls_server_config:
  cert_file: cert.pem
  key_file: key.pem
basic_auth_users:
  prometheus: `+testPasswordHash+"\n")
	environment(t, "CSKPI_DATA_DIR", t.TempDir(), "CSKPI_LISTEN", "127.0.0.1:0", "CSKPI_ENGINE_LISTEN", "127.0.0.1:0", "CSKPI_WEB_CONFIG_FILE", filepath.Join(dir, "web.yml"))
	s := start(t, "serve")
	metrics := strings.Replace(s.url, "http:", "https:", 1) + "/metrics"
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}, Timeout: 30 * time.Second}
	for _, tt := range []struct {
		password string
		want     int
	}{{"", http.StatusUnauthorized}, {"wrong", http.StatusUnauthorized}, {"test", http.StatusOK}} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, metrics, nil)
		if err != nil {
			t.Fatal(err)
		}
		if tt.password != "" {
			r.SetBasicAuth("prometheus", tt.password)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != tt.want {
			t.Errorf("password %q: got %d, want %d", tt.password, resp.StatusCode, tt.want)
		}
	}
	if status, _ := s.get(t, "/metrics"); status == http.StatusOK {
		t.Error("plain HTTP is served beside TLS")
	}
}

const testPasswordHash = "$2a$04$Ba.3NgeDZYF.COIqMCF7N.kfVggGb2CJQgFbRVcTgvGFpYXaY29l."

// TestDemo generates a small company, serves it, and finds it again.
func TestDemo(t *testing.T) {
	data := t.TempDir()
	environment(t, "CSKPI_DATA_DIR", data, "CSKPI_LISTEN", "127.0.0.1:0", "CSKPI_ENGINE_LISTEN", "127.0.0.1:0")
	args := []string{"demo", "--accounts", "30", "--years", "2", "--events", "2000", "--until", "2026-06-30"}
	s := start(t, args...)
	until(t, func() bool { return strings.Contains(s.stdout.String(), "The company is ready") })
	if !strings.Contains(s.stderr.String(), "contracts") {
		t.Errorf("it says nothing of what it generates: %s", s.stderr)
	}
	s.waitFor(t, "/metrics", http.StatusOK, "cs_arr_amount{segment=")
	// What it prints to try must work.
	printed := regexp.MustCompile(`curl -s (http\S+/) --data-binary "([^"]+)"`).FindStringSubmatch(s.stdout.String())
	if printed == nil {
		t.Fatalf("no query to try in %s", s.stdout)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, printed[1], strings.NewReader(printed[2]))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || !strings.Contains(string(body), "nrr") {
		t.Errorf("got %d, %s", resp.StatusCode, body)
	}
	if code, _, stderr := execute(t, args...); code != exitProblem || !strings.Contains(stderr, "another process has the demo") {
		t.Errorf("a second demo on the folder: got %d, %s", code, stderr)
	}
	_, before, _ := executeIn(t, filepath.Join(data, "demo"), "kpi", "arr", "--as-of", "2026-06-30", "--format", "csv")
	if code := s.stop(); code != exitOK {
		t.Fatalf("stopped with %d\n%s", code, s.stderr)
	}

	s = start(t, args...)
	until(t, func() bool { return strings.Contains(s.stdout.String(), "The company is ready") })
	if strings.Contains(s.stderr.String(), "Generating") {
		t.Error("the same company was generated twice")
	}
	_, after, _ := executeIn(t, filepath.Join(data, "demo"), "kpi", "arr", "--as-of", "2026-06-30", "--format", "csv")
	if before != after || !strings.Contains(before, "high") {
		t.Errorf("got %s, want %s", after, before)
	}
	s.stop()

	// A folder that is somebody else's is never cleared.
	precious := filepath.Join(t.TempDir(), "precious")
	writeFile(t, filepath.Join(precious, "thesis.txt"), "…")
	if code, _, stderr := execute(t, "demo", "--dir", precious); code != exitUsage || !strings.Contains(stderr, "no demo folder") {
		t.Errorf("got %d, %s", code, stderr)
	}
	if _, err := os.Stat(filepath.Join(precious, "thesis.txt")); err != nil {
		t.Error(err)
	}
	t.Setenv("CSKPI_CLICKHOUSE_URL", "http://127.0.0.1:1")
	if code, _, stderr := execute(t, "demo"); code != exitUsage || !strings.Contains(stderr, "CSKPI_CLICKHOUSE_URL") {
		t.Errorf("on a server: got %d, %s", code, stderr)
	}
}

// built is what make build makes, but for paths in it: no cgo, a version. All tests that want a process of their own share it.
var built struct {
	sync.Mutex
	dir string
}

func binary(t testing.TB) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if built.dir == "" {
		dir, err := os.MkdirTemp("", "cskpi-binary-") //nolint:usetesting // It outlives the test that builds it.
		if err != nil {
			t.Fatal(err)
		}
		build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "cskpi"), "-ldflags", "-X main.version=v0.0.0-test", ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		built.dir = dir
	}
	return filepath.Join(built.dir, "cskpi")
}

// TestBinary runs what make build makes: no cgo, signals, exit codes.
func TestBinary(t *testing.T) {
	bin := binary(t)
	if out, err := exec.CommandContext(t.Context(), bin, "version").Output(); err != nil || string(out) != "cskpi v0.0.0-test\n" {
		t.Errorf("got %q, %v", out, err)
	}
	facts(t)
	begin := time.Now()
	out, err := exec.CommandContext(t.Context(), bin, "kpi", "arr", "--as-of", "2024-06-30", "--format", "csv").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "150000.5") {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("kpi with an engine of its own took %s", time.Since(begin).Round(time.Millisecond))

	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		serve := exec.CommandContext(t.Context(), bin, "serve")
		var log output
		serve.Stderr = &log
		if err := serve.Start(); err != nil {
			t.Fatal(err)
		}
		until(t, func() bool { return strings.Contains(log.String(), "computing KPIs") })
		pid := enginePID(t)
		begin := time.Now()
		if err := serve.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if err := serve.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", signal, err, log.String())
		}
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("%s: stopping took %s", signal, took)
		}
		if syscall.Kill(pid, 0) == nil {
			t.Errorf("%s: the engine %d outlived its parent", signal, pid)
		}
	}
}

// TestReadmeExample runs the worked example of README.md to the letter.
func TestReadmeExample(t *testing.T) {
	_, section, found := strings.Cut(string(readFile(t, filepath.Join(root, "README.md"))), "<!-- example -->")
	section, _, closed := strings.Cut(section, "<!-- end -->")
	blocks := regexp.MustCompile("(?s)```(\\w*)\n(.*?)```").FindAllStringSubmatch(section, -1)
	if !found || !closed || len(blocks) != 3 || blocks[0][1] != "csv" || blocks[1][1] != "sh" || blocks[2][1] != "text" {
		t.Fatalf("want a csv, a sh and a text block in the example, got %q", blocks)
	}
	library, err := engine.FindLibrary("")
	if err != nil {
		t.Fatal(err)
	}
	environment(t, "CSKPI_DATA_DIR", t.TempDir(), "CSKPI_LIBCHDB", library)
	t.Chdir(t.TempDir())
	writeFile(t, "contracts.csv", blocks[0][2])
	var last string
	for line := range strings.Lines(blocks[1][2]) {
		args := strings.Fields(line)
		if args[0] != "bin/cskpi" {
			t.Fatalf("the example runs %q", line)
		}
		code, stdout, stderr := execute(t, args[1:]...)
		if code != exitOK {
			t.Fatalf("%s: got %d\n%s", line, code, stderr)
		}
		last = stdout
	}
	if last != blocks[2][2] {
		t.Errorf("got\n%s\nREADME.md says\n%s", last, blocks[2][2])
	}
}

// process is a command that runs in this process until it is stopped.
type process struct {
	url            string
	stdout, stderr *output
	cancel         context.CancelFunc
	code           chan int
}

// start runs a command that serves, and waits until it listens.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := &process{stdout: new(output), stderr: new(output), cancel: cancel, code: make(chan int, 1)}
	go func() { p.code <- run(ctx, args, p.stdout, p.stderr) }()
	t.Cleanup(func() { p.stop() })
	listening := regexp.MustCompile(`msg=listening for=(?:metrics|engine) url=https?://(\S+)`) // serve opens that for metrics first
	until(t, func() bool {
		if m := listening.FindStringSubmatch(p.stderr.String()); m != nil {
			p.url = "http://" + m[1]
		}
		if len(p.code) > 0 {
			t.Fatalf("%s ended: %s", args, p.stderr.String())
		}
		return p.url != ""
	})
	return p
}

// stop asks the command to end and returns its exit code; a second call returns at once.
func (p *process) stop() int {
	p.cancel()
	code := <-p.code
	p.code <- code
	return code
}

func (p *process) get(t *testing.T, path string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// waitFor asks until the answer has the status and contains want.
func (p *process) waitFor(t *testing.T, path string, status int, want string) (body string) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("waited for %s to say %q; it said\n%s\nlog:\n%s", path, want, grep(body, "cs_exporter"), p.stderr.String())
		}
	}()
	until(t, func() bool {
		var got int
		got, body = p.get(t, path)
		return got == status && strings.Contains(body, want)
	})
	return body
}

// until waits for a condition, for long enough on a busy machine.
func until(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if condition() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}

// output collects what concurrent writers print.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// executeIn runs the program on another data folder.
func executeIn(t *testing.T, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	old := os.Getenv("CSKPI_DATA_DIR")
	t.Setenv("CSKPI_DATA_DIR", dir)
	defer t.Setenv("CSKPI_DATA_DIR", old)
	return execute(t, args...)
}

// enginePID is the process of the engine on the configured data folder.
func enginePID(t *testing.T) int {
	t.Helper()
	var live struct{ PID int }
	if err := json.Unmarshal(readFile(t, filepath.Join(os.Getenv("CSKPI_DATA_DIR"), "engine.json")), &live); err != nil || live.PID == 0 {
		t.Fatalf("engine.json: %v, pid %d", err, live.PID)
	}
	return live.PID
}

// prometheusSees runs a Prometheus that scrapes url, and asks it for a KPI, and for both forms of a histogram.
func prometheusSees(t *testing.T, target string) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "prometheus.yml"), fmt.Sprintf(`
global: {scrape_interval: 1s}
scrape_configs:
  - job_name: cskpi
    scrape_native_histograms: true
    always_scrape_classic_histograms: true
    static_configs: [{targets: [%q]}]
`, strings.TrimPrefix(target, "http://")))
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, enginetest.Tool(t, "prometheus"), "--config.file="+filepath.Join(dir, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(dir, "tsdb"), "--web.listen-address=127.0.0.1:0")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var log output
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			fmt.Fprintln(&log, lines.Text())
		}
	}()
	defer func() {
		cancel()
		<-copied
		_ = cmd.Wait() // it was killed
	}()
	var address []string
	until(t, func() bool {
		address = regexp.MustCompile(`address=(127\.0\.0\.1:[1-9]\d*)`).FindStringSubmatch(log.String())
		return address != nil
	})
	p := &process{url: "http://" + address[1], stderr: &log}
	body := p.waitFor(t, "/api/v1/query?query=cs_arr_amount", http.StatusOK, `"segment":`)
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || len(answer.Data.Result) == 0 || answer.Data.Result[0].Metric["job"] != "cskpi" {
		t.Errorf("%v in %s\n%s", err, body, log.String())
	}
	for _, ask := range []string{"histogram_count(cs_prices_year)", `cs_prices_year_bucket{le="+Inf"}`} {
		if _, got := p.get(t, "/api/v1/query?query="+url.QueryEscape(ask)); !strings.Contains(got, `"6"]`) {
			t.Errorf("%s is not the 6 contracts: %s", ask, got)
		}
	}
	if _, up := p.get(t, "/api/v1/query?query=up"); !strings.Contains(up, `"1"`) {
		t.Errorf("the scrape is not up: %s", up)
	}
}

// certificate writes cert.pem and key.pem for 127.0.0.1 into dir.
func certificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	writeFile(t, filepath.Join(dir, "cert.pem"), string(cert))
	writeFile(t, filepath.Join(dir, "key.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	return pool
}

// grep keeps the lines that contain part.
func grep(text, part string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			b.WriteString(line)
		}
	}
	return b.String()
}

func writeFile(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
