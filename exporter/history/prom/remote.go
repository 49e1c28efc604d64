package prom

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/exp/api/remote"
	writev2 "github.com/prometheus/client_golang/exp/api/remote/genproto/v2"
)

// Protocol is a version of remote write.
type Protocol string

// The protocols. 1.0 does not say how many samples were taken: what a receiver drops without an error is not seen.
const (
	AnyProtocol Protocol = "auto" // 2.0, and 1.0 where the receiver does not know it
	Protocol1   Protocol = "1"
	Protocol2   Protocol = "2"
)

// Receiver is where samples are sent, and how.
type Receiver struct {
	URL      string       // without a path, that of Prometheus: /api/v1/write
	Protocol Protocol     // [AnyProtocol]
	Client   *http.Client // with whatever authentication there is [one with a timeout of a minute]
	Batch    int          // samples of a request [5000]
	Patience time.Duration
	// KeepGoing goes on after samples were refused, and counts them. Without it the first ones end the export: most often the
	// others would be refused, too, until the receiver is set up for old samples.
	KeepGoing bool
	Note      func(string) // of requests that are tried again [nobody]
}

// Sent is what became of samples.
type Sent struct {
	Requests int64
	Written  int64            // of protocol 1.0: those of requests that were taken
	Refused  int64            // by the receiver; they are not stored
	Reasons  map[string]int64 // why, in short; a receiver need not name them all
	Example  string           // what it said of one of them
}

// refuse counts samples that were refused, with what the receiver said.
func (s *Sent) refuse(samples int64, said string) {
	if samples <= 0 {
		return
	}
	s.Refused += samples
	s.Example = cmp.Or(s.Example, brief(said))
	if s.Reasons == nil {
		s.Reasons = map[string]int64{}
	}
	// Prometheus has a line for each sample, others one for all.
	told := int64(0)
	for line := range strings.Lines(said) {
		if told == samples {
			break
		}
		if r := reason(line); r != "" {
			s.Reasons[r]++
			told++
		}
	}
	if told < samples {
		kind := cmp.Or(reason(said), "other")
		if told > 0 && len(s.Reasons) > 1 {
			kind = "other"
		}
		s.Reasons[kind] += samples - told
	}
}

// Why lists the reasons for which samples were refused, most frequent first.
func (s Sent) Why() string {
	kinds := slices.SortedFunc(maps.Keys(s.Reasons), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.Reasons[b], s.Reasons[a]), cmp.Compare(a, b))
	})
	for i, k := range kinds {
		kinds[i] = fmt.Sprintf("%s: %d", k, s.Reasons[k])
	}
	return strings.Join(kinds, ", ")
}

// reason is why a sample is refused, by what Prometheus, Mimir and VictoriaMetrics say.
func reason(said string) string {
	said = strings.ToLower(said)
	for _, r := range []struct{ sign, short string }{
		{"too old", "too old"},
		{"sample-timestamp-too-old", "too old"},
		{"out-of-order", "out of order"},
		{"out of order", "out of order"},
		{"out of bounds", "out of bounds"},
		{"duplicate", "duplicate"},
		{"too far in the future", "in the future"},
		{"max-series", "limit"},
		{"limit", "limit"},
	} {
		if strings.Contains(said, r.sign) {
			return r.short
		}
	}
	return ""
}

// brief is the beginning of what a receiver said.
func brief(said string) string {
	said, _, _ = strings.Cut(strings.TrimSpace(said), "\n")
	if len(said) > 400 {
		said = strings.ToValidUTF8(said[:400], "") + "…"
	}
	return said
}

// errRefused ends an export whose samples are refused.
var errRefused = errors.New("the receiver refuses samples")

// hint says what to do about what a receiver said.
func hint(said string) string {
	switch {
	case reason(said) == "out of bounds", reason(said) == "too old", reason(said) == "out of order":
		return "; a Prometheus takes old samples as far back as storage.tsdb.out_of_order_time_window says, a Mimir as out_of_order_time_window of the limits; begin later with --from, or write blocks"
	case strings.Contains(said, "status 404"):
		return "; a Prometheus takes samples with --web.enable-remote-write-receiver, a Mimir at /api/v1/push"
	case strings.Contains(said, "status 401"), strings.Contains(said, "status 403"):
		return "; give a token or a password that may write there"
	}
	return ""
}

// Push sends the samples of p to a receiver, a day of time after the other, and tells what became of them, with an error
// too. A request that is not answered, or with a status that says to try again, is sent again, later and later, until
// the patience of r ends; samples that are stored already do no harm. A day of the journal is not sent again; one whose
// samples were refused is, the next time.
func Push(ctx context.Context, p Plan, r Receiver, j *Journal, show func(Progress)) (Sent, error) {
	s := &sender{Receiver: r}
	if err := p.Check(); err != nil {
		return s.sent, err
	}
	if err := s.prepare(); err != nil {
		return s.sent, err
	}
	all := p.whole()
	for day := p.From; !day.After(p.To); day = next(day) {
		slot := interval{dayStart(day, p.Zone), dayStart(next(day), p.Zone)}.and(all)
		for _, w := range j.rest(slot) {
			refused := s.sent.Refused
			if err := p.requests(ctx, w, s.Batch, func(r *request) error { return s.send(ctx, &r.Request) }); err != nil {
				return s.sent, err
			}
			if s.sent.Refused == refused {
				if err := j.add(w, p.Known); err != nil {
					return s.sent, err
				}
			}
		}
		show(p.progress(slot.To, s.sent.Written))
	}
	return s.sent, nil
}

