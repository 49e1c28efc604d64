package dashboards

import (
	"cmp"
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cskpi/queries"
)

// eachPanel calls f with all panels of all boards, as they are drawn.
func eachPanel(t *testing.T, f func(t *testing.T, b board, p panel)) {
	t.Helper()
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	k := &kpis{catalogue: catalogue}
	for _, b := range drawn(k) {
		t.Run(b.uid, func(t *testing.T) {
			for _, r := range b.rows {
				for _, p := range r.panels {
					f(t, b, p)
				}
			}
		})
	}
	for _, err := range k.problems {
		t.Error(err)
	}
}

// TestPromQL: every expression has an answer on a generated company, whose values are shown in words where words are known.
func TestPromQL(t *testing.T) {
	w := theWorld(t)
	eachPanel(t, func(t *testing.T, _ board, p panel) {
		answered := 0
		for _, a := range p.ask {
			if a.prom == nil {
				continue
			}
			series, err := w.query(w.filled(a.prom(a.at), everything))
			if err != nil {
				t.Errorf("%s: %v", p.title.en, err)
				continue
			}
			if len(series) > 0 {
				answered++
			} else if allClear := strings.HasPrefix(a.prom(a.at), "0 * "); p.look != tile && !allClear && rarely[strings.TrimSuffix(p.title.en+": "+cmp.Or(a.name.en, a.legend), ": ")] == "" {
				t.Errorf("%s: nothing answers %s", p.title.en, a.prom(a.at))
			}
			if m := regexp.MustCompile(`^\{\{(\w+)\}\}( target)?$`).FindStringSubmatch(a.legend); m != nil && a.over != buckets {
				for _, s := range series {
					if shown := s[m[1]] + m[2]; m[2] == "" {
						wantWord(t, p, m[1], shown)
					} else if !slices.ContainsFunc(p.fields, func(o override) bool { return o.field == shown }) {
						t.Errorf("%s: nobody says how %q is shown", p.title.en, shown)
					}
				}
			} else if a.name == (text{}) && a.over != listed && a.over != buckets && len(series) > 1 {
				t.Errorf("%s: %d series have one name", p.title.en, len(series))
			}
		}
		if p.look == tile && p.ask[0].prom != nil && answered == 0 && rarely[p.title.en] == "" {
			t.Errorf("%s: nothing answers", p.title.en)
		}
	})
}

// rarely are the questions that the generated company does not answer, by panel and name, with the reason.
var rarely = map[string]string{
	"ARR at risk, by reason: Warning":               "nobody has set a target for it",
	"Pipeline created: trend: Target":               "nobody has set a target for it",
	"First renewals, by how onboarding went: never": "all whose first renewal was due were onboarded",
	"KPIs whose last run failed":                    "no query fails",
	"Restated numbers":                              "no past day is reported",
	"Violations of the data's quality":              "the facts are sound",
	"Facts that came over HTTP: {{outcome}}":        "a rate needs two scrapes",
	"Restarts in a day":                             "a rate needs two scrapes",
	"Runs that failed: Queries":                     "a rate needs two scrapes",
	"Runs that failed: Restarts of the engine":      "a rate needs two scrapes",
	"Runs that failed: Roll-ups":                    "a rate needs two scrapes",
}

// free are the labels whose values are shown as they are: names, or what a source calls things.
var free = []string{"csm", "feature", "quantity", "query", "table", "check", "kpi", "cohort", "fiscal_year", "severity", "account"}

// wantWord holds that a value of a label is among the words that the panel shows.
func wantWord(t *testing.T, p panel, label, value string) {
	t.Helper()
	if slices.Contains(free, label) && len(p.labels) == 0 {
		return
	}
	for _, l := range p.labels {
		if slices.ContainsFunc(vocabulary[l], func(w word) bool { return w.value == value }) {
			return
		}
	}
	t.Errorf("%s: there is no word for %s %q", p.title.en, label, value)
}

// node is a part of a parsed expression, as Prometheus tells it.
type node struct {
	Type     string
	Name     string
	Grouping []string
	Matchers []struct{ Name, Value, Type string }
	Matching *struct {
		Labels  []string
		Include []string
	}
	Expr, LHS, RHS, Param *node
	Args                  []*node
}

func (n *node) each(f func(*node)) {
	if n == nil {
		return
	}
	f(n)
	for _, c := range append([]*node{n.Expr, n.LHS, n.RHS, n.Param}, n.Args...) {
		c.each(f)
	}
}

