package store_test

import (
	"flag"
	"os"
	"testing"

	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/store"
	"cskpi/exporter/store/storetest"
	"cskpi/queries"
)

var update = flag.Bool("update", false, "rewrite columns.txt of package queries")

// TestColumns: columns.txt says of every view and layer which columns it has; what it does not know, or knows of a former definition, is found out by the engine.
func TestColumns(t *testing.T) {
	const file = "../../queries/columns.txt"
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		store.ForgetColumns(catalogue)
	}
	c := enginetest.Database(t)
	storetest.Install(t, c, catalogue)
	text, err := store.ColumnsFile(t.Context(), c, catalogue)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have, err := os.ReadFile(file); err != nil || string(have) != text {
		t.Errorf("columns.txt is out of date; make generate brings it up to date (%v)", err)
	}
}
