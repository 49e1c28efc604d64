package prom

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"cskpi/exporter"
	"cskpi/queries"
)

// made is a company whose KPIs can be told for any day by a formula.
type made struct {
	gauges   int
	left     func(day time.Time) bool // whether cs_made_left has no value on a day
	reading  func(from time.Time)     // is told of every reading
	failing  func(from time.Time) error
	withHist bool
}

var scrape = []Label{{"instance", "localhost:11469"}, {"job", "cskpi"}}

// value is what gauge n is on a day; it changes every week.
func (made) value(n int, day time.Time) float64 {
	week := math.Floor(float64(day.Unix()/86400) / 7)
	return 1000*float64(n) + math.Sqrt(week)
}

func (made) distribution(day time.Time) *dto.Histogram {
	n := uint64(day.Unix() / 86400 / 7)
	d := exporter.Distribution{
		Bounds: []float64{20, 40.5, math.Inf(1)}, Counts: []uint64{n, n + 2, n + 3}, Sum: float64(30 * n),
		Native: map[int32]uint64{30: n - 1, 38: 1, 43: 2}, Zeros: 1,
	}
	h, err := d.Expose()
	if err != nil {
		panic(err)
	}
	return h
}

// all are the series without days.
func (m made) all() []Series {
	var all []Series
	for n := range m.gauges {
		all = append(all, Series{Metric: "cs_made_amount", Help: "An amount, \"made\" of\nlines.", Kind: queries.Gauge,
			Labels: append([]Label{{"a", fmt.Sprintf("ja 売上 \"%03d\"\\", n)}}, scrape...)})
	}
	if m.left != nil {
		all = append(all, Series{Metric: "cs_made_left", Help: "Comes and goes.", Kind: queries.Gauge, Labels: scrape})
	}
	if m.withHist {
		all = append(all, Series{Metric: "cs_made_spread", Help: "A distribution.", Kind: queries.Histogram, Labels: scrape})
	}
	return all
}

// on is s with its values on days.
func (m made) on(s Series, n int, from, to time.Time) Series {
	for day := from; !day.After(to); day = next(day) {
		switch {
		case s.Kind == queries.Histogram:
			s.Histograms = append(s.Histograms, m.distribution(day))
		case s.Metric == "cs_made_left" && m.left(day):
			continue
		default:
			s.Values = append(s.Values, m.value(n, day))
		}
		s.Days = append(s.Days, day)
	}
	return s
}

// Series implements Source.
func (m made) Series(_ context.Context, from, to time.Time, yield func(Series) error) error {
	if m.reading != nil {
		m.reading(from)
	}
	if m.failing != nil {
		if err := m.failing(from); err != nil {
			return err
		}
	}
	for n, s := range m.all() {
		if s = m.on(s, n, from, to); len(s.Days) > 0 {
			if err := yield(s); err != nil {
				return err
			}
		}
	}
	return nil
}