// checkNames holds that an expression parses and names only metrics and labels that there are.
func (w *world) checkNames(t *testing.T, panel, expr string) {
	t.Helper()
	var answer struct{ Data *node }
	if err := w.ask("/api/v1/parse_query", url.Values{"query": {expr}}, &answer); err != nil {
		t.Errorf("%s: %v\n%s", panel, err, expr)
		return
	}
	answer.Data.each(func(n *node) {
		if n.Type != "vectorSelector" {
			return
		}
		labels, found := w.labels[n.Name]
		if !found {
			t.Errorf("%s: nobody exports %s", panel, n.Name)
			return
		}
		job := false
		for _, m := range n.Matchers {
			if m.Name != "__name__" && !slices.Contains(labels, m.Name) {
				t.Errorf("%s: %s has no label %s", panel, n.Name, m.Name)
			}
			job = job || m.Name == "job"
		}
		if !job {
			t.Errorf("%s: %s is not held to the job", panel, n.Name)
		}
	})
	answer.Data.each(func(n *node) {
		if n.Type != "aggregation" || n.Expr.Type != "vectorSelector" {
			return
		}
		for _, l := range n.Grouping {
			if !slices.Contains(w.labels[n.Expr.Name], l) {
				t.Errorf("%s: %s has no label %s to group by", panel, n.Expr.Name, l)
			}
		}
	})
}

// TestClickHouse: every query runs on the engine as the datasource would send it and returns rows, whose columns are the
// panel's, and whose values are shown in words.
func TestClickHouse(t *testing.T) {
	w := theWorld(t)
	eachPanel(t, func(t *testing.T, b board, p panel) {
		for _, a := range p.ask {
			if a.sql == "" {
				continue
			}
			rows := w.rows(t, p.title.en, w.filled(a.sql, everything))
			if rows == nil {
				continue
			}
			if len(rows.values) == 0 {
				t.Errorf("%s: no row", p.title.en)
			}
			for _, o := range p.fields {
				i := slices.Index(rows.columns, o.field)
				if i < 0 {
					t.Errorf("%s: the query has no column %s", p.title.en, o.field)
					continue
				}
				for _, row := range rows.values {
					if o.words != "" && row[i] != "" && !slices.ContainsFunc(vocabulary[o.words], func(w word) bool { return w.value == row[i] }) {
						t.Errorf("%s: there is no word for %s %q", p.title.en, o.field, row[i])
					}
				}
			}
			for _, c := range rows.columns {
				if p.look == table && !slices.ContainsFunc(p.fields, func(o override) bool { return o.field == c }) {
					t.Errorf("%s: nobody says how column %s is shown", p.title.en, c)
				}
			}
		}
	})
	for _, m := range marks {
		if rows := w.rows(t, m.name.en, w.filled(m.sql, everything)); rows != nil && len(rows.values) > 0 && !slices.Equal(rows.columns, []string{"time", "text", "tags"}) {
			t.Errorf("%s: columns %q", m.name.en, rows.columns)
		}
	}
	catalogue, _ := queries.Load()
	for _, b := range drawn(&kpis{catalogue: catalogue}) {
		for _, v := range b.variables {
			if v.sql == "" {
				continue
			}
			if rows := w.rows(t, v.name, w.filled(v.sql, everything)); rows != nil && len(rows.values) == 0 {
				t.Errorf("%s: variable %s has no choice", b.uid, v.name)
			}
		}
	}
}

type answer struct {
	columns []string
	values  [][]string
}

func (w *world) rows(t *testing.T, panel, sql string) *answer {
	t.Helper()
	// That all are chosen may be written with a dollar.
	if m := regexp.MustCompile(`\$\{?\w`).FindString(strings.ReplaceAll(sql, "=$__all", "")); m != "" {
		t.Errorf("%s: a variable is left in %s", panel, sql)
		return nil
	}
	rows, err := w.conn.Query(t.Context(), sql)
	if err != nil {
		t.Errorf("%s: %v\n%s", panel, err, sql)
		return nil
	}
	defer rows.Close()
	out := &answer{columns: rows.Columns()}
	for rows.Next() {
		var row []any
		for _, c := range rows.ColumnTypes() {
			row = append(row, reflect.New(c.ScanType()).Interface())
		}
		if err := rows.Scan(row...); err != nil {
			t.Fatal(err)
		}
		texts := make([]string, len(row))
		for i, v := range row {
			switch v := reflect.ValueOf(v).Elem(); {
			case v.Kind() != reflect.Pointer:
				texts[i] = fmt.Sprint(v.Interface())
			case !v.IsNil():
				texts[i] = fmt.Sprint(v.Elem().Interface())
			}
		}
		out.values = append(out.values, texts)
	}
	if err := rows.Err(); err != nil {
		t.Errorf("%s: %v", panel, err)
	}
	return out
}
