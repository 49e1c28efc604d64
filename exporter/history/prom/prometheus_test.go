package prom

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	"cskpi/exporter"
	"cskpi/exporter/engine/enginetest"
	"cskpi/queries"
)

const root = "../../.."

var buildBlocksTool = sync.OnceValues(func() (string, error) {
	path, err := filepath.Abs(filepath.Join(root, "bin/test/cskpi-blocks"))
	if err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", "-o", path, ".")
	cmd.Dir = filepath.Join(root, "cmd/cskpi-blocks")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build cskpi-blocks: %w\n%s", err, out)
	}
	return path, nil
})

func blocksToolPath(t testing.TB) string {
	t.Helper()
	path, err := buildBlocksTool()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// server is a real Prometheus.
type server struct {
	t    testing.TB
	url  string
	log  *bytes.Buffer
	stop func()
}

// start runs Prometheus on a folder, scraping a target if there is one.
func start(t testing.TB, data, target, storage string, flags ...string) *server {
	t.Helper()
	config := filepath.Join(t.TempDir(), "prometheus.yml")
	text := "global: {scrape_interval: 1s}\n" + storage
	if target != "" {
		text += fmt.Sprintf(`
scrape_configs:
  - job_name: cskpi
    scrape_native_histograms: true
    always_scrape_classic_histograms: true
    static_configs: [{targets: [%q], labels: {instance: "localhost:11469"}}]
`, strings.TrimPrefix(target, "http://"))
	}
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(enginetest.Tool(t, "prometheus"), append([]string{"--config.file=" + config, "--storage.tsdb.path=" + data,
		"--storage.tsdb.retention.time=10y", "--web.listen-address=127.0.0.1:0", "--web.enable-remote-write-receiver"}, flags...)...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, log: &bytes.Buffer{}}
	address := make(chan string, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		found := regexp.MustCompile(`address=(127\.0\.0\.1:[1-9]\d*)`)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			s.log.WriteString(lines.Text() + "\n")
			if m := found.FindStringSubmatch(lines.Text()); m != nil {
				select {
				case address <- m[1]:
				default:
				}
			}
		}
	}()
	s.stop = sync.OnceFunc(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		<-ended
		_ = cmd.Wait()
	})
	t.Cleanup(s.stop)
	select {
	case a := <-address:
		s.url = "http://" + a
	case <-ended:
		t.Fatalf("Prometheus ended:\n%s", s.log)
	case <-time.After(time.Minute):
		t.Fatal("Prometheus does not listen")
	}
	s.until(func() bool { _, err := s.ask("/-/ready", nil); return err == nil })
	return s
}

func (s *server) until(ok func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatal("it does not come to be")
		}
	}
}

func (s *server) ask(path string, form url.Values) ([]byte, error) {
	r, err := http.Get(s.url + path + "?" + form.Encode())
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", r.Status, text)
	}
	return text, err
}

// seriesOf is what a query gives, by labels: pairs of time in seconds and value.
func (s *server) query(path string, form url.Values) map[string][][2]float64 {
	s.t.Helper()
	text, err := s.ask(path, form)
	if err != nil {
		s.t.Fatal(err)
	}
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  []any
				Values [][]any
			}
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		s.t.Fatal(err)
	}
	found := map[string][][2]float64{}
	for _, r := range answer.Data.Result {
		if r.Value != nil {
			r.Values = append(r.Values, r.Value)
		}
		labels, _ := json.Marshal(r.Metric)
		for _, v := range r.Values {
			value, err := strconv.ParseFloat(v[1].(string), 64)
			if err != nil {
				s.t.Fatal(err)
			}
			found[string(labels)] = append(found[string(labels)], [2]float64{v[0].(float64), value})
		}
	}
	return found
}

func (s *server) at(query string, at time.Time) map[string][][2]float64 {
	s.t.Helper()
	return s.query("/api/v1/query", url.Values{"query": {query}, "time": {stamp(at)}})
}

func (s *server) between(query string, from, to time.Time, step time.Duration) map[string][][2]float64 {
	s.t.Helper()
	return s.query("/api/v1/query_range", url.Values{"query": {query}, "start": {stamp(from)}, "end": {stamp(to)}, "step": {fmt.Sprint(step.Seconds())}})
}

func stamp(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64) }

