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

// Keeper computes the models that many KPIs stand on (Keep in their headers) once for a pass instead of once for each KPI:
// the same text, stored in tables that nobody else reads and that are dropped afterwards. It saves most of a pass. Where it
// cannot store anything, every statement is simply written out in full.
type Keeper struct {
	conn  driver.Conn
	now   func() time.Time
	views map[string]Query
	kept  []Query                   // in an order in which each can read those before it
	reads map[string]map[model]bool // by view, the models that it reads, directly or not

	columns map[string]string // by view, of the tables that keep it; as far as known

	mu      sync.Mutex
	stored  *sync.Cond // a model is stored, or will not be
	current *pass
	swept   bool
}

// pass is what is kept of one day.
type pass struct {
	asOf    time.Time
	until   time.Time
	tables  map[model]string
	storing map[model]bool
	readers int  // of the tables, and who stores them
	over    bool // replaced by another pass
	refused bool // the engine stores nothing
}

// keptPrefix begins the names of the tables.
const keptPrefix = "kept_"

// KeptTables is a pattern of them. They are made again when they are needed.
const KeptTables = "cs." + keptPrefix + "*"

// abandoned is the age from which a kept table belongs to a process that died.
const abandoned = time.Hour

// NewKeeper keeps the models of c in the database of conn, each from the first query of a pass on that needs it.
func NewKeeper(conn driver.Conn, c Catalogue, now func() time.Time) *Keeper {
	k := &Keeper{conn: conn, now: now, views: map[string]Query{}, reads: map[string]map[model]bool{}, columns: map[string]string{}}
	k.stored = sync.NewCond(&k.mu)
	for _, q := range c.views() {
		k.views[q.View()] = q
		if q.Keep > 0 {
			k.kept = append(k.kept, q)
		}
	}
	// A text that contains another is the longer one.
	slices.SortFunc(k.kept, func(a, b Query) int { return cmp.Compare(len(a.flat), len(b.flat)) })
	return k
}

// Select is q.Select(asOf), reading what is kept. The caller calls done when it has read the result.
func (k *Keeper) Select(ctx context.Context, q Query, asOf time.Time) (sql string, done func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if p := k.current; p == nil || !p.asOf.Equal(asOf) || !k.now().Before(p.until) {
		k.renew(ctx, asOf)
	}
	p := k.current
	p.readers++
	done = sync.OnceFunc(func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		p.readers--
		k.drop(p)
	})
	k.store(ctx, p, q.View())
	q.flat, _ = expander(k.views, p.tables)(model{q.View(), asOfParameter})
	return q.Select(asOf), done
}

// Close drops what is still kept. A later Select begins anew.
func (k *Keeper) Close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.end()
}

// end drops what is kept of the pass, once nobody reads it any more.
func (k *Keeper) end() {
	if k.current != nil {
		k.current.over = true
		k.drop(k.current)
		k.current = nil
	}
}

// renew begins a pass.
func (k *Keeper) renew(ctx context.Context, asOf time.Time) {
	k.end()
	if !k.swept {
		k.swept = true
		k.sweep(ctx)
	}
	k.current = &pass{asOf: asOf, until: k.now().Add(time.Minute), tables: map[model]string{}, storing: map[model]bool{}}
}

// store keeps what a view needs and the pass does not have yet, and waits for what others are storing. If the engine
// refuses, the pass keeps nothing more, and each KPI meets the reason by itself.
func (k *Keeper) store(ctx context.Context, p *pass, view string) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute) // others wait for it
	defer cancel()
	needed := maps.Clone(k.readsOf(view))
	needed[model{view, asOfParameter}] = true
	for {
		m, keep, left := k.next(p, needed)
		switch {
		case !left:
			return
		case keep == 0:
			k.stored.Wait()
		default:
			k.storeModel(ctx, p, m, keep)
		}
	}
}

// next is a model among those needed that nobody stores yet and that can be stored now. left tells whether any is still
// missing, be it that others are storing it.
func (k *Keeper) next(p *pass, needed map[model]bool) (m model, keep time.Duration, left bool) {
	for _, q := range k.kept {
		for m := range needed {
			if m.view != q.View() || p.tables[m] != "" || p.refused && !p.storing[m] {
				continue
			}
			left = true
			if !p.storing[m] && !k.waits(p, m) {
				return m, q.Keep, true
			}
		}
	}
	return model{}, 0, left
}

