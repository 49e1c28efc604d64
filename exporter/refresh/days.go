package refresh

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/store"
	"cskpi/queries"
	"cskpi/queries/sqltext"
)

// Options say which days are kept, and where.
type Options struct {
	Conn   driver.Conn
	Layout queries.Layout
	Zone   *time.Location // in which days begin and end
	// From is the first day of those that are kept, all up to today; earlier ones are kept where a month ends. Zero: today alone is.
	From func(today time.Time) time.Time
	// Whole reports whether these tables are whole; see [Refresher]. [always nil]
	Whole func(ctx context.Context, tables []string) error
	// Scheduled says that KPIs of today are computed when somebody reads them, who has a schedule of its own, and not whenever facts arrive; and that
	// Update is called again and again.
	Scheduled bool
	// Guest tells that somebody else serves from the database, and by which definitions its days are computed: nothing is computed by others.
	Guest bool
	Bunch int              // how many rows of a layer by account one statement is to give, about [310,000]
	Now   func() time.Time // [time.Now]
	Log   *slog.Logger     // [discards]
}

// Days keeps the layers of a database up to date and lets others read them while they do not change. Its methods may be called concurrently.
type Days struct {
	o       Options
	r       *Refresher
	reach   reach           // of all queries
	kpis    map[string]bool // those that are stored
	turn    sync.Mutex      // held by the one that computes
	noted   string          // which days were last noted as those to be kept
	reading sync.RWMutex    // held for writing while days are computed
	mu      sync.Mutex
	ready   map[string]map[time.Time]string // by layer and day, the last whole day by which it was last found to be computed
	first   time.Time                       // day of the first fact, as it was last
	broken  Broken                          // layers of the last attempt
	progress
}

// NewDays prepares a Days. It does not compute yet.
func NewDays(o Options) *Days {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.From == nil {
		o.From = func(time.Time) time.Time { return time.Time{} }
	}
	o.Zone = cmp.Or(o.Zone, time.UTC)
	o.Bunch = cmp.Or(o.Bunch, 310_000)
	kpis := map[string]bool{}
	for _, layer := range o.Layout.Layers {
		kpis[layer.View()] = !layer.Model
	}
	return &Days{o: o, kpis: kpis, r: &Refresher{Conn: o.Conn, Layout: o.Layout, Now: o.Now, Whole: o.Whole}, reach: reachOf(o.Layout, slices.Concat(o.Layout.Layers, o.Layout.Views)), ready: map[string]map[time.Time]string{}}
}

// Today is the day that goes on, at midnight UTC; only the date counts.
func (d *Days) Today() time.Time {
	y, m, day := d.o.Now().In(d.o.Zone).Date()
	return time.Date(y, m, day, 0, 0, 0, 0, time.UTC)
}

// kept are the days that are to be computed, the latest first.
func (d *Days) kept(first time.Time) []time.Time {
	today := d.Today()
	kept := []time.Time{today}
	if from := d.o.From(today); !from.IsZero() && !first.IsZero() {
		from = later(from, first)
		for day := today.AddDate(0, 0, -1); !day.Before(from); day = day.AddDate(0, 0, -1) {
			kept = append(kept, day)
		}
		for end := firstOfMonth(from).AddDate(0, 0, -1); !end.Before(first); end = firstOfMonth(end).AddDate(0, 0, -1) {
			kept = append(kept, end)
		}
	}
	return kept
}

// isUpdated reports whether Update computes a layer on a day.
func (d *Days) isUpdated(layer string, day time.Time) bool {
	return !d.o.Scheduled || !day.Equal(d.Today()) || !d.kpis[layer]
}

// need is what queries need on days; without queries, what all do.
func (d *Days) need(asked []queries.Query, days []time.Time, first time.Time) Need {
	if asked == nil {
		return d.reach.from(days, first)
	}
	return reachOf(d.o.Layout, asked).from(days, first)
}

