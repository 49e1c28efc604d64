package main

import (
	"net/http"
	"strings"
	"testing"
)

// TestServeAgain: a service that is started again serves what it served before at once, with its age, but nothing of whom was erased meanwhile.
func TestServeAgain(t *testing.T) {
	facts(t)
	const arr, again = `cs_arr_amount{segment="`, `cs_exporter_query_runs_total{query="arr"} 0`
	s := start(t, "serve")
	s.waitFor(t, "/metrics", http.StatusOK, arr)
	if code := s.stop(); code != exitOK {
		t.Fatal(code, s.stderr)
	}
	s = start(t, "serve")
	if _, text := s.get(t, "/metrics"); !strings.Contains(text, arr) || !strings.Contains(text, again) {
		t.Errorf("just after the start there is no ARR of before: %d bytes", len(text))
	}
	s.waitFor(t, "/metrics", http.StatusOK, `cs_exporter_query_runs_total{query="arr"} 1`)
	s.stop()
	if code, stdout, stderr := execute(t, "erase", "account", "acme"); code != exitOK {
		t.Fatal(code, stdout, stderr)
	}
	s = start(t, "serve")
	if _, text := s.get(t, "/metrics"); strings.Contains(text, arr) && strings.Contains(text, again) {
		t.Error("what stood on the facts of an erased account is served again")
	}
	s.stop()
}
