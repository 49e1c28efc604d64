package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"golang.org/x/sync/semaphore"
)

// Writer stores what many callers send, together: rows that arrive while others are being stored make one insert. It
// checks rows as an Importer does. All methods may be called from several goroutines.
type Writer struct {
	o      WriterOptions
	tables map[string]*table
	spare  map[string]*sync.Pool // of chunks, by table
	memory *semaphore.Weighted   // bytes of requests that are not stored yet
	ctx    context.Context       // of what is stored: no caller's
	stop   context.CancelFunc
	wg     sync.WaitGroup

	settings sync.Mutex // held while settings are looked at together with those that are stored

	mu     sync.Mutex
	queues map[string]chan *request // by table
	closed bool
}

// WriterOptions are what a Writer works with.
type WriterOptions struct {
	Conn driver.Conn
	Zone *time.Location   // in which times without an offset are read; nil: UTC
	Now  func() time.Time // gives rows without updated_at theirs; nil: time.Now
	// UserKey stores pseudonyms of users and contacts, made with this key, for their ids (see Pseudonym); empty: the ids.
	UserKey []byte
	// Receipts takes the receipts of erasures, outside the database; nil: nothing does.
	Receipts *Receipts

	Wait     time.Duration // how long a small group waits for others at most, while they keep coming; 0: 150 ms
	Lull     time.Duration // after which pause none is expected any more; 0: 25 ms
	Rows     int           // of a group at most, but for one larger request; 0: 100,000
	Bytes    int           // of a group's values at most, likewise; 0: 8 MiB
	Pending  int64         // bytes of requests that may wait to be stored; 0: 64 MiB
	Queue    time.Duration // how long a request waits for its place among them before ErrBusy; 0: 2 s
	Patience time.Duration // how long to wait for a database that went away; 0: 10 s

	Stored func(Group) // is told of each group, from several goroutines; may be nil
}

// Group is what was stored, or not, by one insert.
type Group struct {
	Table    string
	Requests int
	Rows     int
	Bytes    int
	Duration time.Duration
	Err      error
}

// ErrBusy means that more waits to be stored than may: the caller is to come back later. Nothing of the request is stored.
var ErrBusy = errors.New("more rows are waiting to be stored than fit in memory; send these again later")

// A StoreError means that the database did not take the rows, or that its answer was lost. They may be sent again: what is
// stored already counts once.
type StoreError struct{ Err error }

func (e StoreError) Error() string { return "the rows could not be stored: " + e.Err.Error() }

// Unwrap returns the reason.
func (e StoreError) Unwrap() error { return e.Err }

// Rows are rows of one table, as text.
type Rows struct {
	Table  string
	Name   string // stands for them in messages
	Format Format // CSV or NDJSON, uncompressed
	Text   []byte
	Source string // what the column source must be, and is where it is not given; empty: any
}

// Result is what became of them.
type Result struct {
	Read     int64            // rows; a row that is not rejected is stored
	Rejected int64            // rows
	Rejects  []Reject         // the first of them, by line
	Classes  map[string]int64 // rejected rows by Reject.Class
}

// count counts a rejected row by the kind of its reason.
func (r *Result) count(reject Reject) {
	if r.Classes == nil {
		r.Classes = map[string]int64{}
	}
	r.Classes[reject.Class()]++
}

// otherSource ends the reason of a row whose source is not its caller's.
const otherSource = ", the only one that this token may write"

const (
	keptRejects   = 100
	writerMaxLine = 1 << 20
	// requestCost is about what a request takes besides its text.
	requestCost = 4 << 10
	// smallGroup is the number of rows below which an insert costs what it costs without any.
	smallGroup = 500
)

// NewWriter reads what the fact tables look like. Its work ends with Close.
func NewWriter(ctx context.Context, o WriterOptions) (*Writer, error) {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	for value, fallback := range map[*time.Duration]time.Duration{&o.Wait: 150 * time.Millisecond, &o.Lull: 25 * time.Millisecond, &o.Queue: 2 * time.Second, &o.Patience: 10 * time.Second} {
		if *value == 0 {
			*value = fallback
		}
	}
	if o.Rows == 0 {
		o.Rows = 100_000
	}
	if o.Bytes == 0 {
		o.Bytes = 8 << 20
	}
	if o.Pending == 0 {
		o.Pending = 64 << 20
	}
	tables, err := loadTables(ctx, o.Conn, o.UserKey)
	if err != nil {
		return nil, err
	}
	w := &Writer{o: o, tables: tables, spare: map[string]*sync.Pool{}, memory: semaphore.NewWeighted(o.Pending), queues: map[string]chan *request{}}
	for name := range tables {
		w.spare[name] = &sync.Pool{} // a chunk has the columns of its table
	}
	w.ctx, w.stop = context.WithCancel(context.WithoutCancel(ctx))
	return w, nil
}

// Close stores what has been taken, and ends.
func (w *Writer) Close() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		for _, q := range w.queues {
			close(q)
		}
	}
	w.mu.Unlock()
	w.wg.Wait()
	w.stop()
}

