package intake

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/htmlindex"

	"cskpi/queries"
)

// Format is how the rows of a file are written.
type Format string

// The formats; each may also be compressed with gzip or zstd, which is seen from the content.
const (
	CSV     Format = "csv"
	NDJSON  Format = "ndjson"
	Parquet Format = "parquet"
)

// source cuts a file into blocks. The last block comes with io.EOF or with what went wrong; its rows count.
type source interface {
	next() (block, error)
}

// fileFormat tells the format from a name, and the name without the endings that say it.
func fileFormat(name string) (stem string, f Format) {
	stem = filepath.Base(name)
	lower := strings.ToLower(stem)
	for _, ending := range []string{".gz", ".gzip", ".zst", ".zstd"} {
		if strings.HasSuffix(lower, ending) {
			lower = lower[:len(lower)-len(ending)]
			break
		}
	}
	for ending, format := range map[string]Format{
		".csv": CSV, ".tsv": CSV, ".txt": CSV,
		".ndjson": NDJSON, ".jsonl": NDJSON, ".json": NDJSON,
		".parquet": Parquet,
	} {
		if strings.HasSuffix(lower, ending) {
			return stem[:len(lower)-len(ending)], format
		}
	}
	return stem[:len(lower)], ""
}

// counter counts the bytes that were read of a file as it lies on disk.
type counter struct {
	r    io.Reader
	read func(n int)
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if c.read != nil {
		c.read(n)
	}
	return n, err
}

// decompress looks at the first bytes and undoes gzip and zstd.
func decompress(r io.Reader) (io.Reader, func(), error) {
	b := bufio.NewReaderSize(r, 64<<10)
	head, _ := b.Peek(4)
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, nil, fmt.Errorf("read gzip: %w", err)
		}
		return z, func() { z.Close() }, nil
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		// One decoder goroutine and a bounded window: what a file says about itself must not decide how much memory it gets.
		z, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, nil, fmt.Errorf("read zstd: %w", err)
		}
		return z, z.Close, nil
	case bytes.Equal(head, []byte("PK\x03\x04")):
		return nil, nil, errors.New("is a zip archive (or a spreadsheet); unpack it, or save it as CSV")
	}
	return b, func() {}, nil
}

// decode makes UTF-8 of the named encoding ("" is UTF-8 already), and drops a byte-order mark.
func decode(r io.Reader, encoding string) (*bufio.Reader, error) {
	if encoding != "" {
		e, err := htmlindex.Get(encoding)
		if err != nil {
			return nil, fmt.Errorf("encoding %q is not known; use a name such as shift_jis, windows-1252 or utf-16le", encoding)
		}
		r = e.NewDecoder().Reader(r)
	}
	b := bufio.NewReaderSize(r, 256<<10)
	head, _ := b.Peek(256)
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, _ = b.Discard(3)
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}),
		len(head) >= 8 && bytes.Count(head, []byte{0}) >= len(head)*2/5 && !bytes.Contains(head, []byte{0, 0}):
		return nil, errors.New("is UTF-16, not UTF-8; convert it first (iconv -f UTF-16 -t UTF-8), or name its encoding")
	case bytes.HasPrefix(head, []byte("PAR1")):
		return nil, errors.New("is a Parquet file; its name should end in .parquet")
	}
	return b, nil
}

// ndjsonSource cuts at line ends, about a megabyte at a time. A line over the limit is passed over without being held.
type ndjsonSource struct {
	table, file string
	r           io.Reader
	max         int
	buf         []byte
	fill        int
	line        int64
	started     bool
	err         error
}

func newNDJSON(table, file string, r io.Reader, max int) *ndjsonSource {
	return &ndjsonSource{table: table, file: file, r: r, max: max, buf: make([]byte, max+64<<10), line: 1}
}

