package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"cskpi/exporter/config"
)

// environment runs a test as if nothing were configured but these pairs. Facts are taken at a port of the test's own, and past days are not
// computed beside it.
func environment(t *testing.T, pairs ...string) {
	t.Helper()
	for _, v := range config.Variables() {
		t.Setenv(v.Name, "")
	}
	t.Setenv("CSKPI_INTAKE_LISTEN", "127.0.0.1:0")
	t.Setenv("CSKPI_HISTORY", "off")
	for i := 0; i < len(pairs); i += 2 {
		t.Setenv(pairs[i], pairs[i+1])
	}
}

// TestCommandLine checks exit codes and messages that need no database.
func TestCommandLine(t *testing.T) {
	tests := []struct {
		args   string
		code   int
		stdout string // part of it
		stderr string
	}{
		{"", exitOK, "CSKPI_CLICKHOUSE_URL", ""},
		{"--help", exitOK, "CSKPI_DATA_DIR", ""},
		{"kpi --help", exitOK, "--as-of=DAY", ""},
		{"explain --help", exitOK, "--segment=SEGMENT", ""},
		{"import --help", exitOK, "--mapping", ""},
		{"demo --help", exitOK, "--accounts=400", ""},
		{"serve --help", exitOK, "CSKPI_LISTEN", ""},
		{"check --help", exitOK, "--limit=20", ""},
		{"token new --help", exitOK, "--tables=TABLE", ""},
		{"token new", exitUsage, "", "--name"},
		{"token new --name shop", exitUsage, "", "tables must name"},
		{"token new --name shop --tables usage_events", exitOK, "sha256: ", "token of shop, shown only now: cskpi_"},
		{"engine --help", exitOK, "CSKPI_ENGINE_LISTEN", ""},
		{"version", exitOK, "cskpi ", ""},
		{"kpi", exitOK, "nrr", ""},
		{"kpi --format csv", exitOK, "kpi,title,group\narr,Annual recurring revenue.,Revenue\nnrr,", ""},
		{"kpi --format json", exitOK, `{"kpi": "nrr", "title": "`, ""},
		{"kpi nope", exitUsage, "", `there is no KPI "nope"`},
		{"kpi nrr --as-of yesterday", exitUsage, "", `"yesterday" is no day`},
		{"kpi nrr --as-of 2025-02-30", exitUsage, "", `"2025-02-30" is no day`},
		{"kpi nrr --format xml", exitUsage, "", "--format"},
		{"kpi nrr --colour", exitUsage, "", "--colour"},
		{"frobnicate", exitUsage, "", "frobnicate"},
		{"import", exitUsage, "", "<path>"},
		{"explain", exitUsage, "", "name"},
		{"explain account_states", exitUsage, "", "account_states is no KPI"},
		{"explain efficiency --segment high", exitUsage, "", `efficiency has no label "segment"; it has: none. Other columns of its rows: account_id, gained_arr, `},
		{"explain nrr --by ratio", exitUsage, "", `nrr_detail has no part "ratio" to order by; it has: opening_arr, closing_arr, accounts`},
		{"explain nrr --limit=-1", exitUsage, "", "--limit -1 is negative"},
		{"explain nrr --label colour=red", exitUsage, "", `nrr has no label "colour"`},
	}
	for _, tt := range tests {
		t.Run("cskpi "+tt.args, func(t *testing.T) {
			environment(t, "CSKPI_DATA_DIR", t.TempDir())
			code, stdout, stderr := execute(t, strings.Fields(tt.args)...)
			if code != tt.code || !strings.Contains(stdout, tt.stdout) || !strings.Contains(stderr, tt.stderr) {
				t.Errorf("got %d\nstdout: %s\nstderr: %s\nwant %d, %q, %q", code, stdout, stderr, tt.code, tt.stdout, tt.stderr)
			}
			if code != exitOK && stdout != "" {
				t.Errorf("an error leaves output: %s", stdout)
			}
		})
	}
	t.Run("unknown variable", func(t *testing.T) {
		environment(t, "CSKPI_DATADIR", "x")
		code, _, stderr := execute(t, "version")
		if code != exitUsage || !strings.Contains(stderr, "CSKPI_DATA_DIR") {
			t.Errorf("got %d, %s", code, stderr)
		}
	})
}

// execute runs the program in this process.
func execute(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return executeContext(t.Context(), args...)
}

func executeContext(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = run(ctx, args, &out, &err)
	return code, out.String(), err.String()
}
