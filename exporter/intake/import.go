// Package intake brings facts into the database: files in CSV, NDJSON and Parquet, and foreign files through a mapping.
// Every row is checked against its table before it is stored; rows that fail are reported one by one, and importing the
// same rows again changes nothing.
package intake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Importer stores facts. Its fields must not change while it works; its methods may be called from several goroutines.
type Importer struct {
	Conn driver.Conn
	// Sources starts the ClickHouse in which the SELECTs of a mapping run, and which may read files; only Mapping needs it.
	Sources func(ctx context.Context, files []string) (*Sources, error)

	Zone       *time.Location   // in which times without an offset are read; nil: UTC
	Now        func() time.Time // gives rows without updated_at theirs, once per call; nil: time.Now
	Strict     bool             // store all rows of the call, or none if any of them is rejected (see Complete)
	RejectsDir string           // where <file>.rejects.csv goes; empty: nowhere
	Progress   func(Progress)   // called at most five times a second, and once at the end of each file
	Stdin      io.Reader        // what the path "-" reads; nil: os.Stdin
	Format     Format           // of files whose names do not say it; needed for "-"
	Encoding   string           // of text files, as browsers name it (shift_jis, windows-1252); empty: UTF-8
	UserKey    []byte           // stores pseudonyms of users and contacts, made with this key, for their ids (see Pseudonym); empty: the ids

	MaxLine     int           // bytes of a line or record; 0: 1 MiB
	KeepRejects int           // how many rejected rows a Summary holds; 0: 1000. The rejects file has all
	Patience    time.Duration // how long to wait for a database that went away; 0: 30 s
}

// Progress tells how far a call is.
type Progress struct {
	Table, File string
	Bytes       int64 // read so far, of all files of the call, as they lie on disk
	Total       int64 // of all files; 0: not known
	Rows        int64 // read so far
	Rejected    int64
}

// Summary is what a call did. Read = Stored + Unchanged + Superseded + Rejected in each table, unless an error came
// with it.
type Summary struct {
	Tables      []TableSummary // in the order of their first file
	Ignored     []string       // files of folders that are named after no table
	Rejects     []Reject       // the first of the rejected rows
	RejectFiles []string       // files that hold all rejected rows
	Duration    time.Duration
}

// Rejected counts the rejected rows of all tables.
func (s Summary) Rejected() int64 {
	var n int64
	for _, t := range s.Tables {
		n += t.Rejected
	}
	return n
}

// TableSummary is what a call did to one table.
type TableSummary struct {
	Table      string
	Files      int
	Read       int64 // rows
	Stored     int64 // new versions of rows; of usage events, rows sent (redeliveries collapse later)
	Unchanged  int64 // rows that the table has already
	Superseded int64 // rows that a later row of the same file replaces; with Strict, of the same call
	Rejected   int64
	Rejects    []Reject // the first of them
	Duration   time.Duration
}

// input is one file of a call.
type input struct {
	path   string // "-": standard input
	table  string
	format Format
	info   os.FileInfo
}

// Files imports files. A folder stands for the files in it that are named after tables; table "" means that every file
// is. The error is about files as a whole (unreadable, unknown columns, cut off) or about the database; rejected rows
// are not an error. What the Summary counts as stored is stored, with or without an error.
func (im *Importer) Files(ctx context.Context, table string, paths ...string) (Summary, error) {
	start := time.Now()
	s, err := im.begin(ctx)
	if err != nil {
		return Summary{}, err
	}
	inputs, err := s.expand(table, paths)
	if err != nil {
		return s.summary, err
	}
	for _, in := range inputs {
		if in.info != nil {
			s.total += in.info.Size()
			s.infos = append(s.infos, in.info)
		}
	}
	var problems []error
	for _, in := range inputs {
		if err := s.file(ctx, in); err != nil {
			problems = append(problems, err)
			if ctx.Err() != nil || isDatabase(err) {
				break // the others would fail the same way
			}
		}
	}
	err = s.finish(ctx, errors.Join(problems...))
	s.summary.Duration = time.Since(start)
	return s.summary, err
}

// Reader imports the rows of one stream; name stands for it in messages.
func (im *Importer) Reader(ctx context.Context, table, name string, format Format, r io.Reader) (TableSummary, error) {
	start := time.Now()
	s, err := im.begin(ctx)
	if err != nil {
		return TableSummary{Table: table}, err
	}
	t, err := s.table(table)
	if err != nil {
		return TableSummary{Table: table}, err
	}
	err = s.finish(ctx, s.stream(ctx, t, name, format, &counter{r: r, read: s.count}))
	sum := *s.of(table)
	sum.Duration = time.Since(start)
	return sum, err
}

