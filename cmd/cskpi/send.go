package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"cskpi/exporter/config"
	"cskpi/exporter/gate"
	"cskpi/exporter/intake"
	"cskpi/exporter/service"
)

type sendCmd struct {
	Paths     []string      `arg:"" optional:"" name:"path" default:"-" help:"Files named after their tables, or - for standard input [${default}]."`
	Table     string        `placeholder:"TABLE" help:"Table of the files, if their names do not say it."`
	Format    string        `enum:",csv,ndjson" default:"" placeholder:"FORMAT" help:"csv or ndjson, if the names do not say it; for standard input what it looks like."`
	TokenFile string        `placeholder:"FILE" help:"File with the token, in place of CSKPI_SEND_TOKEN."`
	Rows      int           `default:"2000" placeholder:"N" help:"Rows of one request [${default}]."`
	Patience  time.Duration `default:"10m" placeholder:"TIME" help:"How long to try when a request is not taken [${default}]."`
	Resume    bool          `help:"Go on where sending a file ended, as FILE.sent says, and keep that: what the file grows by is sent next time."`
}

// Help is the longer text of cskpi send --help.
func (sendCmd) Help() string {
	return "Facts go to POST /v1/TABLE of a running cskpi serve at CSKPI_SEND_URL. A request that is not taken is sent again, later and later, " +
		"for as long as --patience says; that is safe, since every fact counts once. Rows that are rejected are reported with file, line, column, value and reason; " +
		"the others are stored, and the exit code is 1. A CSV file needs a header."
}

const (
	sendPause    = 250 * time.Millisecond // before a second attempt; it doubles
	sendPauseMax = 30 * time.Second
	sendTimeout  = 2 * time.Minute // of one request
	sentSuffix   = ".sent"
)

// sender sends to one address.
type sender struct {
	c      *sendCmd
	base   string
	token  config.Secret
	client *http.Client
	pause  time.Duration
	show   func(intake.Progress)
	note   func(string)
	total  int64
	read   int64
	sums   []sendSum
	kept   []intake.Reject
	wrong  int64
}

// sendSum is what became of the rows of a table.
type sendSum struct {
	table                        string
	files, rows, stored, refused int64
	took                         time.Duration
}

