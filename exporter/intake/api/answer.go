package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"cskpi/exporter/intake"
)

// answer says what became of the rows of one table.
type answer struct {
	RequestID string   `json:"request_id,omitempty"`
	Table     string   `json:"table"`
	Read      int64    `json:"read"`
	Stored    int64    `json:"stored"`
	Rejected  int64    `json:"rejected"`
	Rejects   []reject `json:"rejects"` // the first of them
}

// reject is a row that was not stored, and why.
type reject struct {
	Row    int64  `json:"row"` // the line; in a JSON array the position, from 1
	Column string `json:"column"`
	Value  string `json:"value"`
	Reason string `json:"reason"`
}

func newAnswer(table string, of intake.Result) answer {
	a := answer{Table: table, Read: of.Read, Stored: of.Read - of.Rejected, Rejected: of.Rejected, Rejects: []reject{}}
	for _, r := range of.Rejects {
		a.Rejects = append(a.Rejects, reject{Row: r.Line, Column: r.Column, Value: r.Value, Reason: r.Reason})
	}
	return a
}

// status is 200 if all rows are stored, 422 if none is although there were some, else 207.
func (a answer) status() int {
	switch {
	case a.Rejected == 0:
		return http.StatusOK
	case a.Stored == 0:
		return http.StatusUnprocessableEntity
	}
	return http.StatusMultiStatus
}

// problem is the answer to a request of which nothing was stored.
type problem struct {
	RequestID string `json:"request_id"`
	Error     string `json:"error"`
}

// reply sends v as JSON.
func (s *Server) reply(w http.ResponseWriter, _ *http.Request, status int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		s.o.Log.Error("intake: an answer cannot be written as JSON", "err", err)
		status, text = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be written as JSON"}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(text)+1))
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // a client that has gone needs no answer
}

// Refuse answers a request that does not come through to the handler, in the handler's own form.
func (s *Server) Refuse(w http.ResponseWriter, status int, message string) {
	s.fail(w, &http.Request{}, status, "%s", message)
}

// fail answers a request of which nothing was stored.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, status int, format string, args ...any) {
	s.reply(w, r, status, problem{RequestID: about(r).id, Error: fmt.Sprintf(format, args...)})
}

// later answers a request that the caller is to send again.
func (s *Server) later(w http.ResponseWriter, r *http.Request, status int, after time.Duration, format string, args ...any) {
	w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(after.Seconds())))))
	s.fail(w, r, status, format, args...)
}

// forbidden is an error of store: the caller may not do this.
type forbidden string

func (f forbidden) Error() string { return string(f) }

func mayNot(verb, table string) error { return forbidden("this token may not " + verb + " " + table) }

// tooFast is an error of store: the caller has sent more rows than its token may; it may go on after that time.
type tooFast time.Duration

func (t tooFast) Error() string { return "more rows per second than this token may send" }

// errNotReady means that there is no database yet.
var errNotReady = errors.New("the database is not ready yet; send this again later")

// errSlow means that a database is there, but has not answered in time.
var errSlow = errors.New("the rows were not stored in time; send them again: what is stored already counts once")

// statusGone is what the log has for callers that hung up before they were answered; nobody gets to see it.
const statusGone = 499

// refuse maps an error of store to status, Retry-After and body.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	const soon, away = time.Second, 5 * time.Second
	var denied forbidden
	var fast tooFast
	var notStored intake.StoreError
	switch {
	case r.Context().Err() != nil:
		s.fail(w, r, statusGone, "the request was given up")
	case errors.As(err, &denied):
		s.fail(w, r, http.StatusForbidden, "%s", denied)
	case errors.As(err, &fast):
		s.later(w, r, http.StatusTooManyRequests, time.Duration(fast), "%v", fast)
	case errors.Is(err, intake.ErrBusy):
		s.later(w, r, http.StatusServiceUnavailable, soon, "%v", err)
	case errors.Is(err, errNotReady), errors.Is(err, errSlow):
		s.later(w, r, http.StatusServiceUnavailable, away, "%v", err)
	case errors.As(err, &notStored), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		// What the database says may quote statements and addresses: it is for the log.
		s.o.Log.Warn("intake: rows could not be stored; the caller is told to send them again", "request_id", about(r).id, "err", err)
		s.later(w, r, http.StatusServiceUnavailable, away, "the rows could not be stored; send them again: what is stored already counts once")
	default:
		s.fail(w, r, http.StatusBadRequest, "%v", err)
	}
}

// store writes rows of one or several tables for a caller and returns an answer for each. Rows leave out their source; Source
// is theirs, unless the caller's token has one of its own. After an error some tables may be stored; refuse has the words.
func (s *Server) store(ctx context.Context, who *Token, rows []intake.Rows) ([]answer, error) {
	db := s.db.Load()
	if db == nil {
		return nil, errNotReady
	}
	count := 0
	for i := range rows {
		if !who.mayWrite(rows[i].Table) {
			return nil, mayNot("write to", rows[i].Table)
		}
		if source := who.Source; source != "" {
			rows[i].Source = source
		}
		if text := rows[i].Text; len(text) > 0 {
			count += bytes.Count(text[:len(text)-1], []byte{'\n'}) + 1
		}
	}
	if wait := who.spend(s.o.Now(), count); wait > 0 {
		return nil, tooFast(wait)
	}
	storing, cancel := context.WithTimeoutCause(ctx, s.o.Timeout, errSlow)
	defer cancel()
	answers, errs := make([]answer, len(rows)), make([]error, len(rows))
	var wg sync.WaitGroup
	for i := range rows {
		write := func() {
			var result intake.Result
			if result, errs[i] = (*db).Write(storing, rows[i]); errs[i] == nil {
				answers[i] = newAnswer(rows[i].Table, result)
				s.metrics.stored(rows[i].Table, result)
			}
		}
		if len(rows) == 1 {
			write()
			break
		}
		wg.Go(write)
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil && ctx.Err() == nil && storing.Err() != nil {
			return nil, errSlow
		}
		if err != nil {
			return nil, err
		}
	}
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		for _, a := range answers {
			x.rows += a.Read
			x.rejected += a.Rejected
		}
	}
	return answers, nil
}

