package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/queries/sqltext"
)

// Sources is a ClickHouse for the source tables of one mapping. It holds nothing else, so that the SELECTs, which may
// call any table function, do not run where the facts are.
type Sources struct {
	Conn    driver.Conn       // with an empty current database
	Explain func(error) error // adds to the error of a SELECT how to allow what was refused, if anything was
	Close   func() error      // stops it and removes its data
}

// Mapping imports foreign files. dir holds one SELECT per fact table, <table>.sql. Each source file becomes a table that
// is named after it up to the first dot (what is no letter, digit or underscore becomes an underscore) and whose columns
// are all Nullable(String), with its header's names (or keys, in NDJSON); two more columns, _file and _line, say where a
// row stands. The SELECTs run over those tables, and what they yield is checked and stored as in Files: text stands for
// any type, times without an offset are read in the reporting zone. A SELECT that yields _file and _line lets its
// rejected rows be reported by where they come from; else it is the mapping file and the row.
func (im *Importer) Mapping(ctx context.Context, dir string, paths ...string) (Summary, error) {
	start := time.Now()
	if im.Sources == nil {
		return Summary{}, errors.New("a mapping needs a ClickHouse for its source tables")
	}
	s, err := im.begin(ctx)
	if err != nil {
		return Summary{}, err
	}
	err = s.finish(ctx, s.mapping(ctx, dir, paths))
	s.summary.Duration = time.Since(start)
	return s.summary, err
}

func (s *session) mapping(ctx context.Context, dir string, paths []string) (err error) {
	queries, err := s.mappingFiles(dir)
	if err != nil {
		return err
	}
	inputs, err := s.mappingInputs(paths)
	if err != nil {
		return err
	}
	var files []string
	for _, group := range inputs {
		for _, in := range group.files {
			files = append(files, in.path)
		}
	}
	sources, err := s.im.Sources(ctx, files)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sources.Close()) }()
	var problems []error
	for _, group := range inputs {
		problems = append(problems, s.loadForeign(ctx, sources.Conn, group))
	}
	if err := errors.Join(problems...); err != nil {
		return err // half of a source must not look like all of it
	}

	var prepared []mapped
	for _, q := range queries {
		q.in = sources
		if err := q.describe(ctx, inputs); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", q.file, err))
			continue
		}
		prepared = append(prepared, q)
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	for _, q := range prepared {
		if err := s.runMapped(ctx, q); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", q.file, err))
			if ctx.Err() != nil || isDatabase(err) {
				break
			}
		}
	}
	return errors.Join(problems...)
}

// mapped is one SELECT of a mapping.
type mapped struct {
	file  string
	sql   string
	table *table
	in    *Sources

	names   []string // of the result
	types   []string
	columns []int // position of each in the table; -1: _file or _line
}

// statementEnd is the semicolon behind a statement, and the comments behind that.
var statementEnd = regexp.MustCompile(`;\s*(--[^\n]*\s*)*$`)

func (s *session) mappingFiles(dir string) ([]mapped, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.sql"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		if _, err := os.Stat(dir); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%s: no mapping; a mapping is a file <table>.sql with a select", dir)
	}
	var queries []mapped
	var problems []error
	for _, file := range files { // sorted by name
		t, err := s.table(strings.TrimSuffix(filepath.Base(file), ".sql"))
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", file, err))
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		queries = append(queries, mapped{file: file, sql: statementEnd.ReplaceAllString(string(text), ""), table: t})
	}
	return queries, errors.Join(problems...)
}

// foreign is the files of one source table.
type foreign struct {
	name  string
	files []input
}

func (s *session) mappingInputs(paths []string) ([]foreign, error) {
	var all []input
	var problems []error
	add := func(path string, info os.FileInfo, named bool) {
		format := s.formatOf(path)
		switch {
		case format == "" && named:
			problems = append(problems, fmt.Errorf("%s: its name does not say what it is; let it end in .csv, .ndjson or .parquet (and .gz or .zst)", path))
		case format == "" || strings.HasSuffix(path, rejectsSuffix):
			s.summary.Ignored = append(s.summary.Ignored, path)
		default:
			all = append(all, input{path: path, format: format, info: info})
		}
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if !info.IsDir() {
			add(path, info, true)
			continue
		}
		entries, err := os.ReadDir(path)
		problems = append(problems, err)
		for _, e := range entries {
			info, err := os.Stat(filepath.Join(path, e.Name()))
			if err != nil || info.IsDir() || strings.HasPrefix(e.Name(), ".") {
				continue
			}
			add(filepath.Join(path, e.Name()), info, false)
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errors.New("no source file to map")
	}
	var groups []foreign
	for _, in := range all {
		s.total += in.info.Size()
		s.infos = append(s.infos, in.info)
		name := foreignName(in.path)
		at := slices.IndexFunc(groups, func(g foreign) bool { return g.name == name })
		if at < 0 {
			at = len(groups)
			groups = append(groups, foreign{name: name})
		}
		groups[at].files = append(groups[at].files, in)
	}
	return groups, nil
}

// foreignName makes a table's name of a file's.
func foreignName(path string) string {
	stem, _, _ := strings.Cut(filepath.Base(path), ".")
	name := strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, stem)
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = "_" + name
	}
	return name
}

