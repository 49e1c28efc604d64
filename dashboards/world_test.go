package dashboards

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"cskpi/exporter"
	"cskpi/exporter/demo"
	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/intake"
	"cskpi/exporter/policy"
	"cskpi/exporter/refresh"
	"cskpi/exporter/store"
	"cskpi/queries"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// world is a generated company with all that boards ask: the engine with its views, and a Prometheus that has scraped it
// now and once 90 days ago.
type world struct {
	conn      driver.Conn
	url       string // of Prometheus
	at        time.Time
	labels    map[string][]string // of each metric
	days      *refresh.Days
	account   string // one that has much to tell
	catalogue queries.Catalogue
	names     map[string]string // by which CSMs go, by those that the generator gave them
}

var scratch struct {
	sync.Once
	dir string
	world
	err error
}

// worldDay is the day of which the world's KPIs are, so that the same questions have an answer whenever the tests run.
var worldDay = time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)

// theWorld is shared by the tests, since it takes half a minute to make.
func theWorld(t *testing.T) *world {
	t.Helper()
	scratch.Do(func() { scratch.err = scratch.make(t) })
	if scratch.err != nil {
		t.Fatal(scratch.err)
	}
	return &scratch.world
}

func (w *world) make(t *testing.T) error {
	ctx := t.Context()
	w.conn = enginetest.Conn(t)
	catalogue, err := queries.Load()
	if err != nil {
		return err
	}
	w.catalogue = catalogue
	if err := store.Migrate(ctx, w.conn); err != nil {
		return err
	}
	if err := store.Install(ctx, w.conn, catalogue); err != nil {
		return err
	}
	reporting := policy.Reporting{Currency: "EUR", Timezone: "UTC", FiscalYearStart: 4}
	if reporting, err = policy.Configure(ctx, w.conn, reporting); err != nil {
		return err
	}
	company, err := demo.New(demo.Options{Accounts: 80, Years: 3, Events: 20_000, Until: worldDay, Currency: reporting.Currency, FiscalYearStart: reporting.FiscalYearStart})
	if err != nil {
		return err
	}
	im := intake.Importer{Conn: w.conn, Zone: time.UTC}
	w.names = map[string]string{}
	for _, table := range company.Tables() {
		r, in := io.Pipe()
		go func() { in.CloseWithError(company.Write(ctx, table, in)) }()
		if s, err := im.Reader(ctx, table, table+".ndjson", intake.NDJSON, w.renamed(r)); err != nil || s.Rejected > 0 {
			return fmt.Errorf("%s: %w, %d rejected", table, err, s.Rejected)
		}
	}
	if err := store.RollUp(ctx, w.conn, nil); err != nil {
		return err
	}
	clock := func() time.Time { return worldDay.Add(13 * time.Hour) }
	w.days = refresh.NewDays(refresh.Options{Conn: w.conn, Layout: catalogue.Layout(), Now: clock})
	if _, err := w.days.Update(ctx); err != nil {
		return err
	}
	const busiest = `select account_id from account_states where day = '2026-03-31' and account_id in (select account_id from risks where closed_on is null)
		order by arr desc limit 1`
	if err := w.conn.QueryRow(ctx, busiest).Scan(&w.account); err != nil {
		return err
	}
	// Parts of the program that only the command puts together.
	others := prometheus.NewRegistry()
	missing := prometheus.NewGauge(prometheus.GaugeOpts{Name: "cs_history_missing", Help: "Days."})
	rows := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "cs_intake_rows_total", Help: "Rows."}, []string{"table", "outcome"})
	rows.WithLabelValues("contracts", "stored").Add(1)
	computed := prometheus.NewGauge(prometheus.GaugeOpts{Name: "cs_history_last_success_timestamp_seconds", Help: "Instant."})
	computed.SetToCurrentTime()
	others.MustRegister(missing, computed, rows)
	for _, name := range []string{"parts_checked_timestamp_seconds", "disk_free_bytes", "disk_size_bytes", "backup_timestamp_seconds", "engine_confinement", "engine_confinement_required"} {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "cs_exporter_" + name, Help: "Of the world."})
		g.SetToCurrentTime()
		others.MustRegister(g)
	}
	damaged := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "cs_exporter_damaged_parts", Help: "Parts."}, []string{"table"})
	damaged.WithLabelValues("contracts").Set(2)
	damaged.WithLabelValues("accounts").Set(0)
	others.MustRegister(damaged)
	e, err := exporter.New(w.conn, exporter.Options{
		Catalogue: catalogue, Now: clock, Lease: w.days.Read, Reporting: reporting, Timeout: time.Minute,
		EngineUp: func() bool { return true }, EngineRestarts: func() int { return 0 }, RollUp: func() exporter.RollUp { return exporter.RollUp{LastSuccess: time.Now()} },
		Also: others,
	})
	if err != nil {
		return err
	}
	if err := e.Refresh(ctx); err != nil {
		return err
	}
	families, err := e.Gather()
	if err != nil {
		return err
	}
	w.labels = map[string][]string{}
	for _, f := range families {
		for _, l := range f.Metric[0].Label {
			w.labels[f.GetName()] = append(w.labels[f.GetName()], l.GetName())
		}
		w.labels[f.GetName()] = append(w.labels[f.GetName()], "job")
	}
	for _, q := range catalogue.KPIs() {
		labels := []string{"job"}
		for _, l := range q.Of(queries.Label) {
			labels = append(labels, l.Name)
		}
		for _, c := range q.Of(queries.Gauge) {
			w.labels[q.Metric(c)] = labels
		}
		for _, c := range q.Of(queries.Histogram) {
			w.labels[q.Metric(c)+"_bucket"] = append(slices.Clone(labels), "le")
		}
	}
	return w.startPrometheus(t, httptest.NewServer(e.Handler()).URL, families)
}