// names are the label sets of all series of the job, sorted.
func (s *server) series(from, to time.Time) []string {
	s.t.Helper()
	text, err := s.ask("/api/v1/series", url.Values{"match[]": {`{__name__=~"cs_made_.*"}`}, "start": {stamp(from)}, "end": {stamp(to)}})
	if err != nil {
		s.t.Fatal(err)
	}
	var answer struct{ Data []map[string]string }
	if err := json.Unmarshal(text, &answer); err != nil {
		s.t.Fatal(err)
	}
	var all []string
	for _, labels := range answer.Data {
		one, _ := json.Marshal(labels)
		all = append(all, string(one))
	}
	slices.Sort(all)
	return all
}

// live is an exporter that shows m as of today.
func live(t testing.TB, m made, z *time.Location) string {
	t.Helper()
	gather := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		today := exporter.AsOf(time.Now(), z)
		families := map[string]*dto.MetricFamily{}
		for n, s := range m.all() {
			if s = m.on(s, n, today, today); len(s.Days) == 0 {
				continue
			}
			f := families[s.Metric]
			if f == nil {
				f = &dto.MetricFamily{Name: &s.Metric, Help: &s.Help, Type: dto.MetricType_GAUGE.Enum()}
				families[s.Metric] = f
			}
			one := &dto.Metric{}
			for _, l := range s.Labels {
				if l.Name != "job" && l.Name != "instance" {
					one.Label = append(one.Label, &dto.LabelPair{Name: &l.Name, Value: &l.Value})
				}
			}
			if s.Kind == queries.Histogram {
				f.Type = dto.MetricType_HISTOGRAM.Enum()
				one.Histogram = s.Histograms[0]
			} else {
				one.Gauge = &dto.Gauge{Value: &s.Values[0]}
			}
			f.Metric = append(f.Metric, one)
		}
		var all []*dto.MetricFamily
		for _, f := range families {
			all = append(all, f)
		}
		return all, nil
	})
	h := httptest.NewServer(promhttp.HandlerFor(gather, promhttp.HandlerOpts{}))
	t.Cleanup(h.Close)
	return h.URL
}

// threeYears are the plan that the tests write: until now, in a zone whose days are not those of UTC.
func threeYears(t testing.TB, m made, every time.Duration) Plan {
	z, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	today := exporter.AsOf(time.Now(), z)
	return Plan{Source: m, Zone: z, From: today.AddDate(-3, 0, 0), To: today, Until: time.Now(), Every: every, Forms: Forms{Classic: true, Native: true}}
}

func comesAndGoes(day time.Time) bool { return day.Unix()/86400%30 < 10 }

