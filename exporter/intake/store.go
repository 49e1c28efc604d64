package intake

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	mathrand "math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/refresh"
	"cskpi/queries/sqltext"
)

const (
	// A batch is one insert. Larger ones make fewer parts for the database to merge; what is on its way takes about
	// four times this much memory here (checked values, the batch being sent, and its encoding).
	batchBytes = 6 << 20
	batchRows  = 200_000

	// ScratchTables is a pattern of the tables in which rows wait that are not stored yet. If one cannot be read, nothing is lost with it.
	ScratchTables = scratchPrefix + "*.*"

	scratchPrefix = "cskpi_import_"
	scratchLayout = "20060102150405"
	scratchMaxAge = 24 * time.Hour
)

// staging is a table of checked rows that are not facts yet.
type staging struct {
	table *table
	name  string // qualified
	rows  int64
}

// store checks all rows of a source and stores the good ones. Rows before an error of the source are stored; after an
// error of the database none are, but for usage events.
func (s *session) store(ctx context.Context, t *table, file string, src source) error {
	if err := s.watchSettings(ctx, t); err != nil {
		return err
	}
	if t.together != nil {
		src = whole{src}
	}
	l := loading{conn: s.im.Conn, table: t, file: file, src: src, target: t.stored, rejects: s.rejectsFor(file)}
	var st *staging
	if !t.events || s.im.Strict {
		var err error
		if st, err = s.stage(ctx, t); err != nil {
			return err
		}
		l.target, l.staged, l.before = st.name, true, st.rows
	}
	sent, srcErr, err := s.load(ctx, l)
	rejectsErr := s.closeRejects(l.rejects)
	if srcErr == io.EOF {
		srcErr = nil
	}
	if st != nil {
		st.rows += sent
	}
	switch {
	case err != nil && st == nil && sent > 0:
		err = fmt.Errorf("%w (%d rows of this file are stored; import it again to complete it)", err, sent)
	case err != nil:
		err = fmt.Errorf("%w (nothing of this file is stored; import it again)", err)
	case st != nil && !s.im.Strict:
		err = s.commit(ctx, *st)
	}
	if st == nil {
		s.of(t.name).Stored += sent
	}
	s.report(t.name, file, true)
	return errors.Join(err, srcErr, rejectsErr)
}

// stage makes a staging table. In strict mode all files of a table share one, in the order in which they are read.
func (s *session) stage(ctx context.Context, t *table) (*staging, error) {
	for _, st := range s.pending {
		if st.table.name == t.name {
			return st, nil
		}
	}
	if err := s.makeScratch(ctx); err != nil {
		return nil, err
	}
	s.staged++
	st := &staging{table: t, name: fmt.Sprintf("%s.rows_%d", s.scratch, s.staged)}
	if s.im.Strict {
		s.pending = append(s.pending, st)
	}
	return st, s.exec(ctx, "create table if not exists "+st.name+" ("+stagingColumns(t)+") engine = MergeTree order by tuple()"+s.settings())
}

// rejectsFor names the file for the rejected rows of another one; nil if none is wanted.
func (s *session) rejectsFor(file string) *rejectsFile {
	if s.im.RejectsDir == "" {
		return nil
	}
	if file == "-" {
		file = "stdin"
	}
	return &rejectsFile{path: rejectsPath(s.im.RejectsDir, file, s.infos, s.taken)}
}

func (s *session) closeRejects(f *rejectsFile) error {
	path, err := f.close()
	if path != "" {
		s.summary.RejectFiles = append(s.summary.RejectFiles, path)
	}
	return err
}

// loading is what load needs to know.
type loading struct {
	conn    driver.Conn // that target is reached by
	table   *table
	file    string
	src     source
	target  string // qualified table that takes the rows
	staged  bool   // target is a staging table
	before  int64  // rows that it has already
	foreign bool   // target is a source table of a mapping
	rejects *rejectsFile
}

