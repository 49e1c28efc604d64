package intake

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Reject is a row that was not stored.
type Reject struct {
	Table  string
	File   string // as it was given
	Line   int64  // in the uncompressed text, from 1; in Parquet and mappings the row
	Column string // empty: the row as a whole
	Value  string // the offending text, at most some 100 characters
	Reason string // completes "<column> …"

	raw string // the row as the file has it
}

func (r Reject) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d: ", r.File, r.Line)
	if r.Column != "" {
		fmt.Fprintf(&b, "%s ", r.Column)
	}
	if r.Value != "" && r.Column != "" {
		fmt.Fprintf(&b, "%q ", r.Value)
	}
	b.WriteString(r.Reason)
	return b.String()
}

// Class is the kind of reason, of which there are few, so that they can be counted.
func (r Reject) Class() string {
	begins := func(starts ...string) bool {
		return slices.ContainsFunc(starts, func(s string) bool { return strings.HasPrefix(r.Reason, s) })
	}
	switch {
	case begins("is missing"):
		return "missing"
	case begins("is not a column"):
		return "unknown_column"
	case begins("is given twice"):
		return "given_twice"
	case begins("is longer than"):
		return "too_long"
	case r.Column == "", begins("is not valid UTF-8"):
		return "malformed"
	case begins("is out of range", "is too large"):
		return "out_of_range"
	case strings.HasSuffix(r.Reason, otherSource):
		return "other_source"
	}
	return "invalid"
}

// cut shortens a value for messages and makes it printable. The copy keeps the block it came from from being held.
func cut(s string) string {
	const limit = 100
	if len(s) > 4*limit {
		s = s[:4*limit]
	}
	s = strings.ToValidUTF8(s, "�")
	n := 0
	for i := range s {
		if n++; n > limit {
			return strings.Clone(s[:i]) + "…"
		}
	}
	return strings.Clone(s)
}

const rejectsSuffix = ".rejects.csv"

var rejectsHeader = []string{"file", "line", "column", "value", "reason", "row"}

// rejectsFile takes the rejected rows of one file. It comes into being with the first of them.
type rejectsFile struct {
	path string
	file *os.File
	buf  *bufio.Writer
	csv  *csv.Writer
	err  error
}

func (f *rejectsFile) write(rejects []Reject) {
	if f == nil || f.err != nil || len(rejects) == 0 {
		return
	}
	if f.file == nil {
		if f.err = os.MkdirAll(filepath.Dir(f.path), 0o777); f.err != nil {
			return
		}
		if f.file, f.err = os.Create(f.path); f.err != nil {
			return
		}
		f.buf = bufio.NewWriterSize(f.file, 64<<10)
		f.csv = csv.NewWriter(f.buf)
		f.err = f.csv.Write(rejectsHeader)
	}
	for _, r := range rejects {
		if f.err != nil {
			return
		}
		f.err = f.csv.Write([]string{inert(r.File), strconv.FormatInt(r.Line, 10), inert(r.Column), inert(r.Value), inert(r.Reason), inert(r.raw)})
	}
}

// inert puts an apostrophe before text that a spreadsheet would run as a formula, as spreadsheets do themselves, and before one that begins with an
// apostrophe, so that the text is what stands behind the first one. Numbers stay numbers.
func inert(s string) string {
	if s == "" || !strings.ContainsRune("=+-@\t\r'", rune(s[0])) {
		return s
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil && s[0] != '\'' {
		return s
	}
	return "'" + s
}

// close reports whether everything was written, and the path if there is a file.
func (f *rejectsFile) close() (string, error) {
	if f == nil || f.file == nil && f.err == nil {
		return "", nil
	}
	if f.err == nil {
		f.csv.Flush()
		f.err = f.csv.Error()
	}
	if f.err == nil {
		f.err = f.buf.Flush()
	}
	if f.file == nil {
		return "", fmt.Errorf("write the rejected rows: %w", f.err)
	}
	if err := f.file.Close(); f.err == nil {
		f.err = err
	}
	if f.err != nil {
		return f.path, fmt.Errorf("write the rejected rows: %w", f.err)
	}
	return f.path, nil
}

// rejectsPath chooses a name that is no input, is not taken within this run, and is no foreign file.
func rejectsPath(dir, file string, inputs []os.FileInfo, taken map[string]bool) string {
	base := filepath.Base(file)
	for n := 1; ; n++ {
		name := base
		if n > 1 {
			name += "." + strconv.Itoa(n)
		}
		path := filepath.Join(dir, name+rejectsSuffix)
		if taken[path] {
			continue
		}
		if info, err := os.Stat(path); err == nil {
			same := false
			for _, in := range inputs {
				same = same || os.SameFile(in, info)
			}
			if same || !isRejectsFile(path) {
				continue
			}
		}
		taken[path] = true
		return path
	}
}

func isRejectsFile(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	want := strings.Join(rejectsHeader, ",")
	head := make([]byte, len(want))
	_, err = io.ReadFull(f, head)
	return err == nil && string(head) == want
}
