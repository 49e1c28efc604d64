package exporter_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"cskpi/exporter"
	"cskpi/exporter/store"
	"cskpi/queries"
)

// run starts the schedule in a bubble and returns what stops it.
func run(t *testing.T, e *exporter.Exporter) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run returned %v", err)
		}
	})
	synctest.Wait()
}

func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestEachQueryHasItsOwnInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.returns("fast", []string{"value"}, []any{1.0})
		f.returns("slow", []string{"value"}, []any{1.0})
		f.returns("usual", []string{"value"}, []any{1.0})
		e := newExporter(t, f, exporter.Options{Catalogue: queries.Catalogue{
			every(time.Minute, query("fast", "value gauge")),
			every(time.Hour, query("slow", "value gauge")),
			query("usual", "value gauge"),
		}})
		run(t, e)
		for _, name := range []string{"fast", "slow", "usual"} {
			if got := f.count(name); got != 1 {
				t.Errorf("%s ran %d times at the start, want once, without jitter", name, got)
			}
		}
		sleep(2 * time.Hour)
		for name, want := range map[string]int{"fast": 121, "slow": 3, "usual": 25} {
			if got := f.count(name); got != want {
				t.Errorf("%s ran %d times in two hours, want %d", name, got, want)
			}
		}
	})
}

func TestJitterSpreadsTheSecondRunAndIsTheSameEveryTime(t *testing.T) {
	second := func() map[string]time.Duration {
		at := map[string]time.Duration{}
		synctest.Test(t, func(t *testing.T) {
			f := &fake{}
			var catalogue queries.Catalogue
			for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
				catalogue = append(catalogue, query(name, "value gauge"))
				f.returns(name, []string{"value"}, []any{1.0})
			}
			run(t, newExporter(t, f, exporter.Options{Catalogue: catalogue, Every: 10 * time.Minute}))
			start := time.Now()
			for range 10 * 60 {
				sleep(time.Second)
				for _, q := range catalogue {
					if _, ok := at[q.Name]; !ok && f.count(q.Name) == 2 {
						at[q.Name] = time.Since(start)
					}
				}
			}
		})
		return at
	}
	one, two := second(), second()
	distinct := map[time.Duration]bool{}
	for name, at := range one {
		if at < 9*time.Minute || at > 10*time.Minute {
			t.Errorf("%s ran again after %s, want within the last tenth of its interval", name, at)
		}
		if two[name] != at {
			t.Errorf("%s ran again after %s, and the next time after %s", name, at, two[name])
		}
		distinct[at] = true
	}
	if len(one) != 6 || len(distinct) < 5 {
		t.Errorf("the second runs are not spread: %v", one)
	}
}

func TestParallelIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		var catalogue queries.Catalogue
		for name := range strings.SplitSeq("abcdefghijkl", "") {
			catalogue = append(catalogue, query(name, "value gauge"))
			f.set(name, func(context.Context) (*rows, error) {
				time.Sleep(time.Second)
				return &rows{columns: []string{"value"}, data: [][]any{{1.0}}}, nil
			})
		}
		run(t, newExporter(t, f, exporter.Options{Catalogue: catalogue, Parallel: 3}))
		sleep(4 * time.Second)
		if n, most := f.total(); n != 12 || most != 3 {
			t.Errorf("%d queries ran, at most %d at once; want 12, 3 at once", n, most)
		}
	})
}

func TestSlowQueryHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.set("stuck", func(ctx context.Context) (*rows, error) { <-ctx.Done(); return nil, ctx.Err() })
		f.returns("quick", []string{"value"}, []any{1.0})
		e := newExporter(t, f, exporter.Options{
			Catalogue: queries.Catalogue{query("quick", "value gauge"), query("stuck", "value gauge")},
			Every:     time.Minute, Timeout: 40 * time.Second,
		})
		run(t, e)
		sleep(10 * time.Minute)
		if got := f.count("quick"); got < 10 {
			t.Errorf("quick ran %d times in ten minutes beside a stuck query", got)
		}
		if got := sampleOf(t, e, "cs_exporter_query_success", "stuck"); got != 0 {
			t.Errorf("success of the stuck query is %v", got)
		}
		body := get(t, e, "/debug/query?name=stuck").Body.String()
		if !strings.Contains(body, "no result within 40s, raise the timeout") {
			t.Errorf("the error does not name the remedy:\n%s", body)
		}
	})
}

func TestFailuresBackOffUpToTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.fails("kpi", "code: 241, message: memory limit exceeded")
		e := newExporter(t, f, exporter.Options{Catalogue: queries.Catalogue{query("kpi", "value gauge")}})
		run(t, e)
		// 5, 10, 20, 40, 80, 160 s after each failure, and then every 5m.
		for _, step := range []struct {
			after time.Duration
			runs  int
		}{{0, 1}, {5 * time.Second, 2}, {9 * time.Second, 2}, {time.Second, 3}, {20 * time.Second, 4}, {40 * time.Second, 5}, {80 * time.Second, 6}, {160 * time.Second, 7}, {299 * time.Second, 7}, {time.Second, 8}} {
			sleep(step.after)
			if got := f.count("kpi"); got != step.runs {
				t.Errorf("after another %s: %d runs, want %d", step.after, got, step.runs)
			}
		}
		f.returns("kpi", []string{"value"}, []any{1.0})
		sleep(5 * time.Minute)
		if got := sampleOf(t, e, "cs_kpi_value", ""); got != 1 {
			t.Errorf("after the recovery the value is %v", got)
		}
		f.fails("kpi", "again")
		n := f.count("kpi")
		sleep(5*time.Minute + 6*time.Second)
		if got := f.count("kpi"); got != n+2 {
			t.Errorf("%d runs after a new failure, want 2: the back-off starts anew", got-n)
		}
	})
}

// TestNewDayIsComputedWhenItBegins goes through days without a midnight, and of 23 and 25 hours, minute by minute.
func TestNewDayIsComputedWhenItBegins(t *testing.T) {
	for _, c := range []struct{ zone, from string }{
		{"Asia/Tokyo", "2025-12-30"},
		{"America/New_York", "2025-03-08"},
		{"America/New_York", "2025-11-01"},
		{"Africa/Cairo", "2025-04-24"},     // the 25th begins at 01:00
		{"America/Santiago", "2025-09-06"}, // and so does the 7th
		{"America/Santiago", "2025-04-05"}, // the last hour of the 5th comes twice
	} {
		loc, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		from, err := time.ParseInLocation(time.DateOnly, c.from, loc)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			offset := time.Until(from)
			now := func() time.Time { return time.Now().Add(offset) }
			f := &fake{}
			f.returns("kpi", []string{"value"}, []any{1.0})
			run(t, newExporter(t, f, exporter.Options{Catalogue: queries.Catalogue{every(100*time.Hour, query("kpi", "value gauge"))}, Location: loc, Now: now}))
			for range 3 * 24 * 60 {
				if want := "day = toDate('" + now().In(loc).Format(time.DateOnly) + "')"; !strings.Contains(f.last(), want) {
					t.Fatalf("%s: at %s the last statement is %q, want %s", c.zone, now().In(loc), f.last(), want)
				}
				sleep(time.Minute)
			}
			if got := f.count("kpi"); got != 3 && got != 4 { // three days of which one may be short
				t.Errorf("%s: %d runs from %s on, want one a day", c.zone, got, c.from)
			}
		})
	}
}

func TestMidnightMakesEveryQueryDueAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // begins at midnight UTC, 2000-01-01
		tokyo := time.FixedZone("Asia/Tokyo", 9*3600)
		f := &fake{}
		f.returns("good", []string{"value"}, []any{1.0})
		f.fails("bad", "broken")
		e := newExporter(t, f, exporter.Options{
			Catalogue: queries.Catalogue{every(12*time.Hour, query("bad", "value gauge")), every(48*time.Hour, query("good", "value gauge"))},
			Location:  tokyo,
		})
		run(t, e)
		sleep(15*time.Hour - time.Second)
		good, bad := f.count("good"), f.count("bad")
		sleep(time.Second)
		if f.count("good") != good+1 || f.count("bad") != bad+1 {
			t.Errorf("at midnight good ran %d times and bad %d times, want once each", f.count("good")-good, f.count("bad")-bad)
		}
		if last := f.last(); !strings.Contains(last, "day = toDate('2000-01-02')") {
			t.Errorf("after midnight in Tokyo: %s", last)
		}
		want := float64(time.Date(2000, 1, 2, 0, 0, 0, 0, tokyo).Unix())
		for _, m := range []string{"cs_exporter_as_of_timestamp_seconds", "cs_exporter_query_as_of_timestamp_seconds"} {
			query := "good"
			if strings.Contains(m, "er_as_of") {
				query = ""
			}
			if got := sampleOf(t, e, m, query); got != want {
				t.Errorf("%s is %v, want %v", m, got, want)
			}
		}
	})
}

