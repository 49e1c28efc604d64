package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/store"
	"cskpi/queries/sqltext"
)

// A strict import stores all of its rows or none, although they belong to several tables. It first prepares all rows in its
// scratch database. Then it creates one more table there, the commit record. Without the record, nothing is stored, and
// the scratch database is dropped some day. With the record, the import is accepted: whoever finds it copies the rows into
// the fact tables, as often as it takes, and then drops the record. A table is created as a whole or not at all.

// commitRecord is the name of that table. A source file of a mapping cannot have it, because of the hyphen.
const commitRecord = "commit-record"

// acceptance is what a commit record says, in its comment.
type acceptance struct {
	scratch string
	Zone    string      `json:"zone"` // in which days begin and end
	Rows    []readyRows `json:"rows"`
}

// readyRows are the rows that are to be copied, in this order.
type readyRows struct {
	Table string `json:"table"`
	From  string `json:"from"` // qualified
}

// commitAll stores what strict mode held back.
func (s *session) commitAll(ctx context.Context) error {
	of := acceptance{scratch: s.scratch, Zone: s.zone.String()}
	var rows []ready
	for _, st := range s.pending {
		r, err := s.prepare(ctx, *st)
		if err != nil {
			return err
		}
		rows = append(rows, r)
		of.Rows = append(of.Rows, readyRows{r.table.name, r.name})
	}
	// An erasure must not miss rows that are accepted and not copied yet, and a backup must not see half of them.
	return store.Alone(ctx, s.im.Conn, func(ctx context.Context) error {
		if err := s.accept(ctx, of); err != nil {
			return err
		}
		s.scratch = "" // it must stay until everything is copied
		for _, r := range rows {
			if err := s.copy(ctx, r, false); err != nil {
				return fmt.Errorf("%w (the import is accepted but not all of it is stored yet; cskpi serve, or the next cskpi command, stores the rest)", err)
			}
		}
		return s.dropAccepted(ctx, of.scratch)
	})
}

// accept creates the commit record.
func (s *session) accept(ctx context.Context, of acceptance) error {
	text, err := json.Marshal(of)
	if err != nil {
		return err
	}
	err = s.exec(ctx, "create table if not exists "+of.scratch+"."+sqltext.Name(commitRecord)+" (nothing UInt8) engine = MergeTree order by tuple() comment "+sqltext.Quote(string(text)))
	var refused *clickhouse.Exception
	if err == nil || errors.As(err, &refused) {
		return err
	}
	s.scratch = "" // the record may be there, or still be created
	return fmt.Errorf("%w (whether the import is stored is not known, but it is stored as a whole or not at all; import it again to be sure)", err)
}

// dropAccepted removes the commit record first: a scratch database without one is of no use to anybody.
func (s *session) dropAccepted(ctx context.Context, scratch string) error {
	if err := s.exec(ctx, "drop table if exists "+scratch+"."+sqltext.Name(commitRecord)); err != nil {
		return err
	}
	s.scratch = scratch
	return s.dropScratch(ctx)
}

// readAccepted finds the strict imports that are accepted and not stored as a whole yet.
func readAccepted(ctx context.Context, conn driver.Conn) ([]acceptance, error) {
	rows, err := conn.Query(ctx, "select database, comment from system.tables where startsWith(database, '"+scratchPrefix+"') and name = '"+commitRecord+"' order by database")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []acceptance
	for rows.Next() {
		var a acceptance
		var text string
		if err := rows.Scan(&a.scratch, &text); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			return nil, fmt.Errorf("the commit record of %s: %w", a.scratch, err)
		}
		found = append(found, a)
	}
	return found, rows.Err()
}

// Complete stores the rest of strict imports that were interrupted after they were accepted. While such an import is at work, it waits for it. Call
// it before facts are read.
func Complete(ctx context.Context, conn driver.Conn) error {
	found, err := readAccepted(ctx, conn)
	if err != nil {
		return fmt.Errorf("look for interrupted imports: %w", store.Brief(err))
	}
	if len(found) == 0 {
		return nil
	}
	return store.Alone(ctx, conn, func(ctx context.Context) error { return CompleteAlone(ctx, conn) })
}

// CompleteAlone is Complete for callers that are in store.Alone already.
func CompleteAlone(ctx context.Context, conn driver.Conn) error {
	found, err := readAccepted(ctx, conn)
	if err != nil {
		return fmt.Errorf("look for interrupted imports: %w", store.Brief(err))
	}
	s := &session{im: &Importer{Conn: conn}}
	for _, a := range found {
		err := s.complete(ctx, a)
		if err == nil {
			continue
		}
		// When the engine starts again, it has forgotten that the import is at work, which may have ended by now.
		left, lookErr := readAccepted(ctx, conn)
		if lookErr != nil || slices.ContainsFunc(left, func(l acceptance) bool { return l.scratch == a.scratch }) {
			return fmt.Errorf("complete the import whose rows are in the database %s: %w", a.scratch, err)
		}
	}
	return nil
}

func (s *session) complete(ctx context.Context, a acceptance) (err error) {
	if s.tables == nil {
		if s.tables, err = loadTables(ctx, s.im.Conn, nil); err != nil {
			return err
		}
	}
	if s.zone, err = time.LoadLocation(a.Zone); err != nil {
		return err
	}
	for _, rows := range a.Rows {
		t, err := s.table(rows.Table)
		if err != nil {
			return err
		}
		if t, err = s.asStaged(ctx, t, rows.From); err != nil {
			return err
		}
		if err := s.copy(ctx, ready{table: t, name: rows.From}, true); err != nil {
			return err
		}
	}
	return s.dropAccepted(ctx, a.scratch)
}

// asStaged is t with just the columns that prepared rows have: a later version of cskpi may have added some.
func (s *session) asStaged(ctx context.Context, t *table, from string) (*table, error) {
	var names []string
	if err := s.im.Conn.QueryRow(ctx, "select groupArray(name) from system.columns where concat(database, '.', table) = ?", from).Scan(&names); err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("the table %s is lost; drop its database and import the files again", from)
	}
	of := *t
	of.columns = nil
	for _, c := range t.columns {
		if slices.Contains(names, c.name) {
			of.columns = append(of.columns, c)
		}
	}
	return &of, nil
}

// Forget drops strict imports that were accepted in a database that is gone, so that they do not reach the one that takes its place.
func Forget(ctx context.Context, conn driver.Conn) error {
	found, err := readAccepted(ctx, conn)
	s := &session{im: &Importer{Conn: conn}}
	for _, a := range found {
		err = errors.Join(err, s.dropAccepted(ctx, a.scratch))
	}
	return err
}
