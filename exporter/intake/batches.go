package intake

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
)

// Batches cuts a file into pieces that can be sent one by one: whole rows, and in CSV the header before each of them.
type Batches struct {
	csv    bool
	r      *bufio.Reader
	done   func()
	rows   int
	bytes  int
	header []byte
	line   int64 // number of the line that comes next
	offset int64 // of it, uncompressed
	print  uint64
	err    error
}

// Batch is one of them.
type Batch struct {
	Text   []byte
	Rows   int
	Line   int64 // of its first row in the file, from 1
	Header int64 // lines before its first row in Text
	End    int64 // where the file goes on behind it, in bytes of uncompressed text
	Next   int64 // number of the line there
}

// LineOf is the line of the file that stands in a line of the batch's text.
func (b Batch) LineOf(line int64) int64 { return b.Line + line - 1 - b.Header }

// What a batch has at most, but for one longer row.
const (
	pieceBytes    = 4 << 20
	pieceMaxLine  = 2 << 20 // more of a line is not sent: it is rejected by its length as it is
	fingerprinted = 4 << 10
)

// FileFormat tells from a name what a file holds: the table that it is named after, and the format of its rows.
func FileFormat(name string) (table string, f Format) { return fileFormat(name) }

// NewBatches reads r, which may be compressed, in pieces of at most so many rows.
func NewBatches(r io.Reader, f Format, rows int) (*Batches, error) {
	if f != CSV && f != NDJSON {
		return nil, fmt.Errorf("format %q cannot be sent; it is %s or %s (cskpi import reads %s)", f, CSV, NDJSON, Parquet)
	}
	plain, done, err := decompress(r)
	if err != nil {
		return nil, err
	}
	text, err := decode(plain, "")
	if err != nil {
		done()
		return nil, err
	}
	b := &Batches{csv: f == CSV, r: text, done: done, rows: rows, bytes: pieceBytes, line: 1}
	head, _ := text.Peek(fingerprinted)
	if at := bytes.IndexByte(head, '\n'); at >= 0 {
		head = head[:at] // a file that only grew is the same one
	}
	h := fnv.New64a()
	_, _ = h.Write(head)
	b.print = h.Sum64()
	if !b.csv {
		return b, nil
	}
	for len(bytes.TrimSpace(b.header)) == 0 {
		var n int64
		if b.header, n = b.row(); n == 0 {
			done()
			return nil, errors.New("is empty; not even a header is there")
		}
		if hint, ok := bytes.CutPrefix(b.header, []byte("sep=")); ok && len(bytes.TrimSpace(hint)) == 1 {
			b.header = nil
		}
	}
	if !bytes.HasSuffix(b.header, []byte("\n")) {
		b.header = append(b.header, '\n')
	}
	return b, nil
}

// Close gives back what reading took.
func (b *Batches) Close() { b.done() }

// Fingerprint tells files apart by their first line.
func (b *Batches) Fingerprint() uint64 { return b.print }

// Skip passes over what was read before: everything up to the place where a Batch ended.
func (b *Batches) Skip(end, line int64) error {
	if end <= b.offset {
		return nil
	}
	n, err := io.CopyN(io.Discard, b.r, end-b.offset)
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("is shorter than what was sent of it: %d bytes and not %d", b.offset+n, end)
	}
	if err != nil {
		return broken(err)
	}
	b.offset, b.line = end, line
	return nil
}

// Next returns the next rows, or io.EOF.
func (b *Batches) Next() (Batch, error) {
	out := Batch{Line: b.line}
	if b.csv {
		out.Text, out.Header = bytes.Clone(b.header), int64(bytes.Count(b.header, []byte("\n")))
	}
	head := len(out.Text)
	for out.Rows < b.rows && len(out.Text) < b.bytes {
		row, lines := b.row()
		if lines == 0 {
			break
		}
		out.Text = append(out.Text, row...)
		if len(bytes.TrimSpace(row)) > 0 {
			out.Rows++
		}
	}
	out.End, out.Next = b.offset, b.line
	switch {
	case len(out.Text) > head && out.Rows > 0:
		return out, nil
	case b.err != nil && b.err != io.EOF:
		return Batch{}, fmt.Errorf("line %d: %w", b.line, broken(b.err))
	case len(out.Text) == head:
		return Batch{}, io.EOF
	}
	return b.Next() // blank lines
}

// row reads a line, in CSV with those that belong to it by their quotes, and says how many there were.
func (b *Batches) row() (text []byte, lines int64) {
	quotes := 0
	for {
		line, n, whole := b.readLine()
		if n == 0 || b.err != nil && b.err != io.EOF && !whole {
			// What is left of a line in a file that broke off may look whole and be wrong.
			return text, lines
		}
		text = append(text, line...)
		lines++
		b.line++
		b.offset += n
		quotes += bytes.Count(line, []byte{'"'})
		if !b.csv || quotes%2 == 0 || len(text) > pieceMaxLine {
			return text, lines
		}
	}
}

// readLine returns a line with its end, how many bytes of the file it is, and whether it has an end.
func (b *Batches) readLine() (line []byte, n int64, whole bool) {
	if b.err != nil {
		return nil, 0, false
	}
	for {
		piece, err := b.r.ReadSlice('\n')
		n += int64(len(piece))
		if len(line) < pieceMaxLine {
			line = append(line, piece...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		b.err = err
		if err == nil && !bytes.HasSuffix(line, []byte("\n")) {
			line = append(line, '\n')
		}
		return line, n, err == nil
	}
}