// load reads, checks and sends; the three overlap. Chunks come out in the order of the file. It returns how many rows
// the target has taken for certain, the end of the source, and what went wrong with the database.
func (s *session) load(ctx context.Context, l loading) (sent int64, srcErr, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type job struct {
		block block
		done  chan *chunk
	}
	workers := min(max(runtime.GOMAXPROCS(0), 2), 8)
	jobs := make(chan job)
	ordered := make(chan job, workers) // bounds what is read ahead
	batches := make(chan []*chunk)

	var spare sync.Pool
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(jobs)
		defer close(ordered)
		for srcErr == nil && ctx.Err() == nil {
			var b block
			b, srcErr = l.src.next()
			j := job{b, make(chan *chunk, 1)}
			select {
			case jobs <- j:
				ordered <- j // some worker has it, so the receiver below gets on
			case <-ctx.Done():
			}
		}
	})
	for range workers {
		k := newChecker(l.table, l.file, s.zone, s.maxLine(), &spare)
		k.foreign = l.foreign
		wg.Go(func() {
			for j := range jobs {
				j.done <- k.check(j.block)
			}
		})
	}
	wg.Go(func() {
		for batch := range batches {
			if ctx.Err() != nil {
				continue
			}
			n, err := s.send(ctx, l, batch, l.before+sent)
			if err != nil {
				cancel(err)
				continue
			}
			sent += n
			for _, c := range batch {
				c.reset()
				spare.Put(c)
			}
		}
	})

	sum := &TableSummary{}
	if !l.foreign {
		sum = s.of(l.table.name)
	}
	var batch []*chunk
	size, rows := 0, 0
	for j := range ordered {
		c := <-j.done
		sum.Read += c.read
		sum.Rejected += int64(len(c.rejects))
		s.rows += c.read
		s.rejected += int64(len(c.rejects))
		l.rejects.write(c.rejects)
		s.keep(sum, c.rejects)
		c.rejects = nil
		s.report(l.table.name, l.file, false)
		if c.rows == 0 {
			continue
		}
		batch = append(batch, c)
		size += c.bytes
		rows += c.rows
		if size >= batchBytes || rows >= batchRows {
			select {
			case batches <- batch:
			case <-ctx.Done():
			}
			batch, size, rows = nil, 0, 0
		}
	}
	if len(batch) > 0 {
		select {
		case batches <- batch:
		case <-ctx.Done():
		}
	}
	close(batches)
	wg.Wait()
	if l.foreign && sum.Rejected > 0 { // a source table is in the summary with nothing but its rejected rows
		of := s.of(l.table.name)
		of.Files++
		of.Read += sum.Rejected
		of.Rejected += sum.Rejected
		of.Rejects = append(of.Rejects, sum.Rejects...)
	}
	return sent, srcErr, context.Cause(ctx)
}

// keep remembers the first rejected rows.
func (s *session) keep(sum *TableSummary, rejects []Reject) {
	limit := cmp.Or(s.im.KeepRejects, 1000)
	for _, r := range rejects {
		if len(s.summary.Rejects) >= limit {
			return
		}
		r.raw = "" // it is part of a whole block
		r.Column = strings.Clone(r.Column)
		s.summary.Rejects = append(s.summary.Rejects, r)
		sum.Rejects = append(sum.Rejects, r)
	}
}