// Columns of every source table beside the source's own.
const (
	columnFile = "_file"
	columnLine = "_line"
)

// loadForeign makes a table of text columns and fills it.
func (s *session) loadForeign(ctx context.Context, conn driver.Conn, group foreign) error {
	t := &table{name: group.name, index: map[string]int{}}
	add := func(name string) {
		if _, ok := t.index[name]; !ok {
			t.index[name] = len(t.columns)
			t.columns = append(t.columns, column{name: name, wire: "Nullable(String)", kind: kindString, nullable: true, fallback: value{null: true}})
		}
	}
	var problems []error
	for _, in := range group.files {
		names, err := s.foreignColumns(ctx, in)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", in.path, err))
		}
		for _, name := range names {
			add(name)
		}
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	add(columnFile)
	add(columnLine)
	target := sqltext.Name(group.name)
	var definitions []string
	for i := range t.columns {
		definitions = append(definitions, sqltext.Name(t.columns[i].name)+" "+t.columns[i].wire)
	}
	if err := conn.Exec(ctx, "create table "+target+" ("+strings.Join(definitions, ", ")+") engine = MergeTree order by tuple()"); err != nil {
		return err
	}
	for _, in := range group.files {
		if err := s.loadForeignFile(ctx, conn, t, in, target); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", in.path, err))
		}
	}
	return errors.Join(problems...)
}

// foreignColumns reads the names of a file's columns: its header, its schema, or all keys that its rows have.
func (s *session) foreignColumns(ctx context.Context, in input) (names []string, err error) {
	f, err := os.Open(in.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, done, err := s.openForeign(in, f, func(found []string) ([]int, error) {
		names = found
		return make([]int, len(found)), nil
	})
	if err != nil {
		return nil, err
	}
	defer done()
	if in.format != NDJSON {
		return names, nil
	}
	known := map[string]bool{}
	for ctx.Err() == nil {
		b, err := src.next()
		for line := range strings.Lines(b.lines) {
			scanRow(line, func(name string, _ field) string {
				if !known[name] {
					name = strings.Clone(name)
					known[name] = true
					names = append(names, name)
				}
				return ""
			})
		}
		if len(names) > 10000 {
			return nil, errors.New("has more than 10000 different keys")
		}
		if err != nil {
			break // loading will meet the same error and tell
		}
	}
	return names, ctx.Err()
}

func (s *session) openForeign(in input, r io.Reader, columns func([]string) ([]int, error)) (source, func(), error) {
	return s.openSource("", in.path, in.format, r, nil, func(fields []field) ([]int, bool, error) {
		names, err := foreignHeader(fields)
		if err != nil {
			return nil, false, err
		}
		at, err := columns(names)
		return at, true, err
	}, columns)
}

// foreignHeader names the columns of a foreign CSV.
func foreignHeader(fields []field) ([]string, error) {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = strings.TrimSpace(f.text)
		if names[i] == "" {
			names[i] = "column_" + strconv.Itoa(i+1)
		}
		if slices.Contains(names[:i], names[i]) {
			return nil, fmt.Errorf("column %q stands twice in the header", cut(names[i]))
		}
	}
	return names, nil
}

func (s *session) loadForeignFile(ctx context.Context, conn driver.Conn, t *table, in input, target string) error {
	f, err := os.Open(in.path)
	if err != nil {
		return err
	}
	defer f.Close()
	src, done, err := s.openForeign(in, &counter{r: f, read: s.count}, func(names []string) ([]int, error) {
		at := make([]int, len(names))
		for i, name := range names {
			at[i] = t.index[name]
		}
		return at, nil
	})
	if err != nil {
		return err
	}
	defer done()
	rejects := s.rejectsFor(in.path)
	_, srcErr, err := s.load(ctx, loading{conn: conn, table: t, file: in.path, src: src, target: target, foreign: true, rejects: rejects})
	if srcErr == io.EOF {
		srcErr = nil
	}
	s.report(t.name, in.path, true)
	return errors.Join(err, srcErr, s.closeRejects(rejects))
}

