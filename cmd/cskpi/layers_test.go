package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// daysStored are the days between two others, by what the view days says of them.
func daysStored(t *testing.T, from, to string) map[string][]string {
	t.Helper()
	_, d := opened(t)
	defer d.Close()
	rows, err := d.Conn.Query(t.Context(), "select state, arraySort(groupArray(toString(day))) from days where day between '"+from+"' and '"+to+"' group by state")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found := map[string][]string{}
	for rows.Next() {
		var state string
		var days []string
		if err := rows.Scan(&state, &days); err != nil {
			t.Fatal(err)
		}
		found[state] = days
	}
	return found
}

// TestOtherDefinitions: whoever has other query files than the one who serves from a database computes nothing there.
func TestOtherDefinitions(t *testing.T) {
	facts(t)
	beside(t)
	printed := func(code int, says string) {
		t.Helper()
		if got, stdout, stderr := execute(t, "kpi", "churn_reasons", "--as-of", "2024-06-10"); got != code || !strings.Contains(stdout+stderr, says) {
			t.Errorf("got %d, %s, %s; want %d, %s", got, stdout, stderr, code, says)
		}
	}
	printed(exitOK, "unknown")
	overlay := filepath.Join(t.TempDir(), "own")
	if err := os.MkdirAll(filepath.Join(overlay, "layers"), 0o700); err != nil {
		t.Fatal(err)
	}
	own := strings.Replace(string(readFile(t, filepath.Join(root, "queries", "layers", "churns.sql"))), "where t.acv > 0", "where t.acv > 1", 1)
	writeFile(t, filepath.Join(overlay, "layers", "churns.sql"), own)
	t.Setenv("CSKPI_QUERIES_DIR", overlay)
	printed(exitProblem, "(churns, churn_reasons are defined differently here")
	t.Setenv("CSKPI_QUERIES_DIR", "")
	printed(exitOK, "unknown")
}

// TestRefreshCommand: after cskpi refresh the database can be queried by itself, for every day of CSKPI_HISTORY and ends of months before, and for any
// days that are asked for; facts that arrive later are in them after the next one.
func TestRefreshCommand(t *testing.T) {
	facts(t)
	t.Setenv("CSKPI_HISTORY", "40d")
	refresh := func(want int, says string, args ...string) {
		t.Helper()
		if code, stdout, stderr := execute(t, append([]string{"refresh"}, args...)...); code != want || stdout != "" || !strings.Contains(stderr, says) {
			t.Errorf("refresh %q: got %d, %s, %s, want %d, %s", args, code, stdout, stderr, want, says)
		}
	}
	refresh(exitUsage, "--to needs --from", "--to", "2024-06-01")
	refresh(exitUsage, "is after the last day", "--from", "2024-06-02", "--to", "2024-06-01")
	refresh(exitUsage, "is in the future", "--from", "2024-06-02", "--to", "2999-01-01")
	refresh(exitOK, "")
	today := time.Now().UTC().Truncate(24 * time.Hour)
	stored := daysStored(t, "1970-01-01", "2149-01-01")["stored"]
	var want []string
	for end := time.Date(2023, 1, 31, 0, 0, 0, 0, time.UTC); end.Before(today.AddDate(0, 0, -39)); end = time.Date(end.Year(), end.Month()+2, 0, 0, 0, 0, 0, time.UTC) {
		want = append(want, end.Format(time.DateOnly))
	}
	for day := today.AddDate(0, 0, -39); !day.After(today); day = day.AddDate(0, 0, 1) {
		want = append(want, day.Format(time.DateOnly))
	}
	if fmt.Sprint(stored) != fmt.Sprint(want) {
		t.Errorf("stored are %q\nwant %q", stored, want)
	}

	// On days before these, and before the end of the month, windows of 7 days open, of which the bridge says what they opened with.
	refresh(exitOK, "", "--from", "2024-06-10", "--to", "2024-06-12")
	if got := fmt.Sprint(daysStored(t, "2024-06-04", "2024-06-29")); got != "map[stored:[2024-06-10 2024-06-11 2024-06-12] support:[2024-06-04 2024-06-05 2024-06-23]]" {
		t.Errorf("after the days were asked for there are %s", got)
	}
	arr := func() (sums string) {
		t.Helper()
		_, d := opened(t)
		defer d.Close()
		if err := d.Conn.QueryRow(t.Context(), "select toString(groupArray((on, sum))) from (select toString(a.day) as on, sum(amount) as sum from arr as a where day in ('2024-05-31', '2024-06-11', '2024-06-30') or day = (select day from current_day) group by a.day order by a.day)").Scan(&sums); err != nil {
			t.Fatal(err)
		}
		return sums
	}
	if got, want := arr(), fmt.Sprintf("[('2024-05-31',179000.5),('2024-06-11',183000.75),('2024-06-30',183000.75),('%s',24000.25)]", today.Format(time.DateOnly)); got != want {
		t.Errorf("ARR is %s, want %s", got, want)
	}
	late := t.TempDir() + "/contracts.csv"
	writeFile(t, late, "contract_id,account_id,acv,starts_on\nlate,acme,1000,2024-06-01\n")
	if code, _, stderr := execute(t, "import", late); code != exitOK {
		t.Fatal(stderr)
	}
	refresh(exitOK, "")
	if got, want := arr(), fmt.Sprintf("[('2024-05-31',179000.5),('2024-06-11',184000.75),('2024-06-30',184000.75),('%s',25000.25)]", today.Format(time.DateOnly)); got != want {
		t.Errorf("with the late contract, ARR is %s, want %s", got, want)
	}
}

// TestLayerWithOtherColumns: a layer that gets other columns, as by an upgrade, is computed anew; that the table of before is gone is no damage.
func TestLayerWithOtherColumns(t *testing.T) {
	facts(t)
	ask := func() string {
		t.Helper()
		code, stdout, stderr := execute(t, "kpi", "churn_reasons", "--as-of", "2024-06-10")
		if code != exitOK || strings.Contains(stderr, "damaged") {
			t.Fatal(code, stderr)
		}
		return stdout
	}
	want := ask()
	overlay := filepath.Join(t.TempDir(), "own")
	if err := os.MkdirAll(filepath.Join(overlay, "layers"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := string(readFile(t, filepath.Join(root, "queries", "layers", "churns.sql")))
	other := strings.Replace(strings.Replace(text, "\n--\n-- Key:", "\n--   number     fact How many they are.\n--\n-- Key:", 1), "as contracts\n", "as contracts, toUInt32(length(contracts)) as number\n", 1)
	writeFile(t, filepath.Join(overlay, "layers", "churns.sql"), other)
	t.Setenv("CSKPI_QUERIES_DIR", overlay)
	for range 2 {
		if got := ask(); got != want {
			t.Errorf("with another column: %s, want %s", got, want)
		}
	}
	if code, stdout, stderr := execute(t, "check"); !strings.Contains(stdout, "ok: no part is missing or damaged") || !strings.Contains(stdout, "ok: each returns what its header promises") {
		t.Errorf("check: %d, %s, %s", code, stdout, stderr)
	}
}
