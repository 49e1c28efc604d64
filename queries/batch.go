package queries

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Batch computes KPIs of several days, each KPI in one statement for all of them. The models that many KPIs stand on are computed once, for
// all days, too. It is made for days that are closed; all methods may be called from several goroutines.
type Batch struct {
	conn  driver.Conn
	days  []time.Time
	views map[string]Query
	kept  []Query                   // in an order in which each can read those before it
	reads map[string]map[model]bool // by view, the models that it reads, directly or not

	mu     sync.Mutex
	tables map[model]*keptDays
}

// keptDays is a model of all days of a batch, or what kept it from being stored.
type keptDays struct {
	once  sync.Once
	table string
	err   error
}

// NewBatch prepares to compute KPIs of c on days. What it stores in the database of conn goes with Close.
func NewBatch(conn driver.Conn, c Catalogue, days []time.Time) *Batch {
	b := &Batch{conn: conn, days: days, views: map[string]Query{}, reads: map[string]map[model]bool{}, tables: map[model]*keptDays{}}
	for _, q := range c.views() {
		b.views[q.View()] = q
		if q.Keep > 0 {
			b.kept = append(b.kept, q)
		}
	}
	// A text that contains another is the longer one.
	slices.SortFunc(b.kept, func(x, y Query) int { return cmp.Compare(len(x.flat), len(y.flat)) })
	return b
}

// Select is the statement that computes q on all days: its columns, and before them the day as cs_day. An error means that the days must be
// computed one by one: the text has something that is not known to be the same for many days, or the engine refused a model.
func (b *Batch) Select(ctx context.Context, q Query) (string, error) {
	text, err := b.text(ctx, model{q.View(), asOfParameter})
	if err != nil {
		return "", fmt.Errorf("%s for many days: %w", q.View(), err)
	}
	names := []string{dayColumn}
	for _, c := range q.Columns {
		names = append(names, c.Name)
	}
	return "select " + strings.Join(names, ", ") + " from (\n" + text + "\n) as " + q.View(), nil
}

// text is a model on all days, reading the kept ones that it stands on.
func (b *Batch) text(ctx context.Context, m model) (string, error) {
	tables := map[model]string{}
	daily := map[string]bool{}
	needed := b.readsOf(m.view)
	for _, q := range b.kept {
		for read := range needed {
			if read.view != q.View() {
				continue
			}
			read = read.seenFrom(m.day)
			table, err := b.store(ctx, read)
			if err != nil {
				return "", err
			}
			tables[read], daily[table] = table, true
		}
	}
	flat, _ := expander(b.views, tables)(m)
	if m.day != asOfParameter {
		flat = strings.ReplaceAll(flat, asOfParameter, "("+m.day+")")
	}
	return overDays(flat, b.days, daily)
}

// store keeps a model, once.
func (b *Batch) store(ctx context.Context, m model) (string, error) {
	b.mu.Lock()
	k := b.tables[m]
	if k == nil {
		k = &keptDays{}
		b.tables[m] = k
	}
	b.mu.Unlock()
	k.once.Do(func() {
		var text string
		if text, k.err = b.text(ctx, m); k.err != nil {
			return
		}
		table := keptPrefix + m.view + "_" + rand.Text()
		k.table = table
		if k.err = b.conn.Exec(ctx, "create table cs."+table+" engine = MergeTree order by tuple() as\n"+text); k.err != nil {
			k.err = fmt.Errorf("%s: %w", m.view, k.err)
		}
	})
	return k.table, k.err
}

// Close drops what was stored.
func (b *Batch) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, k := range b.tables {
		if k.table != "" {
			dropKept(b.conn, k.table)
		}
	}
	clear(b.tables)
}

// readsOf lists the models that a view reads, directly or not.
func (b *Batch) readsOf(view string) map[model]bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(readsOf(b.views, b.reads, view))
}
