package intake

import (
	"context"
	"fmt"
	"time"
)

// Description says what rows of a table look like, and how far each system's are stored.
type Description struct {
	Table   string              `json:"table"`
	Meaning string              `json:"meaning"`
	Columns []ColumnDescription `json:"columns"` // that rows may have
	Sources []SourceState       `json:"sources"` // by name
}

// ColumnDescription is one column of a table.
type ColumnDescription struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"` // of ClickHouse
	Required bool     `json:"required"`
	Values   []string `json:"values,omitempty"` // if no others are taken
	Meaning  string   `json:"meaning"`
}

// SourceState is how far the rows of a system are stored: whoever brings them goes on from there.
type SourceState struct {
	Source    string    `json:"source"`
	UpdatedAt time.Time `json:"updated_at"` // the latest change in the source that is stored
	StoredAt  time.Time `json:"stored_at"`  // when a row of it was last stored
}

// Describe describes a table; of the sources only the given one, if it is not empty. Errors are those of the database.
func (w *Writer) Describe(ctx context.Context, tableName, source string) (Description, error) {
	t, known := w.tables[tableName]
	if !known {
		return Description{}, fmt.Errorf("there is no table %q", tableName)
	}
	d := Description{Table: t.name, Meaning: t.meaning, Columns: []ColumnDescription{}, Sources: []SourceState{}}
	for i := range t.columns {
		c := &t.columns[i]
		d.Columns = append(d.Columns, ColumnDescription{Name: c.name, Type: c.wire, Required: c.required, Values: c.enumNames, Meaning: c.meaning})
	}
	states, err := w.o.Conn.Query(ctx, "select source, max(updated_at), max(ingested_at) from "+t.stored+" where $1 in ('', source) group by source order by source", source)
	if err != nil {
		return d, StoreError{err}
	}
	defer states.Close()
	for states.Next() {
		var s SourceState
		if err := states.Scan(&s.Source, &s.UpdatedAt, &s.StoredAt); err != nil {
			return d, StoreError{err}
		}
		d.Sources = append(d.Sources, s)
	}
	if err := states.Err(); err != nil {
		return d, StoreError{err}
	}
	return d, nil
}