// Update computes what is missing or no longer holds: today first, and then the next of the days that are kept, so many that it does not take long.
// It returns how many are left; zero: all is up to date.
func (d *Days) Update(ctx context.Context) (left int, err error) {
	d.turn.Lock()
	defer d.turn.Unlock()
	first, err := d.FirstFact(ctx)
	if err != nil {
		return 0, err
	}
	kept := d.kept(first)
	all := d.need(nil, kept, first).where(d.isUpdated)
	broken := d.lastBroken()
	stale, err := d.r.Stale(ctx, all, d.o.Zone.String(), d.whole(), broken)
	if err != nil {
		return 0, err
	}
	var due []time.Time
	switch {
	case len(stale) > 0:
		// Layers without days come with any day, and do not make one stale.
		byDay := stale.where(func(_ string, day time.Time) bool { return !day.IsZero() })
		due = slices.DeleteFunc(slices.Clone(kept), func(day time.Time) bool { return len(d.need(nil, []time.Time{day}, first).also(byDay)) == 0 })
		if len(due) == 0 {
			due = kept[:1]
		}
	case len(broken) > 0: // whether they are still
		due = kept[:1]
		stale = Everything(d.o.Layout, kept[0])
	}
	at := len(due)
	switch {
	case at > 1 && due[0].Equal(kept[0]):
		at = 1 // somebody waits for today
	case at > 1:
		most, err := d.AtOnce(ctx)
		if err != nil {
			return at, err
		}
		at = min(at, most)
	}
	d.r.Later = set(kept)
	later, err := d.compute(ctx, all, stale, d.need(nil, append(due[:at:at], kept[0]), first).where(d.isUpdated), first)
	left = len(due) - at + len(daysBut(later.where(d.isUpdated).Days(), due[at:]))
	d.mu.Lock()
	if d.left = left; left == 0 && err == nil {
		d.at = d.o.Now()
	}
	d.mu.Unlock()
	if err != nil {
		return left, err
	}
	if these := fmt.Sprint(kept[0], kept[len(kept)-1], len(kept)); these != d.noted {
		if err := d.note(ctx, kept, daysBut(all.Days(), kept)); err != nil {
			return left, err
		}
		d.noted = these
	}
	return left, nil
}

// Compute computes what these queries, or all, need on some days, if it is not computed yet.
func (d *Days) Compute(ctx context.Context, asked []queries.Query, days ...time.Time) error {
	d.turn.Lock()
	defer d.turn.Unlock()
	first, err := d.FirstFact(ctx)
	if err != nil {
		return err
	}
	if d.r.Later = nil; d.o.Scheduled { // else nobody may come back
		d.r.Later = set(d.kept(first))
	}
	if err := d.openings(ctx, asked, days, first); err != nil {
		return err
	}
	all := d.need(asked, days, first)
	stale, err := d.r.Stale(ctx, all, d.o.Zone.String(), d.whole(), nil)
	if err != nil {
		return err
	}
	if _, err = d.compute(ctx, all, stale, all, first); err != nil || len(stale) == 0 || asked != nil {
		return err // where there was nothing to do, nothing is written: whoever asks may not be allowed to
	}
	return d.note(ctx, days, daysBut(all.Days(), days))
}

// residuals is the layer that compares what is reported of the opening days of windows with the layers of these days. Which days that are is a matter of
// the policy, so a Back cannot say it.
const residuals = "arr_residuals"

// openings computes what residuals reads on the opening days of windows, where queries stand on it. Of all layers, these days are those that are kept.
func (d *Days) openings(ctx context.Context, asked []queries.Query, days []time.Time, first time.Time) error {
	if asked == nil || reachOf(d.o.Layout, asked)[residuals] == nil {
		return nil
	}
	bring := func(n Need) error {
		stale, err := d.r.Stale(ctx, n, d.o.Zone.String(), d.whole(), nil)
		if err == nil && len(stale) > 0 {
			_, err = d.compute(ctx, n, stale, n, first)
		}
		return err
	}
	policy := Need{}
	for _, day := range days {
		policy.add("policy_days", day)
	}
	if err := bring(policy); err != nil {
		return err
	}
	var opening []time.Time
	if err := d.o.Conn.QueryRow(ctx, "select groupUniqArray(opens_on) from windows where day in ("+sqltext.Days(days)+")").Scan(&opening); err != nil {
		return fmt.Errorf("read when windows open: %w", store.Brief(err))
	}
	for i, day := range opening {
		opening[i] = time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC)
	}
	opening = slices.DeleteFunc(opening, func(day time.Time) bool { return day.Before(first) })
	var compared []queries.Query
	next := d.o.Layout.Next(residuals)
	for _, layer := range d.o.Layout.Layers {
		if next[layer.View()] != nil {
			compared = append(compared, layer)
		}
	}
	return bring(reachOf(d.o.Layout, compared).from(opening, first))
}

