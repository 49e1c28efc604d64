package main

import (
	"debug/elf"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cskpi/exporter/engine/enginetest"
)

// TestDemoStore: made-up facts come into a server's database once, and never among others.
func TestDemoStore(t *testing.T) {
	address, begin := server(t)
	begin()
	environment(t, "CSKPI_CLICKHOUSE_URL", address)
	args := []string{"demo", "--store", "--accounts", "8", "--years", "1", "--events", "500"}
	if code, _, stderr := execute(t, args...); code != exitOK || !strings.Contains(stderr, "contracts") {
		t.Fatalf("got %d, %s", code, stderr)
	}
	before := printedKPI(t, "freshness")
	if code, _, stderr := execute(t, args...); code != exitOK || !strings.Contains(stderr, "The company is there already.") {
		t.Errorf("once more: got %d, %s", code, stderr)
	}
	if after := printedKPI(t, "freshness"); after != before {
		t.Errorf("once more, there are other facts:\n%s\nwere\n%s", after, before)
	}

	c := enginetest.Conn(t) // without facts
	facts := t.TempDir() + "/contracts.csv"
	writeFile(t, facts, contractsCSV)
	if code, _, stderr := execute(t, "import", facts); code != exitOK {
		t.Fatalf("import: got %d, %s", code, stderr)
	}
	if code, _, stderr := execute(t, args...); code != exitProblem || !strings.Contains(stderr, "the database has other facts, and made-up ones never get among them: contracts from import") {
		t.Errorf("among others: got %d, %s", code, stderr)
	}
	var n uint64
	if err := c.QueryRow(t.Context(), "select count() from cs.stored_accounts where source = 'demo'").Scan(&n); err != nil || n > 0 {
		t.Errorf("%d made-up accounts are stored, %v", n, err)
	}

	// What was cut short is not gone on with: another day's company differs.
	enginetest.Conn(t)
	writeFile(t, facts, "contract_id,account_id,acv,starts_on,source\nc1,acme,100,2024-01-01,demo\n")
	if code, _, stderr := execute(t, "import", facts); code != exitOK {
		t.Fatalf("import: got %d, %s", code, stderr)
	}
	if code, _, stderr := execute(t, args...); code != exitProblem || !strings.Contains(stderr, "a demo was cut short here") {
		t.Errorf("cut short: got %d, %s", code, stderr)
	}

	environment(t)
	if code, _, stderr := execute(t, args...); code != exitUsage || !strings.Contains(stderr, "CSKPI_CLICKHOUSE_URL") {
		t.Errorf("without a server: got %d, %s", code, stderr)
	}
}

func printedKPI(t *testing.T, name string) string {
	t.Helper()
	code, stdout, stderr := execute(t, "kpi", name, "--format", "csv")
	if code != exitOK {
		t.Fatalf("kpi %s: got %d, %s", name, code, stderr)
	}
	return stdout
}

func TestHealthcheck(t *testing.T) {
	environment(t, "CSKPI_LISTEN", "127.0.0.1:1")
	if code, _, stderr := execute(t, "healthcheck"); code != exitProblem || !strings.Contains(stderr, "refused") {
		t.Errorf("nobody there: got %d, %s", code, stderr)
	}
	asked := "/-/healthy"
	for status, want := range map[int]int{http.StatusOK: exitOK, http.StatusUnauthorized: exitOK, http.StatusServiceUnavailable: exitProblem} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != asked {
				t.Errorf("asked for %s", r.URL)
			}
			w.WriteHeader(status)
		}))
		t.Setenv("CSKPI_LISTEN", s.Listener.Addr().String())
		if code, _, stderr := execute(t, "healthcheck"); code != want {
			t.Errorf("an answer of %d: got %d, %s", status, code, stderr)
		}
		asked = "/-/ready"
		if code, _, stderr := execute(t, "healthcheck", "--ready"); code != want {
			t.Errorf("an answer of %d: got %d, %s", status, code, stderr)
		}
		asked = "/-/healthy"
		s.Close()
	}
}

// TestStaticBinary: the image for servers has no C library, so its binary must do without.
func TestStaticBinary(t *testing.T) {
	const build = "-tags server" // and not -trimpath, which would have everything compiled once more
	if !strings.Contains(string(readFile(t, filepath.Join(root, "deploy/Dockerfile"))), "CGO_ENABLED=0 go build -trimpath "+build) {
		t.Fatal("deploy/Dockerfile builds something else")
	}
	environment(t)
	binary := filepath.Join(t.TempDir(), "cskpi")
	cmd := exec.CommandContext(t.Context(), "go", append(append([]string{"build"}, strings.Fields(build)...), "-o", binary, ".")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	file, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if libraries, err := file.ImportedLibraries(); err != nil || len(libraries) > 0 || slices.ContainsFunc(file.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		t.Errorf("the binary wants %q, %v", libraries, err)
	}
	out, err := exec.CommandContext(t.Context(), binary, "kpi", "nrr").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "set CSKPI_CLICKHOUSE_URL") {
		t.Errorf("without a server: %v, %s", err, out)
	}
}
