package parts

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cskpi/exporter/store"
	"cskpi/queries"
	"cskpi/queries/sqltext"
)

// Accept takes the loss of a table's damaged parts for final, so that KPIs are computed from what is left. Damaged parts that the
// engine still uses are detached; their files stay in the table's folder detached. It returns what was given up.
func (w *Watch) Accept(ctx context.Context, table string) ([]Problem, error) {
	if w.o.Dir == "" {
		return nil, fmt.Errorf("the data is on a ClickHouse server: there, drop what is in system.detached_parts with ALTER TABLE … DROP DETACHED PART, or attach it again")
	}
	if err := w.Check(ctx); err != nil {
		return nil, err
	}
	var given []Problem
	for _, p := range w.Problems() {
		if p.Table == table {
			given = append(given, p)
		}
	}
	if len(given) == 0 {
		return nil, nil
	}
	for _, p := range given {
		if p.Part == "" {
			continue
		}
		if active, err := w.active(ctx, table, p.Part); err != nil {
			return nil, err
		} else if !active {
			continue
		}
		if err := w.o.Conn.Exec(ctx, "alter table "+sqltext.Name(table)+" detach part "+sqltext.Quote(p.Part)); err != nil {
			return nil, fmt.Errorf("set part %s of %s aside: %w", p.Part, table, store.Brief(err))
		}
	}
	if isUsage(table) {
		// What events were rolled up to is computed anew from what is left of them.
		if err := store.Alone(ctx, w.o.Conn, func(ctx context.Context) error {
			return w.o.Conn.Exec(ctx, "truncate table if exists stored_usage_progress")
		}); err != nil {
			return nil, fmt.Errorf("have usage rolled up anew: %w", store.Brief(err))
		}
	}
	if strings.HasPrefix(table, queries.StoredPrefix) {
		// Nobody has announced that facts or days of layers are gone, so all days are computed anew from what is left.
		if err := store.AloneInRefresh(ctx, w.o.Conn, func(ctx context.Context) error {
			return w.o.Conn.Exec(ctx, "truncate table if exists stored_layer_days")
		}); err != nil {
			return nil, fmt.Errorf("have all days computed anew: %w", store.Brief(err))
		}
	}
	l, err := w.look(ctx)
	if err != nil {
		return nil, err
	}
	err = update(w.o.Dir, func(r *record) (bool, error) {
		t, there := l.tables[table]
		if !there {
			delete(r.Tables, table)
			return true, nil
		}
		anew := &tableRecord{UUID: t.uuid}
		for _, d := range l.detached {
			if d.table == table {
				anew.Accepted = append(anew.Accepted, d.name)
			}
		}
		r.Tables[table] = anew
		_, _, err := anew.add(t)
		return true, err
	})
	if err != nil {
		return nil, err
	}
	w.o.Log.Warn("the loss of damaged data was accepted", "table", table, "parts", len(given), "at", time.Now().UTC().Format(time.RFC3339))
	return given, w.Check(ctx)
}

// Forget begins the record anew, after a restore has replaced all tables.
func (w *Watch) Forget(ctx context.Context) error {
	if w.o.Dir != "" {
		if err := update(w.o.Dir, func(r *record) (bool, error) {
			clear(r.Tables)
			return true, nil
		}); err != nil {
			return err
		}
	}
	return w.Check(ctx)
}
