package exporter_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"

	"cskpi/exporter"
	"cskpi/exporter/policy"
	"cskpi/queries"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var missing = math.Inf(-1) // a sample that is not there

// sampleOf reads one value from a scrape: the first sample of the metric, of the query if one is given.
func sampleOf(t testing.TB, e *exporter.Exporter, metric, query string) float64 {
	t.Helper()
	families, err := e.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != metric {
			continue
		}
		for _, m := range f.Metric {
			if query != "" && !slices.ContainsFunc(m.Label, func(l *dto.LabelPair) bool { return l.GetName() == "query" && l.GetValue() == query }) {
				continue
			}
			if m.Counter != nil {
				return m.Counter.GetValue()
			}
			return m.Gauge.GetValue()
		}
	}
	return missing
}

// golden compares what the exporter serves with a file; durations and what the process tells of itself are left out.
func golden(t *testing.T, e *exporter.Exporter, file string) {
	t.Helper()
	var kept []string
	for line := range strings.Lines(get(t, e, "/metrics").Body.String()) {
		if strings.HasPrefix(strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(line, "# HELP "), "# TYPE "), " "), "cs_") {
			kept = append(kept, line)
		}
	}
	got := strings.Join(kept, "")
	got = regexp.MustCompile(`(cs_exporter_query_duration_seconds\{.*\}) .*`).ReplaceAllString(got, "$1 0")
	got = regexp.MustCompile(`goversion="[^"]*"`).ReplaceAllString(got, `goversion="go"`)
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the exposition is not %s (run the test with -update to rewrite it, and read the difference):\n%s", path, got)
	}
	// Nothing to complain of for Prometheus' own linter either.
	problems, err := promlint.New(strings.NewReader(got)).Lint()
	if err != nil {
		t.Errorf("%s does not parse: %v", file, err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s: %s", file, p.Metric, p.Text)
	}
}

var noon = time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)

func clock(now *time.Time) func() time.Time { return func() time.Time { return *now } }

func TestGolden(t *testing.T) {
	nrr := query("nrr", "segment label", "window label", "ratio gauge", "opening_arr gauge")
	nrr.Columns[2].Help = "Net revenue retention; 1 is no change."
	score := every(time.Hour, query("health_score", "segment label", "score histogram"))
	f := &fake{}
	f.returns("arr", []string{"amount", "accounts"}, []any{123456.78, uint64(42)})
	f.returns("nrr", []string{"segment", "window", "ratio", "opening_arr"},
		[]any{"high", "12m", 1.04, 5e6},
		[]any{"low", "12m", nil, 0.0},
		[]any{"quote \" back \\ line \n", "1m", 0.99, int64(-3)})
	f.returns("health_score", []string{"segment", "score"},
		[]any{"high", []any{[]float64{20, 40, math.Inf(1)}, []uint64{1, 1, 7}, 400.5}},
		[]any{"low", []any{[]float64{}, []uint64{}, 0.0}})
	f.fails("broken", "code: 60, message: table nothing does not exist")
	f.returns("empty", []string{"segment", "value"})
	now := noon
	rolledUp := exporter.RollUp{PendingDays: 31, Errors: 1}
	e := newExporter(t, f, exporter.Options{
		Catalogue: queries.Catalogue{query("arr", "amount gauge", "accounts gauge"), query("broken", "value gauge"), query("empty", "segment label", "value gauge"), score, nrr},
		Now:       clock(&now), Version: "1.2.3", Revision: "abcdef",
		Reporting: policy.Reporting{Currency: "EUR", Timezone: "UTC", FiscalYearStart: 4},
		EngineUp:  func() bool { return true }, EngineRestarts: func() int { return 2 },
		RollUp: func() exporter.RollUp { return rolledUp },
	})
	golden(t, e, "before.prom")
	err := e.Refresh(t.Context())
	if err == nil || err.Error() != "query broken: code: 60, message: table nothing does not exist" {
		t.Errorf("Refresh returned %v", err)
	}
	now = now.Add(90 * time.Second)
	rolledUp = exporter.RollUp{LastSuccess: now.Add(-10 * time.Second), Duration: 1500 * time.Millisecond, Errors: 1}
	golden(t, e, "after.prom")
}