// Run sends the files.
func (c *sendCmd) Run(ctx context.Context, a *app) error {
	if c.Rows <= 0 || c.Patience < 0 {
		return usage("--rows must be positive, and --patience not negative")
	}
	token := a.Config.SendToken
	if c.TokenFile != "" {
		text, err := os.ReadFile(c.TokenFile)
		if err != nil {
			return usage("--token-file: %w", err)
		}
		token = config.Secret(strings.TrimSpace(string(text)))
	}
	base, err := url.Parse(a.Config.SendURL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return usage("CSKPI_SEND_URL is no URL such as https://facts.example.com:11470")
	}
	if token == "" && gate.IsLoopback(net.JoinHostPort(base.Hostname(), "0")) {
		// The service of this machine made a token for us, unless it has other ones.
		if text, err := os.ReadFile(filepath.Join(a.Config.DataDir, config.TokenFile)); err == nil {
			token = config.Secret(strings.TrimSpace(string(text)))
		}
	}
	show := newProgress(a.err)
	s := &sender{c: c, base: strings.TrimSuffix(base.String(), "/"), token: token, pause: sendPause, show: show.update, note: show.say,
		client: &http.Client{Timeout: sendTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	inputs, err := c.inputs()
	if err != nil {
		return err
	}
	for _, in := range inputs {
		s.total += in.size
	}
	var problems []error
	for _, in := range inputs {
		if err := s.file(ctx, in); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", in.path, err))
			var denied hopeless
			if ctx.Err() != nil || !errors.As(err, &denied) {
				break // the others would fail the same way
			}
		}
	}
	show.clear()
	return s.report(a, errors.Join(problems...))
}

// sendInput is one file.
type sendInput struct {
	path, table string
	format      intake.Format
	size        int64
}

// inputs says what is to be sent, before anything is.
func (c *sendCmd) inputs() ([]sendInput, error) {
	var inputs []sendInput
	for _, path := range c.Paths {
		in := sendInput{path: path, table: c.Table, format: intake.Format(c.Format)}
		if path == "-" {
			if c.Table == "" || c.Resume {
				return nil, usage("standard input needs --table, and there is nothing to --resume")
			}
			inputs = append(inputs, in)
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, usage("%w", err)
		}
		if info.IsDir() {
			return nil, usage("%s is a folder; name the files", path)
		}
		in.size = info.Size()
		table, format := intake.FileFormat(path)
		in.table, in.format = cmp.Or(in.table, table), cmp.Or(in.format, format)
		if in.format == "" {
			return nil, usage("the name of %s does not say its format; give --format", path)
		}
		inputs = append(inputs, in)
	}
	return inputs, nil
}

// hopeless is an answer that will not change when the same is sent again.
type hopeless struct {
	status int
	text   string
}

func (h hopeless) Error() string { return fmt.Sprintf("%s (HTTP status %d)", h.text, h.status) }

// sent is what FILE.sent says.
type sent struct {
	URL         string `json:"url"`
	Table       string `json:"table"`
	Fingerprint uint64 `json:"fingerprint"` // of the file's first line
	End         int64  `json:"end"`         // bytes of uncompressed text that were taken
	Line        int64  `json:"line"`        // number of the next line
}

// file sends one file.
func (s *sender) file(ctx context.Context, in sendInput) error {
	start := time.Now()
	at := slices.IndexFunc(s.sums, func(sum sendSum) bool { return sum.table == in.table })
	if at < 0 {
		at = len(s.sums)
		s.sums = append(s.sums, sendSum{table: in.table})
	}
	s.sums[at].files++
	defer func() { s.sums[at].took += time.Since(start) }()

	var from io.Reader = os.Stdin
	if in.path != "-" {
		f, err := os.Open(in.path)
		if err != nil {
			return err
		}
		defer f.Close()
		from = f
	} else if in.format == "" {
		var head [1]byte
		n, err := io.ReadFull(from, head[:])
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		from = io.MultiReader(bytes.NewReader(head[:n]), from)
		in.format = intake.CSV
		if n == 0 || head[0] == '{' || head[0] == 0x1f || head[0] == 0x28 {
			in.format = intake.NDJSON // compressed text is most often that; --format says otherwise
		}
	}
	batches, err := intake.NewBatches(&readCounter{from, &s.read}, in.format, s.c.Rows)
	if err != nil {
		return hopeless{text: err.Error()}
	}
	defer batches.Close()
	state := in.path + sentSuffix
	now := sent{URL: s.base, Table: in.table, Fingerprint: batches.Fingerprint()}
	if s.c.Resume {
		var before sent
		if text, err := os.ReadFile(state); err == nil && json.Unmarshal(text, &before) != nil {
			return hopeless{text: state + " is not what an earlier --resume wrote; remove it to send the file from its start"}
		}
		if before.URL == now.URL && before.Table == now.Table && before.Fingerprint == now.Fingerprint {
			if err := batches.Skip(before.End, before.Line); err != nil {
				return hopeless{text: err.Error() + "; remove " + state + " to send it from its start"}
			}
		}
	}
	for {
		b, err := batches.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return hopeless{text: err.Error()}
		}
		if err := s.batch(ctx, in, b, &s.sums[at]); err != nil {
			return fmt.Errorf("line %d: %w", b.Line, err)
		}
		now.End, now.Line = b.End, b.Next
		if s.c.Resume {
			if err := writeState(state, now); err != nil {
				return err
			}
		}
		sum := s.sums[at]
		s.show(intake.Progress{Table: in.table, File: in.path, Bytes: s.read, Total: s.total, Rows: sum.rows, Rejected: sum.refused})
	}
}

// readCounter counts what was read.
type readCounter struct {
	io.Reader
	n *int64
}

// Read implements io.Reader.
func (c *readCounter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	*c.n += int64(n)
	return n, err
}

// writeState replaces a file as a whole.
func writeState(path string, v sent) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := config.WriteFile(path, append(text, '\n')); err != nil {
		return fmt.Errorf("record the progress of sending: %w", err)
	}
	return nil
}

// taken is the answer to a request.
type taken struct {
	Read     int64 `json:"read"`
	Stored   int64 `json:"stored"`
	Rejected int64 `json:"rejected"`
	Rejects  []struct {
		Row                   int64
		Column, Value, Reason string
	} `json:"rejects"`
	Error string `json:"error"`
}

