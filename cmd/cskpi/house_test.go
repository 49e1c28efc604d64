package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cskpi/exporter/config"
	"cskpi/queries"
	"cskpi/queries/sqltext"
)

// root is the repository, seen from this package.
const root = "../.."

var update = flag.Bool("update", false, "rewrite generated parts of README.md")

//go:generate go test -count=1 -run ^TestReadmeTables$ -update .

// TestImports holds the directions in which packages may import each other, and who may know what.
func TestImports(t *testing.T) {
	allowed := []struct {
		pkg string
		may []string
		why string
	}{
		{"cskpi/cmd/", []string{"cskpi/exporter", "cskpi/queries", "cskpi/dashboards"}, "commands may use everything"},
		{"cskpi/exporter/engine/enginetest", []string{"cskpi/exporter/engine"}, "tests of any package may use it"},
		{"cskpi/exporter/engine", nil, "an engine can be swapped by a URL only if it knows nothing of KPIs"},
		{"cskpi/exporter/gate/shares", nil, "it knows no requests"},
		{"cskpi/exporter/gate", []string{"cskpi/exporter/gate"}, "it guards any port, whatever is behind it"},
		{"cskpi/exporter/config", []string{"cskpi/exporter/engine", "cskpi/exporter/intake/api", "cskpi/exporter/policy"}, "it says what is wrong with a value, and does nothing with it"},
		{"cskpi/exporter/service", []string{"cskpi/exporter", "cskpi/queries"}, "it wires the parts that serve; commands use it, and it knows none of them"},
		{"cskpi/exporter/store/storetest", []string{"cskpi/exporter/engine/enginetest", "cskpi/exporter/refresh", "cskpi/exporter/store", "cskpi/queries"}, "tests of any package may use it"},
		{"cskpi/exporter/store", []string{"cskpi/queries"}, "it makes the database by the definitions, whoever fills it and reads it"},
		{"cskpi/exporter/policy", []string{"cskpi/exporter/store", "cskpi/queries"}, "settings are rows of a table, whoever sets them"},
		{"cskpi/exporter/refresh", []string{"cskpi/exporter/store", "cskpi/queries"}, "layers are computed from facts, whoever reads them"},
		{"cskpi/exporter/intake", []string{"cskpi/exporter/intake", "cskpi/exporter/gate/shares", "cskpi/exporter/policy", "cskpi/exporter/refresh", "cskpi/exporter/store", "cskpi/queries"}, "facts come in by file or by HTTP, whatever serves the KPIs; it announces which days they touch"},
		{"cskpi/exporter/backup", []string{"cskpi/exporter/backup", "cskpi/exporter/store", "cskpi/queries"}, "a backup is of tables, whatever fills them"},
		{"cskpi/exporter/history", []string{"cskpi/exporter/history", "cskpi/exporter", "cskpi/queries"}, "past days pass the exporter's checks, wherever they go"},
		{"cskpi/exporter", []string{"cskpi/exporter/policy", "cskpi/exporter/store", "cskpi/queries"}, "what it serves are queries; engines and files are the command's business"},
		{"cskpi/dashboards", []string{"cskpi/queries"}, "boards are drawn from query files"},
		{"cskpi/queries/sqltext", nil, "it knows SQL, and not what is written in it"},
		{"cskpi/queries", []string{"cskpi/queries/sqltext"}, "the definitions stand alone"},
	}
	forbidden := []struct{ pkg, unless, why string }{
		{"github.com/kelseyhightower/envconfig", "cskpi/cmd/ cskpi/exporter/config cskpi/exporter/service", "the environment is read in one place"},
		{"github.com/alecthomas/kong", "cskpi/cmd/", "only the command reads its arguments"},
		{"github.com/prometheus/exporter-toolkit/web", "cskpi/cmd/ cskpi/exporter/gate cskpi/exporter/service", "ports are opened in one place"},
		{"os/signal", "cskpi/cmd/ cskpi/exporter/config cskpi/exporter/engine cskpi/exporter/service cskpi/exporter/store/storetest", "signals are the command's, and the engine undoes what its library does to them"},
		{"github.com/ebitengine/purego", "cskpi/cmd/ cskpi/exporter/config cskpi/exporter/engine cskpi/exporter/service cskpi/exporter/store/storetest", "only the engine loads a library"},
		{"github.com/ClickHouse/clickhouse-go/v2", "cskpi/cmd/ cskpi/exporter", "definitions and boards are text, whoever runs it"},
		{"github.com/prometheus/client_golang/prometheus", "cskpi/cmd/ cskpi/exporter cskpi/queries", "metrics are the exporter's"},
		{"testing", "cskpi/exporter/engine/enginetest cskpi/exporter/store/storetest", "test code is no part of the binary"},
	}
	out := printed(t, root, "go", "list", "-f", "{{.ImportPath}}\t{{join .Imports \" \"}}\t{{join .Deps \" \"}}", "./...")
	packages := 0
	for line := range strings.Lines(out) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if len(fields) != 3 {
			continue // a package of tests alone imports nothing
		}
		packages++
		pkg, imports, deps := fields[0], strings.Fields(fields[1]), strings.Fields(fields[2])
		for _, a := range allowed {
			if !strings.HasPrefix(pkg+"/", strings.TrimSuffix(a.pkg, "/")+"/") {
				continue
			}
			for _, i := range imports {
				if strings.HasPrefix(i, "cskpi/") && !slices.ContainsFunc(a.may, func(m string) bool { return strings.HasPrefix(i+"/", m+"/") }) {
					t.Errorf("%s imports %s: %s", pkg, i, a.why)
				}
			}
			break
		}
		for _, f := range forbidden {
			if slices.Contains(deps, f.pkg) && !slices.ContainsFunc(strings.Fields(f.unless), func(u string) bool { return strings.HasPrefix(pkg+"/", strings.TrimSuffix(u, "/")+"/") }) {
				t.Errorf("%s depends on %s: %s", pkg, f.pkg, f.why)
			}
		}
		if pkg != "cskpi/cmd/cskpi" && slices.ContainsFunc(imports, func(i string) bool { return i == "log" || i == "flag" }) && pkg != "cskpi/exporter/engine/enginetest" {
			t.Errorf("%s imports log or flag: packages are handed a slog.Logger and options", pkg)
		}
	}
	if packages < 5 {
		t.Errorf("go list named %d packages; the test is not looking at the whole", packages)
	}
}