// body reads the body of a request within the limits, undoing its Content-Encoding. If that fails it has answered. For callers
// who are not known yet, since their token is in the body, there is less room.
func (s *Server) body(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	x := about(r)
	encoding := strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"), ",")))
	if !slices.Contains([]string{"", "identity", "gzip", "x-gzip", "zstd"}, encoding) {
		w.Header().Set("Accept-Encoding", "gzip, zstd")
		s.fail(w, r, http.StatusUnsupportedMediaType, "Content-Encoding %s is not known; send gzip, zstd or none", clip(encoding))
		return nil, false
	}
	if r.ContentLength > s.o.MaxBody {
		s.fail(w, r, http.StatusRequestEntityTooLarge, "the request has %d bytes; at most %d are taken: send the rows in several", r.ContentLength, s.o.MaxBody)
		return nil, false
	}
	x.memory = holding{of: s.memory, caller: x.caller()}
	if x.token == "" {
		x.memory.of = s.unknown
	}
	if !x.memory.raise(firstRead) {
		s.arriving.makeRoom(x.caller())
		s.refuse(w, r, intake.ErrBusy)
		return nil, false
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(s.o.Patience)) // a recorder of a test has none
	arrival := s.arriving.begin(x.caller(), func() { _ = control.SetReadDeadline(time.Unix(1, 0)) })
	if arrival == nil {
		s.later(w, r, http.StatusTooManyRequests, time.Second, "too many requests of this caller are arriving; send fewer at a time")
		return nil, false
	}
	sent := &counted{r: r.Body}
	text, err := s.fill(x, sent)
	x.bytes = sent.n
	late := s.arriving.end(arrival)
	var tooLong *http.MaxBytesError
	switch {
	case errors.Is(err, errTooLong) || errors.As(err, &tooLong):
		s.fail(w, r, http.StatusRequestEntityTooLarge, "the request is too long; at most %d bytes are taken: send the rows in several", s.o.MaxBody)
		return nil, false
	case errors.Is(err, intake.ErrBusy):
		s.refuse(w, r, err)
		return nil, false
	case err != nil && late:
		w.Header().Set("Connection", "close")
		s.later(w, r, http.StatusServiceUnavailable, time.Second, "the body of the request arrived slowly while other requests waited, and was cut off: nothing of it was stored; retry it")
		return nil, false
	case err != nil:
		w.Header().Set("Connection", "close")
		s.fail(w, r, http.StatusBadRequest, "the body of the request did not arrive whole: nothing of it was stored")
		return nil, false
	}
	// From here on it takes as long as it needs. A deadline that passes would end the request.
	_ = control.SetReadDeadline(time.Time{})
	if !s.work(w, r) {
		return nil, false
	}
	if encoding == "" || encoding == "identity" {
		return text, true
	}
	text, err = s.unpack(r.Context(), x, encoding, text)
	switch {
	case err == nil:
		return text, true
	case errors.Is(err, errTooLong):
		s.fail(w, r, http.StatusRequestEntityTooLarge, "the request is longer than %d bytes uncompressed: send the rows in several", s.o.MaxBody)
	case errors.Is(err, intake.ErrBusy), r.Context().Err() != nil:
		s.refuse(w, r, err)
	default:
		s.fail(w, r, http.StatusBadRequest, "the body is not %s as Content-Encoding says: %v", encoding, err)
	}
	return nil, false
}

const (
	firstRead = 4 << 10 // bytes of a buffer before it grows
	maxWindow = 8 << 20 // bytes that a zstd decoder looks back; more than any level asks for unless told to
)

// errTooLong is an error of fill.
var errTooLong = errors.New("the text is too long")

// fill reads from to its end. Memory is taken as bytes arrive, so that who announces much and sends little holds little.
func (s *Server) fill(x *exchange, from io.Reader) ([]byte, error) {
	held := x.memory.n
	text := make([]byte, 0, firstRead)
	for {
		if len(text) == cap(text) {
			size := min(2*cap(text), int(s.o.MaxBody)+1)
			if !x.memory.raise(held + int64(size)) {
				s.arriving.makeRoom(x.caller())
				return nil, intake.ErrBusy
			}
			text = append(make([]byte, 0, size), text...)
		}
		n, err := from.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		switch {
		case int64(len(text)) > s.o.MaxBody:
			return nil, errTooLong
		case err == io.EOF:
			return text, nil
		case err != nil:
			return nil, err
		}
	}
}

// unpack undoes a Content-Encoding. Few do so at a time: a decoder may take a thousand times what it was sent.
func (s *Server) unpack(ctx context.Context, x *exchange, encoding string, packed []byte) ([]byte, error) {
	select {
	case s.unpacking <- struct{}{}:
		defer func() { <-s.unpacking }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if encoding == "zstd" {
		z, err := zstd.NewReader(bytes.NewReader(packed), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		return s.fill(x, z)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return s.fill(x, z)
}

// counted counts what is read.
type counted struct {
	r io.Reader
	n int64
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