// TestBadRowsHarmNoOthers gives every kind of bad row to one query, beside good ones.
func TestBadRowsHarmNoOthers(t *testing.T) {
	type anyway struct{ x int }
	text, number := "pointer", 7.0
	f := &fake{}
	f.returns("kpi", []string{"segment", "ratio", "parts"},
		[]any{"good", 0.5, uint8(2)},
		[]any{nil, 0.5, 2},
		[]any{"broken \xff", 0.5, 2},
		[]any{1.5, 0.5, 2},
		[]any{"not a number", math.NaN(), 2},
		[]any{"infinite", math.Inf(1), 2},
		[]any{"text", "0.5", 2},
		[]any{"struct", anyway{1}, 2},
		[]any{"twice", 0.1, 2},
		[]any{"twice", 0.2, 2},
		[]any{"twice", 0.2, 2},
		[]any{"once bad", math.NaN(), 2},
		[]any{"once bad", 0.2, 2},
		[]any{&text, &number, (*float64)(nil)},
		[]any{"", nil, nil},
		[]any{uint16(2026), 0.25, 1},
		[]any{"bool", 0.25, true},
		[]any{"narrow", float32(0.25), int32(3)},
		[]any{"wide", 0.25, big.NewInt(-1 << 60)},
	)
	f.returns("histograms", []string{"segment", "score"},
		[]any{"good", []any{[]float32{5, float32(math.Inf(1))}, []int64{1, 2}, int64(9)}},
		[]any{"named", map[string]any{"bounds": []float64{math.Inf(1)}, "counts": []uint64{1}, "sum": 9.0}},
		[]any{"no sum", []any{[]float64{math.Inf(1)}, []uint64{1}}},
		[]any{"lengths", []any{[]float64{5, math.Inf(1)}, []uint64{1}, 9.0}},
		[]any{"no inf", []any{[]float64{5}, []uint64{1}, 9.0}},
		[]any{"falls", []any{[]float64{5, math.Inf(1)}, []uint64{2, 1}, 9.0}},
		[]any{"descends", []any{[]float64{5, 4, math.Inf(1)}, []uint64{1, 1, 1}, 9.0}},
		[]any{"negative", []any{[]float64{5, math.Inf(1)}, []int64{-1, 1}, 9.0}},
		[]any{"fraction", []any{[]float64{math.Inf(1)}, []float64{1.5}, 9.0}},
		[]any{"nan bound", []any{[]float64{math.NaN(), math.Inf(1)}, []uint64{1, 1}, 9.0}},
		[]any{"nan sum", []any{[]float64{math.Inf(1)}, []uint64{1}, math.NaN()}},
		[]any{"null bound", []any{[]*float64{nil}, []uint64{1}, 9.0}},
		[]any{"native", []any{[]float64{1, math.Inf(1)}, []uint64{2, 3}, 9.0, map[int32]uint64{0: 1, 24: 1, 30: 0}, uint8(1)}},
		[]any{"half native", []any{[]float64{math.Inf(1)}, []uint64{1}, 9.0, map[int32]uint64{0: 1}}},
		[]any{"native lacks one", []any{[]float64{math.Inf(1)}, []uint64{3}, 9.0, map[int32]uint64{0: 1, 24: 1}, uint64(0)}},
		[]any{"native is no map", []any{[]float64{math.Inf(1)}, []uint64{1}, 9.0, []uint64{1}, uint64(0)}},
		[]any{"native fraction", []any{[]float64{math.Inf(1)}, []uint64{1}, 9.0, map[int32]float64{0: 0.5}, 0.5}},
		[]any{"native index", []any{[]float64{math.Inf(1)}, []uint64{1}, 9.0, map[float64]uint64{0.5: 1}, uint64(0)}},
		[]any{"native no zeros", []any{[]float64{math.Inf(1)}, []uint64{1}, 9.0, map[int32]uint64{0: 1}, nil}},
		[]any{"number", 5.0},
		[]any{"null", nil},
	)
	f.returns("other", []string{"value"}, []any{1.0})
	now := noon
	e := newExporter(t, f, exporter.Options{
		Catalogue: queries.Catalogue{query("histograms", "segment label", "score histogram"), query("kpi", "segment label", "ratio gauge", "parts gauge"), query("other", "value gauge")},
		Now:       clock(&now),
	})
	if err := e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	golden(t, e, "bad_rows.prom")
	body := get(t, e, "/debug/query?name=kpi").Body.String()
	for _, want := range []string{
		`duplicate_labels: 4 rows, such as: 3 rows have the labels {segment="twice"}`,
		`not_finite: 3 rows, such as: column ratio of the row {segment="not a number"} is NaN; use NULL for a value that is undefined`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("/debug/query does not say %q:\n%s", want, body)
		}
	}
}