// describe finds out what a SELECT yields, and holds that against its table.
func (q *mapped) describe(ctx context.Context, inputs []foreign) error {
	err := q.ask(ctx)
	const unknownTable, unknownDatabase = 60, 81
	var exception *clickhouse.Exception
	if errors.As(err, &exception) && (exception.Code == unknownTable || exception.Code == unknownDatabase) {
		var names []string
		for _, g := range inputs {
			names = append(names, g.name)
		}
		return fmt.Errorf("it reads a table that no source file is named after; there are %s: %w", strings.Join(names, ", "), err)
	}
	if err != nil {
		return q.in.Explain(err)
	}
	given := make([]bool, len(q.table.columns))
	var problems []error
	for _, name := range q.names {
		at, ok := q.table.index[name]
		switch {
		case name == columnFile || name == columnLine:
			at = -1
		case !ok:
			problems = append(problems, fmt.Errorf("column %q %s", name, unknownColumn(q.table, name)))
			at = -1
		default:
			given[at] = true
		}
		q.columns = append(q.columns, at)
	}
	return errors.Join(append(problems, missing(q.table, given))...)
}

func (q *mapped) ask(ctx context.Context) error {
	rows, err := q.in.Conn.Query(ctx, "describe table (\n"+q.sql+"\n)")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name, typ, ignore string
		if err := rows.Scan(&name, &typ, &ignore, &ignore, &ignore, &ignore, &ignore); err != nil {
			return err
		}
		q.names, q.types = append(q.names, name), append(q.types, typ)
	}
	return rows.Err()
}

// runMapped stores what a SELECT yields.
func (s *session) runMapped(ctx context.Context, q mapped) error {
	start := time.Now()
	sum := s.of(q.table.name)
	sum.Files++
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var selected []string
	for i, name := range q.names {
		selected = append(selected, textOf(sqltext.Name(name), q.types[i]))
	}
	rows, err := q.in.Conn.Query(ctx, "select "+strings.Join(selected, ", ")+" from (\n"+q.sql+"\n)")
	if err != nil {
		return q.in.Explain(err)
	}
	src := newQuerySource(q, rows)
	defer src.rows.Close()
	err = s.store(ctx, q.table, q.file, src)
	s.of(q.table.name).Duration += time.Since(start)
	return err
}

// textOf writes a value of any type as the text that a field is read from; instants with their offset.
func textOf(name, typ string) string {
	for _, wrapper := range []string{"LowCardinality", "Nullable"} {
		typ, _ = unwrap(typ, wrapper)
	}
	switch base, _, _ := strings.Cut(typ, "("); base {
	case "DateTime", "DateTime64":
		return "toNullable(concat(toString(toTimeZone(" + name + ", 'UTC')), 'Z'))"
	case "Map", "Tuple", "JSON", "Array", "Object":
		return "toNullable(toJSONString(" + name + "))"
	case "Nothing":
		return "cast(null as Nullable(String))"
	}
	return "toNullable(toString(" + name + "))"
}

// querySource gives the rows of a SELECT.
type querySource struct {
	rows    driver.Rows
	explain func(error) error
	names   []string
	columns []int
	texts   []*string
	scan    []any
	row     int64
}

func newQuerySource(q mapped, rows driver.Rows) *querySource {
	s := &querySource{rows: rows, explain: q.in.Explain, names: q.names, columns: q.columns, texts: make([]*string, len(q.names))}
	for i := range s.texts {
		s.scan = append(s.scan, &s.texts[i])
	}
	return s
}

func (s *querySource) next() (block, error) {
	b := block{columns: s.columns}
	for len(b.records) < 4096 {
		if !s.rows.Next() {
			if err := s.rows.Err(); err != nil {
				return b, s.explain(err)
			}
			return b, io.EOF
		}
		if err := s.rows.Scan(s.scan...); err != nil {
			return b, err
		}
		s.row++
		r := record{line: s.row, fields: make([]field, len(s.texts))}
		for i, text := range s.texts {
			switch {
			case text == nil || *text == "":
			case s.names[i] == columnFile:
				r.file = *text
			case s.names[i] == columnLine:
				if n, err := strconv.ParseInt(*text, 10, 64); err == nil {
					r.line = n
				}
			default:
				r.fields[i] = field{text: *text, kind: fieldText}
			}
		}
		r.raw = rawRow(s.names, r.fields)
		b.records = append(b.records, r)
	}
	return b, nil
}
