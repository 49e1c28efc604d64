package exporter_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"

	"cskpi/exporter"
	"cskpi/exporter/policy"
	"cskpi/queries"
)

func get(t testing.TB, e *exporter.Exporter, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	e.Handler().ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, nil))
	return w
}

func TestPathsAndMethods(t *testing.T) {
	f := &fake{}
	f.returns("kpi", []string{"value"}, []any{1.0})
	e := newExporter(t, f, exporter.Options{Catalogue: queries.Catalogue{query("kpi", "value gauge")}})
	if err := e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := e.Handler()
	for _, c := range []struct {
		method, path string
		code         int
		kind         string
	}{
		{"GET", "/", 200, "text/html; charset=utf-8"},
		{"HEAD", "/", 200, "text/html; charset=utf-8"},
		{"POST", "/", 405, "text/plain; charset=utf-8"},
		{"GET", "/metrics", 200, "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"},
		{"HEAD", "/metrics", 200, "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"},
		{"DELETE", "/metrics", 405, "text/plain; charset=utf-8"},
		{"GET", "/landing.css", 200, "text/css; charset=utf-8"},
		{"GET", "/-/healthy", 200, "text/plain; charset=utf-8"},
		{"GET", "/-/ready", 200, "text/plain; charset=utf-8"},
		{"PUT", "/-/ready", 405, "text/plain; charset=utf-8"},
		{"GET", "/debug/query?name=kpi", 200, "text/plain; charset=utf-8"},
		{"GET", "/debug/query?name=no%3Cb%3E", 404, "text/plain; charset=utf-8"},
		{"GET", "/debug/query", 404, "text/plain; charset=utf-8"},
		{"GET", "/favicon.ico", 404, "text/plain; charset=utf-8"},
		{"GET", "/landing.html", 404, "text/plain; charset=utf-8"},
		{"GET", "/metrics/", 404, "text/plain; charset=utf-8"},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), c.method, c.path, nil))
		if w.Code != c.code || w.Header().Get("Content-Type") != c.kind {
			t.Errorf("%s %s: %d %s, want %d %s", c.method, c.path, w.Code, w.Header().Get("Content-Type"), c.code, c.kind)
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s %s: headers %v", c.method, c.path, w.Header())
		}
		if c.code == 405 && w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s %s: Allow is %q", c.method, c.path, w.Header().Get("Allow"))
		}
	}
	if body := get(t, e, "/debug/query?name=nrr").Body.String(); !strings.Contains(body, "\n  kpi\n") {
		t.Errorf("an unknown name is not answered with the list:\n%s", body)
	}
}

// TestRefusedQueryFile: a query file that is left out counts as a query that fails, wherever somebody looks.
func TestRefusedQueryFile(t *testing.T) {
	f := &fake{}
	f.returns("kpi", []string{"value"}, []any{1.0})
	e := newExporter(t, f, exporter.Options{
		Catalogue: queries.Catalogue{query("kpi", "value gauge")},
		Refused:   []queries.Refused{{Name: "mine", File: "mine.sql", Err: errors.New("mine.sql:3: <now> is forbidden")}},
	})
	if err := e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]string{
		"/metrics":               {`cs_exporter_query_success{query="mine"} 0`, `cs_exporter_query_success{query="kpi"} 1`, "cs_kpi_value 1"},
		"/":                      {"1 of 2 failing", "<li>mine: not computed, because its query file is refused. <code>mine.sql:3: &lt;now&gt; is forbidden</code></li>"},
		"/debug/query?name=mine": {"mine.sql:3: <now> is forbidden"},
	} {
		body := get(t, e, path).Body.String()
		for _, text := range want {
			if !strings.Contains(body, text) {
				t.Errorf("%s lacks %q", path, text)
			}
		}
	}
}