// checkSeam queries from the first day to now, where history ends and scrapes begin: every series has the right value on
// every day, and there is no other series.
func checkSeam(t *testing.T, s *server, p Plan, m made, native bool) {
	t.Helper()
	var now time.Time
	s.until(func() bool {
		now = time.Now().Truncate(time.Second)
		return len(s.at(`up`, now)) == 1 && len(s.at(`cs_made_amount`, now)) == m.gauges
	})
	// The step is a day, but samples are found at any time of the day that the grid has.
	end := now
	if p.Every > 5*time.Minute {
		end = p.Until.Truncate(time.Hour) // the last sample that is history's; no scrape may have been at the next full hour
	}
	check := func(query string, want func(day time.Time) (float64, bool)) {
		t.Helper()
		start := time.UnixMilli(p.whole().From).Add(24 * time.Hour)
		for end.Sub(start)%(24*time.Hour) != 0 {
			start = end.Add(-end.Sub(start).Truncate(24 * time.Hour))
		}
		found := s.between(query, start, end, 24*time.Hour)
		if len(found) != 1 {
			t.Fatalf("%s: %d series", query, len(found))
		}
		for _, values := range found {
			i := 0
			for at := start; !at.After(end); at = at.Add(24 * time.Hour) {
				day := exporter.AsOf(at, p.Zone)
				v, there := want(day)
				var got float64
				has := i < len(values) && values[i][0] == float64(at.UnixMilli())/1000
				if has {
					got = values[i][1]
					i++
				}
				if has != there || there && got != v {
					t.Fatalf("%s at %s: %v (%t), want %v (%t)", query, at, got, has, v, there)
				}
			}
			if i != len(values) {
				t.Fatalf("%s: %d values more than there should be", query, len(values)-i)
			}
		}
	}
	// Of the last hours, no minute lacks a series or has one twice.
	if p.Every <= 5*time.Minute {
		minutes := s.between(`count(cs_made_amount)`, now.Add(-26*time.Hour), now, time.Minute)
		for _, values := range minutes {
			if len(values) != 26*60+1 || slices.ContainsFunc(values, func(v [2]float64) bool { return v[1] != float64(m.gauges) }) {
				t.Errorf("of the last 26 hours there are %d minutes: %v", len(values), values)
			}
		}
		if len(minutes) != 1 {
			t.Errorf("of the last 26 hours there is %v", minutes)
		}
	}
	for n := range m.gauges {
		check(fmt.Sprintf(`cs_made_amount{a=~".*\"%03d\".*",job="cskpi",instance="localhost:11469"}`, n), func(day time.Time) (float64, bool) { return m.value(n, day), true })
	}
	check("cs_made_left", func(day time.Time) (float64, bool) { return m.value(m.gauges, day), !m.left(day) })
	bucket := func(i int) func(day time.Time) (float64, bool) {
		return func(day time.Time) (float64, bool) {
			return float64(m.distribution(day).Bucket[i].GetCumulativeCount()), true
		}
	}
	check(`cs_made_spread_bucket{le="20.0"}`, bucket(0))
	check(`cs_made_spread_bucket{le="40.5"}`, bucket(1))
	count := func(day time.Time) (float64, bool) { return float64(m.distribution(day).GetSampleCount()), true }
	check(`cs_made_spread_bucket{le="+Inf"}`, count)
	check(`cs_made_spread_count`, count)
	sum := func(day time.Time) (float64, bool) { return m.distribution(day).GetSampleSum(), true }
	check(`cs_made_spread_sum`, sum)
	if native {
		check(`histogram_count(cs_made_spread)`, count)
		check(`histogram_sum(cs_made_spread)`, sum)
		check(`histogram_fraction(-1, 0.0000001, cs_made_spread)`, func(day time.Time) (float64, bool) {
			return 1 / float64(m.distribution(day).GetSampleCount()), true
		})
	}
	// What was there for history is what is scraped, but for the series that happens not to be there today, and the native
	// histogram where history has none.
	if all, now := s.series(time.UnixMilli(p.whole().From), time.Now()), s.series(time.Now().Add(-time.Second), time.Now()); !subset(now, all) || len(all)-len(now) > 1 {
		t.Errorf("there are the series %s, and those of now %s", strings.Join(all, "\n"), strings.Join(now, "\n"))
	}
}

func subset(part, all []string) bool {
	return !slices.ContainsFunc(part, func(s string) bool { return !slices.Contains(all, s) })
}

// TestBlocks: three years in blocks, with a live scrape after them, are one history.
func TestBlocks(t *testing.T) {
	m := made{gauges: 3, left: comesAndGoes, withHist: true}
	p := threeYears(t, m, 5*time.Minute)
	dir := t.TempDir()
	j, err := OpenJournal(filepath.Join(dir, "cskpi-history.json"), p.Of(scrape))
	if err != nil {
		t.Fatal(err)
	}
	shown := Progress{}
	blocks, err := WriteBlocks(t.Context(), p, blocksToolPath(t), dir, j, func(at Progress) { shown = at })
	if err != nil {
		t.Fatal(err)
	}
	samples := int64(0)
	for _, b := range blocks {
		samples += b.Samples
	}
	if want := countSamples(t, p); samples != want || shown.Part != 1 || shown.Samples != want {
		t.Errorf("%d samples are written, want %d; the end is shown as %+v", samples, want, shown)
	}
	// Again there is nothing to do.
	if more, err := WriteBlocks(t.Context(), p, blocksToolPath(t), dir, j, func(Progress) {}); err != nil || len(more) > 0 {
		t.Errorf("again: %d blocks, %v", len(more), err)
	}
	s := start(t, dir, live(t, m, p.Zone), "")
	checkSeam(t, s, p, m, true)
	// A series that ends is not seen for a moment longer.
	for day := p.From.AddDate(0, 0, 40); ; day = next(day) {
		if m.left(day) && !m.left(day.AddDate(0, 0, -1)) {
			if found := s.at("cs_made_left", time.UnixMilli(dayStart(day, p.Zone)+60_000)); len(found) > 0 {
				t.Errorf("it is seen after its end: %v", found)
			}
			if found := s.at("cs_made_left", time.UnixMilli(dayStart(day, p.Zone)-60_000)); len(found) != 1 {
				t.Errorf("it is not seen before its end")
			}
			break
		}
	}
	s.stop()
	if text := s.log.String(); strings.Contains(text, "level=ERROR") {
		t.Errorf("Prometheus says\n%s", text)
	}
}