// waits tells whether a model reads one that is not stored yet.
func (k *Keeper) waits(p *pass, m model) bool {
	for read := range k.readsOf(m.view) {
		if read = read.seenFrom(m.day); k.views[read.view].Keep > 0 && p.tables[read] == "" {
			return true
		}
	}
	return false
}

// storeModel lets others work while the engine does.
func (k *Keeper) storeModel(ctx context.Context, p *pass, m model, keep time.Duration) {
	text, _ := expander(k.views, p.tables)(m)
	if m.day != asOfParameter {
		text = strings.ReplaceAll(text, asOfParameter, "("+m.day+")")
	}
	table, columns := keptPrefix+m.view+"_"+rand.Text(), k.columns[m.view]
	p.storing[m] = true
	k.mu.Unlock()
	columns, err := k.fill(ctx, table, columns, onDay(text, p.asOf))
	if err != nil {
		k.dropTable(table)
	}
	k.mu.Lock()
	delete(p.storing, m)
	k.stored.Broadcast()
	if err != nil {
		p.refused = true
		return
	}
	k.columns[m.view], p.tables[m] = columns, table
	if until := k.now().Add(keep); until.Before(p.until) {
		p.until = until
	}
}

// fill stores the result of a text and gives its columns. Where they are not known yet, the engine has to plan the text twice.
func (k *Keeper) fill(ctx context.Context, table, columns, text string) (string, error) {
	if columns != "" {
		if err := k.conn.Exec(ctx, "create table cs."+table+" ("+columns+") engine = MergeTree order by tuple()"); err != nil {
			return "", err
		}
		return columns, k.conn.Exec(ctx, "insert into cs."+table+"\n"+text)
	}
	if err := k.conn.Exec(ctx, "create table cs."+table+" engine = MergeTree order by tuple() as\n"+text); err != nil {
		return "", err
	}
	err := k.conn.QueryRow(ctx, "select arrayStringConcat(arrayMap(c -> concat('\"', c.2, '\" ', c.3), arraySort(groupArray((position, name, type)))), ', ') "+
		"from system.columns where database = 'cs' and table = '"+table+"'").Scan(&columns)
	return columns, err
}

// readsOf lists the models that a view reads, directly or not.
func (k *Keeper) readsOf(view string) map[model]bool {
	if reads, known := k.reads[view]; known {
		return reads
	}
	reads := map[model]bool{}
	k.reads[view] = reads
	inline(k.views[view].SQL, func(called model) (string, bool) {
		reads[called] = true
		for m := range k.readsOf(called.view) {
			reads[m.seenFrom(called.day)] = true
		}
		return "", false
	})
	return reads
}

// drop removes the tables of a pass that is over and that nobody reads any more.
func (k *Keeper) drop(p *pass) {
	if !p.over || p.readers > 0 {
		return
	}
	for _, table := range slices.Sorted(maps.Values(p.tables)) {
		k.dropTable(table)
	}
	p.tables = nil
}

func (k *Keeper) dropTable(table string) { dropKept(k.conn, table) }

func dropKept(conn driver.Conn, table string) {
	// Whatever ends the work that the table was for, the table must go; one that stays is swept by the next process.
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = conn.Exec(ctx, "drop table if exists cs."+table)
}

// sweep drops what processes left that died.
func (k *Keeper) sweep(ctx context.Context) {
	rows, err := k.conn.Query(ctx, fmt.Sprintf(
		"select name from system.tables where database = 'cs' and startsWith(name, '%s') and metadata_modification_time < now() - %d",
		keptPrefix, int(abandoned.Seconds())))
	if err != nil {
		return
	}
	var left []string
	for rows.Next() {
		var name string
		if rows.Scan(&name) == nil {
			left = append(left, name)
		}
	}
	_ = rows.Close()
	for _, name := range left {
		k.dropTable(name)
	}
}