func (s *ndjsonSource) next() (block, error) {
	for s.err == nil && s.fill < len(s.buf) {
		var n int
		n, s.err = s.r.Read(s.buf[s.fill:])
		s.fill += n
	}
	b := block{line: s.line}
	data := s.buf[:s.fill]
	if !s.started {
		s.started = true
		if start := bytes.TrimLeft(data, " \t\r\n"); len(start) > 0 && start[0] == '[' {
			return block{}, errors.New("is a JSON array; write one object per line (jq -c '.[]')")
		}
	}
	end := bytes.LastIndexByte(data, '\n') + 1
	switch {
	case s.err == io.EOF:
		end = len(data)
	case s.err != nil && end < len(data):
		// What is left of a line in a file that broke off may look whole and be wrong.
		tail := string(data[end:])
		b.rejects = append(b.rejects, Reject{Table: s.table, File: s.file, Line: s.line + int64(bytes.Count(data[:end], []byte{'\n'})), Value: cut(tail), Reason: "is cut off", raw: tail})
	case end == 0:
		return s.skipLine()
	}
	b.lines = string(data[:end])
	s.line += int64(strings.Count(b.lines, "\n"))
	s.fill = copy(s.buf, data[end:])
	if s.err != nil && s.err != io.EOF {
		return b, fmt.Errorf("line %d: %w", s.line, broken(s.err))
	}
	return b, s.err
}

// skipLine rejects the line that fills the whole buffer and reads on to its end.
func (s *ndjsonSource) skipLine() (block, error) {
	b := block{line: s.line, rejects: []Reject{longLine(s.table, s.file, s.line, string(s.buf[:1000]), s.max)}}
	for {
		if at := bytes.IndexByte(s.buf[:s.fill], '\n'); at >= 0 {
			s.fill = copy(s.buf, s.buf[at+1:s.fill])
			s.line++
			return b, nil
		}
		if s.err != nil {
			s.fill = 0
			if s.err != io.EOF {
				return b, fmt.Errorf("line %d: %w", s.line, broken(s.err))
			}
			return b, io.EOF
		}
		s.fill, s.err = s.r.Read(s.buf)
	}
}

// broken names the usual cause of a read error in words.
func broken(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the file is cut off (%w)", err)
	}
	return fmt.Errorf("the file cannot be read further: %w", err)
}

// csvSource cuts CSV into records. A record ends at the first line end outside quotes; one that is malformed or longer
// than the limit costs its first line only, and reading goes on with the second.
type csvSource struct {
	table, file string
	r           *bufio.Reader
	max         int
	comma       byte
	columns     []int
	line        int64    // number of the line that comes next
	pending     []string // lines that were read ahead
	first       *record  // the first row of a file without header
	err         error
}

// newCSV reads the header. columns gets its names and returns for each the position among the table's columns; header
// says whether the first line is one. An error of columns is about the file.
func newCSV(table, file string, r *bufio.Reader, max int, known []string, columns func(names []field) (at []int, header bool, err error)) (*csvSource, error) {
	s := &csvSource{table: table, file: file, r: r, max: max, line: 1}
	text, first := "", int64(0)
	for strings.TrimSpace(text) == "" {
		first = s.line
		var tooLong bool
		text, tooLong = s.readLine()
		if tooLong {
			return nil, fmt.Errorf("line %d is longer than %d bytes; is this CSV?", first, max)
		}
		if text == "" && s.err != nil {
			if s.err != io.EOF {
				return nil, fmt.Errorf("line %d: %w", s.line, broken(s.err))
			}
			return nil, errors.New("is empty; not even a header is there")
		}
		if at, ok := strings.CutPrefix(text, "sep="); ok && len(at) == 1 && s.line == 2 {
			text = "" // a hint for spreadsheets
		}
	}
	if !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
		return nil, fmt.Errorf("line %d is not text in UTF-8; convert the file, or name its encoding", first)
	}
	text, _ = s.complete(text)
	s.comma = delimiter(text, known)
	fields, reason := splitRecord(text, s.comma)
	if reason != "" {
		return nil, fmt.Errorf("line %d %s", first, reason)
	}
	at, header, err := columns(fields)
	if err != nil {
		return nil, err
	}
	s.columns = at
	if !header {
		s.first = &record{line: first, raw: text, fields: fields}
	}
	return s, nil
}