// Zone is where times without an offset are.
func (w *Writer) Zone() *time.Location { return w.o.Zone }

// Tables are the names of the fact tables, sorted.
func (w *Writer) Tables() []string {
	names := make([]string, 0, len(w.tables))
	for name := range w.tables {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// request is the checked rows of one caller.
type request struct {
	chunks []*chunk
	rows   int
	bytes  int
	done   chan error
	free   func() // gives back its share of the memory
}

// Write checks rows and returns when the good ones are stored. Besides ErrBusy, a StoreError and the end of ctx, after
// which the rows may be stored or not, errors are about the text as a whole; then nothing of it is stored.
func (w *Writer) Write(ctx context.Context, r Rows) (Result, error) {
	t, known := w.tables[r.Table]
	if !known {
		return Result{}, fmt.Errorf("there is no table %q", r.Table)
	}
	cost := min(int64(2*len(r.Text)+requestCost), w.o.Pending)
	if err := w.acquire(ctx, cost); err != nil {
		return Result{}, err
	}
	free := func() { w.memory.Release(cost) }
	if t.name == "settings" {
		defer free()
		return w.writeSettings(ctx, r)
	}
	if t.horizon != nil {
		_ = t.horizon.refresh(ctx, w.o.Conn) // a database that does not answer takes no events either
	}
	result, req, err := w.check(t.on(w.o.Now(), r.Source), r)
	if err != nil || req.rows == 0 {
		free()
		return result, err
	}
	req.free = free // when it is stored: a caller that goes away leaves its rows behind
	if err := w.enqueue(t, req); err != nil {
		free()
		return result, err
	}
	select {
	case err = <-req.done:
	case <-ctx.Done():
		return result, ctx.Err()
	}
	if err != nil {
		return result, StoreError{err}
	}
	return result, nil
}

func (w *Writer) acquire(ctx context.Context, cost int64) error {
	waiting, cancel := context.WithTimeout(ctx, w.o.Queue)
	defer cancel()
	if w.memory.Acquire(waiting, cost) == nil {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return ErrBusy
}

// on is the table for the rows of one request: those that do not give their time and source get these.
func (t *table) on(now time.Time, source string) *table {
	of := *t
	of.columns = slices.Clone(t.columns)
	of.columns[t.index[columnUpdated]].fallback = value{n: now.UTC().UnixMilli()}
	if at, ok := t.index[columnSource]; ok && source != "" {
		of.columns[at].fallback = value{s: source}
		of.rules = append(slices.Clip(t.rules), func(row []value) (string, string) {
			if row[at].s != source {
				return columnSource, "is not " + source + otherSource
			}
			return "", ""
		})
	}
	return &of
}

// check reads and checks the rows of a request.
func (w *Writer) check(t *table, r Rows) (Result, *request, error) {
	src, err := w.source(t, r)
	if err != nil {
		return Result{}, nil, err
	}
	k := newChecker(t, r.Name, w.o.Zone, writerMaxLine, w.spare[t.name])
	req := &request{done: make(chan error, 1)}
	var result Result
	for more := true; more; {
		b, err := src.next()
		if more = err == nil; !more && !errors.Is(err, io.EOF) {
			return Result{}, nil, err
		}
		c := k.check(b)
		result.Read += c.read
		result.Rejected += int64(len(c.rejects))
		for _, reject := range c.rejects {
			result.count(reject)
			if len(result.Rejects) == keptRejects {
				continue
			}
			reject.raw = "" // it is part of the text
			reject.Column = strings.Clone(reject.Column)
			result.Rejects = append(result.Rejects, reject)
		}
		c.rejects = nil
		req.chunks = append(req.chunks, c)
		req.rows += c.rows
		req.bytes += c.bytes
	}
	return result, req, nil
}

func (w *Writer) source(t *table, r Rows) (source, error) {
	switch r.Format {
	case NDJSON:
		return text{block{lines: string(r.Text), line: 1}}, nil
	case CSV:
		plain, err := decode(bytes.NewReader(r.Text), "")
		if err != nil {
			return nil, err
		}
		return newCSV(t.name, r.Name, plain, writerMaxLine, t.names(), csvColumns(t, w.o.Zone))
	}
	return nil, fmt.Errorf("format %q is not known; it is %s or %s", r.Format, CSV, NDJSON)
}

// text is lines that are all there.
type text struct{ block }

func (t text) next() (block, error) { return t.block, io.EOF }

// writeSettings stores settings by themselves, since their rows are looked at together with those that are stored.
func (w *Writer) writeSettings(ctx context.Context, r Rows) (Result, error) {
	w.settings.Lock()
	defer w.settings.Unlock()
	im := Importer{Conn: w.o.Conn, Zone: w.o.Zone, Now: w.o.Now, Patience: w.o.Patience, KeepRejects: keptRejects}
	s, err := im.begin(ctx)
	if err != nil {
		return Result{}, StoreError{err}
	}
	t := s.tables[r.Table].on(s.at, r.Source)
	err = s.finish(ctx, s.stream(ctx, t, r.Name, r.Format, bytes.NewReader(r.Text)))
	sum := *s.of(r.Table)
	if isDatabase(err) {
		err = StoreError{err}
	}
	result := Result{Read: sum.Read, Rejected: sum.Rejected, Rejects: sum.Rejects}
	for _, reject := range sum.Rejects {
		result.count(reject)
	}
	return result, err
}

// enqueue hands a request to those who store rows of its table.
func (w *Writer) enqueue(t *table, req *request) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return StoreError{errors.New("the service is stopping")}
	}
	q, running := w.queues[t.name]
	if !running {
		q = make(chan *request, 1024)
		w.queues[t.name] = q
		w.wg.Go(func() { w.run(t, q) })
	}
	select {
	case q <- req:
		return nil
	default:
		return ErrBusy
	}
}

// run stores the requests for one table, group after group.
func (w *Writer) run(t *table, q chan *request) {
	s := &session{im: &Importer{Conn: w.o.Conn, Patience: w.o.Patience}, tables: w.tables, zone: w.o.Zone, at: w.o.Now()}
	defer func() { _ = s.dropScratch(w.ctx) }()
	var last time.Time // when the group before was stored
	for first := range q {
		group := w.gather(first, q, time.Since(last) < w.o.Wait)
		err := w.store(s, t, group)
		last = time.Now()
		if len(group) > 1 && isRefused(err) {
			// It may be for the rows of one of them, which must not be the others' trouble.
			for _, r := range group {
				r.done <- w.store(s, t, []*request{r})
			}
		} else {
			for _, r := range group {
				r.done <- err
			}
		}
		for _, r := range group {
			for _, c := range r.chunks {
				c.reset()
				w.spare[t.name].Put(c)
			}
			r.chunks = nil
			r.free()
		}
	}
}

// gather takes what waits to be stored together with the first request. An insert has a cost of its own, whatever it contains: so where requests come
// one after the other, small ones wait for those that follow. One that comes alone does not.
func (w *Writer) gather(first *request, q chan *request, busy bool) []*request {
	group, rows, size := []*request{first}, first.rows, first.bytes
	until := time.NewTimer(w.o.Wait)
	defer until.Stop()
	for rows < w.o.Rows && size < w.o.Bytes {
		var more *request
		select {
		case more = <-q:
		default:
			if !busy || rows >= smallGroup {
				return group
			}
			lull := time.NewTimer(w.o.Lull)
			select {
			case more = <-q:
			case <-lull.C:
			case <-until.C:
			}
			lull.Stop()
		}
		if more == nil {
			return group // nothing has come, or nothing will
		}
		group = append(group, more)
		rows += more.rows
		size += more.bytes
	}
	return group
}

// store stores the requests of a group by one insert.
func (w *Writer) store(s *session, t *table, group []*request) error {
	start := time.Now()
	g := Group{Table: t.name, Requests: len(group)}
	var chunks []*chunk
	for _, r := range group {
		chunks = append(chunks, r.chunks...)
		g.Rows += r.rows
		g.Bytes += r.bytes
	}
	g.Err = s.storeGroup(w.ctx, t, chunks)
	if w.o.Stored != nil {
		g.Duration = time.Since(start)
		w.o.Stored(g)
	}
	return g.Err
}

// isRefused tells that the database is there and did not want these rows.
func isRefused(err error) bool {
	var exception *clickhouse.Exception
	return errors.As(err, &exception) && !transient(err) && !isFull(err)
}

// storeGroup stores checked rows: usage events at once, of other tables what says something new.
func (s *session) storeGroup(ctx context.Context, t *table, chunks []*chunk) error {
	if t.events {
		_, err := s.send(ctx, loading{conn: s.im.Conn, table: t, target: t.stored}, chunks, 0)
		return err
	}
	// An import drops scratch databases that are a day old.
	if s.scratch != "" && time.Since(s.at) > scratchMaxAge/2 {
		if err := s.dropScratch(ctx); err != nil {
			return err
		}
	}
	if s.scratch == "" {
		s.at = time.Now()
		if err := s.makeScratch(ctx); err != nil {
			return err
		}
	}
	err := s.storeStaged(ctx, t, chunks)
	if err != nil {
		_ = s.dropScratch(ctx) // the next group begins anew
	}
	return err
}

func (s *session) storeStaged(ctx context.Context, t *table, chunks []*chunk) error {
	s.staged++
	st := staging{table: t, name: fmt.Sprintf("%s.rows_%d", s.scratch, s.staged)}
	if err := s.exec(ctx, "create table if not exists "+st.name+" ("+stagingColumns(t)+") engine = MergeTree order by tuple()"); err != nil {
		return err
	}
	var err error
	if st.rows, err = s.send(ctx, loading{conn: s.im.Conn, table: t, target: st.name, staged: true}, chunks, 0); err != nil {
		return err
	}
	return s.commit(ctx, st)
}
