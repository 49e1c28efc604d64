package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/store"
	"cskpi/queries/sqltext"
)

// Receipts is a file outside the database that lists every erasure that was begun. A backup that is older than an erasure
// still has what was erased; after a restore, the file says what to erase again.
type Receipts struct {
	path string
	mu   sync.Mutex
}

// KeptReceipt is a line of the file. It names nobody: whether an id was erased can be told only by hashing the id.
type KeptReceipt struct {
	ID          string    `json:"erasure_id"`
	Erased      string    `json:"erased"`    // account or user
	IDHashes    []string  `json:"id_hashes"` // SHA-256 of ID and an erased id, one behind the other, in hex
	RequestedAt time.Time `json:"requested_at"`
}

// NewReceipts returns the file of that name, which the first receipt makes.
func NewReceipts(path string) *Receipts { return &Receipts{path: path} }

// OpenReceipts makes the file if it is not there yet.
func OpenReceipts(path string) (*Receipts, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("receipts of erasures: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("receipts of erasures: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("receipts of erasures: %w", err)
	}
	return NewReceipts(path), nil
}

// ReadReceipts reads the file. The error wraps fs.ErrNotExist if there is none.
func ReadReceipts(path string) ([]KeptReceipt, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("receipts of erasures: %w", err)
	}
	var all []KeptReceipt
	lines := bytes.Split(text, []byte("\n"))
	for i, line := range lines {
		if len(line) == 0 {
			continue
		}
		var r KeptReceipt
		err := json.Unmarshal(line, &r)
		switch {
		case err == nil && r.ID != "" && len(r.IDHashes) > 0 && (r.Erased == "account" || r.Erased == "user"):
			all = append(all, r)
		case err != nil && (i == len(lines)-1 || bytes.HasPrefix(lines[i+1], []byte(" "))):
			// A line is written before anything is erased. One that was cut short belongs to an erasure that did not begin; the
			// line that was added after it begins with a blank.
		default:
			return nil, fmt.Errorf("receipts of erasures: %s:%d is not a receipt; restore the line from a copy of the file", path, i+1)
		}
	}
	return all, nil
}

// Add writes receipts that the file does not have yet, and returns when they are on disk.
func (r *Receipts) Add(more ...KeptReceipt) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	have, err := ReadReceipts(r.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var text []byte
	for _, m := range more {
		if slices.ContainsFunc(have, func(h KeptReceipt) bool { return h.ID == m.ID }) {
			continue
		}
		line, err := json.Marshal(m)
		if err != nil {
			return err
		}
		text = append(append(text, line...), '\n')
	}
	if len(text) == 0 {
		return nil
	}
	f, err := os.OpenFile(r.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("receipts of erasures: %w", err)
	}
	if written, err := os.ReadFile(r.path); err == nil && len(written) > 0 && written[len(written)-1] != '\n' {
		text = append([]byte("\n "), text...) // the last line was cut short and must not take this one along
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("receipts of erasures: %w", err)
	}
	return nil
}

// Sync adds the receipts that the database has and the file lacks, such as those of builds that did not write the file.
func (r *Receipts) Sync(ctx context.Context, conn driver.Conn) error {
	rows, err := conn.Query(ctx, "select erasure_id, toString(kind), id_hash, requested_at from erasures final order by requested_at")
	if err != nil {
		return fmt.Errorf("read the receipts of erasures: %w", err)
	}
	defer rows.Close()
	var all []KeptReceipt
	for rows.Next() {
		k := KeptReceipt{IDHashes: make([]string, 1)}
		if err := rows.Scan(&k.ID, &k.Erased, &k.IDHashes[0], &k.RequestedAt); err != nil {
			return err
		}
		all = append(all, k)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return r.Add(all...)
}

// EraseAgain carries out erasures in a database that was restored from a backup that is older than they are. It returns how many
// of them found something to erase. keep takes their receipts.
func EraseAgain(ctx context.Context, conn driver.Conn, receipts []KeptReceipt, keep *Receipts) (found int, err error) {
	var done []string
	if err := conn.QueryRow(ctx, "select groupArray(erasure_id) from (select erasure_id, finished_at from erasures final) where finished_at is not null").Scan(&done); err != nil {
		return 0, fmt.Errorf("read which erasures the backup has: %w", err)
	}
	receipts = slices.DeleteFunc(slices.Clone(receipts), func(r KeptReceipt) bool { return slices.Contains(done, r.ID) })
	if len(receipts) == 0 {
		return 0, nil
	}
	s := &session{im: &Importer{Conn: conn}, zone: time.UTC, at: time.Now().UTC()}
	if err := s.makeScratch(ctx); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.dropScratch(ctx)) }()
	for kind, columns := range map[string][]string{"account": {"account_id", "parent_account_id"}, "user": personColumns} {
		if !slices.ContainsFunc(receipts, func(r KeptReceipt) bool { return r.Erased == kind }) {
			continue
		}
		if err := s.listIDs(ctx, kind, columns); err != nil {
			return found, err
		}
	}
	for _, r := range receipts {
		var ids []string
		if err := s.retry(ctx, func() error {
			return conn.QueryRow(ctx, fmt.Sprintf("select groupArray(id) from %s.ids_%s where lower(hex(SHA256(concat(%s, id)))) in (%s) settings max_execution_time = 0",
				s.scratch, r.Erased, sqltext.Quote(r.ID), sqltext.Quotes(r.IDHashes))).Scan(&ids)
		}); err != nil {
			return found, fmt.Errorf("look for what was erased: %w", err)
		}
		what := What{Receipts: keep, again: &r, stored: ids}
		if r.Erased == "account" {
			what.Account = r.ID // stands for the id, which only stored has
		} else {
			what.User = r.ID
		}
		if _, err := Erase(ctx, conn, what); err != nil {
			return found, err
		}
		if len(ids) > 0 {
			found++
		}
	}
	return found, nil
}

// listIDs collects the ids that the database has in some columns, whatever the table.
func (s *session) listIDs(ctx context.Context, kind string, columns []string) error {
	list := s.scratch + ".ids_" + kind
	if err := s.exec(ctx, "create table if not exists "+list+" (id String) engine = MergeTree order by id"); err != nil {
		return err
	}
	var from []string
	if kind == "account" {
		from = append(from, "select labels['account'] as id from kpi_daily")
	}
	rows, err := s.im.Conn.Query(ctx, "select c.table, c.name from system.columns as c inner join system.tables as t on t.database = c.database and t.name = c.table "+
		"where c.database = currentDatabase() and t.engine like '%MergeTree' and c.name in ("+sqltext.Quotes(columns)+")")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			return err
		}
		from = append(from, "select toString("+sqltext.Name(column)+") as id from "+sqltext.Name(table))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, f := range from {
		if err := s.exec(ctx, "insert into "+list+" select distinct id from ("+f+") where id != '' settings max_execution_time = 0"); err != nil {
			return fmt.Errorf("list the ids in the database: %w", store.Brief(err))
		}
	}
	return nil
}