// session is the state of one call.
type session struct {
	im     *Importer
	tables map[string]*table
	at     time.Time // the import's time
	zone   *time.Location

	summary Summary
	infos   []os.FileInfo   // of all inputs; never to be overwritten
	taken   map[string]bool // names of rejects files of this call
	scratch string          // database for what is not stored yet; empty: not made yet
	staged  int             // number of staging tables made
	pending []*staging      // in strict mode: what waits for the other files

	bytes      atomic.Int64
	total      int64
	rows       int64
	rejected   int64
	reportedAt time.Time
}

func (im *Importer) begin(ctx context.Context) (*session, error) {
	s := &session{im: im, zone: im.Zone, taken: map[string]bool{}}
	if s.zone == nil {
		s.zone = time.UTC
	}
	now := im.Now
	if now == nil {
		now = time.Now
	}
	s.at = now().UTC().Truncate(time.Millisecond)
	err := s.retry(ctx, func() (err error) {
		s.tables, err = loadTables(ctx, im.Conn, im.UserKey)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, t := range s.tables {
		t.columns[t.index[columnUpdated]].fallback = value{n: s.at.UnixMilli()}
	}
	return s, nil
}

// finish stores what strict mode held back, cleans up and adds the problems of both to err.
func (s *session) finish(ctx context.Context, err error) error {
	if err == nil && s.rejected == 0 && len(s.pending) > 0 {
		err = s.commitAll(ctx)
	}
	return errors.Join(err, s.dropScratch(ctx))
}

func (s *session) table(name string) (*table, error) {
	if t, ok := s.tables[name]; ok {
		return t, nil
	}
	return nil, fmt.Errorf("there is no table %q; there are %s", name, strings.Join(s.tableNames(), ", "))
}

func (s *session) tableNames() []string {
	var names []string
	for name := range s.tables {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// of returns the summary of a table, to be changed.
func (s *session) of(table string) *TableSummary {
	for i := range s.summary.Tables {
		if s.summary.Tables[i].Table == table {
			return &s.summary.Tables[i]
		}
	}
	s.summary.Tables = append(s.summary.Tables, TableSummary{Table: table})
	return &s.summary.Tables[len(s.summary.Tables)-1]
}

// expand makes a list of files from paths, and finds all problems with them before anything is stored.
func (s *session) expand(table string, paths []string) ([]input, error) {
	if table != "" {
		if _, err := s.table(table); err != nil {
			return nil, err
		}
	}
	var inputs []input
	var problems []error
	for _, path := range paths {
		if path == "-" {
			if table == "" || s.im.Format == "" {
				problems = append(problems, errors.New("standard input: name the table and the format"))
				continue
			}
			inputs = append(inputs, input{path: path, table: table, format: s.im.Format})
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if !info.IsDir() {
			in := input{path: path, table: table, format: s.formatOf(path), info: info}
			if in.table == "" {
				if in.table = cmp.Or(s.tableOf(path), s.tableNamed(path)); in.table == "" {
					problems = append(problems, fmt.Errorf("%s: its name is not that of a table (%s); rename it or name the table", path, strings.Join(s.tableNames(), ", ")))
					continue
				}
			}
			if in.format == "" {
				problems = append(problems, fmt.Errorf("%s: its name does not say what it is; let it end in .csv, .ndjson or .parquet (and .gz or .zst)", path))
				continue
			}
			inputs = append(inputs, in)
			continue
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		for _, e := range entries { // sorted by name
			name := filepath.Join(path, e.Name())
			info, err := os.Stat(name)
			if errors.Is(err, fs.ErrNotExist) || strings.HasPrefix(e.Name(), ".") {
				continue
			}
			if err != nil {
				problems = append(problems, err)
				continue
			}
			in := input{path: name, table: cmp.Or(table, s.tableOf(name)), format: s.formatOf(name), info: info}
			if info.IsDir() || in.table == "" || in.format == "" || strings.HasSuffix(e.Name(), rejectsSuffix) {
				s.summary.Ignored = append(s.summary.Ignored, name)
				continue
			}
			inputs = append(inputs, in)
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	if len(inputs) == 0 {
		return nil, fmt.Errorf("no file to import; files are named after their tables (%s)", strings.Join(s.tableNames(), ", "))
	}
	return inputs, nil
}

func (s *session) formatOf(path string) Format {
	if _, f := fileFormat(path); f != "" {
		return f
	}
	return s.im.Format
}

// tableOf reads contracts from contracts.csv, contracts.ndjson.gz, contracts-2024.csv and contracts.part1.csv.
func (s *session) tableOf(path string) string {
	stem, _ := fileFormat(path)
	stem = strings.ToLower(stem)
	if end := strings.IndexAny(stem, "-."); end >= 0 {
		stem = stem[:end]
	}
	if _, ok := s.tables[stem]; ok {
		return stem
	}
	return ""
}

// tableNamed reads contracts also from contracts_fixed.csv and "contracts (2).csv", which says enough where the file itself was
// given; in a folder such a file may as well be an old copy.
func (s *session) tableNamed(path string) string {
	stem, _ := fileFormat(path)
	longest := ""
	for name := range s.tables {
		if rest, ok := strings.CutPrefix(strings.ToLower(stem), name); ok && len(name) > len(longest) && strings.IndexAny(rest, "_ (0123456789") == 0 {
			longest = name
		}
	}
	return longest
}

// file imports one file.
func (s *session) file(ctx context.Context, in input) error {
	t := s.tables[in.table]
	if in.path == "-" {
		r := s.im.Stdin
		if r == nil {
			r = os.Stdin
		}
		return s.stream(ctx, t, "-", in.format, &counter{r: interruptible{ctx, r}, read: s.count})
	}
	f, err := os.Open(in.path)
	if err != nil {
		return err
	}
	defer f.Close()
	return s.stream(ctx, t, in.path, in.format, &counter{r: f, read: s.count})
}

func (s *session) count(n int) { s.bytes.Add(int64(n)) }

// stream imports the rows of r. Errors name the file.
func (s *session) stream(ctx context.Context, t *table, name string, format Format, r io.Reader) error {
	start := time.Now()
	sum := s.of(t.name)
	sum.Files++
	src, done, err := s.open(t, name, format, r)
	if err == nil {
		defer done()
		err = s.store(ctx, t, name, src)
	}
	s.of(t.name).Duration += time.Since(start)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// open finds out how to read r.
func (s *session) open(t *table, name string, format Format, r io.Reader) (source, func(), error) {
	return s.openSource(t.name, name, format, r, t.names(), csvColumns(t, s.zone), parquetColumns(t))
}

// openSource undoes compression and reads r as what it is. known are column names that help to tell a CSV's delimiter;
// header and schema place the columns of CSV and of Parquet.
func (s *session) openSource(table, name string, format Format, r io.Reader, known []string, header func([]field) ([]int, bool, error), schema func([]string) ([]int, error)) (source, func(), error) {
	plain, done, err := decompress(r)
	if err != nil {
		return nil, nil, err
	}
	src, finish, err := s.openPlain(table, name, format, plain, known, header, schema)
	if err != nil {
		done()
		return nil, nil, err
	}
	return src, func() { finish(); done() }, nil
}

func (s *session) openPlain(table, name string, format Format, r io.Reader, known []string, header func([]field) ([]int, bool, error), schema func([]string) ([]int, error)) (source, func(), error) {
	if format == Parquet {
		f, done, err := spool(r)
		if err != nil {
			return nil, nil, err
		}
		info, err := f.Stat()
		if err == nil {
			var src *parquetSource
			if src, err = newParquet(f, info.Size(), schema); err == nil {
				return src, done, nil
			}
		}
		done()
		return nil, nil, err
	}
	text, err := decode(r, s.im.Encoding)
	if err != nil {
		return nil, nil, err
	}
	switch format {
	case CSV:
		src, err := newCSV(table, name, text, s.maxLine(), known, header)
		return src, func() {}, err
	case NDJSON:
		return newNDJSON(table, name, text, s.maxLine()), func() {}, nil
	}
	return nil, nil, fmt.Errorf("format %q is not known; it is %s, %s or %s", format, CSV, NDJSON, Parquet)
}

func (s *session) maxLine() int { return cmp.Or(s.im.MaxLine, 1<<20) }

// interruptible ends a read that waits for a person or a pipe when the context ends.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

func (i interruptible) Read(p []byte) (int, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		// The goroutine may outlive the call, so it must not write into the caller's buffer.
		data := make([]byte, min(len(p), 64<<10))
		n, err := i.r.Read(data)
		done <- result{data[:n], err}
	}()
	select {
	case r := <-done:
		return copy(p, r.data), r.err
	case <-i.ctx.Done():
		return 0, i.ctx.Err()
	}
}

// report calls Progress, if it is time or must be.
func (s *session) report(table, file string, must bool) {
	if s.im.Progress == nil || !must && time.Since(s.reportedAt) < 200*time.Millisecond {
		return
	}
	s.reportedAt = time.Now()
	s.im.Progress(Progress{Table: table, File: file, Bytes: s.bytes.Load(), Total: s.total, Rows: s.rows, Rejected: s.rejected})
}
