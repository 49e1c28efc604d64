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

	"cskpi/queries"
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
	// Guest tells that somebody else serves from the database, and by which definitions its days are computed: nothing is computed by others.
	Guest bool
	Now   func() time.Time // [time.Now]
	Log   *slog.Logger     // [discards]
}

// Days keeps the layers of a database up to date and lets others read them while they do not change. Its methods may be called concurrently.
type Days struct {
	o       Options
	r       *Refresher
	turn    sync.Mutex   // held by the one that computes
	reading sync.RWMutex // held for writing while days are computed
	mu      sync.Mutex
	ready   map[time.Time]string // last whole day by which a day was last found to be computed
	broken  Broken               // layers of the last attempt
	left    int
	back    []int // how many days before its own any layer or view looks back
}

// bunch is how many rows of a layer by account one statement is to give, about.
const bunch = 310_000

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
	var back []int
	for _, q := range slices.Concat(o.Layout.Layers, o.Layout.Views) {
		back = append(back, q.Back...)
	}
	slices.Sort(back)
	return &Days{o: o, back: slices.Compact(back), r: &Refresher{Conn: o.Conn, Layout: o.Layout, Now: o.Now, Whole: o.Whole}, ready: map[time.Time]string{}}
}

// Today is the day that goes on, at midnight UTC; only the date counts.
func (d *Days) Today() time.Time {
	y, m, day := d.o.Now().In(d.o.Zone).Date()
	return time.Date(y, m, day, 0, 0, 0, 0, time.UTC)
}

// Left is how many days remained to be computed after the last piece.
func (d *Days) Left() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.left
}

// Kept are the days that are to be computed, the latest first, and those that only support them.
func (d *Days) Kept(ctx context.Context) (kept, support []time.Time, err error) {
	today := d.Today()
	first, err := d.FirstFact(ctx)
	if err != nil {
		return nil, nil, err
	}
	kept = []time.Time{today}
	if from := d.o.From(today); !from.IsZero() && !first.IsZero() {
		from = later(from, first)
		for day := today.AddDate(0, 0, -1); !day.Before(from); day = day.AddDate(0, 0, -1) {
			kept = append(kept, day)
		}
		for end := firstOfMonth(from).AddDate(0, 0, -1); !end.Before(first); end = firstOfMonth(end).AddDate(0, 0, -1) {
			kept = append(kept, end)
		}
	}
	return kept, d.behind(kept, first), nil
}

// behind are the days that some days look back on and that are not among them.
func (d *Days) behind(days []time.Time, first time.Time) (support []time.Time) {
	have := set(days)
	for _, day := range days {
		for _, n := range d.back {
			if before := day.AddDate(0, 0, -n); !have[before] && !before.Before(first) {
				have[before] = true
				support = append(support, before)
			}
		}
	}
	slices.SortFunc(support, func(a, b time.Time) int { return b.Compare(a) })
	return support
}

// Update computes what is missing or no longer holds: today first, and then the next of the kept days, so many that it does not take long. It returns
// how many are left; zero: all is up to date.
func (d *Days) Update(ctx context.Context) (left int, err error) {
	d.turn.Lock()
	defer d.turn.Unlock()
	kept, support, err := d.Kept(ctx)
	if err != nil {
		return 0, err
	}
	// Support goes with the days that it is for.
	all := slices.SortedFunc(slices.Values(slices.Concat(kept, support)), func(a, b time.Time) int { return b.Compare(a) })
	broken := d.lastBroken()
	stale, err := d.r.Stale(ctx, all, d.o.Zone.String(), d.whole(), broken)
	if err != nil {
		return 0, err
	}
	if len(stale) == 0 && len(broken) > 0 { // whether they are still
		stale = kept[:1]
	}
	if left, err = d.compute(ctx, all, stale, nil); err != nil {
		return left, err
	}
	return left, d.note(ctx, kept, support)
}

// Compute computes these days, if they are not yet, and those that they look back on.
func (d *Days) Compute(ctx context.Context, days ...time.Time) error {
	d.turn.Lock()
	defer d.turn.Unlock()
	first, err := d.FirstFact(ctx)
	if err != nil {
		return err
	}
	support := d.behind(days, first)
	wanted := slices.Concat(days, support)
	stale, err := d.r.Stale(ctx, wanted, d.o.Zone.String(), d.whole(), nil)
	if err != nil {
		return err
	}
	if _, err = d.compute(ctx, wanted, stale, stale); err != nil || len(stale) == 0 {
		return err // where there was nothing to do, nothing is written: whoever asks may not be allowed to
	}
	return d.note(ctx, days, support)
}

