package exporter

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"cskpi/queries"
)

// pageRows is how many rows of a KPI the page shows. The rest is in /metrics, where the page points to.
const pageRows = 60

// pageProblems is how many problems the page lists on top: when the database is gone, all queries have the same one.
const pageProblems = 5

// targetWindow is the window that targets are about, for KPIs that have several: targets are set for a year.
const targetWindow = "12m"

type page struct {
	Facts    []fact   // the status line
	Damaged  []string // parts of the stored data
	Lost     int      // of those that are not listed
	Problems []problem
	Further  int // problems that are not listed
	Chapters []chapter
	Version  string
}

type fact struct{ Name, Value, Level string } // Level: "", good, bad

type problem struct {
	Name                string // of the query; empty: it has no card on the page
	Title, State, Error string
}

type chapter struct {
	ID, Title string
	Cards     []card
}

type card struct {
	Name, Title, TitleJA string
	Doc                  []string // paragraphs
	Columns              []column
	Rows                 [][]cell
	Count                string // of all rows, in words
	More                 string // how many rows are not shown; empty: none
	MoreURL              string
	Computed             string // age and interval in words
	State, Error         string // in words; empty: all is well
	Empty                string // why there is no table
}

type column struct {
	Heading, Name, Help string
	Number              bool
}

type cell struct {
	Text    string
	Label   bool
	Same    bool   // as in the row above
	Target  string // what is aimed for, and what the value is in words
	Verdict string // met, missed, warning, critical
}