// compute computes what is stale of a piece of all, and what changes of facts touch of whatever is computed. What it returns is stale from now on.
func (d *Days) compute(ctx context.Context, all, stale, piece Need, first time.Time) (later Need, err error) {
	due := piece.also(stale)
	if d.o.Guest {
		other, err := d.r.Differ(ctx, d.o.Zone.String())
		if err != nil {
			return nil, err
		}
		if len(other) > 0 {
			return nil, fmt.Errorf("this database is served by another version of cskpi, or with other query files (%s are defined differently here): use the version and the CSKPI_QUERIES_DIR of cskpi serve", strings.Join(other, ", "))
		}
	}
	pending, err := d.r.Pending(ctx)
	if err != nil {
		return nil, err
	}
	if pending || len(due) > 0 {
		if d.r.AtOnce, err = d.AtOnce(ctx); err != nil {
			return nil, err
		}
		began := time.Now()
		var report Report
		err = store.AloneInRefresh(ctx, d.o.Conn, func(ctx context.Context) error {
			d.reading.Lock()
			defer d.reading.Unlock()
			var err error
			report, err = d.r.Refresh(ctx, piece, d.o.Zone.String(), d.whole())
			return err
		})
		later = report.Later
		d.tally(report, time.Since(began), err)
		if report.Whole > 0 || report.Accounts > 0 {
			d.o.Log.Debug("days computed", "days", len(due.Days()), "accounts", report.Accounts, "seconds", time.Since(began).Seconds(), "slowest", report.Slowest(3))
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var broken Broken
	if err != nil && !errors.As(err, &broken) {
		return nil, err
	}
	for layer, why := range d.broken {
		if len(due[layer]) == 0 && broken[layer] == nil { // it was not tried
			if broken == nil {
				broken = Broken{}
			}
			broken[layer] = why
		}
	}
	d.broken = broken
	d.first = first
	for layer, days := range all.without(stale.without(piece)) {
		if d.ready[layer] == nil {
			d.ready[layer] = map[time.Time]string{}
		}
		for day := range days {
			d.ready[layer][day] = d.version()
		}
	}
	for layer, days := range later {
		for day := range days {
			delete(d.ready[layer], day)
		}
	}
	return later, err
}

// AtOnce is how many days one statement is to compute: the more, the less its planning weighs, and the more memory it takes.
func (d *Days) AtOnce(ctx context.Context) (int, error) {
	var accounts uint64
	if err := d.o.Conn.QueryRow(ctx, "select uniq(account_id) from stored_accounts").Scan(&accounts); err != nil {
		return 0, fmt.Errorf("count the accounts: %w", store.Brief(err))
	}
	return max(10, min(366, d.o.Bunch/max(1, int(accounts)))), nil
}

// lastBroken are the layers that could not be computed in the last attempt.
func (d *Days) lastBroken() Broken {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.broken
}

// Broken is why a query cannot be answered: a layer that it reads could not be computed; nil: all could.
func (d *Days) Broken(q queries.Query) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, err := range d.broken {
		if q.View() == name || q.ReadsTable(queries.StoredPrefix+name) {
			return fmt.Errorf("the layer %s is not up to date: %w", name, err)
		}
	}
	return nil
}

// Read lets the caller read what these queries, or all, say of days while nothing of it changes, until it calls done. What is not computed yet is
// computed first, as far as that is possible: see Broken.
func (d *Days) Read(ctx context.Context, asked []queries.Query, days ...time.Time) (done func(), err error) {
	for range 3 {
		d.reading.RLock()
		if d.have(asked, days) {
			return d.reading.RUnlock, nil
		}
		d.reading.RUnlock()
		if err := d.Compute(ctx, asked, days...); err != nil && !errors.As(err, new(Broken)) { // of which Broken tells
			return nil, err
		}
	}
	return nil, errors.New("the days are never as they should be: the day keeps changing")
}

// Computed reports whether what a query says of a day is computed, as it would be now but for facts that have just arrived.
func (d *Days) Computed(ctx context.Context, asked queries.Query, day time.Time) (bool, error) {
	stale, err := d.r.Stale(ctx, d.need([]queries.Query{asked}, []time.Time{day}, day), d.o.Zone.String(), d.whole(), nil)
	return len(stale) == 0, err
}

// have reports whether what queries need on days is known to be computed.
func (d *Days) have(asked []queries.Query, days []time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	missing := d.need(asked, days, d.first).where(func(layer string, day time.Time) bool {
		at, found := d.ready[layer][day]
		return !found || at != d.version() && !day.IsZero() && !day.Before(d.whole()) // days before yesterday are over whatever the clock says
	})
	return len(missing) == 0
}

func (d *Days) version() string { return d.whole().Format(time.DateOnly) }

// whole is the last day that is over.
func (d *Days) whole() time.Time { return d.Today().AddDate(0, 0, -1) }

// FirstFact is the first day of which facts say something: the start of the first contract, or the first usage where that was before any. Zero: none.
func (d *Days) FirstFact(ctx context.Context) (time.Time, error) {
	return store.FirstFact(ctx, d.o.Conn)
}

// note records which days are kept or were asked for, for the view days. One that was is not only a support because others look back on it.
func (d *Days) note(ctx context.Context, kept, support []time.Time) error {
	texts := func(days []time.Time, is int) string {
		return fmt.Sprintf("select arrayJoin(cast(%s as Array(Date))) as day, %d as is_support", dayList(days), is)
	}
	if err := d.o.Conn.Exec(ctx, "insert into stored_days (day, is_support, at) select day, is_support, now64(6) from ("+texts(kept, 0)+" union all "+texts(support, 1)+
		") as n where is_support and day not in (select day from stored_days) or not is_support and day not in (select day from stored_days final where not is_support)"); err != nil {
		return fmt.Errorf("record which days are kept: %w", store.Brief(err))
	}
	return nil
}

func firstOfMonth(day time.Time) time.Time {
	return time.Date(day.Year(), day.Month(), 1, 0, 0, 0, 0, time.UTC)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func daysBut(days, others []time.Time) []time.Time {
	not := set(others)
	return slices.DeleteFunc(days, func(day time.Time) bool { return not[day] })
}
