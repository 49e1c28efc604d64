package parts

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/store"
	"cskpi/queries/sqltext"
)

const (
	// verifyBytes is how much of the stored data is read again each minute, to find files whose size is right and whose content is
	// not. 64 MiB a minute are 92 GB a day.
	verifyBytes = 64 << 20
	// verifyAgain is how long after a round over all parts began the next one may begin.
	verifyAgain = 24 * time.Hour
)

// verifier knows which parts have been read in this round.
type verifier struct {
	mu        sync.Mutex
	began     time.Time
	done      map[string]bool // by table and part
	allowance uint64          // bytes that may be read now
}

// Verify reads parts that it has not read within a day, the oldest first, and compares their checksums. It may read so many bytes in
// addition to what earlier calls left over. What it finds is in the record, and damage from the next [Watch.Check] on.
func (w *Watch) Verify(ctx context.Context, bytes uint64) error {
	if w.o.Dir == "" {
		return nil
	}
	v := &w.reading
	v.mu.Lock()
	defer v.mu.Unlock()
	if time.Since(v.began) > verifyAgain {
		v.began, v.done = time.Now(), map[string]bool{}
	}
	v.allowance += bytes
	type candidate struct {
		table, name, path string
		bytes             uint64
	}
	var todo []candidate
	rows, err := w.o.Conn.Query(ctx, `select table, name, path, bytes_on_disk from system.parts
		where database = currentDatabase() and active and not startsWith(table, '`+temporary+`') order by modification_time, table, name`)
	if err != nil {
		return fmt.Errorf("list the parts to verify: %w", err)
	}
	if err := each(rows, func(rows driver.Rows) error {
		var c candidate
		err := rows.Scan(&c.table, &c.name, &c.path, &c.bytes)
		if !v.done[c.table+"/"+c.name] {
			todo = append(todo, c)
		}
		return err
	}); err != nil {
		return fmt.Errorf("list the parts to verify: %w", err)
	}
	if len(todo) == 0 {
		v.allowance = 0 // what nobody needed is not saved up
		return nil
	}
	damages := map[candidate]string{} // of those that were read
	for _, c := range todo {
		if c.bytes > v.allowance {
			break // the next calls add to it
		}
		v.allowance -= c.bytes
		damage, err := w.read(ctx, c.table, c.name)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			continue // it was replaced meanwhile, or the engine has died; then the part's turn comes again
		}
		damages[c] = damage
	}
	// Together, since the record is read as a whole.
	if err := update(w.o.Dir, func(r *record) (changed bool, err error) {
		for c, damage := range damages {
			t := r.Tables[c.table]
			if t == nil {
				continue
			}
			p, known := t.Parts[c.name]
			if !known {
				continue
			}
			// These are not in the part's checksums.
			if texts, err := textsIn(c.path, p.Files); err == nil && texts != p.Texts && damage == "" {
				damage = "its text files are not what was stored (in " + c.path + ")"
			}
			if p.Damage != damage {
				p.Damage = damage
				t.Parts[c.name] = p
				changed = true
			}
		}
		return changed, nil
	}); err != nil {
		return err
	}
	for c := range damages {
		v.done[c.table+"/"+c.name] = true
	}
	return nil
}

// read compares a part with its checksums, slowly and after everything else that the engine has to do. It returns what is damaged.
func (w *Watch) read(ctx context.Context, table, name string) (damage string, err error) {
	rows, err := w.o.Conn.Query(ctx, "check table "+sqltext.Name(table)+" part "+sqltext.Quote(name)+
		" settings check_query_single_value_result = 0, max_threads = 1, priority = 10, max_local_read_bandwidth = 67108864")
	if err != nil {
		return "", err
	}
	err = each(rows, func(rows driver.Rows) error {
		var path, message string
		var passed bool
		if err := rows.Scan(&path, &passed, &message); err != nil {
			return err
		}
		if !passed {
			damage = "its content is not what was stored: " + store.Brief(fmt.Errorf("%s", message)).Error()
		}
		return nil
	})
	return damage, err
}

// each calls scan for each row, and closes the result.
func each(rows driver.Rows, scan func(driver.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