func (e *Exporter) serveLanding(w http.ResponseWriter, _ *http.Request) {
	var b bytes.Buffer
	if err := landing.Execute(&b, e.page(e.now(), *e.snapshot.Load())); err != nil {
		e.o.Log.Error("landing page", "err", err)
		plain(w, http.StatusInternalServerError, "the page could not be written; /metrics works independently of it\n")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = b.WriteTo(w) // a client that has gone needs no page
}

var landing = template.Must(template.ParseFS(assets, "landing.html"))

func (e *Exporter) page(now time.Time, snapshot []outcome) page {
	p := page{Version: e.o.Version}
	targets := e.targets(snapshot, now)
	byName := map[string]*kpi{}
	for _, k := range e.kpis {
		byName[k.Name] = k
	}
	for _, r := range e.o.Refused {
		p.Problems = append(p.Problems, problem{Title: r.Name, State: "not computed, because its query file is refused", Error: r.Err.Error()})
	}
	failing, oldest := len(e.o.Refused), time.Duration(0)
	for _, g := range e.o.Catalogue.Groups() {
		id := strings.ReplaceAll(strings.ToLower(g.Name), " ", "-")
		of := chapter{ID: "chapter-" + id, Title: g.Name}
		for _, q := range g.KPIs {
			k := byName[q.Name]
			o := snapshot[k.index]
			c := e.card(k, o, now, targets)
			of.Cards = append(of.Cards, c)
			if c.State != "" {
				p.Problems = append(p.Problems, problem{k.Name, c.Title, c.State, c.Error})
			}
			if o.err != nil {
				failing++
			}
			if o.good != nil {
				oldest = max(oldest, now.Sub(o.good.at))
			}
		}
		p.Chapters = append(p.Chapters, of)
	}
	if n := len(p.Problems) - pageProblems; n > 0 {
		p.Problems, p.Further = p.Problems[:pageProblems], n
	}
	p.Damaged = e.o.Damaged()
	if n := len(p.Damaged) - pageProblems; n > 0 {
		p.Damaged, p.Lost = p.Damaged[:pageProblems], n
	}
	p.Facts = e.status(now, snapshot, failing, oldest)
	return p
}

// status is the line on top: what the numbers are about, and whether they can be trusted.
func (e *Exporter) status(now time.Time, snapshot []outcome, failing int, oldest time.Duration) []fact {
	asOf := AsOf(now, e.o.Location)
	facts := []fact{{"As of", asOf.Format("Monday, 2 January 2006") + " (" + e.o.Location.String() + ")", ""}}
	switch {
	case e.o.EngineUp == nil:
		facts = append(facts, fact{"Engine", "external server", ""})
	case e.o.EngineUp():
		facts = append(facts, fact{"Engine", "up", "good"})
	default:
		facts = append(facts, fact{"Engine", "down; the last good values are shown", "bad"})
	}
	tried, old := 0, 0
	for i, o := range snapshot {
		if o.runs > 0 {
			tried++
			if e.kpis[i].expired(o, now) {
				old++
			}
		}
	}
	switch {
	case failing > 0:
		facts = append(facts, fact{"Queries", fmt.Sprintf("%d of %d failing", failing, len(snapshot)+len(e.o.Refused)), "bad"})
	case old > 0: // and running again for long
		facts = append(facts, fact{"Queries", fmt.Sprintf("%d of %d have results too old to be shown", old, len(snapshot)), "bad"})
	case tried < len(snapshot):
		facts = append(facts, fact{"Queries", fmt.Sprintf("first pass: %d of %d done", tried, len(snapshot)), ""})
	default:
		facts = append(facts, fact{"Queries", fmt.Sprintf("all %d succeed", len(snapshot)), "good"})
	}
	if oldest > 0 || tried > 0 {
		facts = append(facts, fact{"Oldest result", ago(oldest), ""})
	}
	if newest, ok := e.newestFact(snapshot, now); ok {
		facts = append(facts, fact{"Newest fact", newest, ""})
	}
	if e.o.Reporting.Currency != "" {
		facts = append(facts, fact{"Money in", e.o.Reporting.Currency, ""})
	}
	return facts
}

// newestFact is the latest instant that a KPI gives as such.
func (e *Exporter) newestFact(snapshot []outcome, now time.Time) (string, bool) {
	const newest = "latest_timestamp_seconds"
	last := math.Inf(-1)
	e.each(snapshot, now, newest, func(_ map[string]string, values map[string]float64) {
		if v, ok := values[newest]; ok {
			last = max(last, v)
		}
	})
	if math.IsInf(last, 0) {
		return "", false
	}
	return instant.format(last, e.o.Location, ""), true
}

type targetKey struct{ kpi, segment string }

type target struct{ target, warning, critical float64 } // NaN: not set

// targets are the rows of the KPI that tells them, by view and column, and segment.
func (e *Exporter) targets(snapshot []outcome, now time.Time) map[targetKey]target {
	all := map[targetKey]target{}
	e.each(snapshot, now, "target", func(labels map[string]string, values map[string]float64) {
		get := func(name string) float64 {
			if v, ok := values[name]; ok {
				return v
			}
			return math.NaN()
		}
		all[targetKey{labels["kpi"], labels["segment"]}] = target{get("target"), get("warning"), get("critical")}
	})
	return all
}

// each calls f with the rows, as far as they are shown now, of the KPIs that have a gauge of that name; NULL values are
// left out. KPIs are told by their columns and not by their names, so that a company can replace them.
func (e *Exporter) each(snapshot []outcome, now time.Time, gaugeName string, f func(labels map[string]string, values map[string]float64)) {
	for _, k := range e.kpis {
		if !k.has(gaugeName) || k.expired(snapshot[k.index], now) {
			continue
		}
		for _, r := range snapshot[k.index].good.rows {
			labels, values := map[string]string{}, map[string]float64{}
			for i, c := range k.labels {
				labels[c.Name] = r.labels[i]
			}
			for i, c := range k.values {
				if v, ok := r.values[i].(gauge); ok {
					values[c.Name] = float64(v)
				}
			}
			f(labels, values)
		}
	}
}

func (k *kpi) has(column string) bool {
	return slices.ContainsFunc(k.values, func(c queries.Column) bool { return c.Name == column })
}

func (e *Exporter) card(k *kpi, o outcome, now time.Time, targets map[targetKey]target) card {
	c := card{Name: k.Name, Title: strings.TrimSuffix(k.Title, "."), TitleJA: k.TitleJA}
	for paragraph := range strings.SplitSeq(k.Doc, "\n\n") {
		if paragraph = strings.TrimSpace(paragraph); paragraph != "" {
			c.Doc = append(c.Doc, paragraph)
		}
	}
	more := url.Values{}
	for _, col := range slices.Concat(k.labels, k.values) {
		number := col.Kind != queries.Label
		c.Columns = append(c.Columns, column{heading(col.Name), col.Name, col.Help, number})
		if number {
			more.Add("name[]", k.Metric(col))
		}
	}
	c.MoreURL = "/metrics?" + more.Encode()
	if o.err != nil || o.runs > 0 && k.expired(o, now) {
		c.State = k.state(o, now)
		if o.err != nil {
			c.Error = firstLine(o.err.Error())
		}
	}
	switch {
	case o.runs == 0 && (o.good == nil || k.expired(o, now)):
		c.Computed, c.Empty = "every "+short(k.every), "Not computed yet."
		return c
	case o.good == nil:
		c.Computed, c.Empty = "never", "There is no value to show."
		return c
	}
	c.Computed = fmt.Sprintf("%s, every %s, as of %s", ago(now.Sub(o.good.at)), short(k.every), o.good.asOf.Format(time.DateOnly))
	if n := o.good.refused(); n > 0 {
		rejected := fmt.Sprintf("%s of %s rows refused and not shown", group(float64(n), 0), group(float64(o.good.read), 0))
		if c.State != "" {
			c.State += "; "
		}
		c.State += rejected
	}
	switch {
	case k.expired(o, now):
		c.Empty = "The last values are too old to be shown."
		return c
	case len(o.good.rows) == 0:
		c.Empty = "The query returned no rows as of " + o.good.asOf.Format(time.DateOnly) + "."
		return c
	}
	rows := k.ordered(o.good.rows)
	c.Count = group(float64(len(rows)), 0) + " row"
	if len(rows) != 1 {
		c.Count += "s"
	}
	if n := len(rows) - pageRows; n > 0 {
		c.More, rows = group(float64(n), 0), rows[:pageRows]
	}
	for i, r := range rows {
		var cells []cell
		for j, l := range r.labels {
			same := i > 0 && slices.Equal(rows[i-1].labels[:j+1], r.labels[:j+1])
			cells = append(cells, cell{Text: cmp.Or(l, "—"), Label: true, Same: same})
		}
		for j, v := range r.values {
			cells = append(cells, e.cell(k, r, j, v, targets))
		}
		c.Rows = append(c.Rows, cells)
	}
	return c
}

// ordered sorts rows for reading: by their labels; but a long list of things that have one row each, such as accounts,
// is a ranking by its first value.
func (k *kpi) ordered(rows []row) []row {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b row) int { return slices.CompareFunc(a.labels, b.labels, natural) })
	if len(rows) <= 12 || len(k.labels) == 0 {
		return rows
	}
	for i := 1; i < len(rows); i++ {
		if rows[i].labels[0] == rows[i-1].labels[0] {
			return rows
		}
	}
	first := func(r row) float64 {
		if v, ok := r.values[0].(gauge); ok {
			return float64(v)
		}
		return math.Inf(-1)
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(first(b), first(a)) })
	return rows
}