// send inserts one batch, again if the connection breaks: a row that arrives twice counts once.
func (s *session) send(ctx context.Context, l loading, chunks []*chunk, before int64) (int64, error) {
	t := l.table
	var names []string
	var columns []clickhouse.ColumnNameAndType
	var sent []int // positions of the columns that are sent
	for i := range t.columns {
		// What no row gives is left to the table's default. An import has one time, though, and a staging table no defaults.
		if l.staged || l.foreign || t.columns[i].name == columnUpdated || t.columns[i].name == columnSource || slices.ContainsFunc(chunks, func(c *chunk) bool { return c.columns[i].given }) {
			sent = append(sent, i)
			names = append(names, sqltext.Name(t.columns[i].name))
			columns = append(columns, clickhouse.ColumnNameAndType{Name: t.columns[i].name, Type: t.columns[i].wire})
		}
	}
	if l.staged {
		names = append(names, "_row", "_stamped")
		columns = append(columns, clickhouse.ColumnNameAndType{Name: "_row", Type: "UInt64"}, clickhouse.ColumnNameAndType{Name: "_stamped", Type: "Bool"})
	}
	settings := clickhouse.Settings{
		"max_execution_time":              0,
		"async_insert":                    0,
		"max_partitions_per_insert_block": 0, // events of many years may come mixed
		"optimize_on_insert":              0, // whoever reads takes one row of each key, and merges leave one
	}
	query := "insert into " + l.target + " (" + strings.Join(names, ", ") + ")"
	var rows int64
	var failed error
	start := time.Now()
	err := s.retry(ctx, func() (err error) {
		defer func() { failed = err }()
		rows = 0
		if !l.staged && !l.foreign && (failed == nil || !s.mayBeStored(ctx, failed, start)) {
			settings["insert_deduplication_token"] = rand.Text()
		}
		ctx := clickhouse.Context(ctx, clickhouse.WithColumnNamesAndTypes(columns), clickhouse.WithSettings(maps.Clone(settings)))
		batch, err := l.conn.PrepareBatch(ctx, query)
		if err != nil {
			return err
		}
		defer batch.Close()
		for _, c := range chunks {
			for at, i := range sent {
				if err := c.columns[i].appendTo(&t.columns[i], batch.Column(at)); err != nil {
					return fmt.Errorf("column %s: %w", t.columns[i].name, err)
				}
			}
			if l.staged {
				numbers := make([]uint64, c.rows)
				for i := range numbers {
					numbers[i] = uint64(before+rows) + uint64(i)
				}
				if err := errors.Join(batch.Column(len(sent)).Append(numbers), batch.Column(len(sent)+1).Append(c.stamped)); err != nil {
					return err
				}
			}
			rows += int64(c.rows)
		}
		return batch.Send()
	})
	return rows, err
}

// mayBeStored reports whether an insert that failed may have worked nevertheless, so that the next one should have the same token, by which
// the database takes it for the same. It must not if the database was started since: it notes a token just before it stores the rows,
// and if it dies in between it would take rows for stored that are not. Under another token they at most come twice, and count once.
func (s *session) mayBeStored(ctx context.Context, failed error, since time.Time) bool {
	var exception *clickhouse.Exception
	if errors.As(failed, &exception) {
		return false
	}
	var up uint32
	err := s.im.Conn.QueryRow(ctx, "select uptime()").Scan(&up)
	return err == nil && time.Duration(up)*time.Second > time.Since(since)+time.Second
}

func stagingColumns(t *table) string {
	var b strings.Builder
	for i := range t.columns {
		fmt.Fprintf(&b, "%s %s, ", sqltext.Name(t.columns[i].name), t.columns[i].wire)
	}
	b.WriteString("_row UInt64, _stamped Bool")
	return b.String()
}

// settings are those of tables in the scratch database. The rows of a strict import must outlive a power failure, because they count as
// stored as soon as it is accepted.
func (s *session) settings() string {
	if s.im.Strict {
		return " settings fsync_after_insert = 1, fsync_part_directory = 1"
	}
	return ""
}

// ready is a table of rows that only have to be copied into the fact table. The copy may be repeated.
type ready struct {
	table                 *table
	name                  string // qualified
	rows, versions, fresh uint64
}

