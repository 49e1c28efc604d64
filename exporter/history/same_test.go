package history_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"cskpi/exporter"
	"cskpi/exporter/demo"
	"cskpi/exporter/history"
	"cskpi/exporter/intake"
	"cskpi/queries"
)

// demo stores a small generated company.
func (f *fixture) demo(until time.Time) {
	f.t.Helper()
	company, err := demo.New(demo.Options{Seed: 3, Accounts: 40, Years: 2, Events: 5_000, Until: until, Currency: "USD", FiscalYearStart: 4, Zone: f.options.Zone})
	if err != nil {
		f.t.Fatal(err)
	}
	im := intake.Importer{Conn: f.conn, Zone: f.options.Zone}
	for _, table := range company.Tables() {
		r, w := io.Pipe()
		go func() { w.CloseWithError(company.Write(f.t.Context(), table, w)) }()
		if s, err := im.Reader(f.t.Context(), table, table+".ndjson", intake.NDJSON, r); err != nil || s.Rejected > 0 {
			f.t.Fatalf("%s: %v, %d rejected", table, err, s.Rejected)
		}
	}
	if err := queries.RollUp(f.t.Context(), f.conn, nil); err != nil {
		f.t.Fatal(err)
	}
}

// bits writes a KPI on a day to the last bit, series by series.
func bits(q queries.Query, of exporter.Day) map[string]string {
	all := map[string]string{}
	for _, s := range history.BySeries(q, []exporter.Day{of}) {
		key := s.Column + " " + fmt.Sprint(s.Labels)
		if v := s.Values[0]; v.Number != nil {
			all[key] = fmt.Sprintf("%x", math.Float64bits(*v.Number))
		} else {
			h, err := v.Spread.Expose()
			if err != nil {
				panic(err)
			}
			all[key] = histogramBits(h)
		}
	}
	return all
}

func histogramBits(h *dto.Histogram) string {
	h = proto.Clone(h).(*dto.Histogram)
	h.CreatedTimestamp = nil
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(h)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("%x", b)
}

// scraped is the same of what the exporter serves.
func scraped(q queries.Query, families []*dto.MetricFamily) map[string]string {
	all := map[string]string{}
	for _, c := range q.Of(queries.Gauge, queries.Histogram) {
		for _, family := range families {
			if family.GetName() != q.Metric(c) {
				continue
			}
			for _, m := range family.Metric {
				labels := map[string]string{}
				for _, l := range m.Label {
					labels[l.GetName()] = l.GetValue()
				}
				key := c.Name + " " + fmt.Sprint(labels)
				if c.Kind == queries.Gauge {
					all[key] = fmt.Sprintf("%x", math.Float64bits(m.Gauge.GetValue()))
				} else {
					all[key] = histogramBits(m.Histogram)
				}
			}
		}
	}
	return all
}