func date3(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// TestTicks: whatever the zone does, the samples of a day are where a scrape is about that day, every day has one, and all
// are on the grid.
func TestTicks(t *testing.T) {
	for _, name := range []string{"UTC", "Asia/Tokyo", "Asia/Kathmandu", "America/Sao_Paulo", "America/Havana", "Atlantic/Azores",
		"Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "America/St_Johns", "Asia/Beirut"} {
		for _, every := range []time.Duration{5 * time.Minute, 7 * time.Minute, time.Hour, 24 * time.Hour} {
			z := zone(t, name)
			p := Plan{Zone: z, Every: every, From: date3(2016, 1, 1), To: date3(2020, 12, 31), Until: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
			whole, last, off := p.whole(), int64(0), 0
			for day := p.From; !day.After(p.To); day = next(day) {
				of := p.tick(day, whole)
				if of.n == 0 {
					if dayStart(day, z) == dayStart(next(day), z) {
						continue // Apia went without a day
					}
					t.Fatalf("%s every %s: no sample on %s", name, every, day)
				}
				for ; of.n > 0; of.n-- {
					at := time.UnixMilli(of.first)
					if got := exporter.AsOf(at, z); !got.Equal(day) {
						t.Fatalf("%s every %s: %s is about %s, not %s", name, every, at, got, day)
					}
					if of.first%every.Milliseconds() != 0 {
						off++
					}
					if gap := of.first - last; last > 0 && (gap <= 0 || gap > every.Milliseconds() && of.first%every.Milliseconds() == 0 && last%every.Milliseconds() == 0) {
						t.Fatalf("%s every %s: %s is %d ms after the sample before", name, every, at, gap)
					}
					last = of.first
					of.first += of.every
				}
			}
			if off > 10 {
				t.Errorf("%s every %s: %d samples are off the grid", name, every, off)
			}
			// A day that is read in parts has the same samples.
			day := date3(2018, 11, 4)
			in := interval{dayStart(day, z), dayStart(next(day), z)}
			want := p.tick(day, in).n
			cut := in.From + 7*3600_000 + 123
			if got := p.tick(day, interval{in.From, cut}).n + p.tick(day, interval{cut, in.To}).n; got != want {
				t.Errorf("%s every %s: %d samples in two parts, %d in one", name, every, got, want)
			}
		}
	}
}

// TestUntil: there are no samples in the future.
func TestUntil(t *testing.T) {
	now := time.Date(2026, 3, 5, 10, 2, 0, 0, time.UTC)
	p := Plan{Source: made{gauges: 1}, Zone: time.UTC, Every: 5 * time.Minute, From: date3(2026, 3, 4), To: date3(2026, 3, 9), Until: now, Forms: Forms{Classic: true}}
	last := int64(0)
	err := p.requests(t.Context(), p.whole(), 1000, func(r *request) error {
		for _, s := range r.Timeseries {
			last = max(last, s.Samples[len(s.Samples)-1].Timestamp)
		}
		return nil
	})
	if want := time.Date(2026, 3, 5, 10, 0, 0, 0, time.UTC).UnixMilli(); err != nil || last != want {
		t.Errorf("the last sample is %d, want %d: %v", last, want, err)
	}
}

// TestJournal: what was written is not written again, in whatever parts.
func TestJournal(t *testing.T) {
	path := t.TempDir() + "/journal.json"
	j, err := OpenJournal(path, "one")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []interval{{10, 20}, {30, 40}, {20, 25}} {
		if err := j.add(w, time.UnixMilli(1)); err != nil {
			t.Fatal(err)
		}
	}
	if j, err = OpenJournal(path, "one"); err != nil {
		t.Fatal(err)
	}
	for w, want := range map[interval][]interval{
		{0, 100}: {{0, 10}, {25, 30}, {40, 100}}, {12, 22}: nil, {15, 35}: {{25, 30}}, {50, 60}: {{50, 60}}, {0, 5}: {{0, 5}}, {5, 15}: {{5, 10}},
	} {
		if got := j.rest(w); !slices.Equal(got, want) {
			t.Errorf("of %v is left %v, want %v", w, got, want)
		}
	}
	// What is written again is known as of then.
	if err := j.add(interval{12, 35}, time.UnixMilli(2)); err != nil {
		t.Fatal(err)
	}
	if j, err = OpenJournal(path, "one"); err != nil {
		t.Fatal(err)
	}
	if want := []entry{{interval{10, 12}, 1}, {interval{12, 35}, 2}, {interval{35, 40}, 1}}; !slices.Equal(j.told.Written, want) {
		t.Errorf("written is %v, want %v", j.told.Written, want)
	}
	if _, err := OpenJournal(path, "other"); err == nil {
		t.Error("the journal of another export is taken")
	}
}

// TestStreams: series that Prometheus stores, in the spelling that it stores them in.
func TestStreams(t *testing.T) {
	m := made{withHist: true}
	s := m.on(m.all()[0], 0, date3(2026, 1, 1), date3(2026, 1, 2))
	var got []string
	for _, one := range s.streams(Forms{Classic: true, Native: true}) {
		got = append(got, fmt.Sprint(one.labels))
	}
	want := []string{
		"[{__name__ cs_made_spread_bucket} {instance localhost:11469} {job cskpi} {le 20.0}]",
		"[{__name__ cs_made_spread_bucket} {instance localhost:11469} {job cskpi} {le 40.5}]",
		"[{__name__ cs_made_spread_bucket} {instance localhost:11469} {job cskpi} {le +Inf}]",
		"[{__name__ cs_made_spread_sum} {instance localhost:11469} {job cskpi}]",
		"[{__name__ cs_made_spread_count} {instance localhost:11469} {job cskpi}]",
		"[{__name__ cs_made_spread} {instance localhost:11469} {job cskpi}]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