// countSamples is how many samples p has, staleness markers included.
func countSamples(t *testing.T, p Plan) int64 {
	t.Helper()
	n := int64(0)
	if err := p.requests(t.Context(), p.whole(), 100_000, func(r *request) error { n += int64(r.samples); return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestBlocksResumed: killed in the middle, by whatever end, and resumed, the blocks are those of one go.
func TestBlocksResumed(t *testing.T) {
	m := made{gauges: 2, left: comesAndGoes, withHist: true}
	p := threeYears(t, m, time.Hour)
	want := countSamples(t, p)
	dir, scratch := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", scratch) // of the program
	path := filepath.Join(dir, "cskpi-history.json")
	var all []Block
	readings := 0
	broken := errors.New("the database is away")
	for round := 0; ; round++ {
		if round > 10 {
			t.Fatal("it does not end")
		}
		j, err := OpenJournal(path, p.Of(scrape))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		with := m
		begun := readings
		with.failing = func(time.Time) error {
			readings++
			if readings-begun < 15 {
				return nil
			}
			if round%2 == 0 {
				return broken
			}
			cancel() // the program is killed with it
			return nil
		}
		q := p
		q.Source = with
		blocks, err := WriteBlocks(ctx, q, blocksToolPath(t), dir, j, func(Progress) {})
		cancel()
		all = append(all, blocks...)
		if err == nil {
			break
		}
		if !errors.Is(err, broken) && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	got := int64(0)
	for i, b := range all {
		got += b.Samples
		if i > 0 && b.MinTime <= all[i-1].MaxTime {
			t.Errorf("block %d overlaps the one before", i)
		}
		if _, err := os.Stat(filepath.Join(dir, b.ULID, "meta.json")); err != nil {
			t.Error(err)
		}
	}
	if got != want {
		t.Errorf("there are %d samples, want %d", got, want)
	}
	// Nothing else is left, there or elsewhere.
	if entries, err := filepath.Glob(filepath.Join(dir, "0*")); err != nil || len(entries) != len(all) {
		t.Errorf("%d folders, %v", len(entries), err)
	}
	if entries, err := os.ReadDir(scratch); err != nil || len(entries) > 0 {
		t.Errorf("%v is left, %v", entries, err)
	}
}

// TestBlocksTool: what goes wrong with the program is said.
func TestBlocksTool(t *testing.T) {
	p := threeYears(t, made{gauges: 1}, time.Hour)
	if _, err := WriteBlocks(t.Context(), p, "/nowhere/cskpi-blocks", t.TempDir(), nil, func(Progress) {}); err == nil || !strings.Contains(err.Error(), "start cskpi-blocks") {
		t.Errorf("without the program: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := WriteBlocks(t.Context(), p, blocksToolPath(t), file, nil, func(Progress) {}); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("into a file: %v", err)
	}
	for _, input := range []string{"\x05abc", "\x03abc", "\xff\xff\xff\xff\x7f", "abc"} {
		cmd := exec.Command(blocksToolPath(t), t.TempDir())
		cmd.Stdin = strings.NewReader(input)
		if out, err := cmd.CombinedOutput(); err == nil {
			t.Errorf("%q is taken: %s", input, out)
		}
	}
}

// TestOpenMetrics: promtool makes blocks of the files, and they are the same history.
func TestOpenMetrics(t *testing.T) {
	m := made{gauges: 2, left: func(time.Time) bool { return false }, withHist: true}
	p := threeYears(t, m, time.Hour)
	dir, data := t.TempDir(), t.TempDir()
	j, err := OpenJournal(filepath.Join(dir, "cskpi-history.json"), p.Of(scrape))
	if err != nil {
		t.Fatal(err)
	}
	// Cut short in the middle of a month, and then by an error, before it is done.
	part := p
	part.To = p.From.AddDate(1, 0, 7)
	if _, err := WriteOpenMetrics(t.Context(), part, dir, j, Restated{}, func(Progress) {}); err != nil {
		t.Fatal(err)
	}
	part = p
	broken := errors.New("the database is away")
	readings := 0
	with := m
	with.failing = func(time.Time) error {
		if readings++; readings > 5 {
			return broken
		}
		return nil
	}
	part.Source = with
	if _, err := WriteOpenMetrics(t.Context(), part, dir, j, Restated{}, func(Progress) {}); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if j, err = OpenJournal(filepath.Join(dir, "cskpi-history.json"), p.Of(scrape)); err != nil {
		t.Fatal(err)
	}
	if _, err := WriteOpenMetrics(t.Context(), p, dir, j, Restated{}, func(Progress) {}); err != nil {
		t.Fatal(err)
	}
	if again, err := WriteOpenMetrics(t.Context(), p, dir, j, Restated{}, func(Progress) {}); err != nil || len(again.Paths) > 0 {
		t.Errorf("again %v are written, %v", again.Paths, err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) < 37 || len(files) > 38 {
		t.Fatalf("%q, %v", files, err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f, ".openmetrics") {
			continue
		}
		if out, err := exec.Command(enginetest.Tool(t, "promtool"), "tsdb", "create-blocks-from", "--max-block-duration=20d", "--quiet", "openmetrics", f, data).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", f, err, out)
		}
	}
	s := start(t, data, live(t, m, p.Zone), "")
	checkSeam(t, s, p, m, false)
}

// TestPush: three years by remote write into a Prometheus that is scraping already.
func TestPush(t *testing.T) {
	for _, protocol := range []Protocol{Protocol1, AnyProtocol} {
		t.Run(string(protocol), func(t *testing.T) {
			m := made{gauges: 2, left: comesAndGoes, withHist: true}
			p := threeYears(t, m, time.Hour)
			s := start(t, t.TempDir(), live(t, m, p.Zone), "storage: {tsdb: {out_of_order_time_window: 4y}}\n")
			s.until(func() bool { return len(s.at("cs_made_amount", time.Now())) == 2 })
			j, err := OpenJournal(filepath.Join(t.TempDir(), "journal"), p.Of(scrape))
			if err != nil {
				t.Fatal(err)
			}
			// Killed in the middle.
			ctx, cancel := context.WithCancel(t.Context())
			first, err := Push(ctx, p, Receiver{URL: s.url, Protocol: protocol}, j, func(at Progress) {
				if at.Part > 0.4 {
					cancel()
				}
			})
			if !errors.Is(err, context.Canceled) || first.Written == 0 {
				t.Fatalf("%+v, %v", first, err)
			}
			rest, err := Push(t.Context(), p, Receiver{URL: s.url, Protocol: protocol}, j, func(Progress) {})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := first.Written+rest.Written, countSamples(t, p); got != want || rest.Refused > 0 {
				t.Errorf("%d samples are written, %d refused, want %d", got, rest.Refused, want)
			}
			checkSeam(t, s, p, m, true)
		})
	}
}

// TestPushRefused: samples that the receiver does not take are counted with the reason, and never passed over.
func TestPushRefused(t *testing.T) {
	m := made{gauges: 2}
	p := threeYears(t, m, time.Hour)
	p.From = p.To.AddDate(0, 0, -39)
	s := start(t, t.TempDir(), live(t, m, p.Zone), "storage: {tsdb: {out_of_order_time_window: 10d}}\n")
	s.until(func() bool { return len(s.at("cs_made_amount", time.Now())) == 2 })

	for _, protocol := range []Protocol{Protocol1, Protocol2} {
		j, err := OpenJournal(filepath.Join(t.TempDir(), "journal"), p.Of(scrape))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Push(t.Context(), p, Receiver{URL: s.url + "/api/v1/write", Protocol: protocol}, j, func(Progress) {})
		if !errors.Is(err, errRefused) || !strings.Contains(err.Error(), "out_of_order_time_window") || got.Written != 0 || got.Refused == 0 {
			t.Errorf("protocol %s: %+v, %v", protocol, got, err)
		}
		got, err = Push(t.Context(), p, Receiver{URL: s.url, Protocol: protocol, KeepGoing: true}, j, func(Progress) {})
		if err != nil {
			t.Fatal(err)
		}
		all := countSamples(t, p)
		inside := int64(10*24*2) - int64(time.Since(time.UnixMilli(p.whole().To)).Hours())*2
		if got.Written+got.Refused != all || got.Written < inside-4 || got.Written > inside+4 || got.Reasons["too old"] != got.Refused || got.Example == "" {
			t.Errorf("protocol %s: of %d samples %d are in the window, and %+v", protocol, all, inside, got)
		}
		// The days that were refused are tried again, the others are not.
		again, err := Push(t.Context(), p, Receiver{URL: s.url, Protocol: protocol, KeepGoing: true}, j, func(Progress) {})
		if err != nil || again.Refused != got.Refused || again.Written >= 24*2 {
			t.Errorf("protocol %s: again %+v, %v", protocol, again, err)
		}
	}
}

// TestPushAway: a receiver that is away or hurt is tried again until patience ends; one that does not want us is not.
func TestPushAway(t *testing.T) {
	p := threeYears(t, made{gauges: 1}, time.Hour)
	p.To = p.To.AddDate(0, 0, -1) // a whole day
	p.From = p.To
	answers := make(chan int, 100)
	var asked []string
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path+" "+r.Header.Get("Content-Type"))
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("X-Prometheus-Remote-Write-Samples-Written", "24")
		w.WriteHeader(<-answers)
	}))
	defer h.Close()
	push := func(r Receiver, codes ...int) (Sent, error) {
		asked = nil
		for _, c := range codes {
			answers <- c
		}
		return Push(t.Context(), p, r, nil, func(Progress) {})
	}
	notes := 0
	got, err := push(Receiver{URL: h.URL, Note: func(string) { notes++ }}, 503, 429, 204)
	if err != nil || got.Written != 24 || notes != 2 || len(asked) != 3 {
		t.Errorf("hurt: %+v, %v, %d notes, asked %q", got, err, notes, asked)
	}
	if got, err := push(Receiver{URL: h.URL + "/api/v1/push"}, 415, 204); err != nil || got.Written != 24 || !slices.Equal(asked, []string{
		"/api/v1/push application/x-protobuf;proto=io.prometheus.write.v2.Request", "/api/v1/push application/x-protobuf"}) {
		t.Errorf("of 1.0: %+v, %v, asked %q", got, err, asked)
	}
	for code, want := range map[int]string{404: "--web.enable-remote-write-receiver", 401: "token", 302: "302"} {
		if _, err := push(Receiver{URL: h.URL}, code); err == nil || !strings.Contains(err.Error(), want) || len(asked) != 1 {
			t.Errorf("%d: %v, asked %q", code, err, asked)
		}
	}
	h.Close()
	begin := time.Now()
	if _, err := Push(t.Context(), p, Receiver{URL: h.URL, Patience: time.Second}, nil, func(Progress) {}); err == nil ||
		!strings.Contains(err.Error(), "given up after 1s") || !strings.Contains(err.Error(), "refused") || time.Since(begin) > 10*time.Second {
		t.Errorf("away: %v after %s", err, time.Since(begin))
	}
	for _, bad := range []string{"localhost:9090", "ftp://x/y", ""} {
		if _, err := Push(t.Context(), p, Receiver{URL: bad}, nil, func(Progress) {}); err == nil || !strings.Contains(err.Error(), "is no URL") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestNumbers: a number is the same to the last bit, whatever way it goes.
func TestNumbers(t *testing.T) {
	for _, v := range []float64{0.1, 1.0 / 3, -5e-324, math.MaxFloat64, 123456789.123456789} {
		s := Series{Metric: "cs_x", Kind: queries.Gauge, Days: []time.Time{{}}, Values: []float64{v}}
		_, lines, err := s.lines(0)
		if err != nil || len(lines) != 1 {
			t.Fatal(err)
		}
		if got, err := strconv.ParseFloat(strings.TrimPrefix(string(lines[0]), "cs_x "), 64); err != nil || got != v {
			t.Errorf("%v has become %s", v, lines[0])
		}
	}
}

// TestBlocksBesideOthers: a Prometheus that has samples of others, in its log only, keeps them, though the blocks end after them.
func TestBlocksBesideOthers(t *testing.T) {
	m := made{gauges: 1}
	p := threeYears(t, m, time.Hour)
	p.From = p.To.AddDate(0, 0, -3)
	data := t.TempDir()
	s := start(t, data, "", "")
	other := p
	other.Source = daily(1)
	other.From = p.To.AddDate(0, 0, -1) // today may only just have begun
	if _, err := Push(t.Context(), other, Receiver{URL: s.url}, nil, func(Progress) {}); err != nil {
		t.Fatal(err)
	}
	evening := time.UnixMilli(p.whole().To - 3600_000).Truncate(p.Every)
	if len(s.at("cs_made_0", evening)) != 1 {
		t.Fatal("the samples of others are not there")
	}
	s.stop()
	if _, err := WriteBlocks(t.Context(), p, blocksToolPath(t), data, nil, func(Progress) {}); err != nil {
		t.Fatal(err)
	}
	s = start(t, data, "", "")
	if len(s.at("cs_made_0", evening)) != 1 {
		t.Error("the samples of others are lost")
	}
	if len(s.at("cs_made_amount", evening)) != 1 {
		t.Error("those of the blocks are not there")
	}
}