// TestSameEverywhere: of all KPIs on several days of a generated company, what is kept, and what the exporter serves on that day, are the
// same to the last bit; a series takes it from where it is kept; and one statement for each day, as cskpi kpi does, gives the same of some.
// (The laws of package queries compare many days with one day for all KPIs.)
func TestSameEverywhere(t *testing.T) {
	f := newFixture(t)
	if f.options.Zone, _ = time.LoadLocation("Asia/Tokyo"); f.options.Zone == nil {
		t.Fatal("no zone")
	}
	if _, err := queries.Configure(t.Context(), f.conn, queries.Reporting{Currency: "USD", Timezone: "Asia/Tokyo", FiscalYearStart: 4}); err != nil {
		t.Fatal(err)
	}
	last := day("2026-03-31")
	f.demo(last)
	f.use(f.catalogue, 4)
	r := history.Request{From: last.AddDate(0, 0, -1), To: last, Parallel: 2}
	s := f.fill(r)
	f.settle()
	kpis := f.catalogue.KPIs()
	some := []string{"arr", "nrr", "nrr_definitions", "time_to_use", "health_score", "targets", "freshness"} // of every sort one
	if s.Computed != 2*len(kpis) || s.KPIs != len(kpis) || s.Days != 2 || s.Refused != 0 {
		t.Errorf("filled: %+v", s)
	}
	for _, on := range []time.Time{last.AddDate(0, 0, -1)} {
		keeper := queries.NewKeeper(f.conn, f.catalogue, time.Now)
		at := time.Date(on.Year(), on.Month(), on.Day(), 13, 0, 0, 0, f.options.Zone)
		e, err := exporter.New(f.conn, exporter.Options{Catalogue: f.catalogue, Location: f.options.Zone, Now: func() time.Time { return at }, Select: keeper.Select, Parallel: 2})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		keeper.Close()
		families, err := e.Gather()
		if err != nil {
			t.Fatal(err)
		}
		series := 0
		for _, q := range kpis {
			known, err := f.Known(t.Context(), q, on, on, time.Time{})
			if err != nil {
				t.Errorf("%s: %v", q.Name, err)
				continue
			}
			kept := bits(q, known[0].Day)
			series += len(kept)
			alike(t, q.Name+" served", kept, scraped(q, families))
			if !slices.Contains(some, q.Name) {
				continue
			}
			told, computed, err := f.Told(t.Context(), q, []time.Time{on})
			if err != nil || computed != 0 {
				t.Errorf("%s: %d computed, %v", q.Name, computed, err)
				continue
			}
			alike(t, q.Name+" told", kept, bits(q, told[0]))
		}
		if series < 1000 {
			t.Errorf("only %d series on %s", series, on.Format(time.DateOnly))
		}
	}
	// A statement for each day; and nothing peeks: what is dated later changes nothing.
	f.exec("insert into cs.contracts (contract_id, account_id, acv, starts_on) values ('later', 'A0001', 1000000, '2026-04-01')")
	single := history.OneByOne{Keeper: queries.NewKeeper(f.conn, f.catalogue, time.Now)}
	defer single.Close()
	days := []time.Time{last}
	for _, name := range some {
		q := f.kpi(name)
		known, err := f.Known(t.Context(), q, last, last, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		sql, done, err := single.Select(t.Context(), q, days)
		if err != nil {
			t.Fatal(err)
		}
		read, err := exporter.ReadDays(t.Context(), f.conn, q, sql, days, exporter.DayOptions{})
		done()
		if err != nil {
			t.Errorf("%s: %v", q.Name, err)
			continue
		}
		alike(t, q.Name+" by itself", bits(q, known[0].Day), bits(q, read[0]))
	}
	f.equal("held", said(f.fill(r)), fmt.Sprintf("computed=0 held=%d restated=0 series=0 reasons=map[]", 2*len(kpis)))
	r.From, r.Recompute, r.KPIs = last, true, []string{"arr", "nrr", "time_to_use"}
	f.equal("recomputed", said(f.fill(r)), "computed=3 held=0 restated=0 series=0 reasons=map[asked:3]")
}

// alike complains of series that are not the same in both.
func alike(t *testing.T, what string, a, b map[string]string) {
	t.Helper()
	if maps.Equal(a, b) {
		return
	}
	var differ []string
	for _, key := range slices.Sorted(maps.Keys(a)) {
		if a[key] != b[key] {
			differ = append(differ, fmt.Sprintf("%s: %q and %q", key, a[key], b[key]))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(b)) {
		if _, found := a[key]; !found {
			differ = append(differ, key+" is not kept")
		}
	}
	t.Errorf("%s: %d of %d series differ:\n%s", what, len(differ), len(a), strings.Join(differ[:min(5, len(differ))], "\n"))
}

// lying gives other numbers when it computes several days at once.
type lying struct{ *history.Together }

func (l lying) Select(ctx context.Context, q queries.Query, days []time.Time) (string, func(), error) {
	sql, done, err := l.Together.Select(ctx, q, days)
	if err == nil && len(days) > 1 {
		sql = "select * replace (amount + 1 as amount) from (" + sql + ")"
	}
	return sql, done, err
}

// TestTogetherIsChecked: what is another number for several days at once is computed day by day.
func TestTogetherIsChecked(t *testing.T) {
	f := newFixture(t)
	f.company()
	var logged strings.Builder
	o := f.options
	o.Days, o.Reader, o.Log = 10, lying{history.NewTogether(f.conn, f.catalogue)}, slog.New(slog.NewTextHandler(&logged, nil))
	f.History = history.New(o)
	r := history.Request{From: day("2024-06-11"), To: day("2024-06-30"), KPIs: []string{"arr"}}
	f.equal("filled", said(f.fill(r)), "computed=20 held=0 restated=0 series=0 reasons=map[first:20]")
	f.equal("amounts", f.rows("column, labels, min(value), max(value), count()", "cs.kpi_daily where column = 'amount' and value > 0 group by column, labels order by labels"),
		"amount|{'segment':'high'}|120000|120000|20\namount|{'segment':'low'}|20000|20000|20")
	if n := strings.Count(logged.String(), "mistake"); n != 1 {
		t.Errorf("the mistake is logged %d times: %s", n, logged.String())
	}
}

// arriving stores a fact before the days of a statement are computed one by one, and counts the statements for one day.
type arriving struct {
	*history.Together
	arrive  func()
	singles int
}

func (a *arriving) Select(ctx context.Context, q queries.Query, days []time.Time) (string, func(), error) {
	if len(days) == 1 {
		a.singles++
		a.arrive()
	}
	return a.Together.Select(ctx, q, days)
}

// TestArrivingIsNoMistake: when facts arrive between the two computations that are compared, a difference says nothing about computing
// several days at once. The days are computed one by one this time, and the KPI is compared again the next time.
func TestArrivingIsNoMistake(t *testing.T) {
	f := newFixture(t)
	f.company()
	var logged strings.Builder
	seats := 0
	reader := &arriving{Together: history.NewTogether(f.conn, f.catalogue), arrive: func() {
		seats++
		f.exec(fmt.Sprintf("insert into cs.contracts (contract_id, account_id, acv, starts_on, updated_at) values ('late %d', 'acme', 1000, '2024-01-01', '2024-01-01')", seats))
	}}
	o := f.options
	o.Days, o.Reader, o.Log = 5, reader, slog.New(slog.NewTextHandler(&logged, nil))
	f.History = history.New(o)
	t.Cleanup(f.History.Close)
	r := history.Request{From: day("2024-06-26"), To: day("2024-06-30"), KPIs: []string{"arr"}}
	f.fill(r)
	if reader.singles != 6 {
		t.Errorf("%d statements for one day, want one to compare and five", reader.singles)
	}
	reader.arrive, reader.singles = func() {}, 0
	r.From, r.To, r.Recompute = day("2024-06-16"), day("2024-06-25"), true
	f.fill(r)
	if reader.singles != 1 {
		t.Errorf("later, %d statements for one day, want one to compare", reader.singles)
	}
	if strings.Contains(logged.String(), "mistake") {
		t.Error(logged.String())
	}
}