// commit makes facts of a staging table's rows, all of them in one part or none.
func (s *session) commit(ctx context.Context, st staging) error {
	r, err := s.prepare(ctx, st)
	if err == nil {
		err = s.copy(ctx, r, false)
	}
	if err != nil {
		return err
	}
	// The facts are stored; what is left here goes with the scratch database, if not now.
	for _, name := range []string{st.name + "_last", st.name + "_stored", r.name, st.name} {
		err = errors.Join(err, s.retry(ctx, func() error { return s.dropTable(ctx, name) }))
	}
	return err
}

// prepare finds the rows of a staging table that say something new.
func (s *session) prepare(ctx context.Context, st staging) (ready, error) {
	t := st.table
	r := ready{table: t, name: st.name}
	err := s.retry(ctx, func() error {
		return s.im.Conn.QueryRow(ctx, "select uniqExact(_row), uniqExact("+sqltext.Names(append([]string{columnUpdated}, t.identity...))+") from "+st.name).
			Scan(&r.rows, &r.versions)
	})
	if err != nil {
		return r, err
	}
	if r.rows != uint64(st.rows) {
		return r, fmt.Errorf("the database lost %d of %d rows before they were stored (nothing of this file is stored; import it again)", uint64(st.rows)-r.rows, st.rows)
	}
	if t.events {
		return r, nil
	}
	r.name = st.name + "_new"
	err = s.retry(ctx, func() error {
		for _, step := range []struct{ name, settings, query string }{
			{st.name + "_last", "", lastRows(t, st.name)},
			{st.name + "_stored", "", storedVersions(t, st.name)},
			{r.name, s.settings(), freshRows(t, st.name+"_last", st.name+"_stored")},
		} {
			if err := s.dropTable(ctx, step.name); err != nil {
				return err
			}
			if err := s.im.Conn.Exec(ctx, "create table "+step.name+" engine = MergeTree order by tuple()"+step.settings+" as "+step.query+" settings join_use_nulls = 0, max_execution_time = 0"); err != nil {
				return err
			}
		}
		return s.im.Conn.QueryRow(ctx, "select count() from "+r.name).Scan(&r.fresh)
	})
	return r, err
}

// copy makes facts of rows that are ready. If some of them may have been copied before, it leaves those out.
func (s *session) copy(ctx context.Context, r ready, again bool) error {
	t, target := r.table, r.table.stored
	columns := sqltext.Names(t.names())
	sum := s.of(t.name)
	if t.events {
		err := s.exec(ctx, fmt.Sprintf("insert into %s (%s) select %s from %s order by _row settings max_partitions_per_insert_block = 0, max_execution_time = 0", target, columns, columns, r.name))
		if err == nil {
			sum.Stored += int64(r.rows)
		}
		return err
	}
	err := s.retry(ctx, func() error {
		from := r.name
		if again {
			keys := sqltext.Names(t.identity)
			from += fmt.Sprintf(" where (%[1]s, updated_at, %[2]s) not in (select %[1]s, updated_at, %[2]s from %[3]s where (%[1]s) in (select %[1]s from %[4]s))", keys, content(t), target, r.name)
		}
		again = true // the answer to an insert that worked may be lost
		var n uint64
		if err := s.im.Conn.QueryRow(ctx, "select count() from "+from+" settings max_execution_time = 0").Scan(&n); err != nil || n == 0 {
			return err
		}
		batch := mathrand.Uint64()
		if err := refresh.Announce(ctx, s.im.Conn, batch, t.name, r.name, s.zone.String()); err != nil {
			return err
		}
		// One block makes one part, and a part comes into being whole.
		if err := s.im.Conn.Exec(ctx, fmt.Sprintf(`insert into %s (%s) select %s from %s
			settings max_insert_threads = 1, max_threads = 1, min_insert_block_size_rows = 100000000, min_insert_block_size_bytes = 2000000000, max_execution_time = 0, async_insert = 0`,
			target, columns, columns, from)); err != nil {
			return err
		}
		return refresh.Stored(ctx, s.im.Conn, batch)
	})
	if err == nil {
		sum.Stored += int64(r.fresh)
		sum.Unchanged += int64(r.versions - r.fresh)
		sum.Superseded += int64(r.rows - r.versions)
	}
	return err
}

