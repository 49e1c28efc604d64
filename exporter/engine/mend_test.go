//go:build linux && !server

package engine_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cskpi/exporter/engine"
)

// A folder with files that a full disk left empty, or a lost machine cut short, opens again if no facts were in them.
func TestDamagedDefinitions(t *testing.T) {
	dir := t.TempDir()
	temporary := []string{"cskpi_import_*.*", "cs.kept_*"}
	e := own(t, engine.Options{DataDir: dir, Temporary: temporary})
	execute(t, open(t, e), "create database cs", "create table cs.t (a UInt64) engine = MergeTree order by a", "insert into cs.t select number from numbers(1000)",
		"alter table cs.t delete where a < 10 settings mutations_sync = 2", "alter table cs.t delete where a < 20 settings mutations_sync = 2",
		"create view cs.v as select 1", "create function cs_f as x -> x", "create table cs.kept_x (a UInt64) engine = MergeTree order by a", "insert into cs.kept_x values (1)",
		"create database cskpi_import_1", "create table cskpi_import_1.rows (a UInt64) engine = MergeTree order by a", "insert into cskpi_import_1.rows values (1)",
		"create database cskpi_import_2", "create table cskpi_import_2.rows (a UInt64) engine = MergeTree order by a", "create table cs.gone (a UInt64) engine = MergeTree order by a", "drop table cs.gone")
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	base := filepath.Join(dir, "engine")
	rows, err := filepath.EvalSymlinks(filepath.Join(base, "data", "cskpi_import_1", "rows"))
	if err != nil {
		t.Fatal(err)
	}
	kinds := []string{
		"metadata/cs/v.sql", "metadata/cs/kept_x.sql", "metadata/cskpi_import_1/rows.sql", "metadata/cskpi_import_2.sql", "metadata/cs.sql", "metadata_dropped/cs.gone.*.sql",
		"user_defined/function_cs_f.sql", "data/cs/t/format_version.txt", "data/cs/t/mutation_*.txt",
	}
	copied := t.TempDir()
	for round, cut := range map[string]func(int64) int64{"empty": func(int64) int64 { return 0 }, "cut short": func(n int64) int64 { return n / 2 }} {
		dir := filepath.Join(copied, round)
		copyTree(t, base, filepath.Join(dir, "engine"))
		for _, kind := range kinds {
			found, err := filepath.Glob(filepath.Join(dir, "engine", kind))
			if err != nil || len(found) == 0 {
				t.Fatalf("%s: %v", kind, err)
			}
			for _, file := range found {
				if info, err := os.Stat(file); err != nil {
					t.Fatal(err)
				} else if err := os.Truncate(file, cut(info.Size())); err != nil {
					t.Fatal(err)
				}
			}
		}
		var log lockedBuffer
		e := own(t, engine.Options{DataDir: dir, Temporary: temporary, Log: slog.New(slog.NewTextHandler(&log, nil))})
		conn := open(t, e)
		if n := count(t, conn, "select count() from cs.t"); n != 980 {
			t.Errorf("%s: %d rows", round, n)
		}
		if n := count(t, conn, "select count() from system.tables where database in ('cs', 'cskpi_import_1') and name != 't'"); n != 0 {
			t.Errorf("%s: %d damaged tables are still there", round, n)
		}
		execute(t, conn, "create view cs.v as select 1", "create or replace function cs_f as x -> x", "insert into cs.t values (1)", "alter table cs.t delete where a = 1 settings mutations_sync = 2",
			"create table cs.kept_x (a UInt64) engine = MergeTree order by a", "drop database cskpi_import_1", "drop database cskpi_import_2")
		if _, err := os.Stat(filepath.Join(dir, "engine", strings.TrimPrefix(rows, base))); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: rows of a temporary table are left: %v", round, err)
		}
		for _, file := range []string{"v.sql", "rows.sql", "cs.sql", "mutation_"} {
			if !strings.Contains(log.String(), file) {
				t.Errorf("%s: nothing about %s in the log", round, file)
			}
		}
	}
	// What holds facts is not touched, and the error names it and what to do.
	file := filepath.Join(base, "metadata", "cs", "t.sql")
	if err := os.Truncate(file, 0); err != nil {
		t.Fatal(err)
	}
	_, err = engine.Start(t.Context(), engine.Options{DataDir: dir, Temporary: temporary, Log: quiet()})
	if err == nil || !strings.Contains(err.Error(), "metadata/cs/t.sql, the definition of table cs.t") || !strings.Contains(err.Error(), "restore") || !strings.Contains(err.Error(), "store/") {
		t.Errorf("a table's definition: %v", err)
	}
}

// copyTree copies files and links.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		switch {
		case d.IsDir():
			return os.MkdirAll(target, 0o700)
		case d.Type()&os.ModeSymlink != 0:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(link, target)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}