func TestReady(t *testing.T) {
	f := &fake{}
	f.fails("a", "first error")
	f.fails("b", "second error")
	e := newExporter(t, f, exporter.Options{Catalogue: queries.Catalogue{query("a", "value gauge"), query("b", "value gauge")}})
	check := func(code int, want string) {
		t.Helper()
		if w := get(t, e, "/-/ready"); w.Code != code || w.Body.String() != want+"\n" {
			t.Errorf("got %d %q, want %d %q", w.Code, w.Body, code, want)
		}
		if w := get(t, e, "/-/healthy"); w.Code != 200 {
			t.Errorf("not healthy: %d", w.Code)
		}
		if w := get(t, e, "/metrics"); w.Code != 200 {
			t.Errorf("no metrics: %d", w.Code)
		}
	}
	check(503, "not ready: the first pass is under way: 0 of 2 queries tried")
	_ = e.Refresh(t.Context())
	check(503, "not ready: no query has succeeded yet; the first error: query a: first error")
	f.returns("b", []string{"value"}, []any{1.0})
	_ = e.Refresh(t.Context())
	check(200, "ready")
	f.fails("b", "again")
	_ = e.Refresh(t.Context())
	check(200, "ready")
}

func TestFormats(t *testing.T) {
	f := &fake{}
	f.returns("kpi", []string{"value"}, []any{1.0})
	f.returns("other", []string{"value"}, []any{2.0})
	e := newExporter(t, f, exporter.Options{Catalogue: queries.Catalogue{query("kpi", "value gauge"), query("other", "value gauge")}})
	if err := e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, accept, kind, part, end string }{
		{"/metrics", "", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", "\ncs_kpi_value 1\n", "cs_other_value 2\n"},
		{"/metrics", "nonsense/*", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", "\ncs_kpi_value 1\n", "cs_other_value 2\n"},
		{"/metrics", "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8,text/plain;q=0.5", "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8", "\ncs_kpi_value 1.0\n", "cs_other_value 2.0\n# EOF\n"},
		{"/metrics", "application/openmetrics-text;version=0.0.1", "application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=underscores", "\ncs_kpi_value 1.0\n", "# EOF\n"},
		{"/metrics", "text/plain;version=0.0.4;escaping=dots", "text/plain; version=0.0.4; charset=utf-8; escaping=dots", "\ncs_kpi_value 1\n", "cs_other_value 2\n"},
		{"/metrics", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping=underscores", "cs_kpi_value", ""},
		{"/metrics?name[]=cs_kpi_value", "", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", "\ncs_kpi_value 1\n", "cs_kpi_value 1\n"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, c.path, nil)
		r.Header.Set("Accept", c.accept)
		w := httptest.NewRecorder()
		e.Handler().ServeHTTP(w, r)
		if w.Code != 200 || w.Header().Get("Content-Type") != c.kind {
			t.Errorf("Accept %q: %d %s, want %s", c.accept, w.Code, w.Header().Get("Content-Type"), c.kind)
		}
		if body := w.Body.String(); !strings.Contains(body, c.part) || !strings.HasSuffix(body, c.end) {
			t.Errorf("Accept %q: want %q and %q at the end:\n%s", c.accept, c.part, c.end, body)
		}
		if n := w.Header().Get("Content-Length"); n != "" && n != strconv.Itoa(w.Body.Len()) {
			t.Errorf("Accept %q: Content-Length %s of %d bytes", c.accept, n, w.Body.Len())
		}
	}
}

// TestCompressed: who takes gzip gets one member of it, which is what others get plain.
func TestCompressed(t *testing.T) {
	f := &fake{}
	f.returns("first", []string{"value"}, []any{1.0})
	f.returns("second", []string{"value"}, []any{2.0})
	clock := time.Date(2024, 6, 1, 12, 0, 0, 0, time.UTC)
	e := newExporter(t, f, exporter.Options{Catalogue: queries.Catalogue{query("first", "value gauge"), query("second", "value gauge")}, Now: func() time.Time { return clock }})
	scrape := func(accept, encodings string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
		r.Header.Set("Accept", accept)
		r.Header.Set("Accept-Encoding", encodings)
		w := httptest.NewRecorder()
		e.Handler().ServeHTTP(w, r)
		return w
	}
	// What the runtime says of itself is never the same twice.
	ours := func(text string) string {
		return strings.Join(slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return regexp.MustCompile(`^(process|go)_`).MatchString(line) }), "\n")
	}
	check := func(when string) {
		t.Helper()
		for _, accept := range []string{"", "application/openmetrics-text;version=1.0.0"} {
			want := ours(scrape(accept, "").Body.String())
			for _, encodings := range []string{"gzip", "deflate, gzip;q=1.0, *;q=0.5", "x-gzip"} {
				w := scrape(accept, encodings)
				if w.Header().Get("Content-Encoding") != "gzip" || w.Header().Get("Content-Length") != strconv.Itoa(w.Body.Len()) || w.Header().Get("Vary") != "Accept, Accept-Encoding" {
					t.Fatalf("%s, %q: headers %v of %d bytes", when, encodings, w.Header(), w.Body.Len())
				}
				z, err := gzip.NewReader(w.Body)
				if err != nil {
					t.Fatal(err)
				}
				z.Multistream(false)
				if got, err := io.ReadAll(z); err != nil || ours(string(got)) != want {
					t.Errorf("%s, %q: got %v\n%s\nwant\n%s", when, encodings, err, got, want)
				}
				if w.Body.Len() != 0 {
					t.Errorf("%s, %q: %d bytes follow", when, encodings, w.Body.Len())
				}
			}
		}
	}
	check("before any result")
	if err := e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("with results")
	for _, encodings := range []string{"", "identity", "gzip;q=0", "br", "gzip;q=0, deflate"} {
		if w := scrape("", encodings); w.Header().Get("Content-Encoding") != "" || !strings.Contains(w.Body.String(), "cs_first_value 1") {
			t.Errorf("Accept-Encoding %q: %v", encodings, w.Header())
		}
	}
}

// TestScrapeIsWhatGatherReturns: what was written out when the results came in is what a registry would write now.
func TestScrapeIsWhatGatherReturns(t *testing.T) {
	now, up := noon, true
	e, _ := company(t, &now, &up)
	if err := e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	families, err := e.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "cs_") {
			if _, err := expfmt.MetricFamilyToText(&want, f); err != nil {
				t.Fatal(err)
			}
		}
	}
	lines := func(s string) []string {
		var kept []string
		for line := range strings.Lines(s) {
			if strings.HasPrefix(line, "cs_") && !strings.HasPrefix(line, "cs_exporter_query_duration") {
				kept = append(kept, line)
			}
		}
		slices.Sort(kept)
		return kept
	}
	if got, want := lines(get(t, e, "/metrics").Body.String()), lines(want.String()); !slices.Equal(got, want) || len(got) < 400 {
		t.Errorf("%d lines from a scrape, %d from Gather, and they differ", len(got), len(want))
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Errorf("the first difference: %s %s", got[i], want[i])
				break
			}
		}
	}
}

