package dashboards

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"cskpi/queries"
)

var update = flag.Bool("update", false, "write the boards anew")

// TestGenerated compares the committed boards with what they are generated from; -update rewrites them.
func TestGenerated(t *testing.T) {
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range Languages() {
		boards, err := generate(catalogue, language)
		if err != nil {
			t.Fatal(err)
		}
		var files []string
		for _, b := range layouts {
			files = append(files, filepath.Join(language, b.uid+".json"))
		}
		have, err := filepath.Glob(filepath.Join(language, "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range have {
			if slices.Contains(files, file) {
				continue
			}
			if !*update {
				t.Errorf("%s is no board; run make generate", file)
			} else if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
		for i, b := range boards {
			old, err := os.ReadFile(files[i])
			if err == nil && bytes.Equal(old, b.JSON) {
				continue
			}
			if !*update {
				t.Errorf("%s is stale; run make generate", files[i])
			} else if err := os.WriteFile(files[i], b.JSON, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
