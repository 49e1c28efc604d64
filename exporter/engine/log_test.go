//go:build linux && !server

package engine

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestRelay(t *testing.T) {
	var out bytes.Buffer
	r := &relay{log: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))}
	for _, piece := range []string{
		`{"time":"2026-01-01T00:00:00Z","level":"WARN","msg":"kill the query","err":"gone","n":3}` + "\n",
		`{"time":"2026-01-01T00:00:00Z","level":"DEBUG","msg":"hidden"}` + "\n",
		"2026.11.29 17:59:04.295267 [ 4535 ] {} <Err", "or> default.t (uuid): Part x is broken: Code: 27. Stack trace:\n\n",
		"0. ? @ 0x000000001c6d35f3\n", " (version 26.5.1.1)\n",
		"2026.11.29 17:59:04.314200 [ 4523 ] {ab-c} <Warning> Pool/Name: slow\n",
		"2026.11.29 17:59:04.314200 [ 4523 ] {} <Fatal> BaseDaemon: Received signal 11\n",
		"Go says panic\n",
		strings.Repeat("x", 2*maxLine), "\n",
	} {
		if n, err := r.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
	}
	want := `level=WARN msg="kill the query"
level=ERROR msg="engine library" says="Part x is broken: Code: 27. Stack trace:" from="default.t (uuid)"
level=WARN msg="engine library" says=slow from=Pool/Name
level=ERROR msg="engine library" says="Received signal 11" from=BaseDaemon
level=INFO msg=engine line="Go says panic"
`
	got := strings.ReplaceAll(strings.ReplaceAll(out.String(), " err=gone", ""), " n=3", "")
	if !strings.HasPrefix(got, want) || !strings.Contains(out.String(), "err=gone") || !strings.Contains(out.String(), "n=3") {
		t.Errorf("got\n%.2000s\nwant\n%s", got, want)
	}
	if len(out.String()) > 2*maxLine {
		t.Errorf("a line without an end makes %d bytes", out.Len())
	}
}
