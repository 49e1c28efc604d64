package queries

import (
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

// Days computes KPIs of several days, each KPI in one statement for all of them. The models that many KPIs stand on are stored for the days
// for which they were needed, so that of each day they are computed once, also where a KPI looks back at it from a later one. All methods
// may be called from several goroutines.
type Days struct {
	conn  driver.Conn
	views map[string]Query

	mu    sync.Mutex
	reads map[string][]model     // by view, the stored models that it reads
	kept  map[string]*keptDays   // by view
	shift map[string][]time.Time // by expression and days: the days that it leads to
}

// keptDays is a model on some days.
type keptDays struct {
	mu    sync.Mutex // held while days are added
	table string     // empty: there are none yet
	days  map[time.Time]bool
}

// NewDays prepares to compute KPIs of c. What it stores in the database of conn goes with Close.
func NewDays(conn driver.Conn, c Catalogue) *Days {
	d := &Days{conn: conn, views: map[string]Query{}, reads: map[string][]model{}, kept: map[string]*keptDays{}, shift: map[string][]time.Time{}}
	for _, q := range c.views() {
		d.views[q.View()] = q
		if q.Keep > 0 {
			d.kept[q.View()] = &keptDays{days: map[time.Time]bool{}}
		}
	}
	return d
}

// Select is the statement that computes q on all of days: the day as cs_day, then q's columns. An error means that they must be computed
// one by one: the text has something that is not known to be the same for many days, or the engine refused a model.
func (d *Days) Select(ctx context.Context, q Query, days []time.Time) (string, error) {
	text, err := d.text(ctx, q.View(), days)
	if err != nil {
		return "", fmt.Errorf("%s for many days: %w", q.View(), err)
	}
	names := []string{DayColumn}
	for _, c := range q.Columns {
		names = append(names, c.Name)
	}
	return "select " + strings.Join(names, ", ") + " from (\n" + text + "\n) as " + q.View(), nil
}

// text is a view on days, reading the models that it stands on where they are stored.
func (d *Days) text(ctx context.Context, view string, days []time.Time) (string, error) {
	tables := map[model]string{}
	daily := map[string]string{}
	for _, m := range d.near(view) {
		k := d.kept[m.view]
		on, err := d.shifted(ctx, m.day, days)
		if err != nil {
			return "", err
		}
		if err := d.store(ctx, k, m.view, on); err != nil {
			return "", err
		}
		name := fmt.Sprintf("%s%s_%d", keptPrefix, m.view, len(tables))
		tables[m] = name
		read := "select * from cs." + k.table + " where " + DayColumn + " in (" + dayNumbers(on) + ")"
		if m.day != asOfParameter {
			read = "select k.* except (" + DayColumn + "), d." + DayColumn + " as " + DayColumn + " from (" + read + ") as k inner join (select arrayJoin(" +
				dayArray(days) + ") as " + DayColumn + ", toDate(" + strings.ReplaceAll(m.day, asOfParameter, DayColumn) + ") as cs_on) as d on d.cs_on = k." + DayColumn
		}
		daily[name] = read
	}
	flat, _ := expander(d.views, tables)(model{view, asOfParameter})
	return overDays(flat, days, daily)
}

// store adds days to a stored model.
func (d *Days) store(ctx context.Context, k *keptDays, view string, days []time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	missing := slices.DeleteFunc(slices.Clone(days), func(day time.Time) bool { return k.days[day] })
	if len(missing) == 0 {
		return nil
	}
	text, err := d.text(ctx, view, missing)
	if err != nil {
		return err
	}
	statement := "insert into cs." + k.table + "\n"
	table := k.table
	if table == "" {
		table = keptPrefix + view + "_" + rand.Text()
		statement = "create table cs." + table + " engine = MergeTree partition by toYYYYMM(" + DayColumn + ") order by " + DayColumn + " as\n"
	}
	if err := d.conn.Exec(ctx, statement+text); err != nil {
		dropKept(d.conn, table) // it may have some of the rows
		k.table = ""
		clear(k.days)
		return fmt.Errorf("%s: %w", view, err)
	}
	k.table = table
	for _, day := range missing {
		k.days[day] = true
	}
	return nil
}

// shifted are the days that an expression of the day leads to from days.
func (d *Days) shifted(ctx context.Context, expression string, days []time.Time) ([]time.Time, error) {
	if expression == asOfParameter {
		return days, nil
	}
	array := dayArray(days)
	key := expression + array
	d.mu.Lock()
	defer d.mu.Unlock()
	if on := d.shift[key]; on != nil {
		return on, nil
	}
	var on []time.Time
	err := d.conn.QueryRow(ctx, "select arraySort(arrayDistinct(arrayMap(cs_x -> toDate("+strings.ReplaceAll(expression, asOfParameter, "cs_x")+"), "+array+")))").Scan(&on)
	for i := range on {
		on[i] = on[i].UTC()
	}
	d.shift[key] = on
	return on, err
}

// Forget drops what is stored of months after a day, which are not looked at any more by one who goes back in time.
func (d *Days) Forget(ctx context.Context, after time.Time) error {
	for _, k := range d.kept {
		k.mu.Lock()
		months := map[string]bool{}
		for day := range k.days {
			if month := day.Format("200601"); month > after.Format("200601") {
				months[month] = true
				delete(k.days, day)
			}
		}
		var err error
		for month := range months {
			if err == nil {
				err = d.conn.Exec(ctx, "alter table cs."+k.table+" drop partition "+month)
			}
		}
		k.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// Close drops what is stored. A later Select begins anew.
func (d *Days) Close() {
	for _, k := range d.kept {
		k.mu.Lock()
		if k.table != "" {
			dropKept(d.conn, k.table)
		}
		k.table = ""
		clear(k.days)
		k.mu.Unlock()
	}
}

// near are the stored models that a view reads, not counting those that are read by others of them.
func (d *Days) near(view string) []model {
	d.mu.Lock()
	defer d.mu.Unlock()
	if known, there := d.reads[view]; there {
		return known
	}
	found := map[model]bool{}
	var look func(view, day string)
	look = func(view, day string) {
		inline(d.views[view].SQL, func(called model) (string, bool) {
			if called = called.seenFrom(day); d.kept[called.view] != nil {
				found[called] = true
			} else {
				look(called.view, called.day)
			}
			return "", false
		})
	}
	look(view, asOfParameter)
	d.reads[view] = slices.SortedFunc(maps.Keys(found), func(a, b model) int { return strings.Compare(a.view+a.day, b.view+b.day) })
	return d.reads[view]
}
