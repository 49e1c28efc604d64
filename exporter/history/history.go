// Package history computes the KPIs of days that have closed and keeps every version of them: what was told, what late facts made of
// it, and when. Definitions, checks and texts are those of the live service, so that both give the same numbers.
package history

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/store"
	"cskpi/queries"
)

// own are the tables that tell which days have to be computed, and where they are stored. If one of them is damaged, nothing is
// computed: days would look as if they had never been.
var own = []string{"kpi_daily", "kpi_runs", "fact_changes", "stored_settings"}

// Options are what a History works with.
type Options struct {
	Conn      driver.Conn
	Catalogue queries.Catalogue // its KPIs are read
	Zone      *time.Location    // in which days begin and end [UTC]
	// Lease sees to it that what queries say of days is computed and does not change until done is called, as refresh.Days does.
	Lease func(ctx context.Context, asked []queries.Query, days ...time.Time) (done func(), err error)
	// AtOnce is how many days one statement is to compute. [one]
	AtOnce    func(ctx context.Context) (int, error)
	Timeout   time.Duration // for a day of a KPI whose header says none [1m]
	MaxSeries int           // of a KPI on a day [10000]
	// Whole reports whether these tables, and all that queries read, are whole; an error keeps days from being computed. [always nil]
	Whole func(ctx context.Context, tables []string, qs ...queries.Query) error
	// Broken is why a KPI cannot be read: what it stands on is not up to date. [always nil]
	Broken func(q queries.Query) error
	Now    func() time.Time // the clock that says which days have closed [time.Now]
	Log    *slog.Logger     // [discards]
}

// History computes, keeps and tells the KPIs of past days. Its methods may be called concurrently, but for those that compute, which
// take turns.
type History struct {
	o    Options
	kpis []queries.Query
}

// New prepares a History. The tables are those of store.Migrate.
func New(o Options) *History {
	o.Zone = cmp.Or(o.Zone, time.UTC)
	o.Timeout = cmp.Or(o.Timeout, time.Minute)
	if o.Lease == nil {
		o.Lease = func(context.Context, []queries.Query, ...time.Time) (func(), error) { return func() {}, nil }
	}
	if o.AtOnce == nil {
		o.AtOnce = func(context.Context) (int, error) { return 1, nil }
	}
	if o.Whole == nil {
		o.Whole = func(context.Context, []string, ...queries.Query) error { return nil }
	}
	if o.Broken == nil {
		o.Broken = func(queries.Query) error { return nil }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &History{o: o, kpis: o.Catalogue.KPIs()}
}

// whole returns nil if nothing is damaged that is needed to compute q for past days and to store it.
func (h *History) whole(ctx context.Context, q queries.Query) error {
	return h.o.Whole(ctx, own, q)
}

// Whole returns nil if nothing is damaged that is stored of past days, or that tells which of them have to be computed.
func (h *History) Whole(ctx context.Context) error { return h.o.Whole(ctx, own) }

// factsWhole returns nil if nothing is damaged that any KPI reads. Which days there are follows from all facts together, and days that
// are computed later are the same.
func (h *History) factsWhole(ctx context.Context) error { return h.o.Whole(ctx, own, h.kpis...) }

// Yesterday is the last day that has closed, at midnight UTC; only the date counts.
func (h *History) Yesterday() time.Time {
	y, m, d := h.o.Now().In(h.o.Zone).Date()
	return time.Date(y, m, d-1, 0, 0, 0, 0, time.UTC)
}

// FirstDay is the first day of which facts say something, as [store.FirstFact].
func (h *History) FirstDay(ctx context.Context) (time.Time, error) {
	if err := h.factsWhole(ctx); err != nil {
		return time.Time{}, err
	}
	return store.FirstFact(ctx, h.o.Conn)
}

// now is the database's clock, which all facts and runs are stamped by.
func now(ctx context.Context, conn driver.Conn) (at time.Time, err error) {
	err = conn.QueryRow(ctx, "select now64(3, 'UTC')").Scan(&at)
	return at.UTC(), err
}
