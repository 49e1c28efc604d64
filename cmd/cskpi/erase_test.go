package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"cskpi/exporter/intake"
)

// TestErase: what a command erased is in no KPI any more, also a user who is stored under a pseudonym.
func TestErase(t *testing.T) {
	facts(t)
	t.Setenv("CSKPI_USER_ID_KEY", "0123456789abcdef")
	file := filepath.Join(t.TempDir(), "usage_events.csv")
	writeFile(t, file, "event_id,account_id,user_id,event,ts\ne1,core,amy,x,2024-06-01\ne2,core,bob,x,2024-06-01\ne3,core,,x,2024-06-02\n")
	if code, _, stderr := execute(t, "import", file); code != exitOK {
		t.Fatalf("got %d, %s", code, stderr)
	}
	erase := func(args ...string) (r intake.Receipt) {
		t.Helper()
		code, stdout, stderr := execute(t, append([]string{"erase"}, args...)...)
		if code != exitOK {
			t.Fatalf("got %d, %s", code, stderr)
		}
		if err := json.Unmarshal([]byte(stdout), &r); err != nil {
			t.Fatalf("%v in %s", err, stdout)
		}
		return r
	}
	if r := erase("account", "acme"); r.Rows["contracts"] != 2 || r.KPIsChangeOn != "2023-01-01" || r.Erased != "account" {
		t.Errorf("the receipt is %+v", r)
	}
	if r := erase("user", "amy"); r.Rows["usage_events"] != 1 || r.Rows["usage_user_days"] != 1 || r.KPIsChangeOn != "2024-06-01" || r.Erased != "user" {
		t.Errorf("the receipt is %+v", r)
	}
	if r := erase("user", "nobody"); len(r.Rows) != 0 {
		t.Errorf("the receipt is %+v", r)
	}
	code, stdout, stderr := execute(t, "kpi", "arr", "--as-of", "2024-06-30", "--format", "csv")
	if code != exitOK || strings.Contains(stdout, "150000.5") || !strings.Contains(stdout, "24000.25") {
		t.Errorf("got %d, %s, %s", code, stdout, stderr)
	}
	for _, args := range [][]string{{"erase"}, {"erase", "account"}, {"erase", "account", ""}, {"erase", "user", ""}} {
		if code, _, stderr := execute(t, args...); code != exitUsage {
			t.Errorf("%q: got %d, %s", args, code, stderr)
		}
	}
}