// company is a catalogue and its results as people would see them; the landing page is looked at with it.
func company(t testing.TB, now *time.Time, up *bool) (*exporter.Exporter, *fake) {
	t.Helper()
	o, f := companyOptions(now, up)
	return newExporter(t, f, o), f
}

func companyOptions(now *time.Time, up *bool) (exporter.Options, *fake) {
	tokyo := time.FixedZone("Asia/Tokyo", 9*3600)
	nrr := query("nrr", "segment label", "window label", "ratio gauge", "opening_arr gauge", "closing_arr gauge")
	nrr.Title, nrr.TitleJA = "Net revenue retention over trailing windows.", "売上継続率(NRR)"
	nrr.Doc = "ARR at the end of the day of the accounts that paid at the start of the window, over what those accounts paid then.\n\nAccounts won since are in neither sum; an account that left counts as zero."
	nrr.Columns[2].Help = "Net revenue retention; 1 is no change."
	arr := query("arr", "segment label", "amount gauge", "contracted_amount gauge", "accounts gauge", "seats gauge")
	arr.Title, arr.Doc = "Annual recurring revenue.", "What the contracts that are active at the end of the day are worth in a year."
	movements := query("arr_movements", "segment label", "window label", "movement label", "amount gauge", "accounts gauge")
	movements.Title = "How ARR changed within trailing windows."
	bridge := query("arr_bridge", "window label", "opening gauge", "closing gauge", "residual gauge")
	bridge.Title = "Opening ARR, and what became of it."
	for i := range bridge.Columns[1:] {
		bridge.Columns[i+1].Help = "In the reporting currency."
	}
	churn := query("logo_churn", "segment label", "window label", "ratio gauge", "ratio_lower gauge", "ratio_upper gauge", "opening_accounts gauge", "lost_accounts gauge")
	churn.Title = "Share of paying accounts that left."
	use := every(time.Hour, query("time_to_use", "segment label", "p50_seconds gauge", "duration histogram"))
	use.Title = "Time from the contract's start to the first real use."
	risk := query("risk_accounts", "account label", "csm label", "segment label", "arr gauge", "renewal_seconds gauge")
	risk.Title = "Accounts with the most ARR at risk."
	fresh := query("freshness", "table label", "latest_timestamp_seconds gauge", "rows gauge")
	fresh.Title = "How recent the facts are."
	targets := query("targets", "kpi label", "segment label", "target gauge", "warning gauge", "critical gauge")
	targets.Title = "What is aimed for."
	own := query("a_users_own", "value gauge")
	own.Title = "A KPI that only <this> company has."
	late := query("coverage", "segment label", "ratio gauge")
	late.Title = "Share of accounts that were met within their cadence."
	for place, q := range []*queries.Query{&arr, &nrr, &churn, &movements, &bridge} {
		q.Group, q.Place = "Revenue", place+1
	}
	late.Group, use.Group, risk.Group = "Customers", "Customers", "Customers"
	targets.Group, targets.Place, fresh.Group = "Targets and data", 1, "Targets and data"
	f := &fake{}
	var movement, accounts [][]any
	for _, w := range []string{"1m", "3m", "12m"} {
		for _, s := range []string{"high", "low", "tech"} {
			for i, m := range []string{"new", "expansion", "contraction", "churn", "reactivation", "currency"} {
				movement = append(movement, []any{s, w, m, math.Pow(-1.7, float64(i)) * 12345, i})
			}
		}
	}
	for i := range 70 {
		accounts = append(accounts, []any{fmt.Sprintf("Account %d K.K.", i), "Sato Hanako", "high", 1e6 / float64(i+1), float64(i) * 86400})
	}
	f.returns("nrr", []string{"segment", "window", "ratio", "opening_arr", "closing_arr"},
		[]any{"high", "12m", 1.081, 41234567.0, 44574567.0}, []any{"low", "12m", 0.981, 1234567.0, 1211111.0}, []any{"tech", "12m", 0.87, 234567.0, 204074.0},
		[]any{"high", "1m", 1.004, 43234567.0, 43434567.0}, []any{"low", "1m", 0.999, 1214567.0, 1211111.0}, []any{"tech", "1m", nil, 0.0, 0.0})
	f.returns("arr", []string{"segment", "amount", "contracted_amount", "accounts", "seats"},
		[]any{"high", 44574567.25, 43574567.0, 61, 120345}, []any{"low", 1211111.0, 1111111.0, 88, 20345}, []any{"tech", 204074.0, 204074.0, 251, 4345})
	f.returns("arr_movements", []string{"segment", "window", "movement", "amount", "accounts"}, movement...)
	f.returns("arr_bridge", []string{"window", "opening", "closing", "residual"}, []any{"12m", 42703701.0, 45989752.25, -1e-9}, []any{"1m", 45003701.0, 45989752.25, 0.0})
	f.returns("logo_churn", []string{"segment", "window", "ratio", "ratio_lower", "ratio_upper", "opening_accounts", "lost_accounts"},
		[]any{"high", "12m", 0.0164, 0.0029, 0.0872, 61, 1}, []any{"low", "12m", 0.1023, 0.0547, 0.1831, 88, 9}, []any{"tech", "12m", 0.23, 0.18, 0.29, 240, 55})
	f.returns("time_to_use", []string{"segment", "p50_seconds", "duration"},
		[]any{"high", 21.5 * 86400, []any{[]float64{864000, math.Inf(1)}, []int{3, 61}, 61 * 30 * 86400.0}}, []any{"low", nil, []any{[]float64{}, []int{}, 0.0}})
	f.returns("risk_accounts", []string{"account", "csm", "segment", "arr", "renewal_seconds"}, accounts...)
	f.returns("freshness", []string{"table", "latest_timestamp_seconds", "rows"}, []any{"contracts", float64(noon.Add(-26 * time.Hour).Unix()), 4711}, []any{"usage_events", float64(noon.Add(-8 * time.Minute).Unix()), 123456789})
	f.returns("targets", []string{"kpi", "segment", "target", "warning", "critical"},
		[]any{"nrr.ratio", "high", 1.1, 1.05, 1.0}, []any{"nrr.ratio", "", 1.0, 0.95, 0.9}, []any{"logo_churn.ratio", "", 0.05, 0.1, 0.15}, []any{"arr.amount", "high", 40e6, nil, nil}, []any{"arr.amount", "", 50e6, nil, nil})
	f.returns("a_users_own", []string{"value"}, []any{1234.5})
	f.returns("coverage", []string{"segment", "ratio"}, []any{"high", 0.9}, []any{"low", 0.8}, []any{nil, 0.1})
	return exporter.Options{
		Catalogue: queries.Catalogue{own, arr, bridge, movements, late, fresh, churn, nrr, risk, targets, use},
		Now:       clock(now), Location: tokyo, Reporting: policy.Reporting{Currency: "JPY", Timezone: "Asia/Tokyo", FiscalYearStart: 4},
		EngineUp: func() bool { return *up }, Version: "1.2.3", MaxAge: time.Hour,
	}, f
}

