package exporter_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"cskpi/exporter"
	"cskpi/exporter/engine/enginetest"
	"cskpi/queries"
)

// prometheusAccepts is what a Prometheus 3 with native histograms asks for.
const prometheusAccepts = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6," +
	"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4," +
	"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"

// TestNativeHistograms: what cs_histogram counts is, over protobuf, what an instrumented program would expose that had
// observed the same values, classic buckets and native ones.
func TestNativeHistograms(t *testing.T) {
	dice := rand.New(rand.NewPCG(3, 8))
	around := func(x float64) []float64 {
		return []float64{math.Nextafter(x, 0), x, math.Nextafter(x, math.Inf(1))}
	}
	cases := map[string][]float64{
		"empty":    {},
		"zeros":    {0, 0, 0},
		"subtle":   {0, 0.5, 1, 1.5, 2, 3, 7, 99.5, 100, 100},
		"least":    {math.SmallestNonzeroFloat64},
		"huge":     {math.MaxFloat64},
		"half":     {1, math.MaxFloat64 / 2},
		"smallest": {0, 5e-324, 1e-323, 2.2250738585072009e-308, 2.2250738585072014e-308, 2.938735877055719e-39},
	}
	for e := -1074; e < 1000; e++ {
		cases["powers"] = append(cases["powers"], math.Ldexp(1, e))
	}
	for e := -1060; e < 1000; e += 37 {
		for i := range 8 {
			cases["bounds"] = append(cases["bounds"], around(math.Ldexp(math.Exp2(float64(i)/8), e))...)
		}
	}
	for range 2000 {
		cases["random"] = append(cases["random"], math.Ldexp(dice.Float64(), dice.IntN(40)-20))
		cases["bits"] = append(cases["bits"], math.Float64frombits(dice.Uint64N(math.Float64bits(1e300))))
	}
	bounds := []float64{0, 1e-300, 0.5, 1, 2, 100, 1e300}

	conn := enginetest.Conn(t)
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	f, ok := catalogue.Get("cs_histogram")
	if !ok {
		t.Fatal("there is no cs_histogram")
	}
	if err := conn.Exec(t.Context(), "create or replace function cs_histogram as "+f.SQL); err != nil {
		t.Fatal(err)
	}
	// The numbers go in as their bits, so that nothing is lost on the way.
	array := func(values []float64) string {
		bits := make([]string, len(values))
		for i, v := range values {
			bits[i] = fmt.Sprint(math.Float64bits(v))
		}
		return "arrayMap(b -> reinterpretAsFloat64(toUInt64(b)), cast([" + strings.Join(bits, ", ") + "], 'Array(UInt64)'))"
	}
	want := map[string]string{}
	var selects []string
	for name, values := range cases {
		shuffled := slices.Clone(values)
		dice.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		selects = append(selects, "select toDate('2026-03-31') as day, '"+name+"' as name, cs_histogram("+array(shuffled)+", "+array(bounds)+") as size")

		observed := prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "observed", Help: "Observed.", Buckets: bounds,
			NativeHistogramBucketFactor: 1.1, NativeHistogramZeroThreshold: prometheus.NativeHistogramZeroThresholdZero,
		})
		slices.Sort(values) // cs_histogram sums in this order
		for _, v := range values {
			observed.Observe(v)
		}
		var m dto.Metric
		if err := observed.Write(&m); err != nil {
			t.Fatal(err)
		}
		if m.Histogram.GetSchema() != 3 {
			t.Fatalf("the comparison has schema %d", m.Histogram.GetSchema())
		}
		m.Histogram.CreatedTimestamp = nil
		want[name] = m.Histogram.String()
	}
	view(t, conn, "sizes", strings.Join(selects, "\nunion all\n"))
	now := noon
	e := newExporter(t, conn, exporter.Options{Catalogue: queries.Catalogue{query("sizes", "name label", "size histogram")}, Now: clock(&now)})
	if err := e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}

	compared := 0
	for name, h := range scrapeHistograms(t, e, "cs_sizes_size") {
		compared++
		if got := h.String(); got != want[name] {
			t.Errorf("%s: got\n%.2000s\nwant\n%.2000s", name, got, want[name])
		}
	}
	if compared != len(cases) {
		t.Errorf("%d of %d histograms are in the scrape", compared, len(cases))
	}
	text := get(t, e, "/metrics").Body.String()
	for _, line := range []string{
		`cs_sizes_size_bucket{name="subtle",le="0"} 1`,
		`cs_sizes_size_bucket{name="subtle",le="2"} 5`,
		`cs_sizes_size_bucket{name="subtle",le="100"} 10`,
		`cs_sizes_size_bucket{name="empty",le="+Inf"} 0`,
		`cs_sizes_size_sum{name="subtle"} 314.5`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("the text format does not have %s", line)
		}
	}
}

// scrapeHistograms reads a family over protobuf, by the value of its one label.
func scrapeHistograms(t *testing.T, e *exporter.Exporter, family string) map[string]*dto.Histogram {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept", prometheusAccepts)
	w := httptest.NewRecorder()
	e.Handler().ServeHTTP(w, r)
	format := expfmt.ResponseFormat(w.Header())
	if format.FormatType() != expfmt.TypeProtoDelim {
		t.Fatalf("the answer is %s", format)
	}
	found := map[string]*dto.Histogram{}
	for decoder := expfmt.NewDecoder(w.Body, format); ; {
		var f dto.MetricFamily
		if err := decoder.Decode(&f); errors.Is(err, io.EOF) {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		if f.GetName() == family {
			for _, m := range f.Metric {
				found[m.Label[0].GetValue()] = m.Histogram
			}
		}
	}
}

// TestHistogramRefuses: values that no histogram of ours takes are an error of the query.
func TestHistogramRefuses(t *testing.T) {
	conn := enginetest.Conn(t)
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	f, _ := catalogue.Get("cs_histogram")
	if err := conn.Exec(t.Context(), "create or replace function cs_histogram as "+f.SQL); err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"-1", "-0.0001", "inf", "-inf", "nan"} {
		_, err := conn.Query(t.Context(), "select cs_histogram([1, "+value+"], [1., 2.]) as h")
		if err == nil || !strings.Contains(err.Error(), "a value of a histogram is negative or not finite") {
			t.Errorf("%s: got the error %v", value, err)
		}
	}
}
