package queries_test

import (
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cskpi/queries/sqltext"
)

// TestClickHouseUsers runs the users, grants and limits past the engine's parser, and holds their two forms to be the same.
func TestClickHouseUsers(t *testing.T) {
	c := conn(t)
	text, err := os.ReadFile("../deploy/clickhouse/users.sql")
	if err != nil {
		t.Fatal(err)
	}
	statements, err := sqltext.Split(string(text))
	if err != nil {
		t.Fatal(err)
	}
	granted := map[string][]string{}
	limits := map[string]bool{}
	for _, s := range statements {
		sql := s.Text[s.Tokens[0].Pos-s.Start:] // without the comments before it
		for _, note := range s.Notes {
			sql = strings.ReplaceAll(sql, note.Text, "")
		}
		if got := scalar(t, c, "select formatQuerySingleLine("+literal(sql)+") as s"); got == "" {
			t.Errorf("line %d is nothing", s.Line)
		}
		words := strings.Join(strings.Fields(sql), " ")
		for _, role := range []string{"cskpi_service", "cskpi_reader"} {
			if grant, ok := strings.CutSuffix(words, " to "+role); ok && strings.HasPrefix(grant, "grant ") {
				granted[role] = append(granted[role], grant)
			}
		}
		if strings.HasPrefix(words, "create settings profile") {
			const begin = " settings "
			for setting := range strings.SplitSeq(words[strings.LastIndex(words, begin)+len(begin):], ", ") {
				limits[strings.Fields(setting)[0]] = true
			}
		}
	}
	for unknown := range strings.FieldsSeq(scalar(t, c, "select arrayStringConcat(arrayFilter(s -> s not in (select name from system.settings), ["+literals(limits)+"]), ' ') as s")) {
		t.Errorf("the engine knows no setting %s", unknown)
	}
	for _, grant := range granted["cskpi_reader"] {
		if !strings.HasPrefix(grant, "grant select ") && !strings.HasPrefix(grant, "grant show, select ") {
			t.Errorf("readers may more than read: %s", grant)
		}
	}

	var file struct {
		Users struct {
			Service struct {
				Queries []string `xml:"grants>query"`
			} `xml:"cskpi"`
			Analyst struct {
				Queries []string `xml:"grants>query"`
			} `xml:"cskpi_analyst"`
			Grafana struct {
				Queries []string `xml:"grants>query"`
			} `xml:"cskpi_grafana"`
		} `xml:"users"`
	}
	if text, err = os.ReadFile("../deploy/clickhouse/users.d/cskpi.xml"); err == nil {
		err = xml.Unmarshal(text, &file)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		user, role string
		got        []string
	}{{"cskpi", "cskpi_service", file.Users.Service.Queries}, {"cskpi_analyst", "cskpi_reader", file.Users.Analyst.Queries}, {"cskpi_grafana", "cskpi_reader", file.Users.Grafana.Queries}} {
		if len(tt.got) == 0 || !slices.Equal(tt.got, granted[tt.role]) {
			t.Errorf("%s may by users.d/cskpi.xml\n%s\nand by users.sql\n%s", tt.user, strings.Join(tt.got, "\n"), strings.Join(granted[tt.role], "\n"))
		}
	}
}

// TestClickHouseFiles: what servers read is well-formed.
func TestClickHouseFiles(t *testing.T) {
	files, err := filepath.Glob("../deploy/clickhouse/*/*.xml")
	more, _ := filepath.Glob("../deploy/clickhouse/*.xml")
	if files = append(files, more...); err != nil || len(files) < 3 {
		t.Fatalf("got the files %q, %v", files, err)
	}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		d := xml.NewDecoder(f)
		for root := ""; ; {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Errorf("%s: %v", file, err)
				break
			}
			if e, ok := token.(xml.StartElement); ok && root == "" {
				if root = e.Name.Local; root != "clickhouse" {
					t.Errorf("%s: the root is %s", file, root)
				}
			}
		}
	}
}

func literals(words map[string]bool) string {
	var all []string
	for w := range words {
		all = append(all, literal(w))
	}
	return strings.Join(all, ", ")
}