// batch sends rows until they are taken, or patience ends.
func (s *sender) batch(ctx context.Context, in sendInput, b intake.Batch, sum *sendSum) error {
	body, err := compressed(b.Text)
	if err != nil {
		return err
	}
	deadline := time.Now().Add(s.c.Patience)
	for pause := s.pause; ; pause = min(2*pause, sendPauseMax) {
		got, after, err := s.post(ctx, in, body)
		if err == nil {
			sum.rows += got.Read
			sum.stored += got.Stored
			sum.refused += got.Rejected
			s.wrong += got.Rejected
			for _, r := range got.Rejects {
				if len(s.kept) < shownRejects {
					s.kept = append(s.kept, intake.Reject{Table: in.table, File: in.path, Line: b.LineOf(r.Row), Column: r.Column, Value: r.Value, Reason: r.Reason})
				}
			}
			return nil
		}
		var denied hopeless
		if errors.As(err, &denied) || ctx.Err() != nil {
			return err
		}
		// Many who were refused at the same moment must not come back at the same moment.
		wait := max(after, pause/2+rand.N(pause))
		if time.Now().Add(wait).After(deadline) {
			return fmt.Errorf("given up after %s: %w", s.c.Patience, err)
		}
		s.note(fmt.Sprintf("%s: %v; trying again in %s", in.table, err, wait.Round(100*time.Millisecond)))
		if !service.Sleep(ctx, wait) {
			return ctx.Err()
		}
	}
}

func compressed(text []byte) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(text); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// post sends one request. After an error that is not hopeless it is to be sent again, not before the time that comes with it.
func (s *sender) post(ctx context.Context, in sendInput, body []byte) (taken, time.Duration, error) {
	var got taken
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+"/v1/"+url.PathEscape(in.table), bytes.NewReader(body))
	if err != nil {
		return got, 0, err
	}
	r.Header.Set("Content-Type", map[intake.Format]string{intake.CSV: "text/csv", intake.NDJSON: "application/x-ndjson"}[in.format])
	r.Header.Set("Content-Encoding", "gzip")
	r.Header.Set("User-Agent", "cskpi-send/"+buildVersion())
	if s.token != "" {
		r.Header.Set("Authorization", "Bearer "+string(s.token))
	}
	answer, err := s.client.Do(r)
	if err != nil {
		var name *net.DNSError
		if errors.As(err, &name) && name.IsNotFound {
			return got, 0, hopeless{text: err.Error()}
		}
		return got, 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return got, 0, fmt.Errorf("the answer did not arrive: %w", err)
	}
	readable := json.Unmarshal(text, &got)
	switch status := answer.StatusCode; {
	case status == http.StatusOK, status == http.StatusMultiStatus, status == http.StatusUnprocessableEntity:
		if readable != nil || got.Error != "" {
			return got, 0, hopeless{status, "what answers there is no intake of cskpi"}
		}
		return got, 0, nil
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status >= 500 && status != http.StatusNotImplemented:
		seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After")) // a date, which nobody sends, counts as nothing
		return got, time.Duration(min(max(seconds, 0), 3600)) * time.Second, errors.New(cmp.Or(got.Error, answer.Status))
	default:
		text := cmp.Or(got.Error, "what answers there is no intake of cskpi")
		if status == http.StatusUnauthorized && s.token == "" {
			text = "no token was sent; set CSKPI_SEND_TOKEN, or, on the machine of cskpi serve, CSKPI_DATA_DIR to its data folder"
		}
		return got, 0, hopeless{status, text}
	}
}

// report says what was stored and what was not, as import does.
func (s *sender) report(a *app, err error) error {
	for _, r := range s.kept {
		fmt.Fprintln(a.err, r)
	}
	if more := s.wrong - int64(len(s.kept)); more > 0 {
		fmt.Fprintf(a.err, "and %s more\n", thousands(fmt.Sprint(more)))
	}
	t := table{columns: []string{"table", "files", "rows", "stored", "rejected", "seconds"}}
	for _, sum := range s.sums {
		t.rows = append(t.rows, []any{sum.table, sum.files, sum.rows, sum.stored, sum.refused, sum.took.Seconds()})
	}
	if len(t.rows) > 0 {
		if err := t.write(a.out, "table"); err != nil {
			return err
		}
	}
	switch {
	case err != nil:
		return fmt.Errorf("send: %w", err)
	case s.wrong > 0:
		fmt.Fprintf(a.err, "cskpi: rejected rows: %s; correct them and send them again\n", thousands(fmt.Sprint(s.wrong)))
		return errReported
	}
	return nil
}
