package queries_test

import (
	"os"
	"testing"

	"cskpi/exporter/engine/enginetest"
	"cskpi/queries"
)

// TestColumns: columns.txt says of every view and layer which columns it has; what it does not know, or knows of a former definition, is found out by the engine.
func TestColumns(t *testing.T) {
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		queries.ForgetColumns(catalogue)
	}
	c := enginetest.Database(t)
	if err := catalogue.Layout().Install(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	text, err := queries.ColumnsFile(t.Context(), c, catalogue)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("columns.txt", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have, err := os.ReadFile("columns.txt"); err != nil || string(have) != text {
		t.Errorf("columns.txt is out of date; make generate brings it up to date (%v)", err)
	}
}