// compute refreshes the days that are computed, and with them a piece of those that are not, or all that must be.
func (d *Days) compute(ctx context.Context, all, stale, must []time.Time) (left int, err error) {
	if d.o.Guest {
		other, err := d.r.Differ(ctx, d.o.Zone.String())
		if err != nil {
			return len(stale), err
		}
		if len(other) > 0 {
			return len(stale), fmt.Errorf("this database is served by another version of cskpi, or with other query files (%s are defined differently here): use the version and the CSKPI_QUERIES_DIR of cskpi serve", strings.Join(other, ", "))
		}
	}
	var accounts uint64
	if err := d.o.Conn.QueryRow(ctx, "select uniq(account_id) from stored_accounts").Scan(&accounts); err != nil {
		return len(stale), fmt.Errorf("count the accounts: %w", queries.Brief(err))
	}
	d.r.AtOnce = max(10, min(366, bunch/max(1, int(accounts))))
	piece := stale
	if must == nil && len(piece) > d.r.AtOnce {
		piece = piece[:d.r.AtOnce]
	}
	if len(stale) > 0 && len(piece) > 1 && must == nil && piece[0].Equal(d.Today()) {
		// Today and what it looks back on go first: somebody waits for them.
		first := append([]time.Time{piece[0]}, d.behind(piece[:1], time.Time{})...)
		piece = slices.DeleteFunc(slices.Clone(stale), func(day time.Time) bool { return !slices.Contains(first, day) })
	}
	due := set(piece)
	notYet := set(stale)
	days := slices.DeleteFunc(slices.Clone(all), func(day time.Time) bool { return notYet[day] && !due[day] })
	computed, err := d.computedDays(ctx)
	if err != nil {
		return len(stale), err
	}
	there := set(days)
	for _, day := range computed { // also those that are kept no longer, or were asked for once
		if !notYet[day] && !there[day] {
			there[day] = true
			days = append(days, day)
		}
	}
	began := time.Now()
	pending, err := d.r.Pending(ctx)
	if err != nil {
		return len(stale), err
	}
	var report Report
	if pending || len(piece) > 0 {
		err = queries.AloneInRefresh(ctx, d.o.Conn, func(ctx context.Context) error {
			d.reading.Lock()
			defer d.reading.Unlock()
			var err error
			report, err = d.r.Refresh(ctx, days, d.o.Zone.String(), d.whole())
			return err
		})
	}
	first, firstErr := d.FirstFact(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left = len(stale)
	d.broken = nil
	if err := cmp.Or(err, firstErr); err != nil && !errors.As(err, &d.broken) {
		return d.left, err
	}
	d.left -= len(piece)
	for _, day := range days {
		// A day that only supports others may itself look back on days that are not there.
		if !slices.ContainsFunc(d.behind([]time.Time{day}, first), func(before time.Time) bool { return !there[before] }) {
			d.ready[day] = d.version()
		}
	}
	if report.Whole > 0 || report.Accounts > 0 {
		d.o.Log.Debug("days computed", "days", len(piece), "left", d.left, "accounts", report.Accounts, "seconds", time.Since(began).Seconds())
	}
	return d.left, err
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
		if q.ReadsTable(queries.StoredPrefix + name) {
			return fmt.Errorf("the layer %s is not up to date: %w", name, err)
		}
	}
	return nil
}

// Read lets the caller read days while nothing of them changes, until it calls done. Days that are not computed yet are computed first, as far as
// that is possible: see Broken.
func (d *Days) Read(ctx context.Context, days ...time.Time) (done func(), err error) {
	for range 3 {
		d.reading.RLock()
		if d.have(days) {
			return d.reading.RUnlock, nil
		}
		d.reading.RUnlock()
		if err := d.Compute(ctx, days...); err != nil && !errors.As(err, new(Broken)) { // of which Broken tells
			return nil, err
		}
	}
	return nil, errors.New("the days are never as they should be: the day keeps changing")
}

// Computed reports whether a day is computed, as it would be now but for facts that have just arrived.
func (d *Days) Computed(ctx context.Context, day time.Time) (bool, error) {
	stale, err := d.r.Stale(ctx, []time.Time{day}, d.o.Zone.String(), d.whole(), nil)
	return len(stale) == 0, err
}

// have reports whether days are known to be computed.
func (d *Days) have(days []time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !slices.ContainsFunc(days, func(day time.Time) bool {
		at, found := d.ready[day]
		return !found || at != d.version() && !day.Before(d.whole()) // days before yesterday are over whatever the clock says
	})
}

func (d *Days) version() string { return d.whole().Format(time.DateOnly) }

// whole is the last day that is over.
func (d *Days) whole() time.Time { return d.Today().AddDate(0, 0, -1) }

// FirstFact is the first day of which facts say something: the start of the first contract, or the first usage where that was before any. Zero: none.
func (d *Days) FirstFact(ctx context.Context) (time.Time, error) {
	return queries.FirstFact(ctx, d.o.Conn)
}

// computedDays are all that any layer has.
func (d *Days) computedDays(ctx context.Context) ([]time.Time, error) {
	var days []time.Time
	if err := d.o.Conn.QueryRow(ctx, "select groupUniqArray(day) from stored_layer_days where day > toDate(0)").Scan(&days); err != nil {
		return nil, fmt.Errorf("read which days are computed: %w", queries.Brief(err))
	}
	for i := range days {
		days[i] = days[i].UTC()
	}
	return days, nil
}

// note records which days are kept or were asked for, for the view days. One that was is not only a support because others look back on it.
func (d *Days) note(ctx context.Context, kept, support []time.Time) error {
	texts := func(days []time.Time, is int) string {
		return fmt.Sprintf("select arrayJoin(cast(%s as Array(Date))) as day, %d as is_support", dayList(days), is)
	}
	if err := d.o.Conn.Exec(ctx, "insert into stored_days (day, is_support, at) select day, is_support, now64(6) from ("+texts(kept, 0)+" union all "+texts(support, 1)+
		") as n where is_support and day not in (select day from stored_days) or not is_support and day not in (select day from stored_days final where not is_support)"); err != nil {
		return fmt.Errorf("record which days are kept: %w", queries.Brief(err))
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