func (e *Exporter) cell(k *kpi, r row, i int, v sample, targets map[targetKey]target) cell {
	col := k.values[i]
	unit := unitOf(col)
	if k.has("target") {
		unit = e.unitOfTarget(k, r)
	}
	format := func(v float64) string { return unit.format(v, e.o.Location, e.o.Reporting.Currency) }
	switch v := v.(type) {
	case nil:
		return cell{Text: "—"}
	case histogram:
		if v.count == 0 {
			return cell{Text: "no observations"}
		}
		return cell{Text: fmt.Sprintf("%s observations, mean %s", group(float64(v.count), 0), format(v.sum/float64(v.count)))}
	}
	value := float64(v.(gauge))
	c := cell{Text: format(value)}
	segment := ""
	for j, l := range k.labels {
		switch {
		case l.Name == "segment":
			segment = r.labels[j]
		case l.Name == "window" && r.labels[j] != targetWindow:
			return c
		}
	}
	name := k.Name + "." + col.Name
	t, ok := targets[targetKey{name, segment}]
	if !ok && unit == percent {
		// What the whole company aims for is what each part of it aims for; of an amount that would not be true.
		t, ok = targets[targetKey{name, ""}]
	}
	if !ok || math.IsNaN(t.target) {
		return c
	}
	words := ""
	c.Verdict, words = t.judge(value)
	c.Target = "target " + format(t.target)
	if words != "" {
		c.Target += ": " + words
	}
	return c
}

// judge says how v stands to t. Which side is the good one follows from where the warning lies; without one, only what
// is exactly known is said.
func (t target) judge(v float64) (verdict, words string) {
	bound := t.critical
	if math.IsNaN(bound) {
		bound = t.warning
	}
	if math.IsNaN(bound) || bound == t.target {
		return "", ""
	}
	// As if higher were better.
	sign := 1.0
	if bound > t.target {
		sign = -1
	}
	switch {
	case sign*v >= sign*t.target:
		return "met", "met"
	case sign*v <= sign*t.critical:
		return "critical", "critical"
	case sign*v <= sign*t.warning:
		return "warning", "warning"
	}
	return "missed", "missed"
}

// unitOfTarget is the unit of the column that a row of targets is about.
func (e *Exporter) unitOfTarget(targets *kpi, r row) unit {
	for i, l := range targets.labels {
		if l.Name != "kpi" {
			continue
		}
		view, name, _ := strings.Cut(r.labels[i], ".")
		for _, k := range e.kpis {
			for _, c := range k.values {
				if k.Name == view && c.Name == name {
					return unitOf(c)
				}
			}
		}
	}
	return plainNumber
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	if r := []rune(s); len(r) > 300 {
		return string(r[:300]) + "…"
	}
	return s
}
