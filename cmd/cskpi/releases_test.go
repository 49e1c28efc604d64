package main

import (
	"archive/tar"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"cskpi/exporter/config"
	"cskpi/queries"
)

// TestReleasedFolders: a data folder as an earlier release wrote it (testdata/releases/pack.sh) is opened and upgraded by this
// build, and still has every fact and the numbers that the release itself computed.
func TestReleasedFolders(t *testing.T) {
	facts := map[string]int{}
	for _, file := range matches(t, "testdata/releases/facts/*.csv") {
		rows, err := csv.NewReader(bytes.NewReader(readFile(t, file))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		facts[strings.TrimSuffix(filepath.Base(file), ".csv")] = len(rows) - 1
	}
	folders := matches(t, "testdata/releases/*.tar.zst")
	if len(folders) < 2 {
		t.Fatalf("there are %d packed folders, want those of all releases", len(folders))
	}
	for _, packed := range folders {
		name := strings.TrimSuffix(filepath.Base(packed), ".tar.zst")
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			unpack(t, packed, dir)
			folder(t, filepath.Join(dir, "data"))
			config, err := config.Load()
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			a := newApp(config, slog.New(slog.DiscardHandler), &out, t.Output())
			catalogue, err := a.Load()
			if err != nil {
				t.Fatal(err)
			}
			d, err := a.Open(t.Context(), catalogue)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			for table, want := range facts {
				var got uint64
				if err := d.Conn.QueryRow(t.Context(), "select count() from stored_"+table+" final").Scan(&got); err != nil {
					t.Errorf("%s: %v", table, err)
				} else if got != uint64(want) {
					t.Errorf("%s has %d rows, want %d", table, got, want)
				}
			}
			at := slices.IndexFunc(catalogue.KPIs(), func(q queries.Query) bool { return q.Name == "nrr" })
			rows, err := view(t.Context(), d, catalogue.KPIs()[at], time.Date(2024, 6, 30, 0, 0, 0, 0, time.UTC), "", "")
			if err != nil {
				t.Fatal(err)
			}
			// Windows of the fiscal year so far are new.
			rows.rows = slices.DeleteFunc(rows.rows, func(row []any) bool {
				return slices.Contains([]any{"mtd", "qtd", "ytd"}, rows.value(row, "window"))
			})
			if err := rows.write(&out, "csv"); err != nil {
				t.Fatal(err)
			}
			if want := string(readFile(t, strings.TrimSuffix(packed, ".tar.zst")+".csv")); out.String() != want {
				t.Errorf("nrr is\n%s\nwant what the release computed:\n%s", out.String(), want)
			}
		})
	}
}

func matches(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// unpack extracts a tar file that is compressed with zstd.
func unpack(t *testing.T, file, dir string) {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	plain, err := zstd.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	for archive := tar.NewReader(plain); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(h.Name))
		switch h.Typeflag {
		case tar.TypeDir:
			err = os.MkdirAll(path, 0o700)
		case tar.TypeSymlink:
			err = os.Symlink(h.Linkname, path)
		default:
			var content []byte
			if content, err = io.ReadAll(archive); err == nil {
				err = os.WriteFile(path, content, 0o600)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