// TestPackageComments holds every package to exactly one package comment.
func TestPackageComments(t *testing.T) {
	for dir := range strings.Lines(printed(t, root, "go", "list", "-f", "{{.Dir}}", "./...")) {
		dir = strings.TrimSpace(dir)
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		var with []string
		code := false
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			code = true
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if f.Doc != nil && strings.TrimSpace(f.Doc.Text()) != "" {
				with = append(with, filepath.Base(file))
			}
		}
		if code && len(with) != 1 {
			t.Errorf("%s: package comments in %q, want exactly one", dir, with)
		}
	}
}

// TestModules holds the modules to released versions and apart from each other.
func TestModules(t *testing.T) {
	for _, dir := range []string{root, filepath.Join(root, "cmd/cskpi-blocks"), filepath.Join(root, "deploy/check"), filepath.Join(root, "deploy/tools"), filepath.Join(root, "deploy/tools/alertmanager")} {
		var m struct {
			Replace, Exclude []any
			Require          []struct{ Path string }
		}
		if err := json.Unmarshal([]byte(printed(t, dir, "go", "mod", "edit", "-json")), &m); err != nil {
			t.Fatal(err)
		}
		if len(m.Replace) > 0 || len(m.Exclude) > 0 {
			t.Errorf("%s/go.mod replaces %v and excludes %v; depend on released versions", dir, m.Replace, m.Exclude)
		}
		for _, r := range m.Require {
			if dir == root && (r.Path == "github.com/prometheus/prometheus" || strings.HasPrefix(r.Path, "github.com/golangci/")) {
				t.Errorf("go.mod requires %s; tools belong in deploy/tools/go.mod", r.Path)
			}
		}
	}
}

// TestMakefile holds every target to a line of help.
func TestMakefile(t *testing.T) {
	text := string(readFile(t, filepath.Join(root, "Makefile")))
	targets := regexp.MustCompile(`(?m)^\.PHONY: (\w+)$`).FindAllStringSubmatch(text, -1)
	for _, m := range targets {
		if !regexp.MustCompile(`(?m)^` + m[1] + `:.*## .+\.$`).MatchString(text) {
			t.Errorf("target %s has no help line", m[1])
		}
	}
	for _, want := range []string{"run", "build", "test", "lint", "bench"} {
		if !slices.ContainsFunc(targets, func(m []string) bool { return m[1] == want }) {
			t.Errorf("there is no target %s", want)
		}
	}
}

// TestTrackedFiles: what is committed is source, and nothing that was built.
func TestTrackedFiles(t *testing.T) {
	const most = 1 << 20
	files := strings.Fields(printed(t, root, "git", "ls-files"))
	if len(files) < 100 {
		t.Fatalf("git names only %d files", len(files))
	}
	for _, file := range files {
		if info, err := os.Stat(filepath.Join(root, file)); err == nil && info.Size() > most {
			t.Errorf("%s has %d bytes; is it source?", file, info.Size())
		}
	}
}

