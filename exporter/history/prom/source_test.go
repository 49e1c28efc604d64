package prom

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"cskpi/exporter"
	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/store"
	"cskpi/queries"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// TestStored: of all versions that are kept the last one counts of which a run tells; what has no value is not there.
func TestStored(t *testing.T) {
	conn := enginetest.Conn(t)
	if err := store.Migrate(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	all, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Install(t.Context(), conn, all); err != nil {
		t.Fatal(err)
	}
	catalogue, err := queries.Load(fstest.MapFS{"made.sql": {Data: []byte(`-- Made up.
--
-- Columns:
--   day      key        Day.
--   segment  label      A segment.
--   amount   gauge      An amount.
--   size     histogram  Sizes.
--
-- Group: Made up
-- Every: 7m

select day, 'x' as segment, 1.5 as amount, cs_histogram([1.], [1., 2.]) as size from policy_days
`)}})
	if err != nil {
		t.Fatal(err)
	}
	made, found := catalogue.Get("made")
	if !found {
		t.Fatal("no query")
	}
	exec := func(sql string) {
		t.Helper()
		if err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	daily := func(view, column, labels, day, value, distribution, at string) string {
		return fmt.Sprintf("('%s', '%s', %s, '%s', %s, %s, '2026-02-01 00:00:0%s')", view, column, labels, day, value, distribution, at)
	}
	const none = "([], [], 0, map(), 0)"
	high, low := "map('segment', 'high')", "map('segment', '')"
	exec("insert into kpi_daily (view, column, labels, as_of, value, distribution, computed_at) values " + strings.Join([]string{
		daily("made", "amount", high, "2026-01-01", "0.1", none, "1"),
		daily("made", "amount", high, "2026-01-02", "0.2", none, "1"),
		daily("made", "amount", high, "2026-01-02", "0.25", none, "2"), // restated
		daily("made", "amount", high, "2026-01-03", "0.3", none, "1"),
		daily("made", "amount", high, "2026-01-03", "NULL", none, "2"), // gone
		daily("made", "amount", high, "2026-01-04", "0.4", none, "1"),
		daily("made", "amount", high, "2026-01-04", "0.45", none, "9"), // of a run that was cut short
		daily("made", "amount", low, "2026-01-04", "0.7", none, "1"),
		daily("made", "amount", high, "2026-01-05", "0.5", none, "1"), // likewise
		daily("made", "size", high, "2026-01-01", "NULL", "([1, 2, inf], [1, 3, 4], 7.5, map(3, 2, 5, 1), 1)", "1"),
		daily("made", "size", high, "2026-01-02", "NULL", none, "1"),
		daily("made", "size", high, "2026-01-03", "NULL", "([1, inf], [1, 4], 7.5, map(), 0)", "1"), // without native buckets
		daily("made", "gone", high, "2026-01-01", "1", none, "1"),                                   // a column of old
		daily("old", "amount", high, "2026-01-01", "1", none, "1"),                                  // a KPI of old
	}, ", "))
	for day, at := range map[string]string{"2026-01-01": "1", "2026-01-02": "2", "2026-01-03": "2", "2026-01-04": "1"} {
		for _, view := range []string{"made", "old"} {
			exec(fmt.Sprintf("insert into kpi_runs (view, as_of, computed_at) values ('%s', '%s', '2026-02-01 00:00:0%s')", view, day, at))
		}
	}
	exec("insert into stored_settings (name, value, starts_on) values ('timezone', 'Asia/Tokyo', '1970-01-01'), ('currency', 'JPY', '2026-01-03'), ('fiscal_year_start', '4', '2026-01-06')")
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	s := Stored{DB: conn, Catalogue: queries.Catalogue{made}, Labels: scrape, Zone: tokyo}
	read := func(s Source, from, to time.Time) []string {
		var got, metrics []string
		err := s.Series(t.Context(), from, to, func(one Series) error {
			if err := one.check(); err != nil {
				t.Error(err)
			}
			if last := len(metrics) - 1; slices.Contains(metrics, one.Metric) && metrics[last] != one.Metric {
				t.Errorf("%s comes after %s again", one.Metric, metrics[last])
			}
			metrics = append(metrics, one.Metric)
			var days []string
			for i, day := range one.Days {
				text := day.Format("02") + "="
				if one.Kind == queries.Gauge {
					text += fmt.Sprint(one.Values[i])
				} else {
					h := one.Histograms[i]
					text += fmt.Sprint(h.GetSampleCount(), "/", h.GetSampleSum(), "/", len(h.Bucket), "/", h.Schema != nil, "/", h.GetZeroCount())
				}
				days = append(days, text)
			}
			got = append(got, fmt.Sprint(one.Metric, one.Labels, one.Help, days))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		return got
	}
	const asOf, info = "cs_exporter_query_as_of_timestamp_seconds[{instance localhost:11469} {job cskpi} {query made}]", "cs_reporting_info[{currency %s} {fiscal_year_start 1} {instance localhost:11469} {job cskpi} {timezone Asia/Tokyo}]"
	// What says how to read a day is there for the days that were computed, as it was in force then.
	want := []string{
		asOf + exporter.QueryAsOf.Help + "[01=1.7671932e+09 02=1.7672796e+09 03=1.767366e+09 04=1.7674524e+09]",
		"cs_made_amount[{instance localhost:11469} {job cskpi} {segment high}]An amount (computed every 7m)[01=0.1 02=0.25 04=0.4]",
		"cs_made_amount[{instance localhost:11469} {job cskpi}]An amount (computed every 7m)[04=0.7]",
		"cs_made_size[{instance localhost:11469} {job cskpi} {segment high}]Sizes (computed every 7m)[01=4/7.5/2/true/1 03=4/7.5/1/false/0]",
		fmt.Sprintf(info, "JPY") + exporter.ReportingInfo.Help + "[03=1 04=1]",
		fmt.Sprintf(info, "USD") + exporter.ReportingInfo.Help + "[01=1 02=1]",
	}
	if got := read(s, date3(2026, 1, 1), date3(2026, 1, 31)); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := read(s, date3(2026, 1, 2), date3(2026, 1, 3)); len(got) != 5 || !strings.HasSuffix(got[1], "[02=0.25]") || !strings.HasSuffix(got[4], "[02=1]") {
		t.Errorf("of two days got %s", got)
	}
	// One more day goes on where series have a value on it, and begins others, those of a metric one after the other.
	number, other, size := 0.6, 0.8, exporter.Distribution{Bounds: []float64{1, math.Inf(1)}, Counts: []uint64{2, 5}, Sum: 6}
	then, err := s.Of(made, exporter.Day{AsOf: date3(2026, 1, 5), Rows: []exporter.Row{
		{Labels: []string{"high"}, Values: []exporter.Value{{Number: &number}, {Spread: &size}}},
		{Labels: []string{"new"}, Values: []exporter.Value{{Number: &other}, {}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	own, err := s.Own(t.Context(), map[string][]time.Time{"made": {date3(2026, 1, 5)}})
	if err != nil {
		t.Fatal(err)
	}
	then = append(then, own...)
	f := Followed{Source: s, Day: date3(2026, 1, 5), Then: then}
	wantThen := []string{
		strings.TrimSuffix(want[0], "]") + " 05=1.7675388e+09]",
		"cs_made_amount[{instance localhost:11469} {job cskpi} {segment high}]An amount (computed every 7m)[01=0.1 02=0.25 04=0.4 05=0.6]",
		"cs_made_amount[{instance localhost:11469} {job cskpi} {segment new}]An amount (computed every 7m)[05=0.8]",
		want[2],
		strings.TrimSuffix(want[3], "]") + " 05=5/6/1/false/0]",
		strings.TrimSuffix(want[4], "]") + " 05=1]",
		want[5],
	}
	if got := read(f, date3(2026, 1, 1), date3(2026, 1, 5)); !slices.Equal(got, wantThen) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(wantThen, "\n"))
	}
	if got := read(f, date3(2026, 1, 1), date3(2026, 1, 4)); !slices.Equal(got, want) {
		t.Errorf("before the day got\n%s", strings.Join(got, "\n"))
	}
	if got := read(f, date3(2026, 1, 5), date3(2026, 1, 5)); len(got) != 5 {
		t.Errorf("of the day got\n%s", strings.Join(got, "\n"))
	}
	k, err := s.Kept(t.Context(), time.Time{}, date3(2026, 1, 6))
	if err != nil || !k.First.Equal(date3(2026, 1, 1)) || !k.Last.Equal(date3(2026, 1, 4)) || k.Missing != 2 || k.Example != "made on 2026-01-05" {
		t.Errorf("kept is %+v, %v", k, err)
	}
	if k, err = s.Kept(t.Context(), date3(2025, 12, 30), date3(2026, 1, 4)); err != nil || k.Missing != 2 || k.Example != "made on 2025-12-30" {
		t.Errorf("kept is %+v, %v", k, err)
	}
	if k, err = s.Kept(t.Context(), date3(2025, 1, 1), date3(2025, 1, 4)); err != nil || !k.First.IsZero() {
		t.Errorf("kept is %+v, %v", k, err)
	}
	// What was written before a day was computed again, with another result, is told; what was computed again in vain is not.
	j, err := OpenJournal(t.TempDir()+"/journal", "x")
	if err != nil {
		t.Fatal(err)
	}
	at := func(second int) time.Time { return time.Date(2026, 2, 1, 0, 0, second, 0, time.UTC) }
	span := func(from, to int) interval {
		return interval{date3(2026, 1, from).UnixMilli(), date3(2026, 1, to).UnixMilli()}
	}
	if err := errors.Join(j.add(span(1, 3), at(2)), j.add(span(3, 5), at(10))); err != nil {
		t.Fatal(err)
	}
	for _, again := range []string{"'made', '2026-01-01', '2026-02-01 00:00:03', 1, 'facts'", "'made', '2026-01-02', '2026-02-01 00:00:03', 0, 'facts'",
		"'made', '2026-01-03', '2026-02-01 00:00:09', 1, 'settings'", "'made', '2026-01-04', '2026-02-01 00:00:11', 2, 'definition'",
		"'old', '2026-01-01', '2026-02-01 00:00:03', 1, 'facts'", "'made', '2026-01-06', '2026-02-01 00:00:12', 1, 'facts'"} {
		exec("insert into kpi_runs (view, as_of, computed_at, changed, reason) values (" + again + ")")
	}
	r, err := j.Restated(t.Context(), s, time.UTC)
	if err != nil || r.Count != 2 || r.Example != "made on 2026-01-01" || !r.days[date3(2026, 1, 4)] {
		t.Errorf("restated is %+v, %v", r, err)
	}
	// The months of it are written again, whole.
	dir := t.TempDir()
	if err := j.add(span(5, 8), at(10)); err != nil {
		t.Fatal(err)
	}
	p := Plan{Source: s, Zone: time.UTC, From: date3(2026, 1, 7), To: date3(2026, 1, 7), Until: date3(2027, 1, 1), Every: 24 * time.Hour, Known: at(20)}
	if files, err := WriteOpenMetrics(t.Context(), p, dir, j, Restated{}, func(Progress) {}); err != nil || len(files.Paths) != 0 {
		t.Errorf("%+v, %v", files, err)
	}
	if files, err := WriteOpenMetrics(t.Context(), p, dir, j, r, func(Progress) {}); err != nil || len(files.Paths) != 1 || files.Samples < 10 {
		t.Errorf("%+v, %v", files, err)
	}
	if r, err = j.Restated(t.Context(), s, time.UTC); err != nil || r.Count != 0 {
		t.Errorf("restated is %+v, %v", r, err)
	}
}
