package intake_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"cskpi/exporter/intake"
)

// pieces cuts text and returns each piece as line, rows and text.
func pieces(t *testing.T, text string, f intake.Format, rows int) string {
	t.Helper()
	b, err := intake.NewBatches(strings.NewReader(text), f, rows)
	if err != nil {
		return err.Error()
	}
	defer b.Close()
	var out []string
	for {
		piece, err := b.Next()
		if errors.Is(err, io.EOF) {
			return strings.Join(out, " ")
		}
		if err != nil {
			return strings.Join(append(out, err.Error()), " ")
		}
		out = append(out, fmt.Sprintf("%d-%d:%d:%q", piece.Line, piece.Next, piece.Rows, piece.Text))
	}
}

func TestBatches(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte("{1}\n{2}\n{3}\n"))
	_ = z.Close()
	for _, c := range []struct {
		name, text string
		format     intake.Format
		want       string
	}{
		{"lines", "{1}\n{2}\n{3}\n", intake.NDJSON, `1-3:2:"{1}\n{2}\n" 3-4:1:"{3}\n"`},
		{"no end of the last line", "{1}\n{2}\n{3}", intake.NDJSON, `1-3:2:"{1}\n{2}\n" 3-4:1:"{3}"`},
		{"blank lines", "\n\n{1}\n\n{2}\n{3}\n\n\n", intake.NDJSON, `1-6:2:"\n\n{1}\n\n{2}\n" 6-9:1:"{3}\n\n\n"`},
		{"nothing", "", intake.NDJSON, ``},
		{"gzip", zipped.String(), intake.NDJSON, `1-3:2:"{1}\n{2}\n" 3-4:1:"{3}\n"`},
		{"cut off gzip", zipped.String()[:zipped.Len()-6], intake.NDJSON, `1-3:2:"{1}\n{2}\n" 3-4:1:"{3}\n" line 4: the file is cut off (unexpected EOF)`},
		{"CSV", "a,b\n1,2\n3,4\n5,6\n", intake.CSV, `2-4:2:"a,b\n1,2\n3,4\n" 4-5:1:"a,b\n5,6\n"`},
		{"CSV with line ends in it", "a,\"b\nc\"\r\n1,\"x\ny\"\r\n3,\"\"\"\"\r\n5,6", intake.CSV, `3-6:2:"a,\"b\nc\"\r\n1,\"x\ny\"\r\n3,\"\"\"\"\r\n" 6-7:1:"a,\"b\nc\"\r\n5,6"`},
		{"CSV of a header", "a,b", intake.CSV, ``},
		{"CSV of nothing", "\n\n", intake.CSV, `is empty; not even a header is there`},
		{"a byte-order mark and a hint", "\xef\xbb\xbfsep=;\na;b\n1;2\n", intake.CSV, `3-4:1:"a;b\n1;2\n"`},
		{"Parquet", "PAR1", intake.Parquet, `format "parquet" cannot be sent; it is csv or ndjson (cskpi import reads parquet)`},
		{"a zip", "PK\x03\x04", intake.CSV, `is a zip archive (or a spreadsheet); unpack it, or save it as CSV`},
	} {
		if got := pieces(t, c.text, c.format, 2); got != c.want {
			t.Errorf("%s: got  %s\nwant %s", c.name, got, c.want)
		}
	}
}

// TestBatchesSkip goes on where it ended, and knows the lines of the file.
func TestBatchesSkip(t *testing.T) {
	for f, text := range map[intake.Format]string{intake.CSV: "a,b\n1,2\n3,4\n5,6\n7,8\n", intake.NDJSON: "{0}\n{1}\n{2}\n{3}\n{4}\n"} {
		first, err := intake.NewBatches(strings.NewReader(text), f, 2)
		if err != nil {
			t.Fatal(err)
		}
		piece, err := first.Next()
		if err != nil {
			t.Fatal(err)
		}
		again, err := intake.NewBatches(strings.NewReader(text+"9,10\n"), f, 100)
		if err != nil {
			t.Fatal(err)
		}
		if first.Fingerprint() != again.Fingerprint() {
			t.Errorf("%s: a file that grew is another one", f)
		}
		if err := again.Skip(piece.End, piece.Next); err != nil {
			t.Fatal(err)
		}
		rest, err := again.Next()
		if err != nil {
			t.Fatal(err)
		}
		if joined := string(piece.Text) + string(rest.Text[bytes.IndexByte(rest.Text, '\n')*int(rest.Header)+int(rest.Header):]); joined != text+"9,10\n" {
			t.Errorf("%s: got %q", f, joined)
		}
		if line := rest.LineOf(rest.Header + 1); line != piece.Next {
			t.Errorf("%s: the first row is line %d, want %d", f, line, piece.Next)
		}
		if err := again.Skip(1000, 1); err == nil || !strings.Contains(err.Error(), "is shorter") {
			t.Errorf("%s: a file that shrank: %v", f, err)
		}
	}
}

// TestBatchesLongLine sends no more of a line than it takes to reject it.
func TestBatchesLongLine(t *testing.T) {
	b, err := intake.NewBatches(io.MultiReader(strings.NewReader(strings.Repeat("x", 20<<20)+"\n{1}\n")), intake.NDJSON, 10)
	if err != nil {
		t.Fatal(err)
	}
	piece, err := b.Next()
	if err != nil || piece.Rows != 2 || len(piece.Text) > 3<<20 || !bytes.HasSuffix(piece.Text, []byte("x\n{1}\n")) || piece.End != 20<<20+5 {
		t.Errorf("got %d bytes, %d rows, end %d, %v", len(piece.Text), piece.Rows, piece.End, err)
	}
}