// content is an expression for the fingerprint of a row's content: of all that is not identity or time.
func content(t *table) string {
	var parts []string
	for i := range t.columns {
		c := &t.columns[i]
		name := sqltext.Name(c.name)
		switch {
		case c.name == columnUpdated || slices.Contains(t.identity, c.name):
		case c.nullable:
			parts = append(parts, "isNull("+name+")", "ifNull(toString("+name+"), '')")
		default:
			parts = append(parts, "toString("+name+")")
		}
	}
	if len(parts) == 0 {
		parts = []string{"''"}
	}
	return "sipHash128(" + strings.Join(parts, ", ") + ")"
}

// lastRows selects, of a staging table's rows with the same identity and updated_at, the last one of the file.
func lastRows(t *table, staged string) string {
	return fmt.Sprintf("select *, %s as _content from %s order by _row desc limit 1 by %s, updated_at",
		content(t), staged, sqltext.Names(t.identity))
}

// storedVersions selects what the fact table has of the identities in a staging table.
func storedVersions(t *table, staged string) string {
	return fmt.Sprintf(`
		select %[1]s, updated_at, argMax(_hash, ingested_at) as _content
		from (select %[1]s, updated_at, ingested_at, %[2]s as _hash from %[3]s where (%[1]s) in (select %[1]s from %[4]s))
		group by %[1]s, updated_at`,
		sqltext.Names(t.identity), content(t), t.stored, staged)
}

// freshRows selects the last rows that say something new. A row with an updated_at of its own does unless that very
// version is stored with the same content; a row without one does if the latest version differs, and then becomes the
// latest. (The steps are tables of their own because a CTE is evaluated again wherever it is mentioned.)
func freshRows(t *table, last, stored string) string {
	var out []string
	for i := range t.columns {
		name := sqltext.Name(t.columns[i].name)
		if t.columns[i].name == columnUpdated {
			out = append(out, "if(l._stamped, l.updated_at, greatest(l.updated_at, latest.latest_at)) as updated_at")
			continue
		}
		out = append(out, "l."+name+" as "+name)
	}
	on := func(right string, keys []string) string {
		pairs := make([]string, len(keys))
		for i, k := range keys {
			k = sqltext.Name(k)
			pairs[i] = "l." + k + " = " + right + "." + k
		}
		return strings.Join(pairs, " and ")
	}
	return fmt.Sprintf(`
		select %[1]s
		from %[2]s as l
		left join (select *, true as found from %[3]s) as same on %[4]s
		left join (
			select %[5]s, argMax(_content, (updated_at, is_staged)) as _content, max(updated_at) as latest_at, true as found
			from (
				select %[5]s, updated_at, _content, false as is_staged from %[3]s
				union all
				select %[5]s, updated_at, _content, true as is_staged from %[2]s where _stamped
			)
			group by %[5]s
		) as latest on %[6]s
		where if(l._stamped, not same.found or same._content != l._content, not latest.found or latest._content != l._content)`,
		strings.Join(out, ", "), last, stored, on("same", append(slices.Clip(t.identity), columnUpdated)), sqltext.Names(t.identity), on("latest", t.identity))
}

