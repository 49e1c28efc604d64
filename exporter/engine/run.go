//go:build linux && !server

package engine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"

	chproto "github.com/ClickHouse/ch-go/proto"
)

// run answers the request on o. Errors are exceptions, or a broken connection.
func (f *front) run(ctx context.Context, q *request, o *output) error {
	text, data, err := readQuery(q)
	if err != nil {
		return err
	}
	if in, ok := readInsert(text); ok {
		if q.role != roleService {
			return notReading("INSERT")
		}
		return f.insert(ctx, q, o, in, io.MultiReader(strings.NewReader(text[in.data:]), data))
	}
	rest, err := io.ReadAll(io.LimitReader(data, maxQuery))
	if err != nil {
		return refuse(codeBadArguments, "BAD_ARGUMENTS", "the body of the request ends early or cannot be decoded: %v", err)
	}
	if text += string(rest); len(text) > maxQuery {
		return refuse(codeQueryTooLarge, "QUERY_IS_TOO_LARGE", "the query is longer than %d bytes", maxQuery)
	}
	if f.isHello(text, q) {
		return f.hello(q, o)
	}
	if q.role != roleService {
		text = q.liftSettings(text)
	}
	s, err := f.openSession(q)
	if err != nil {
		return err
	}
	defer s.close()
	defer f.killWhenDone(ctx, s)()
	if q.role != roleService {
		if text, err = f.judged(s, q, text); err != nil {
			return err
		}
	}
	st := readStatement(text)
	switch {
	case st.several:
		return refuse(codeSyntaxError, "SYNTAX_ERROR", "Syntax error (Multi-statements are not allowed)")
	case st.outfile:
		return refuse(codeOutfile, "INTO_OUTFILE_NOT_ALLOWED", "INTO OUTFILE is not allowed")
	}
	format := st.format
	if format == "" {
		format = q.format
	}
	if format == "" {
		format = "TabSeparated"
	}
	if q.role != roleService && !permitted.formats[format] {
		return refuse(codeUnknownFormat, "UNKNOWN_FORMAT", "Unknown format %s, or one that is not available to readers of this engine", format)
	}
	o.w.Header().Set("X-ClickHouse-Format", format)
	o.w.Header().Set("Content-Type", contentType(format))
	switch {
	case !st.isSelect():
		return direct(s, o, st.text, format)
	case concatenable[format] && !st.totals && q.setting("extremes") == "":
		return f.stream(ctx, s, o, st, format)
	default:
		return piped(ctx, f, s, o, st, format)
	}
}

// judged is the reader's statement in the form in which it was judged and must be run.
func (f *front) judged(s *session, q *request, text string) (string, error) {
	j := judge{role: q.role, unknown: f.unknown}
	if q.role == roleKPI {
		var err error
		if j.databases, j.views, err = f.kpis.list(f); err != nil {
			return "", err
		}
	}
	text, err := s.formatted(strings.TrimRight(text, "; \t\r\n"))
	if err != nil {
		return "", err
	}
	if named, ok := identifiers(text, q.params); ok {
		if text, err = s.formatted(named); err != nil {
			return "", err
		}
	}
	if err := j.text(text); err != nil {
		return "", err
	}
	st := readStatement(text)
	r := s.conn.query("EXPLAIN AST "+st.text[:st.clause], "TabSeparated")
	defer r.close()
	if err := r.err(); err != nil {
		return "", err
	}
	return writable(text), j.tree(st.text[:st.clause], string(r.data()))
}

func (s *session) formatted(query string) (string, error) {
	return s.text("SELECT formatQuerySingleLine(" + quote(query) + ")")
}

// readQuery gives the statement's text as far as it is needed to tell an INSERT
// from the rest, and the part of the body that comes after it. As in ClickHouse
// the URL's query and the body are one text with a line break between.
func readQuery(q *request) (text string, data io.Reader, err error) {
	if q.query != "" {
		return q.query + "\n", q.body, nil
	}
	var head bytes.Buffer
	if _, err := io.CopyN(&head, q.body, maxQuery); err != nil && !errors.Is(err, io.EOF) {
		return "", nil, refuse(codeBadArguments, "BAD_ARGUMENTS", "the body of the request ends early or cannot be decoded: %v", err)
	}
	if head.Len() == 0 {
		return "", nil, refuse(codeSyntaxError, "SYNTAX_ERROR", "Syntax error: Empty query")
	}
	return head.String(), q.body, nil
}