func TestAsOf(t *testing.T) {
	cairo, err := time.LoadLocation("Africa/Cairo")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		now  string
		zone *time.Location
		want string
	}{
		{"2025-12-31T23:59:59Z", time.UTC, "2025-12-31"},
		{"2026-01-01T00:00:00Z", time.UTC, "2026-01-01"},
		{"2025-12-31T15:00:00Z", time.FixedZone("JST", 9*3600), "2026-01-01"},
		{"2026-01-01T04:59:59Z", time.FixedZone("EST", -5*3600), "2025-12-31"},
		{"2025-04-24T22:30:00Z", cairo, "2025-04-25"}, // a day that begins at 01:00
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := exporter.AsOf(now, c.zone).Format(time.DateOnly); got != c.want {
			t.Errorf("AsOf(%s, %s) is %s, want %s", c.now, c.zone, got, c.want)
		}
	}
}

func TestClockSetBackIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var offset atomic.Int64
		f := &fake{}
		f.returns("kpi", []string{"value"}, []any{1.0})
		e := newExporter(t, f, exporter.Options{
			Catalogue: queries.Catalogue{every(time.Hour, query("kpi", "value gauge"))},
			Now:       func() time.Time { return time.Now().Add(time.Duration(offset.Load())) },
		})
		run(t, e)
		sleep(30 * time.Minute)
		offset.Store(int64(-20 * time.Hour))
		sleep(2 * time.Minute)
		if got := f.count("kpi"); got != 2 {
			t.Errorf("%d runs after the clock was set back, want 2", got)
		}
	})
}

func TestStopLeavesNoTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.set("kpi", func(ctx context.Context) (*rows, error) { <-ctx.Done(); return nil, ctx.Err() })
		e := newExporter(t, f, exporter.Options{Catalogue: queries.Catalogue{query("kpi", "value gauge")}})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- e.Run(ctx) }()
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run returned %v", err)
		}
		if got := sampleOf(t, e, "cs_exporter_query_failures_total", "kpi"); got != 0 {
			t.Errorf("stopping counts as %v failures", got)
		}
	})
}

// TestOneFailureNeverBlanksAKPI replays what a peer was measured to do in this situation: after one failed query it
// served the cached error, without the KPI, while the database was healthy again.
func TestOneFailureNeverBlanksAKPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		ok := func() { f.returns("nrr", []string{"ratio"}, []any{1.04}) }
		ok()
		e := newExporter(t, f, exporter.Options{Catalogue: queries.Catalogue{every(time.Second, query("nrr", "ratio gauge"))}})
		run(t, e)
		for _, step := range []struct {
			at      time.Duration
			breaks  bool
			success float64
		}{{0, false, 1}, {1100 * time.Millisecond, true, 0}, {1100 * time.Millisecond, false, 0}, {1600 * time.Millisecond, false, 0}, {2300 * time.Millisecond, false, 1}} {
			if step.breaks {
				f.fails("nrr", "connection reset by peer")
			}
			sleep(step.at - time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)))
			if step.breaks {
				ok()
			}
			if got := sampleOf(t, e, "cs_nrr_ratio", ""); got != 1.04 {
				t.Errorf("at %s the KPI is %v", step.at, got)
			}
			if got := sampleOf(t, e, "cs_exporter_query_success", "nrr"); got != step.success {
				t.Errorf("at %s success is %v, want %v", step.at, got, step.success)
			}
		}
	})
}

func TestValuesEndAtTheirMaximumAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.returns("dies", []string{"value"}, []any{1.0})
		f.returns("lives", []string{"value"}, []any{2.0})
		f.returns("rare", []string{"value"}, []any{3.0})
		e := newExporter(t, f, exporter.Options{
			Catalogue: queries.Catalogue{query("dies", "value gauge"), query("lives", "value gauge"), every(6*time.Hour, query("rare", "value gauge"))},
			MaxAge:    20 * time.Minute,
		})
		run(t, e)
		for _, name := range []string{"dies", "rare"} {
			f.fails(name, "gone")
		}
		sleep(20 * time.Minute)
		if got := sampleOf(t, e, "cs_dies_value", ""); got != 1 {
			t.Errorf("at its maximum age the value is %v", got)
		}
		sleep(time.Second)
		for metric, want := range map[string]float64{"cs_dies_value": missing, "cs_lives_value": 2, "cs_rare_value": 3} {
			if got := sampleOf(t, e, metric, ""); got != want {
				t.Errorf("past the maximum age %s is %v, want %v", metric, got, want)
			}
		}
		for metric, want := range map[string]float64{
			"cs_exporter_query_series": 0, "cs_exporter_query_success": 0, "cs_exporter_query_age_seconds": 1201, "cs_exporter_query_max_age_seconds": 1200,
		} {
			if got := sampleOf(t, e, metric, "dies"); got != want {
				t.Errorf("past the maximum age %s is %v, want %v", metric, got, want)
			}
		}
		sleep(6 * time.Hour)
		if got := sampleOf(t, e, "cs_rare_value", ""); got != missing {
			t.Errorf("the value of the rare query is %v after an interval and its timeout", got)
		}
		f.returns("dies", []string{"value"}, []any{5.0})
		sleep(5 * time.Minute)
		if got := sampleOf(t, e, "cs_dies_value", ""); got != 5 {
			t.Errorf("after the recovery the value is %v", got)
		}
	})
}

// TestDamagedDataIsNotComputed: values stay as they were, however old, and no statement runs until the data is repaired.
func TestDamagedDataIsNotComputed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.returns("hit", []string{"value"}, []any{1.0})
		f.returns("spared", []string{"value"}, []any{2.0})
		f.returns("fresh", []string{"value"}, []any{3.0})
		var damaged sync.Map // error by query
		damaged.Store("fresh", store.ErrDamaged)
		e := newExporter(t, f, exporter.Options{
			Catalogue: queries.Catalogue{query("hit", "value gauge"), query("spared", "value gauge"), query("fresh", "value gauge")},
			Whole: func(_ context.Context, q queries.Query) error {
				err, _ := damaged.Load(q.Name)
				why, _ := err.(error)
				return why
			},
			Damaged: func() []string { return []string{"a <part> is gone"} },
		})
		run(t, e)
		damaged.Store("hit", fmt.Errorf("contracts: %w", store.ErrDamaged))
		f.returns("hit", []string{"value"}, []any{-1.0}) // what is left of the data says
		ran := f.count("hit")
		sleep(30 * 24 * time.Hour)
		if got := f.count("hit"); got != ran || f.count("fresh") != 0 {
			t.Errorf("statements ran on damaged data: %d, %d", got-ran, f.count("fresh"))
		}
		age := (30 * 24 * time.Hour).Seconds()
		for metric, want := range map[string]float64{"cs_hit_value": 1, "cs_spared_value": 2, "cs_fresh_value": missing} {
			if got := sampleOf(t, e, metric, ""); got != want {
				t.Errorf("%s is %v, want %v", metric, got, want)
			}
		}
		for metric, want := range map[string]float64{"cs_exporter_query_success": 0, "cs_exporter_query_age_seconds": age, "cs_exporter_query_series": 1} {
			if got := sampleOf(t, e, metric, "hit"); got != want {
				t.Errorf("%s is %v, want %v", metric, got, want)
			}
		}
		page := get(t, e, "/").Body.String()
		for _, want := range []string{"Stored data is damaged", "a &lt;part&gt; is gone", "its last good values are 30 days old", "there are no earlier values"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page does not say %q", want)
			}
		}
		damaged.Delete("hit")
		sleep(5 * time.Minute)
		if got := sampleOf(t, e, "cs_hit_value", ""); got != -1 {
			t.Errorf("after the repair the value is %v", got)
		}
	})
}

// TestDamageWhileAStatementRuns: the engine may lose data and start again between the look at the data and the statement.
func TestDamageWhileAStatementRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		var damage error
		f.returns("kpi", []string{"value"}, []any{1.0})
		e := newExporter(t, f, exporter.Options{
			Catalogue: queries.Catalogue{query("kpi", "value gauge")},
			Whole:     func(context.Context, queries.Query) error { return damage },
		})
		run(t, e)
		f.set("kpi", func(context.Context) (*rows, error) {
			damage = store.ErrDamaged
			return &rows{columns: []string{"value"}, data: [][]any{{-1.0}}}, nil
		})
		sleep(time.Hour)
		if got := sampleOf(t, e, "cs_kpi_value", ""); got != 1 {
			t.Errorf("the value is %v", got)
		}
	})
}
