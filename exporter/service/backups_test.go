package service

import (
	"testing"
	"time"

	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/store"
)

// TestBackupAge: the age of the last backup is a metric once there is a backup, and stays as it is while the database does not answer.
func TestBackupAge(t *testing.T) {
	c := enginetest.Conn(t)
	if err := store.Migrate(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	age := newBackupAge()
	look := func(d *Database) (at float64, there bool) {
		t.Helper()
		age.look(t.Context(), d)
		families, err := age.registry.Gather()
		if err != nil || len(families) == 0 {
			return 0, false
		}
		if name := families[0].GetName(); name != "cs_exporter_backup_timestamp_seconds" {
			t.Errorf("the metric is %s", name)
		}
		return families[0].GetMetric()[0].GetGauge().GetValue(), true
	}
	if at, there := look(&Database{Conn: c}); there {
		t.Errorf("a company that was never backed up was backed up at %f", at)
	}
	last := time.Date(2024, 6, 2, 3, 4, 5, 0, time.UTC)
	for _, finished := range []time.Time{last, last.AddDate(0, 0, -1)} {
		if err := c.Exec(t.Context(), "insert into cs.backups (finished_at, snapshot_at, file, bytes, rows) values (?, ?, 'f', 1, 1)", finished, finished); err != nil {
			t.Fatal(err)
		}
	}
	if at, there := look(&Database{Conn: c}); !there || at != float64(last.Unix()) {
		t.Errorf("the last backup was at %f (%t), want %d", at, there, last.Unix())
	}
	if err := c.Exec(t.Context(), "drop table cs.backups"); err != nil {
		t.Fatal(err)
	}
	if at, there := look(&Database{Conn: c}); !there || at != float64(last.Unix()) {
		t.Errorf("without an answer, the last backup was at %f (%t), want %d", at, there, last.Unix())
	}
}
