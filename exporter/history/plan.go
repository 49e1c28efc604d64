package history

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"cskpi/exporter/store"
	"cskpi/queries"
	"cskpi/queries/sqltext"
)

// task is a KPI that is to be computed for a day.
type task struct {
	day     time.Time
	reason  Reason
	facts   []Arrived
	told    time.Time // of the run before; zero: there is none
	stale   bool      // it was computed before, and that no longer holds
	setting string    // hash of the settings up to the day
}

// planner knows what is to be done and why.
type planner struct {
	h        *History
	settings []settingsFrom
	changed  changes
	firsts   map[string][]time.Time     // by table: of the changes from each one on, the first day touched
	reads    map[string][]string        // by KPI: the tables that it reads
	runs     map[string]map[string]told // by KPI and day: the last one
}

// told is what is known of the last run of a KPI for a day.
type told struct {
	at, knownUntil       time.Time
	definition, settings string
}

// settingsFrom is a hash of all settings up to the days from one on.
type settingsFrom struct {
	from time.Time
	hash string
}

// plan reads what has been computed of the days from and to and those between, and what has changed since.
func (h *History) plan(ctx context.Context, kpis []queries.Query, from, to time.Time) (*planner, error) {
	p := &planner{h: h, reads: map[string][]string{}}
	var err error
	if p.settings, err = h.settings(ctx); err != nil {
		return nil, err
	}
	if err := p.read(ctx, from, to); err != nil {
		return nil, err
	}
	var since time.Time
	for _, q := range kpis {
		for _, t := range p.runs[q.Name] {
			if since.IsZero() || t.knownUntil.Before(since) {
				since = t.knownUntil
			}
		}
	}
	if since.IsZero() {
		return p, nil // nothing was computed, so nothing has changed since
	}
	if p.changed, err = h.changesSince(ctx, since); err != nil {
		return nil, err
	}
	p.firsts = map[string][]time.Time{}
	for table, all := range p.changed {
		firsts := make([]time.Time, len(all))
		for i, c := range slices.Backward(all) {
			if firsts[i] = c.firstOn; i+1 < len(all) && firsts[i+1].Before(c.firstOn) {
				firsts[i] = firsts[i+1]
			}
		}
		p.firsts[table] = firsts
		for _, q := range kpis {
			if table == "" || reads(q, table) {
				p.reads[q.Name] = append(p.reads[q.Name], table)
			}
		}
	}
	for _, tables := range p.reads {
		slices.Sort(tables)
	}
	return p, nil
}

// reads reports whether a KPI reads a table of facts.
func reads(q queries.Query, table string) bool {
	if table == "usage_events" { // which they read rolled up
		return q.Reads(queries.StoredPrefix + "usage_")
	}
	return q.ReadsTable(queries.StoredPrefix + table)
}

// read reads the last runs. Others may compute the same days, so this is done again before a day is computed.
func (p *planner) read(ctx context.Context, from, to time.Time) error {
	rows, err := p.h.o.Conn.Query(ctx, `
		select toString(view), as_of, max(computed_at), argMax(known_until, computed_at), argMax(toString(definition), computed_at), argMax(toString(settings), computed_at)
		from kpi_runs
		where as_of between `+sqltext.Day(from)+` and `+sqltext.Day(to)+`
		group by view, as_of`)
	if err != nil {
		return fmt.Errorf("read what has been computed: %w", store.Brief(err))
	}
	defer rows.Close()
	p.runs = map[string]map[string]told{}
	for rows.Next() {
		var view string
		var day time.Time
		var t told
		if err := rows.Scan(&view, &day, &t.at, &t.knownUntil, &t.definition, &t.settings); err != nil {
			return err
		}
		if p.runs[view] == nil {
			p.runs[view] = map[string]told{}
		}
		t.at, t.knownUntil = t.at.UTC(), t.knownUntil.UTC()
		p.runs[view][day.Format(time.DateOnly)] = t
	}
	return rows.Err()
}

// of says whether a KPI is to be computed for a day. With asked it is in any case. A day for which facts arrived is left alone for as
// long as rest after it was computed, as facts may arrive all the time.
func (p *planner) of(q queries.Query, day time.Time, asked bool, rest time.Duration, at time.Time) (task, bool) {
	t := task{day: day, setting: p.settingsOf(day)}
	last, found := p.runs[q.Name][day.Format(time.DateOnly)]
	if !found {
		t.reason = First
		return t, true
	}
	t.told, t.stale = last.at, true
	touched := p.touched(q, day, last.knownUntil)
	switch {
	case last.definition != q.Definition():
		t.reason = Definition
	case last.settings != t.setting:
		t.reason = Settings
	case touched && (rest == 0 || at.Sub(last.at) >= rest):
		t.reason = Facts
	case asked:
		t.reason = Asked
	default:
		return task{}, false
	}
	if touched {
		t.facts = p.arrived(q, day, last.knownUntil)
	}
	return t, true
}

// since is the first change of a table after an instant.
func since(all []change, at time.Time) int {
	return sort.Search(len(all), func(i int) bool { return all[i].at.After(at) })
}

// touched reports whether facts that the KPI reads have changed after an instant, and touch the day.
func (p *planner) touched(q queries.Query, day, at time.Time) bool {
	for _, table := range p.reads[q.Name] {
		if i := since(p.changed[table], at); i < len(p.firsts[table]) && !p.firsts[table][i].After(day) {
			return true
		}
	}
	return false
}

// arrived are the facts that make touched true, by table.
func (p *planner) arrived(q queries.Query, day, at time.Time) []Arrived {
	var all []Arrived
	for _, table := range p.reads[q.Name] {
		of := Arrived{Table: table}
		found := false
		for _, c := range p.changed[table][since(p.changed[table], at):] {
			if c.firstOn.After(day) {
				continue
			}
			if !found || c.firstOn.Before(of.FirstOn) {
				of.FirstOn = c.firstOn
			}
			if !found || c.lastOn.After(of.LastOn) {
				of.LastOn = c.lastOn
			}
			of.Rows += c.rows
			found = true
		}
		if table == "" {
			of.Table = "erasures"
		}
		if found {
			all = append(all, of)
		}
	}
	return all
}

// settings reads the settings that somebody made, and what days have them behind them.
func (h *History) settings(ctx context.Context) ([]settingsFrom, error) {
	rows, err := h.o.Conn.Query(ctx, `
		select starts_on, arrayStringConcat(arraySort(groupArray(said)), '\n')
		from (
			select starts_on, toString((toString(name), toString(segment), toString(phase), argMax(value, (updated_at, ingested_at)))) as said
			from stored_settings
			group by name, segment, phase, starts_on
		) as settings
		group by starts_on
		order by starts_on`)
	if err != nil {
		return nil, fmt.Errorf("read the settings: %w", store.Brief(err))
	}
	defer rows.Close()
	sum := sha256.New()
	var all []settingsFrom
	for rows.Next() {
		var from time.Time
		var said string
		if err := rows.Scan(&from, &said); err != nil {
			return nil, err
		}
		fmt.Fprintf(sum, "%s %s\n", from.Format(time.DateOnly), strings.TrimSpace(said))
		all = append(all, settingsFrom{from.UTC(), hex.EncodeToString(sum.Sum(nil)[:8])})
	}
	return all, rows.Err()
}

// settingsOf is the hash for a day.
func (p *planner) settingsOf(day time.Time) string {
	i := sort.Search(len(p.settings), func(i int) bool { return p.settings[i].from.After(day) })
	if i == 0 {
		return ""
	}
	return p.settings[i-1].hash
}
