package intake_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/intake"
)

// doomed is the connection of a process that is killed some statements after its import has everything ready. The last one reaches the
// database, although nobody gets the answer.
type doomed struct {
	driver.Conn
	left  int
	ready bool
}

var errKilled = errors.New("killed")

// dies reports whether a statement is not answered, and whether it is carried out.
func (d *doomed) dies(query string) (killed, arrives bool) {
	d.ready = d.ready || strings.HasPrefix(query, "create table") && strings.Contains(query, "commit-record")
	if !d.ready {
		return false, false
	}
	d.left--
	return d.left < 0, d.left == -1
}

func (d *doomed) Exec(ctx context.Context, query string, args ...any) error {
	killed, arrives := d.dies(query)
	if !killed || arrives {
		if err := d.Conn.Exec(ctx, query, args...); err != nil || !killed {
			return err
		}
	}
	return errKilled
}

func (d *doomed) Query(ctx context.Context, query string, args ...any) (driver.Rows, error) {
	if killed, _ := d.dies(query); killed {
		return nil, errKilled
	}
	return d.Conn.Query(ctx, query, args...)
}

func (d *doomed) QueryRow(ctx context.Context, query string, args ...any) driver.Row {
	if killed, _ := d.dies(query); killed {
		return noRow{}
	}
	return d.Conn.QueryRow(ctx, query, args...)
}

func (d *doomed) PrepareBatch(ctx context.Context, query string, opts ...driver.PrepareBatchOption) (driver.Batch, error) {
	if killed, _ := d.dies(query); killed {
		return nil, errKilled
	}
	return d.Conn.PrepareBatch(ctx, query, opts...)
}

type noRow struct{}

func (noRow) Err() error           { return errKilled }
func (noRow) Scan(...any) error    { return errKilled }
func (noRow) ScanStruct(any) error { return errKilled }

// TestStrictKilled kills a strict import at each of its statements. As soon as the import is completed, which happens before facts are read,
// either all of its rows are stored or none.
func TestStrictKilled(t *testing.T) {
	f := newFixture(t)
	f.Strict, f.RejectsDir = true, ""
	tables := []string{"accounts", "contracts", "usage_events"}
	paths := []string{
		f.file("accounts.csv", "account_id,name\na1,one\ngone,two\n"),
		f.file("contracts-1.csv", "contract_id,account_id,acv,starts_on\nc1,a1,10,2024-01-01\nc2,gone,10,2024-01-01\n"),
		f.file("contracts-2.csv", "contract_id,account_id,acv,starts_on\nc1,a1,11,2024-01-01\n"),
		f.file("usage_events.csv", "event_id,account_id,event,ts\ne1,a1,x,2024-05-01\ne2,gone,x,2024-06-01\n"),
	}
	stored := func() string {
		var counts []string
		for _, table := range tables {
			counts = append(counts, "(select count() from stored_"+table+" final)")
		}
		return f.query(strings.Join(append(counts, "(select sum(acv) from stored_contracts final)"), ", "), "system.one")
	}
	empty := func() {
		var left []string
		if err := f.conn.QueryRow(t.Context(), "select groupArray(name) from system.databases where startsWith(name, 'cskpi_import_')").Scan(&left); err != nil {
			t.Fatal(err)
		}
		for _, name := range left {
			if err := f.conn.Exec(t.Context(), "drop database "+name); err != nil {
				t.Fatal(err)
			}
		}
		for _, table := range tables {
			if err := f.conn.Exec(t.Context(), "truncate table stored_"+table); err != nil {
				t.Fatal(err)
			}
		}
	}
	const none, all, erased = "0|0|0|0", "2|2|2|21", "1|1|1|11"
	accepted, over := 0, false
	for left := 0; !over; left++ {
		im := *f.Importer
		im.Conn = &doomed{Conn: f.conn, left: left}
		s, err := im.Files(t.Context(), "", paths...)
		over = err == nil
		var records uint64
		if err := f.conn.QueryRow(t.Context(), "select count() from system.tables where startsWith(database, 'cskpi_import_') and name = 'commit-record'").Scan(&records); err != nil {
			t.Fatal(err)
		}
		if records > 0 {
			accepted++
			if accepted%4 == 0 {
				if _, err := intake.Erase(t.Context(), f.conn, intake.What{Account: "gone"}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := intake.Complete(t.Context(), f.conn); err != nil {
			t.Fatalf("killed after %d statements: %v", left, err)
		}
		switch got := stored(); {
		case over:
			f.equal("summary", counts(s), "accounts read=2 stored=2 unchanged=0 superseded=0 rejected=0\n"+
				"contracts read=3 stored=2 unchanged=0 superseded=1 rejected=0\n"+
				"usage_events read=2 stored=2 unchanged=0 superseded=0 rejected=0")
			f.equal("an import that succeeded", got, all)
		case records > 0 && accepted%4 == 0:
			f.equal(fmt.Sprintf("killed after %d statements and erased", left), got, erased)
		case records > 0 || got != none: // the record may be gone just before the answer
			f.equal(fmt.Sprintf("killed after %d statements", left), got, all)
		}
		empty()
	}
	t.Logf("%d moments between the acceptance of the import and its end", accepted)
	if accepted < 6 {
		t.Errorf("of all moments only %d were between the acceptance of the import and its end", accepted)
	}
}

// accepting is a connection that calls then as soon as an import is accepted.
type accepting struct {
	driver.Conn
	then func()
}

func (a accepting) Exec(ctx context.Context, query string, args ...any) error {
	err := a.Conn.Exec(ctx, query, args...)
	if strings.HasPrefix(query, "create table") && strings.Contains(query, "commit-record") {
		a.then()
	}
	return err
}

// TestStrictDiskFull: a disk that fills up after an import was accepted delays it.
func TestStrictDiskFull(t *testing.T) {
	dir := enginetest.SmallDisk(t, 48)
	m := newMortal(t, filepath.Join(dir, "data"))
	ballast := filepath.Join(dir, "ballast")
	im := *m.Importer
	im.Strict = true
	im.Conn = accepting{m.conn, func() {
		if err := os.WriteFile(ballast, make([]byte, 48<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("the disk is not full: %v", err)
		}
	}}
	_, err := im.Files(t.Context(), "", m.file("accounts.csv", "account_id\na1\n"), m.file("contracts.csv", "contract_id,account_id,acv,starts_on\nc1,a1,10,2024-01-01\n"))
	if err == nil || !strings.Contains(err.Error(), "the import is accepted") {
		t.Errorf("got the error %v", err)
	}
	if err := intake.Complete(t.Context(), m.conn); err == nil {
		t.Error("the import was completed on a disk that is full")
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	m.kill()
	m.awaken(t.Context())
	if err := intake.Complete(t.Context(), m.conn); err != nil {
		t.Fatal(err)
	}
	m.equal("stored", m.query("(select count() from stored_accounts), (select count() from stored_contracts)", "system.one"), "1|1")
}
