package intake

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"cskpi/queries/sqltext"
)

// Version is what a table holds of a fact from a time on.
type Version struct {
	At     time.Time
	Source string
	Values map[string]string // by column, as input would say it; those that are empty or null are left out
}

// Columns are the names of what rows of a table may say.
func (w *Writer) Columns(tableName string) []string {
	t, known := w.tables[tableName]
	if !known {
		return nil
	}
	return t.names()
}

// Pseudonym is what the database has for the id of a person.
func (w *Writer) Pseudonym(id string) string { return Pseudonym(w.o.UserKey, id) }

// lookupBytes is how many bytes of ids one query asks for.
const lookupBytes = 512 << 10

// Versions reads what a table holds of the facts whose column key is one of ids: for each id what is stored, oldest first.
// Ids of people are those that callers send, also where pseudonyms are stored.
func (w *Writer) Versions(ctx context.Context, tableName, key string, ids []string) (map[string][]Version, error) {
	t, known := w.tables[tableName]
	if !known {
		return nil, fmt.Errorf("there is no table %q", tableName)
	}
	var names, texts []string
	for i := range t.columns {
		switch name := t.columns[i].name; name {
		case key, columnSource, columnUpdated:
		default:
			names = append(names, name)
			texts = append(texts, "ifNull(toString("+sqltext.Name(name)+"), '')")
		}
	}
	query := fmt.Sprintf("select %s, source, updated_at, [%s] from %s final where %s in (?) order by updated_at, source",
		sqltext.Name(key), strings.Join(texts, ", "), t.stored, sqltext.Name(key))
	given := make(map[string]string, len(ids))
	stored := make([]string, 0, len(ids))
	for _, id := range ids {
		as := id
		if slices.Contains(personColumns, key) {
			as = Pseudonym(w.o.UserKey, id)
		}
		given[as] = id
		stored = append(stored, as)
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_query_size": 8 * lookupBytes}))
	found := map[string][]Version{}
	for len(stored) > 0 {
		n, size := 0, 0
		for n < len(stored) && (n == 0 || size+len(stored[n]) <= lookupBytes) {
			size += len(stored[n]) + 4
			n++
		}
		if err := w.lookUp(ctx, query, stored[:n], names, func(id string, v Version) { found[given[id]] = append(found[given[id]], v) }); err != nil {
			return nil, StoreError{fmt.Errorf("look up %s of %s: %w", key, t.name, err)}
		}
		stored = stored[n:]
	}
	return found, nil
}

func (w *Writer) lookUp(ctx context.Context, query string, ids, names []string, add func(string, Version)) error {
	rows, err := w.o.Conn.Query(ctx, query, ids)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var values []string
		v := Version{Values: map[string]string{}}
		if err := rows.Scan(&id, &v.Source, &v.At, &values); err != nil {
			return err
		}
		for i, value := range values {
			if value != "" {
				v.Values[names[i]] = value
			}
		}
		add(id, v)
	}
	return rows.Err()
}