// insert stores the data that follows an INSERT. It is written to a file first:
// so the rows of a client that breaks off are not stored by half, and memory stays flat.
func (f *front) insert(ctx context.Context, q *request, o *output, in insert, data io.Reader) error {
	path, err := spool(o.spool+".in", data)
	if err != nil {
		return err
	}
	defer os.Remove(path)
	s, err := f.openSession(q)
	if err != nil {
		return err
	}
	defer s.close()
	defer f.killWhenDone(ctx, s)()
	return direct(s, o, in.from(path), "TabSeparated")
}

// direct runs a statement whose answer is small or none.
func direct(s *session, o *output, query, format string) error {
	r := s.conn.query(query, format)
	defer r.close()
	if err := r.err(); err != nil {
		return err
	}
	o.sum.add(r.summary())
	_, err := o.Write(r.data())
	return err
}

// stream passes on the rows of a SELECT as the engine finds them.
func (f *front) stream(ctx context.Context, s *session, o *output, st statement, format string) error {
	rows := s.conn.stream(st.text, format)
	defer rows.close()
	if err := rows.err(); err != nil {
		return err
	}
	var lost zones
	for first := true; ; {
		piece := s.conn.fetch(rows)
		err := piece.err()
		if err != nil {
			piece.close()
			return err
		}
		data := piece.data()
		if len(data) == 0 {
			piece.close()
			return nil
		}
		o.sum.add(piece.summary())
		if format == "Native" && first {
			lost, err = f.lostZones(o.req, st, data)
		}
		first = false
		if err == nil {
			data, err = lost.restore(data)
		}
		if err == nil {
			_, err = o.Write(data)
		}
		piece.close()
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			s.conn.cancel(rows)
			return err
		}
	}
}

// piped runs a SELECT in a format that has a head or a tail: the library writes the
// result to a named pipe, as if to a file, and the front reads it from there.
func piped(ctx context.Context, f *front, s *session, o *output, st statement, format string) error {
	path := filepath.Join(spoolDir, o.spool+".pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		return refuse(codeNoSpace, "NOT_ENOUGH_SPACE", "cannot make a pipe for the result in the data directory: %v", err)
	}
	defer os.Remove(path)
	source, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer source.Close()
	// The pipe ends when its last writer closes it. This one stays until the query is over.
	hold, err := os.OpenFile(path, os.O_WRONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	var copyErr error
	var copying sync.WaitGroup
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	defer f.killWhenDone(ctx, s)()
	copying.Go(func() {
		if _, copyErr = io.Copy(o, struct{ io.Reader }{source}); copyErr != nil {
			leave()
			_, _ = io.Copy(io.Discard, source) // The engine must not wait for a reader that has gone.
		}
	})
	r := s.conn.query(st.into(quote(path), format), format)
	defer r.close()
	hold.Close()
	copying.Wait()
	if err := r.err(); err != nil && copyErr == nil {
		return err
	}
	o.sum.add(r.summary())
	return copyErr
}

// helloQuery is what clickhouse-go asks first over HTTP. It reads the answer at its
// own protocol revision and everything after at the revision that the answer
// claims. The library writes Native at revision 0 while revision() says otherwise,
// so the front answers this one itself, and with 0.
const helloQuery = "SELECT displayName(), version(), revision(), timezone()"

func (f *front) isHello(text string, q *request) bool {
	return strings.TrimSpace(text) == helloQuery && q.format == "Native"
}

func (f *front) hello(q *request, o *output) error {
	revision := q.revision
	if revision == 0 || revision > clickhouse.ClientTCPProtocolVersion {
		revision = clickhouse.ClientTCPProtocolVersion
	}
	block := proto.NewBlock()
	for _, c := range []struct {
		name  string
		kind  column.Type
		value any
	}{
		{"displayName()", "String", f.about.name}, {"version()", "String", f.about.version},
		{"revision()", "UInt32", uint32(0)}, {"timezone()", "String", f.about.timezone},
	} {
		if err := block.AddColumn(c.name, c.kind); err != nil {
			return err
		}
		if err := block.Columns[len(block.Columns)-1].AppendRow(c.value); err != nil {
			return err
		}
	}
	var buffer chproto.Buffer
	if err := block.Encode(&buffer, revision); err != nil {
		return err
	}
	o.w.Header().Set("X-ClickHouse-Format", "Native")
	o.w.Header().Set("Content-Type", contentType("Native"))
	_, err := o.Write(buffer.Buf)
	return err
}

// about is what the engine says of itself.
type about struct{ name, version, timezone string }

func (f *front) readAbout() error {
	s := session{conn: f.lib.anchor}
	for query, value := range map[string]*string{
		"SELECT displayName()": &f.about.name, "SELECT version()": &f.about.version, "SELECT timezone()": &f.about.timezone,
	} {
		var err error
		if *value, err = s.text(query); err != nil {
			return err
		}
	}
	return nil
}