// texts is what a reader sees of a page, with one space between the parts.
func texts(page string) string {
	page = regexp.MustCompile(`(?s)<head>.*</head>|<[^>]*>`).ReplaceAllString(page, " ")
	return html.UnescapeString(strings.Join(strings.Fields(page), " "))
}

func TestLandingPage(t *testing.T) {
	now, up := noon, true
	e, f := company(t, &now, &up)
	see := func(wants ...string) {
		t.Helper()
		w := get(t, e, "/")
		page := texts(w.Body.String())
		if w.Code != 200 {
			t.Errorf("status %d", w.Code)
		}
		for _, want := range wants {
			if !strings.Contains(page, want) {
				t.Errorf("the page does not say %q", want)
			}
		}
	}
	see("As of Tuesday, 31 March 2026 (Asia/Tokyo)", "Engine up", "Queries first pass: 0 of 11 done", "Not computed yet.")
	if err := e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * time.Minute)
	see(
		"Queries all 11 succeed", "Oldest result 2 minutes ago", "Newest fact 2026-03-31 20:52", "Money in JPY",
		"Revenue arr nrr logo_churn arr_movements arr_bridge", "Customers coverage risk_accounts time_to_use", "Targets and data targets freshness", "Other a_users_own",
		"Net revenue retention over trailing windows 売上継続率(NRR) ARR at the end of the day of the accounts that paid at the start of the window, over what those accounts paid then. Accounts won since",
		"segment window ratio opening ARR closing ARR",
		"high 1m 100.4% ¥43,234,567 ¥43,434,567 high 12m 108.1% target 110.0%: missed ¥41,234,567 ¥44,574,567",
		"tech 1m — ¥0 ¥0 tech 12m 87.0% target 100.0%: critical",
		"low 12m 98.1% target 100.0%: missed",
		"high 12m 1.6% target 5.0%: met 0.29%", "low 12m 10.2% target 5.0%: warning", "tech 12m 23.0% target 5.0%: critical",
		"high ¥44,574,567 target ¥40,000,000 ¥43,574,567 61 120,345 low ¥1,211,111 ¥1,111,111",
		"12m ¥42,703,701 ¥45,989,752 ¥0",
		"high 22 days 61 observations, mean 30 days low — —",
		"Account 0 K.K. Sato Hanako high ¥1,000,000 0 seconds Account 1 K.K.", "10 more",
		"contracts 2026-03-30 19:00 4,711",
		"arr.amount — ¥50,000,000 — —", "logo_churn.ratio — 5.0% 10.0% 15.0%", "nrr.ratio — 100.0%",
		"A KPI that only <this> company has", "1,234.50",
		"Attention: 1 of 3 rows refused and not shown.",
		"6 rows, computed 2 minutes ago, every 5m, as of 2026-03-31",
	)
	// That all runs succeeded says nothing when there has been none for long.
	now = now.Add(90 * time.Minute)
	see("Queries 11 of 11 have results too old to be shown", "The last values are too old to be shown.")
	now = now.Add(-90 * time.Minute)
	f.fails("nrr", "code: 241, message: <memory> limit exceeded\nat line 1")
	up = false
	_ = e.Refresh(t.Context())
	now = now.Add(3 * time.Minute)
	see(
		"Engine down; the last good values are shown", "Queries 1 of 11 failing", "Needs attention",
		"Attention: failing for 3 minutes; its last good values are still exported. query nrr: code: 241, message: <memory> limit exceeded segment window ratio",
		"high 12m 108.1%", "computed 5 minutes ago",
	)
	now = now.Add(time.Hour)
	see("its values are too old and no longer exported. query nrr", "The last values are too old to be shown.")
	if page := get(t, e, "/").Body.String(); strings.Contains(page, "<this>") || strings.Contains(page, "<memory>") || strings.Contains(page, "<script") || strings.Contains(page, "style=") {
		t.Error("the page has unescaped text, a script or an inline style")
	}
}