// TestReadmeTables compares the tables of README.md and queries/KPIS.md with what they are generated from; -update rewrites them.
func TestReadmeTables(t *testing.T) {
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []struct{ file, name, content string }{
		{"README.md", "kpis", kpiList(catalogue)},
		{"README.md", "configuration", configTable()},
		{"queries/KPIS.md", "kpis", kpiTable(catalogue)},
		{"queries/KPIS.md", "checks", checkTable(t, catalogue)},
	} {
		file := filepath.Join(root, table.file)
		text := readFile(t, file)
		want := replaceBetween(t, text, table.name, table.content)
		switch {
		case bytes.Equal(text, want):
		case !*update:
			t.Errorf("%s is stale; run make generate", table.file)
		default:
			if err := os.WriteFile(file, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestReadmeLinks makes sure that README.md, which is for the whole project, names only what exists.
func TestReadmeLinks(t *testing.T) {
	text := string(readFile(t, filepath.Join(root, "README.md")))
	written := regexp.MustCompile(`(?s)<!-- generated: .*?<!-- end -->`).ReplaceAllString(text, "")
	if n := strings.Count(written, "\n"); n > 270 {
		t.Errorf("README.md has %d lines that are not generated; deeper matter belongs elsewhere", n)
	}
	for _, m := range regexp.MustCompile(`\]\(([^):]+)\)`).FindAllStringSubmatch(text, -1) {
		if file, _, _ := strings.Cut(m[1], "#"); file == "" {
			if !strings.Contains(strings.ToLower(strings.ReplaceAll(text, " ", "-")), "\n##-"+m[1][1:]+"\n") {
				t.Errorf("README.md links to a section %s that it does not have", m[1])
			}
		} else if _, err := os.Stat(filepath.Join(root, file)); err != nil {
			t.Errorf("README.md links to what is not there: %v", err)
		}
	}
}

// replaceBetween sets what lies between the markers of name.
func replaceBetween(t *testing.T, text []byte, name, content string) []byte {
	t.Helper()
	begin, end := "<!-- generated: "+name+" -->\n", "<!-- end -->"
	before, rest, found := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("the markers %s … %s are missing", begin, end)
	}
	return []byte(before + begin + content + end + after)
}

// kpiList is a line for each group.
func kpiList(c queries.Catalogue) string {
	var b strings.Builder
	for _, g := range c.Groups() {
		fmt.Fprintf(&b, "- **%s**: ", g.Name)
		for i, q := range g.KPIs {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "`%s`", q.Name)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func kpiTable(c queries.Catalogue) string {
	var b strings.Builder
	b.WriteString("| group | KPI | labels | values | meaning |\n| --- | --- | --- | --- | --- |\n")
	for _, g := range c.Groups() {
		group := g.Name // in its first row
		for _, q := range g.KPIs {
			fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s |\n", group, q.Name, strings.Join(names(q.Of(queries.Label)), ", "),
				strings.Join(names(q.Of(queries.Gauge, queries.Histogram)), ", "), strings.ReplaceAll(q.Title, "|", `\|`))
			group = ""
		}
	}
	return b.String()
}

// checkTable lists the checks of the data's quality, which are the values in the view quality_checks: name, what it finds, remedy.
func checkTable(t *testing.T, c queries.Catalogue) string {
	t.Helper()
	q, found := c.Get("quality_checks")
	if !found {
		t.Fatal("the catalogue has no quality_checks.sql")
	}
	tokens, err := sqltext.Lex(q.SQL)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(tokens, func(token sqltext.Token) bool { return token.Is("values") })
	if at < 0 {
		t.Fatal("quality_checks.sql has no values")
	}
	var texts []string
	for _, token := range tokens[at+3:] { // behind the names and types of the columns
		if token.Kind == sqltext.Literal && strings.HasPrefix(token.Text, "'") {
			texts = append(texts, strings.ReplaceAll(token.Text[1:len(token.Text)-1], "''", "'"))
		}
	}
	var b strings.Builder
	b.WriteString("| check | finds | remedy |\n| --- | --- | --- |\n")
	rows := 0
	for row := range slices.Chunk(texts, 3) {
		if len(row) != 3 {
			t.Fatalf("quality_checks.sql: %q is no row of three texts", row)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", row[0], strings.ReplaceAll(row[1], "|", `\|`), strings.ReplaceAll(row[2], "|", `\|`))
		rows++
	}
	if rows < 30 {
		t.Fatalf("quality_checks.sql has only %d checks", rows)
	}
	return b.String()
}

func configTable() string {
	var b strings.Builder
	b.WriteString("| variable | default | meaning |\n| --- | --- | --- |\n")
	for _, v := range config.Variables() {
		value := ""
		if v.Default != "" {
			value = "`" + v.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", v.Name, value, v.Desc)
	}
	return b.String()
}

func printed(t *testing.T, dir, tool string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tool, args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", tool, strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

func readFile(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
