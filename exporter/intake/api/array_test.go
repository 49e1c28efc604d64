package api

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"cskpi/exporter/intake"
)

// FuzzArray: what encoding/json reads as an array or an object becomes the same values, a line each; nothing panics, and
// nothing becomes more rows than it has.
func FuzzArray(f *testing.F) {
	for _, seed := range []string{
		`[]`, `{}`, `[{}]`, `[{"a":1},{"a":2}]`, " [ {\n\"a\" : \"\\\"]\\\\\" } , null ] ", `[1,2.5e3,"x,y",[[]],true]`, `[,]`, `[{},]`, `{"a":[}`, `[`, `{`, `"`,
		`[1 2]`, `[{}{}]`, "[\"a\nb\"]", "[\"\x00\xff\"]", `{} x`, strings.Repeat("[", 120), strings.Repeat("[", 99) + strings.Repeat("]", 99), `[{"a":{"b":[1,{"c":null}]}}]`,
		"\ufeff[1]", `[1e999999,-0,123456789012345678901234567890]`, `[{"a":1,"a":2}]`, `[{"e":"=1+1"},{"e":"'; drop table x"}]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		lines, err := toLines(bytes.Clone(text))
		start := bytes.TrimLeft(text, " \t\r\n")
		valid := json.Valid(text) && len(start) > 0 && (start[0] == '[' || start[0] == '{')
		if err != nil {
			if valid && !strings.Contains(err.Error(), "nested") {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if len(lines) > len(text) {
			t.Fatalf("%q grew to %q", text, lines)
		}
		if !valid {
			return // its rows are rejected one by one
		}
		var want []json.RawMessage
		if start[0] == '{' {
			want = []json.RawMessage{text}
		} else if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		var got [][]byte
		if len(lines) > 0 {
			got = bytes.Split(bytes.TrimSuffix(lines, []byte("\n")), []byte("\n"))
		}
		if len(got) != len(want) {
			t.Fatalf("%q became %d rows and not %d: %q", text, len(got), len(want), lines)
		}
		for i := range want {
			var a, b bytes.Buffer
			if json.Compact(&a, got[i]) != nil || json.Compact(&b, want[i]) != nil || a.String() != b.String() {
				t.Fatalf("row %d of %q became %q", i+1, text, got[i])
			}
		}
	})
}

// FuzzRequest: no body, however it says that it is encoded, makes the handler panic, take more than its memory, or answer
// otherwise than described.
func FuzzRequest(f *testing.F) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = io.WriteString(w, `{"event_id":"e1"}`)
	w.Close()
	for _, kind := range []string{"application/json", "application/x-ndjson", "text/csv", "text/csv; charset=latin1", "x/y"} {
		f.Add(kind, "", []byte(`[{"event_id":"e1","a":"\u0000"}]`))
		f.Add(kind, "gzip", z.Bytes())
	}
	f.Add("application/json", "zstd", []byte("\x28\xb5\x2f\xfd\x00\x58\x19\x00\x00abc"))
	f.Add("application/json", "zstd", []byte("\x28\xb5\x2f\xfd\x04\xff\x00\x00"))
	f.Add("text/csv", "", []byte("event_id,account_id\n\"=1+1\",\x00\n\xff,"))
	s := newServer(f, Options{Store: plainStore{}, MaxBody: 1 << 20, Memory: 4 << 20})
	s.Open(&counting{})
	h := s.Handler()
	f.Fuzz(func(t *testing.T, kind, encoding string, body []byte) {
		w := call(h, "/v1/usage_events", string(body), "Content-Type", kind, "Content-Encoding", encoding)
		switch w.Code {
		case 200, 400, 413, 415:
		default:
			t.Errorf("got %d, %s", w.Code, w.Body)
		}
		if !json.Valid(w.Body.Bytes()) {
			t.Errorf("the answer is no JSON: %q", w.Body)
		}
		if !idle(s) {
			t.Fatal("something is still held")
		}
	})
}

// counting is a store that takes everything and keeps nothing.
type counting struct{ plainStore }

func (counting) Tables() []string { return []string{"usage_events"} }

var _ Store = counting{plainStore{}}
var _ Store = (*intake.Writer)(nil)
