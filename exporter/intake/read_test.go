package intake

import (
	"bufio"
	"encoding/csv"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// FuzzCSV holds our reader to encoding/csv wherever that one finds nothing to complain about; elsewhere it must come
// to an end, and account for every line.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{
		"a,b\n1,2\n", "a;b\r\n1;\"2\r\n3\"\r\n", "a\tb\n\"x\"\"y\"\t\n", "a,b\n\"1,2\n3,4\n", "a,b\n1\"2,3\n", "\n\na\n1", "sep=;\na;b\n1;2", "a,b\n\"x\"y,1\n,,\n", "",
		"a,b\n\"1\n2\n3\n4", "\"a\nb\",c\n1,2\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var header []string
		s, err := newCSV("t", "f", bufio.NewReaderSize(strings.NewReader(text), 16), 200, nil, func(fields []field) ([]int, bool, error) {
			header = nil
			for _, f := range fields {
				header = append(header, f.text)
			}
			return make([]int, len(fields)), true, nil
		})
		if err != nil {
			return
		}
		var got [][]string
		rejected := 0
		for {
			b, err := s.next()
			rejected += len(b.rejects)
			for _, r := range b.records {
				var fields []string
				for _, f := range r.fields {
					fields = append(fields, f.text)
				}
				got = append(got, fields)
				if r.line < 1 || r.line > int64(strings.Count(text, "\n")+1) {
					t.Fatalf("%q: a record in line %d", text, r.line)
				}
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
		}
		if strings.HasPrefix(strings.TrimLeft(text, "\n"), "sep=") || len(text) > 200 {
			return
		}
		reference := csv.NewReader(strings.NewReader(text))
		reference.Comma, reference.FieldsPerRecord = rune(s.comma), -1
		want, err := reference.ReadAll()
		if err != nil {
			return
		}
		// Rows without content are nothing to us; encoding/csv drops some of them.
		blank := func(fields []string) bool {
			return !slices.ContainsFunc(fields, func(f string) bool { return strings.TrimSpace(f) != "" })
		}
		want = slices.DeleteFunc(want, blank)
		got = slices.DeleteFunc(append([][]string{header}, got...), blank)
		if rejected > 0 || !slices.EqualFunc(got, want, slices.Equal) {
			t.Fatalf("%q: %q and %d rejected, want %q", text, got, rejected, want)
		}
	})
}

// FuzzLines holds the cutting of NDJSON into blocks to the plain way, with a limit small enough to matter.
func FuzzLines(f *testing.F) {
	f.Add("{}\n{}\n", byte(5))
	f.Add("\n\n"+strings.Repeat("x", 70_000)+"\n{}", byte(20))
	f.Add(strings.Repeat("{}\n", 30_000), byte(3))
	f.Fuzz(func(t *testing.T, text string, limit byte) {
		maxLine := int(limit) + 1
		s := newNDJSON("t", "f", iotest.HalfReader(strings.NewReader(text)), maxLine)
		got := map[int64]string{}
		for {
			b, err := s.next()
			for _, r := range b.rejects {
				got[r.Line] = "too long"
			}
			line := b.line
			for rest := b.lines; rest != ""; line++ {
				var one string
				one, rest, _ = strings.Cut(rest, "\n")
				got[line] = one
				if len(one) > maxLine {
					got[line] = "too long"
				}
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				return // a JSON array
			}
		}
		line := int64(0)
		for rest := text; rest != ""; {
			var one string
			one, rest, _ = strings.Cut(rest, "\n")
			line++
			want := one
			if len(one) > maxLine {
				want = "too long"
			}
			if got[line] != want {
				t.Fatalf("line %d of %d bytes: %.50q, want %.50q", line, len(text), got[line], want)
			}
		}
		if int64(len(got)) != line {
			t.Fatalf("%d lines, want %d", len(got), line)
		}
	})
}