// TestLandingPageIsBounded: thousands of rows neither slow the page nor make it huge.
func TestLandingPageIsBounded(t *testing.T) {
	f := &fake{}
	r := &rows{columns: []string{"account", "amount"}}
	for i := range 9000 {
		r.data = append(r.data, []any{fmt.Sprint("account ", i), float64(i)})
	}
	f.set("kpi", func(context.Context) (*rows, error) { return r, nil })
	e := newExporter(t, f, exporter.Options{Catalogue: queries.Catalogue{query("kpi", "account label", "amount gauge")}})
	if err := e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := get(t, e, "/")
	if n := w.Body.Len(); n > 50_000 {
		t.Errorf("the page has %d bytes", n)
	}
	if page := texts(w.Body.String()); !strings.Contains(page, "8,940 more") || !strings.Contains(page, "account amount account 8999 8,999 account 8998 8,998") {
		t.Errorf("the page does not begin with the largest, or does not say what it leaves out: %.500s", page)
	}
}

func TestDebugQuery(t *testing.T) {
	now, up := noon, true
	e, f := company(t, &now, &up)
	if body := get(t, e, "/debug/query?name=nrr").Body.String(); !strings.Contains(body, "not computed yet") {
		t.Errorf("before the first run:\n%s", body)
	}
	if err := e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.set("nrr", func(context.Context) (*rows, error) { return nil, errors.New("code: 241, message: limit") })
	now = now.Add(time.Minute)
	_ = e.Refresh(t.Context())
	now = now.Add(time.Minute)
	const file = "testdata/debug_query.txt"
	got := get(t, e, "/debug/query?name=nrr").Body.String()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("not %s:\n%s", file, got)
	}
}