// delimiter is the one under which most of the fields are known columns, else the one that stands there most often.
func delimiter(text string, known []string) byte {
	best, bestScore := byte(','), 0
	for _, comma := range []byte(",;\t|") {
		fields, reason := splitRecord(text, comma)
		if reason != "" {
			continue
		}
		score := len(fields) - 1
		for _, f := range fields {
			for _, k := range known {
				if strings.EqualFold(strings.TrimSpace(f.text), k) {
					score += 1000
				}
			}
		}
		if score > bestScore {
			best, bestScore = comma, score
		}
	}
	return best
}

// readLine returns a line without its end. A line over the limit comes cut, and true.
func (s *csvSource) readLine() (string, bool) {
	if len(s.pending) > 0 {
		text := s.pending[0]
		s.pending = s.pending[1:]
		s.line++
		return text, false
	}
	if s.err != nil {
		return "", false
	}
	var line []byte
	tooLong := false
	for {
		piece, err := s.r.ReadSlice('\n')
		if room := s.max + 2 - len(line); len(piece) > room {
			line = append(line, piece[:room]...)
			tooLong = true
		} else {
			line = append(line, piece...)
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		s.err = err
		break
	}
	s.line++
	text := strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r")
	return text, tooLong || len(text) > s.max
}

// complete adds lines to text until its quotes are closed. If they never are it returns the first line alone; the
// others are read again.
func (s *csvSource) complete(text string) (string, bool) {
	if strings.Count(text, `"`)%2 == 0 {
		return text, true
	}
	whole := []string{text}
	size := len(text)
	for {
		if len(s.pending) == 0 && s.err != nil {
			break
		}
		next, tooLong := s.readLine()
		if next == "" && s.err != nil && len(s.pending) == 0 {
			s.line--
			break
		}
		whole = append(whole, next)
		if size += len(next) + 1; size > s.max || tooLong {
			break
		}
		if strings.Count(next, `"`)%2 == 1 {
			joined := strings.Join(whole, "\n")
			if _, reason := splitRecord(joined, s.commaOr(',')); reason == "" {
				return joined, true
			}
			break
		}
	}
	s.line -= int64(len(whole) - 1)
	s.pending = append(whole[1:len(whole):len(whole)], s.pending...)
	return text, false
}

func (s *csvSource) commaOr(c byte) byte {
	if s.comma != 0 {
		return s.comma
	}
	return c
}

// splitRecord cuts a record into fields. An empty field is absent.
func splitRecord(text string, comma byte) ([]field, string) {
	fields := make([]field, 0, 16)
	add := func(s string) {
		k := fieldText
		if s == "" {
			k = fieldAbsent
		}
		fields = append(fields, field{text: s, kind: k})
	}
	for {
		if !strings.HasPrefix(text, `"`) {
			end := strings.IndexByte(text, comma)
			cell := text
			if end >= 0 {
				cell = text[:end]
			}
			if strings.IndexByte(cell, '"') >= 0 {
				return nil, "has a quote inside a field that is not quoted"
			}
			add(cell)
			if end < 0 {
				return fields, ""
			}
			text = text[end+1:]
			continue
		}
		end := 1
		doubled := false
		for {
			at := strings.IndexByte(text[end:], '"')
			if at < 0 {
				return nil, "opens a quote that is not closed"
			}
			end += at + 1
			if end < len(text) && text[end] == '"' {
				doubled = true
				end++
				continue
			}
			break
		}
		cell := text[1 : end-1]
		if doubled {
			cell = strings.ReplaceAll(cell, `""`, `"`)
		}
		add(cell)
		if end == len(text) {
			return fields, ""
		}
		if text[end] != comma {
			return nil, "has text behind a closing quote"
		}
		text = text[end+1:]
	}
}

func (s *csvSource) next() (block, error) {
	const blockBytes = 512 << 10
	b := block{columns: s.columns}
	if s.first != nil {
		b.records = append(b.records, *s.first)
		s.first = nil
	}
	for size := 0; size < blockBytes; {
		if len(s.pending) == 0 && s.err != nil {
			if s.err != io.EOF {
				return b, fmt.Errorf("line %d: %w", s.line, broken(s.err))
			}
			return b, io.EOF
		}
		line := s.line
		text, tooLong := s.readLine()
		size += len(text) + 64
		if tooLong {
			b.rejects = append(b.rejects, longLine(s.table, s.file, line, text, s.max))
			continue
		}
		if len(s.pending) == 0 && s.err != nil && s.err != io.EOF && text != "" {
			b.rejects = append(b.rejects, Reject{Table: s.table, File: s.file, Line: line, Value: cut(text), Reason: "is cut off", raw: text})
			continue
		}
		text, _ = s.complete(text)
		fields, reason := splitRecord(text, s.comma)
		if reason != "" {
			b.rejects = append(b.rejects, Reject{Table: s.table, File: s.file, Line: line, Value: cut(text), Reason: reason, raw: text})
			continue
		}
		if allAbsent(fields) {
			continue // blank lines, and the rows of commas that spreadsheets leave at the end
		}
		b.records = append(b.records, record{line: line, raw: text, fields: fields})
	}
	return b, nil
}

func allAbsent(fields []field) bool {
	for _, f := range fields {
		if f.kind != fieldAbsent {
			return false
		}
	}
	return true
}

// csvColumns places the fields of a CSV's first line on the table's columns.
func csvColumns(t *table, zone *time.Location) func([]field) ([]int, bool, error) {
	return func(names []field) ([]int, bool, error) {
		index := map[string]int{}
		for i := range t.columns {
			index[t.columns[i].name] = i
		}
		known := 0
		at := make([]int, len(names))
		var unknown []string
		for i, n := range names {
			name := strings.ToLower(strings.TrimSpace(n.text))
			if p, ok := index[name]; ok {
				at[i] = p
				known++
				continue
			}
			at[i] = -1
			ignored := false
			for _, g := range t.ignored {
				ignored = ignored || g == name
			}
			if !ignored {
				unknown = append(unknown, strings.TrimSpace(n.text))
			}
		}
		if known == 0 {
			return headless(t, names, zone)
		}
		if len(unknown) > 0 {
			return nil, true, fmt.Errorf("column %q %s", cut(unknown[0]), unknownColumn(t, unknown[0]))
		}
		given := make([]bool, len(t.columns))
		for _, p := range at {
			if p >= 0 && given[p] {
				return nil, true, fmt.Errorf("column %s stands twice in the header", t.columns[p].name)
			}
			if p >= 0 {
				given[p] = true
			}
		}
		return at, true, missing(t, given)
	}
}

// missing names the required columns that are not given.
func missing(t *table, given []bool) error {
	var names []string
	for i := range t.columns {
		if t.columns[i].required && !given[i] {
			names = append(names, t.columns[i].name)
		}
	}
	if len(names) > 0 {
		return fmt.Errorf("column %s of %s is missing", strings.Join(names, ", "), t.name)
	}
	return nil
}

// headless takes a first line without any known name for a row, if it is one.
func headless(t *table, fields []field, zone *time.Location) ([]int, bool, error) {
	problem := fmt.Sprintf("has %d fields and not %d", len(fields), t.facts)
	if len(fields) == t.facts {
		problem = ""
		for i, f := range fields {
			if _, reason := t.columns[i].parse(f, zone); reason != "" {
				problem = t.columns[i].name + " " + reason
				break
			}
		}
	}
	if problem != "" {
		hint := ""
		if len(fields) > 0 {
			if near := queries.Nearest(fields[0].text, t.names()); near != "" {
				hint = fmt.Sprintf("; did you mean %s for %q?", near, cut(fields[0].text))
			}
		}
		return nil, false, fmt.Errorf("the first line is neither a header (no column of %s is in it: %s%s) nor a row (%s)",
			t.name, strings.Join(t.names()[:t.facts], ", "), hint, problem)
	}
	at := make([]int, t.facts)
	for i := range at {
		at[i] = i
	}
	return at, false, nil
}

// spool copies a stream into a file of its own, for formats that must be read from their end.
func spool(r io.Reader) (*os.File, func(), error) {
	f, err := os.CreateTemp("", "cskpi-import-*")
	if err != nil {
		return nil, nil, fmt.Errorf("spool: %w", err)
	}
	done := func() {
		f.Close()
		os.Remove(f.Name())
	}
	if _, err := io.Copy(f, r); err != nil {
		done()
		return nil, nil, fmt.Errorf("spool: %w", err)
	}
	return f, done, nil
}
