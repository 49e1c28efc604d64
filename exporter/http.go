package exporter

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/expfmt"
)

//go:embed landing.html landing.css
var assets embed.FS

// Handler answers from memory, whatever state the database is in:
//
//	/metrics               the exposition, in the text format or OpenMetrics; always 200
//	/                      the KPIs for people
//	/-/healthy             200 while the process lives
//	/-/ready               200 once every query was tried and one succeeded, else 503 with the reason
//	/debug/query?name=nrr  one query: its SQL as run, its error, its rows
func (e *Exporter) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", e.metrics())
	mux.HandleFunc("GET /{$}", e.serveLanding)
	mux.HandleFunc("GET /landing.css", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=3600")
		http.ServeFileFS(w, r, assets, "landing.css")
	})
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "healthy\n") })
	mux.HandleFunc("GET /-/ready", func(w http.ResponseWriter, _ *http.Request) {
		if err := e.ready(); err != nil {
			plain(w, http.StatusServiceUnavailable, "not ready: "+err.Error()+"\n")
			return
		}
		plain(w, http.StatusOK, "ready\n")
	})
	mux.HandleFunc("GET /debug/query", e.serveDebug)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		mux.ServeHTTP(w, r)
	})
}

// metrics serves the exposition. The results were written out and compressed when they came in, so a scrape costs no more than sending them. Rarer
// wishes, such as protobuf or name[], are promhttp's.
func (e *Exporter) metrics() http.Handler {
	rare := promhttp.HandlerFor(e, promhttp.HandlerOpts{
		Registry:          e.own,
		ErrorLog:          slog.NewLogLogger(e.o.Log.Handler(), slog.LevelError),
		ErrorHandling:     promhttp.ContinueOnError,
		EnableOpenMetrics: true,
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		format := expfmt.NegotiateAccept(r.Header, expfmt.DefaultOpenMetricsAcceptedFormats()...)
		kind := format.FormatType()
		if kind != expfmt.TypeTextPlain && (kind != expfmt.TypeOpenMetrics || format.Version() == expfmt.OpenMetricsVersion_2_0_0) || r.URL.Query().Has("name[]") {
			rare.ServeHTTP(w, r)
			return
		}
		now, snapshot := e.now(), *e.snapshot.Load()
		about, err := e.about(snapshot, now)
		if err != nil {
			e.o.Log.Error("gathering the exporter's own metrics; the others are served", "err", err)
		}
		var own, end bytes.Buffer
		encoder := expfmt.NewEncoder(&own, format)
		for _, family := range about {
			if err := encoder.Encode(family); err != nil {
				e.o.Log.Error("writing the exporter's own metrics", "metric", family.GetName(), "err", err)
			}
		}
		if kind == expfmt.TypeOpenMetrics {
			_, _ = expfmt.FinalizeOpenMetrics(&end) // a buffer takes everything
		}
		var texts []written
		for i, o := range snapshot {
			switch {
			case e.kpis[i].expired(o, now):
			case kind == expfmt.TypeOpenMetrics:
				texts = append(texts, o.good.open)
			default:
				texts = append(texts, o.good.text)
			}
		}
		if err := send(w, r, string(format), own.Bytes(), texts, end.Bytes()); err != nil {
			e.o.Log.Error("compressing the exporter's own metrics", "err", err)
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
}

func plain(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, text) // a client that has gone needs no answer
}

// debugRows is how many rows of a result /debug/query prints.
const debugRows = 200

func (e *Exporter) serveDebug(w http.ResponseWriter, r *http.Request) {
	name, now, snapshot := r.URL.Query().Get("name"), e.now(), *e.snapshot.Load()
	for i, k := range e.kpis {
		if k.Name == name {
			plain(w, http.StatusOK, e.debug(k, snapshot[i], now))
			return
		}
	}
	for _, r := range e.o.Refused {
		if r.Name == name {
			plain(w, http.StatusOK, fmt.Sprintf("query  %s\nstate  not computed, because the query file %s is refused\nerror  %v\n", r.Name, r.File, r.Err))
			return
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "no query has the name %q; there are\n\n", name)
	for _, k := range e.kpis {
		fmt.Fprintf(&b, "  %s\n", k.Name)
	}
	plain(w, http.StatusNotFound, b.String())
}

func (e *Exporter) debug(k *kpi, o outcome, now time.Time) string {
	var b bytes.Buffer
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) { fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	at := func(t time.Time) string { return t.In(e.o.Location).Format(time.RFC3339) }
	line("query", "%s", k.Name)
	line("title", "%s", k.Title)
	line("state", "%s", k.state(o, now))
	if o.runs > 0 {
		line("runs", "%d, of which %d failed", o.runs, o.failures)
		line("last run", "%s, as of %s, took %s", at(o.started), o.asOf.Format(time.DateOnly), o.duration)
		line("next due", "%s", at(o.due))
	}
	line("computed", "every %s, for at most %s; kept for %s", short(k.every), short(k.timeout), short(k.maxAge))
	if g := o.good; g != nil {
		line("last good", "%s, as of %s, %s ago", at(g.at), g.asOf.Format(time.DateOnly), now.Sub(g.at).Round(time.Second))
		line("", "%d rows, %d of them refused, %d series", g.read, g.refused(), g.series)
		for _, reason := range reasons {
			if r, ok := g.rejected[reason]; ok {
				line("refused", "%s: %d rows, such as: %s", reason, r.rows, r.example)
			}
		}
	}
	if o.err != nil {
		line("error", "%v", o.err)
	}
	_ = t.Flush() // a buffer takes everything
	if o.sql != "" {
		fmt.Fprintf(&b, "\n-- The statement:\n%s\n", o.sql)
	}
	fmt.Fprintf(&b, "\n-- The view (%s):\n%s\n", k.File, strings.TrimSpace(k.SQL))
	if g := o.good; g != nil {
		fmt.Fprintf(&b, "\n-- The last good rows:\n")
		var cells []string
		for _, c := range slices.Concat(k.labels, k.values) {
			cells = append(cells, c.Name)
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
		for i, r := range g.rows {
			if i == debugRows {
				break
			}
			cells = cells[:0]
			for _, l := range r.labels {
				cells = append(cells, strconv.Quote(l))
			}
			for _, v := range r.values {
				cells = append(cells, debugValue(v))
			}
			fmt.Fprintln(t, strings.Join(cells, "\t"))
		}
		_ = t.Flush() // a buffer takes everything
		if more := len(g.rows) - debugRows; more > 0 {
			fmt.Fprintf(&b, "(%d more)\n", more)
		}
	}
	return b.String()
}

func debugValue(s sample) string {
	switch v := s.(type) {
	case gauge:
		return strconv.FormatFloat(float64(v), 'f', -1, 64)
	case histogram:
		return fmt.Sprintf("%d observations, sum %v", v.count, v.sum)
	}
	return "NULL"
}

// state says in words how a query is doing.
func (k *kpi) state(o outcome, now time.Time) string {
	switch {
	case o.runs == 0 && o.good != nil && !k.expired(o, now):
		return "not computed since the start; its values are of before"
	case o.runs == 0:
		return "not computed yet"
	case o.err == nil && k.expired(o, now):
		return "its values are too old and no longer exported"
	case o.err == nil:
		return "ok"
	case o.damaged() && o.good == nil:
		return "not computed, because stored data that it reads is damaged; there are no earlier values"
	case o.damaged():
		return fmt.Sprintf("not computed for %s, because stored data that it reads is damaged; its last good values are %s old", human(now.Sub(o.since)), human(now.Sub(o.good.at)))
	case o.good == nil:
		return fmt.Sprintf("failing for %s; it has never succeeded", human(now.Sub(o.since)))
	case k.expired(o, now):
		return fmt.Sprintf("failing for %s; its values are too old and no longer exported", human(now.Sub(o.since)))
	}
	return fmt.Sprintf("failing for %s; its last good values are still exported", human(now.Sub(o.since)))
}