// makeScratch creates this call's own database, and drops those that calls which died left behind.
func (s *session) makeScratch(ctx context.Context) error {
	if s.scratch != "" {
		return nil
	}
	var old []string
	var accepted []acceptance
	err := s.retry(ctx, func() (err error) {
		if err = s.im.Conn.QueryRow(ctx, "select groupArray(name) from system.databases where startsWith(name, '"+scratchPrefix+"')").Scan(&old); err == nil {
			accepted, err = readAccepted(ctx, s.im.Conn)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, name := range old {
		if slices.ContainsFunc(accepted, func(a acceptance) bool { return a.scratch == name }) {
			continue
		}
		stamp, _, _ := strings.Cut(strings.TrimPrefix(name, scratchPrefix), "_")
		if made, err := time.Parse(scratchLayout, stamp); err == nil && time.Since(made) > scratchMaxAge {
			if err := s.retry(ctx, func() error { return s.dropDatabase(ctx, name) }); err != nil {
				return err
			}
		}
	}
	random := make([]byte, 6)
	_, _ = rand.Read(random)
	name := scratchPrefix + time.Now().UTC().Format(scratchLayout) + "_" + hex.EncodeToString(random)
	if err := s.exec(ctx, "create database if not exists "+name+" comment 'Rows of an import that are not stored yet'"); err != nil {
		return err
	}
	s.scratch = name
	return nil
}

func (s *session) dropScratch(ctx context.Context) error {
	if s.scratch == "" {
		return nil
	}
	// A cancelled import cleans up as well. What cannot be dropped now goes with a later import.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	err := s.dropDatabase(ctx, s.scratch)
	s.scratch = ""
	if err != nil && !transient(err) {
		return fmt.Errorf("drop the scratch database: %w", err)
	}
	return nil
}

// dropTable empties a table before it drops it: a dropped table keeps its data for some minutes, and the local engine
// never answers a drop that is to wait for it (sync).
func (s *session) dropTable(ctx context.Context, name string) error {
	if err := s.im.Conn.Exec(ctx, "truncate table if exists "+name); err != nil {
		return err
	}
	return s.im.Conn.Exec(ctx, "drop table if exists "+name)
}

func (s *session) dropDatabase(ctx context.Context, name string) error {
	var tables []string
	if err := s.im.Conn.QueryRow(ctx, "select groupArray(name) from system.tables where database = ?", name).Scan(&tables); err != nil {
		return err
	}
	for _, t := range tables {
		if err := s.im.Conn.Exec(ctx, "truncate table if exists "+sqltext.Name(name)+"."+sqltext.Name(t)); err != nil {
			return err
		}
	}
	return s.im.Conn.Exec(ctx, "drop database if exists "+sqltext.Name(name))
}

func (s *session) exec(ctx context.Context, query string) error {
	return s.retry(ctx, func() error { return s.im.Conn.Exec(ctx, query) })
}

// databaseError is a failure of the database, not of a file.
type databaseError struct{ err error }

func (e databaseError) Error() string { return e.err.Error() }
func (e databaseError) Unwrap() error { return e.err }

func isDatabase(err error) bool {
	var d databaseError
	return errors.As(err, &d)
}

// retry does something that may be done again, until it works or the database has been away for too long: the local
// engine is started anew when it dies, and servers restart.
func (s *session) retry(ctx context.Context, do func() error) error {
	patience := cmp.Or(s.im.Patience, 30*time.Second)
	start := time.Now()
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := do()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case isFull(err):
			return databaseError{fmt.Errorf("the disk of the database is full; make room and import again: %w", err)}
		case !transient(err):
			return databaseError{err}
		case time.Since(start)+wait > patience:
			return databaseError{fmt.Errorf("the database has been away for %s: %w", time.Since(start).Round(time.Second), err)}
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// transient tells errors that pass: broken connections, and a server that asks for patience.
func transient(err error) bool {
	var exception *clickhouse.Exception
	if errors.As(err, &exception) {
		switch exception.Code {
		case 202, // too many simultaneous queries
			209, 210, // socket timeout, network error
			252: // too many parts
			return true
		}
		return false
	}
	var netErr net.Error
	return errors.As(err, &netErr) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, clickhouse.ErrAcquireConnTimeout)
}

func isFull(err error) bool {
	var exception *clickhouse.Exception
	return errors.As(err, &exception) && (exception.Code == 243 || strings.Contains(exception.Message, "No space left on device"))
}