// TestResultThatCannotBeTaken: such a run fails as a whole, and the values before it stay.
func TestResultThatCannotBeTaken(t *testing.T) {
	big := &rows{columns: []string{"segment", "value"}}
	for i := range 101 {
		big.data = append(big.data, []any{fmt.Sprint(i), 1.0})
	}
	for name, c := range map[string]struct {
		rows *rows
		err  string
	}{
		"too many":       {big, "query kpi: too many series: more than 100; aggregate further, or raise CSKPI_MAX_SERIES"},
		"fewer columns":  {&rows{columns: []string{"segment"}}, "query kpi: the result has the columns segment, its header declares segment, value"},
		"other columns":  {&rows{columns: []string{"value", "segment"}}, "query kpi: the result has the columns value, segment, its header declares segment, value"},
		"error at end":   {&rows{columns: []string{"segment", "value"}, data: [][]any{{"a", 2.0}}, err: context.DeadlineExceeded}, "query kpi: context deadline exceeded"},
		"all refused":    {&rows{columns: []string{"segment", "value"}, data: [][]any{{nil, 2.0}, {nil, 3.0}}}, "query kpi: all 2 rows refused: label segment is NULL"},
		"driver panics":  {&rows{columns: []string{"segment", "value"}, data: [][]any{{"a", 2.0}}, types: []reflect.Type{reflect.TypeFor[string](), reflect.TypeFor[string]()}}, "query kpi: panic while reading the result: reflect.Set: value of type float64 is not assignable to type string"},
		"nothing at all": {&rows{}, ""},
		"only NULL type": {&rows{columns: []string{"segment", "value"}, data: [][]any{{"a", nil}}, types: []reflect.Type{reflect.TypeFor[string](), nil}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{}
			f.returns("kpi", []string{"segment", "value"}, []any{"a", 1.0})
			e := newExporter(t, f, exporter.Options{Catalogue: queries.Catalogue{query("kpi", "segment label", "value gauge")}, MaxSeries: 100})
			if err := e.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			f.set("kpi", func(context.Context) (*rows, error) { return c.rows, nil })
			got := ""
			if err := e.Refresh(t.Context()); err != nil {
				got = err.Error()
			}
			if got != c.err {
				t.Errorf("got the error %q, want %q", got, c.err)
			}
			if !c.rows.closed {
				t.Error("the rows were not closed")
			}
			wantValue, wantSuccess := 1.0, 0.0
			if c.err == "" {
				wantValue, wantSuccess = missing, 1
			}
			if got := sampleOf(t, e, "cs_kpi_value", ""); got != wantValue {
				t.Errorf("the value is %v, want %v", got, wantValue)
			}
			if got := sampleOf(t, e, "cs_exporter_query_success", "kpi"); got != wantSuccess {
				t.Errorf("success is %v, want %v", got, wantSuccess)
			}
		})
	}
}