// renamed calls CSMs by hostile names.
func (w *world) renamed(facts io.Reader) io.Reader {
	r, out := io.Pipe()
	csm := regexp.MustCompile(`"csm":"([^"]+)"`)
	go func() {
		lines := bufio.NewScanner(facts)
		for lines.Scan() {
			line := csm.ReplaceAllStringFunc(lines.Text(), func(match string) string {
				name := csm.FindStringSubmatch(match)[1]
				if _, known := w.names[name]; !known {
					w.names[name] = name
					if n := len(w.names); n <= len(hostile) {
						w.names[name] = hostile[n-1]
					}
				}
				text, _ := json.Marshal(w.names[name])
				return `"csm":` + string(text)
			})
			if _, err := io.WriteString(out, line+"\n"); err != nil {
				return // the reader has told why
			}
		}
		out.CloseWithError(lines.Err())
	}()
	return r
}

// startPrometheus lets one scrape the exporter, with the same numbers 90 days before. It runs as long as the tests do.
func (w *world) startPrometheus(t *testing.T, target string, families []*dto.MetricFamily) error {
	dir, err := os.MkdirTemp("", "cskpi-boards-") //nolint:usetesting // It outlives the test that starts it.
	if err != nil {
		return err
	}
	scratch.dir = dir
	past := filepath.Join(dir, "past.openmetrics")
	if err := writePast(past, families, time.Now().Add(-90*24*time.Hour)); err != nil {
		return err
	}
	data, config := filepath.Join(dir, "data"), filepath.Join(dir, "prometheus.yml")
	if out, err := exec.Command(enginetest.Tool(t, "promtool"), "tsdb", "create-blocks-from", "--quiet", "openmetrics", past, data).CombinedOutput(); err != nil {
		return fmt.Errorf("write a past day: %w\n%s", err, out)
	}
	text := fmt.Sprintf("global: {scrape_interval: 1s}\nscrape_configs: [{job_name: cskpi, static_configs: [{targets: [%q]}]}]\n", strings.TrimPrefix(target, "http://"))
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return err
	}
	cmd := exec.Command(enginetest.Tool(t, "prometheus"), "--config.file="+config, "--storage.tsdb.path="+data, "--storage.tsdb.retention.time=1y", "--web.listen-address=127.0.0.1:0")
	log, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	address := make(chan string, 1)
	go func() {
		var all bytes.Buffer
		found := regexp.MustCompile(`address=(127\.0\.0\.1:[1-9]\d*)`)
		buffer := make([]byte, 4096)
		for {
			n, err := log.Read(buffer)
			all.Write(buffer[:n])
			if m := found.FindSubmatch(all.Bytes()); m != nil {
				select {
				case address <- string(m[1]):
				default:
				}
			}
			if err != nil {
				return
			}
		}
	}()
	select {
	case a := <-address:
		w.url = "http://" + a
	case <-time.After(time.Minute):
		return fmt.Errorf("Prometheus does not listen")
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		w.at = time.Now()
		if series, err := w.query(`cs_exporter_as_of_timestamp_seconds`); err == nil && len(series) == 1 {
			return nil
		}
	}
	return fmt.Errorf("Prometheus does not scrape")
}

// writePast writes the families as a scrape at that moment would have shown them.
func writePast(path string, families []*dto.MetricFamily, at time.Time) error {
	var b bytes.Buffer
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "cs_") {
			continue
		}
		for _, m := range f.Metric {
			m.TimestampMs = new(int64)
			*m.TimestampMs = at.UnixMilli()
		}
		_, err := expfmt.MetricFamilyToOpenMetrics(&b, f)
		for _, m := range f.Metric {
			m.TimestampMs = nil
		}
		if err != nil {
			return err
		}
	}
	b.WriteString("# EOF\n")
	text := regexp.MustCompile(`(?m)^(cs_\w+)\{`).ReplaceAllString(b.String(), `$1{job="cskpi",instance="before",`)
	text = regexp.MustCompile(`(?m)^(cs_\w+) `).ReplaceAllString(text, `$1{job="cskpi",instance="before"} `)
	return os.WriteFile(path, []byte(text), 0o644)
}

// ask is a question to Prometheus' API.
func (w *world) ask(path string, form url.Values, into any) error {
	r, err := http.PostForm(w.url+path, form)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if r.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", r.Status, text)
	}
	return json.Unmarshal(text, into)
}

// query gives the label sets that an expression has at the moment of the world.
func (w *world) query(expr string) ([]map[string]string, error) {
	var answer struct {
		Data struct {
			Result []struct{ Metric map[string]string }
		}
	}
	err := w.ask("/api/v1/query", url.Values{"query": {expr}, "time": {w.at.UTC().Format(time.RFC3339Nano)}}, &answer)
	var all []map[string]string
	for _, r := range answer.Data.Result {
		all = append(all, r.Metric)
	}
	return all, err
}