// sender sends to one receiver.
type sender struct {
	Receiver
	api  *remote.API
	sent Sent
	buf  []byte
}

func (s *sender) prepare() error {
	to, err := url.Parse(s.URL)
	if err != nil || to.Host == "" || to.Scheme != "http" && to.Scheme != "https" {
		return fmt.Errorf("%q is no URL such as http://localhost:9090/api/v1/write", s.URL)
	}
	path := cmp.Or(strings.Trim(to.Path, "/"), "api/v1/write")
	to.Path = "/"
	s.Protocol, s.Batch = cmp.Or(s.Protocol, AnyProtocol), cmp.Or(s.Batch, 5000)
	s.Patience = cmp.Or(s.Patience, 10*time.Minute)
	if s.Note == nil {
		s.Note = func(string) {}
	}
	if s.Client == nil {
		s.Client = &http.Client{Timeout: time.Minute}
	}
	s.api, err = remote.NewAPI(to.String(), remote.WithAPIHTTPClient(s.Client), remote.WithAPIPath(path),
		// How often is decided by time, see write.
		remote.WithAPIBackoff(remote.BackoffConfig{Min: 250 * time.Millisecond, Max: 30 * time.Second}))
	return err
}

// send sends a request and counts what became of its samples.
func (s *sender) send(ctx context.Context, r *writev2.Request) error {
	if s.Protocol != Protocol1 {
		stats, err := s.write(ctx, remote.WriteV2MessageType, r)
		if err == nil || ctx.Err() != nil {
			return s.taken(r, int64(stats.AllSamples()), err)
		}
		// A receiver of 1.0 alone says that it does not know the type, or takes it for its own and finds no sense or nothing in it.
		unknown := strings.Contains(err.Error(), "status 415") || strings.Contains(err.Error(), "statistics indicate 0 samples") ||
			refusal(err) && reason(err.Error()) == "" && stats.AllSamples() == 0
		if s.Protocol != AnyProtocol || !unknown || s.sent.Requests > 0 {
			return s.taken(r, int64(stats.AllSamples()), err)
		}
		s.Note("the receiver does not know remote write 2.0; going on with 1.0")
		s.Protocol = Protocol1
	}
	return s.sendV1(ctx, r)
}

// sendV1 sends r by protocol 1.0. Of a request that it refuses Prometheus stores nothing, for the sake of one bad sample, so
// the good ones are sent again without it.
func (s *sender) sendV1(ctx context.Context, r *writev2.Request) error {
	const most = 256 // requests into which one is split; what is not told apart by then is refused together
	left := most
	var send func(r *writev2.Request) error
	send = func(r *writev2.Request) error {
		s.buf = encodeV1(s.buf, r)
		_, err := s.write(ctx, remote.WriteV1MessageType, requestV1(s.buf))
		if err == nil {
			return s.taken(r, int64(count(r)), nil)
		}
		if ctx.Err() != nil || !refusal(err) {
			return err
		}
		a, b := halves(r)
		if !s.KeepGoing || b == nil || left <= 0 {
			return s.taken(r, 0, err)
		}
		left -= 2
		if err := send(a); err != nil {
			return err
		}
		return send(b)
	}
	return send(r)
}

// taken counts the samples of an answered request: so many were written, and the others refused, if err says so.
func (s *sender) taken(r *writev2.Request, written int64, err error) error {
	if err != nil && !refusal(err) {
		return err
	}
	all := int64(count(r))
	s.sent.Requests++
	s.sent.Written += min(written, all)
	if err == nil && written >= all {
		return nil
	}
	said := "it took the request, but said that it wrote fewer samples than there were"
	if err != nil {
		_, said, _ = strings.Cut(err.Error(), "HTTP status ")
	}
	s.sent.refuse(all-written, said)
	if s.KeepGoing || all <= written {
		return nil
	}
	return fmt.Errorf("%w: %s%s", errRefused, brief(said), hint(said))
}

// refusal tells whether an error is what a receiver answers about samples. Other answers are about the request as a whole.
func refusal(err error) bool {
	return strings.Contains(err.Error(), "HTTP status 400") || strings.Contains(err.Error(), "HTTP status 422")
}

// write sends a message until it is answered.
func (s *sender) write(ctx context.Context, kind remote.WriteMessageType, message any) (remote.WriteResponseStats, error) {
	within, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	var last error
	stats, err := s.api.Write(within, kind, message, remote.WithWriteRetryCallback(func(err error) {
		last = err
		s.Note(fmt.Sprintf("%v; trying again", brief(err.Error())))
	}))
	switch {
	case err == nil:
	case ctx.Err() != nil:
		err = ctx.Err()
	case within.Err() != nil:
		err = fmt.Errorf("given up after %s: %s", s.Patience, brief(cmp.Or(last, err).Error()))
	case !refusal(err):
		err = fmt.Errorf("%s%s", brief(err.Error()), hint(err.Error()))
	}
	return stats, err
}