func TestVanishedRowsVanish(t *testing.T) {
	f := &fake{}
	f.returns("kpi", []string{"segment", "value"}, []any{"a", 1.0}, []any{"b", 2.0})
	e := newExporter(t, f, exporter.Options{Catalogue: queries.Catalogue{query("kpi", "segment label", "value gauge")}})
	refresh := func(want string) {
		t.Helper()
		if err := e.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := testutil.GatherAndCompare(e, strings.NewReader(want), "cs_kpi_value"); err != nil {
			t.Error(err)
		}
	}
	const head = "# HELP cs_kpi_value Help of value (computed every 5m)\n# TYPE cs_kpi_value gauge\n"
	refresh(head + "cs_kpi_value{segment=\"a\"} 1\ncs_kpi_value{segment=\"b\"} 2\n")
	f.returns("kpi", []string{"segment", "value"}, []any{"b", 3.0})
	refresh(head + "cs_kpi_value{segment=\"b\"} 3\n")
	f.returns("kpi", []string{"segment", "value"})
	refresh("")
}

// TestScrapeSeesWholeResults scrapes while results are swapped: all rows of a scrape are of one run.
func TestScrapeSeesWholeResults(t *testing.T) {
	generation := 0.0
	f := &fake{}
	f.set("kpi", func(context.Context) (*rows, error) {
		generation++
		r := &rows{columns: []string{"segment", "one", "two"}}
		for i := range 50 {
			r.data = append(r.data, []any{fmt.Sprint(i), generation, generation})
		}
		return r, nil
	})
	e := newExporter(t, f, exporter.Options{Catalogue: queries.Catalogue{query("kpi", "segment label", "one gauge", "two gauge")}})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				families, err := e.Gather()
				if err != nil {
					t.Error(err)
				}
				values := map[float64]int{}
				for _, f := range families {
					if strings.HasPrefix(f.GetName(), "cs_kpi_") {
						for _, m := range f.Metric {
							values[m.Gauge.GetValue()]++
						}
					}
				}
				if len(values) > 1 {
					t.Errorf("a scrape saw values of several runs: %v", slices.Sorted(maps.Keys(values)))
					return
				}
				for _, n := range values {
					if n != 100 {
						t.Errorf("a scrape saw %d of 100 samples", n)
					}
				}
				get(t, e, "/metrics")
				get(t, e, "/")
				get(t, e, "/debug/query?name=kpi")
			}
		})
	}
	for range 100 {
		if err := e.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
	}
	cancel()
	wg.Wait()
}

func TestNewRefusesWhatCannotBeExported(t *testing.T) {
	catalogue := queries.Catalogue{
		query("a", "b_c gauge"),
		query("a_b", "c gauge"), // its metric is a's
		query("exporter_x", "value gauge"),
		query("intake_x", "value gauge"),
		query("only", "segment label"),
		query("reporting", "info gauge"),
		query("wrong", "twice label", "twice label", "value gauge"),
		query("wröng", "value gauge"),
		query("wronger", "le-gal label", "value gauge"),
	}
	catalogue[1].Columns[0].Help = "Another help."
	_, err := exporter.New(&fake{}, exporter.Options{Catalogue: catalogue})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"query a_b: ", "query exporter_x: ", "query intake_x: ", "query only: ", "query reporting: ", "query wrong: ", "query wröng: ", "query wronger: "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not mention %q: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "query a: ") {
		t.Errorf("the error blames the first of two: %v", err)
	}
	for _, o := range []exporter.Options{{}, {Catalogue: queries.Catalogue{{Name: "m", Model: true}}}, {Catalogue: catalogue[:1], Every: -1}} {
		if _, err := exporter.New(&fake{}, o); err == nil {
			t.Errorf("no error for %+v", o)
		}
	}
}
