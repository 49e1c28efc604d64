package gate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// ServeHTTP implements http.Handler.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	c, limit := g.web.current(), g.web.limiter()
	for name, value := range c.HTTPConfig.Header {
		h.Set(name, value)
	}
	if why := g.foreign(r); why != "" {
		g.refuse(w, http.StatusForbidden, why)
		return
	}
	if limit != nil && !limit.Allow() {
		g.refuse(w, http.StatusTooManyRequests, "there are too many requests; try again later")
		return
	}
	client := addressOf(r.RemoteAddr)
	if len(c.Users) > 0 {
		user, ok := g.authenticated(w, r, client)
		if !ok {
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), userKey{}, user))
		client = "user " + user
	}
	if held, ok := g.receive(w, r, client); !ok {
		return
	} else if held > 0 {
		defer g.bodies.Give(client, held)
	}
	if err := g.places.Take(r.Context(), client, 1, g.o.Limits.Wait); err != nil {
		g.refuse(w, http.StatusTooManyRequests, fmt.Sprintf("%d requests are under way, of which one client may have %d; try again later", g.o.Limits.Requests, g.o.Limits.RequestsEach))
		return
	}
	defer g.places.Give(client, 1)
	defer connectionOf(r).arrived()()
	handler := g.handler.Load()
	if handler == nil {
		h.Set("Retry-After", "1")
		g.refuse(w, http.StatusServiceUnavailable, "cskpi is starting; try again in some seconds")
		return
	}
	(*handler).ServeHTTP(w, r)
}

func (g *Gate) refuse(w http.ResponseWriter, status int, message string) {
	// Whatever else the client sends is not waited for.
	w.Header().Set("Connection", "close")
	g.o.Refuse(w, status, message)
}

// foreign tells why a request is not from a client that was meant to come here. A page in a browser can send requests to
// this machine, by its address or by a name of its own that it lets resolve to it.
func (g *Gate) foreign(r *http.Request) string {
	if !g.knows(r.Host) {
		return fmt.Sprintf("requests for the host %.100q are refused, since a web page could have made that name point here; use %s, also in the Host header that a reverse proxy sends", r.Host, strings.TrimPrefix(g.URL(), "http://"))
	}
	// The check is for requests that change something. Here reading matters just as much.
	as := *r
	as.Method = http.MethodPost
	if g.checks.Check(&as) == nil {
		return ""
	}
	// A page that somebody opens from a link shows to nobody else.
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if g.o.Pages && reads && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document" {
		return ""
	}
	return "requests of web pages from other sites are refused"
}

// knows tells whether a Host header is one that no web page can have made up. On loopback that is what this machine
// alone calls itself. Beyond it, clients that authenticate may use any name: a browser has no password for a name that a
// page made up. Without authentication it must be an address, a name that no public domain has, or one of Options.Hosts.
func (g *Gate) knows(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.Trim(host, "[]"), ".")
	ip := net.ParseIP(host)
	switch {
	case strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback(),
		slices.ContainsFunc(g.o.Hosts, func(h string) bool { return strings.EqualFold(h, host) }):
		return true
	case g.loopback:
		return false
	case g.o.Access == Tokens || g.web.current().authenticates():
		return true
	}
	return ip != nil || host != "" && !strings.Contains(host, ".")
}

// passwordPatience is how long a client may wait for its password to be checked, when others guess.
const passwordPatience = 5 * time.Second

// authenticated returns the user that a request is from; false if it was refused.
func (g *Gate) authenticated(w http.ResponseWriter, r *http.Request, address string) (string, bool) {
	user, password, given := g.o.Credentials(r)
	right := given && g.web.remembered(user, password)
	if given && !right {
		// Checking takes time. An address that guesses waits for itself, not others for it.
		if err := g.bcrypt.Take(r.Context(), address, 1, passwordPatience); err != nil {
			g.refuse(w, http.StatusTooManyRequests, "too many passwords wait to be checked; try again later")
			return "", false
		}
		right = g.web.check(user, password)
		g.bcrypt.Give(address, 1)
	}
	if right {
		return user, true
	}
	w.Header().Set("WWW-Authenticate", `Basic realm="cskpi", charset="UTF-8"`)
	message := "a user and password are needed"
	if given {
		message = "the user or the password is wrong"
	}
	g.refuse(w, http.StatusUnauthorized, message)
	return "", false
}

// step is how a body's share of memory grows.
const step = 32 << 10

// receive reads the body of a request, if that is not the handler's business, and otherwise only bounds how long it may
// take. It returns what the body holds of the memory for all bodies; false if the request was refused.
func (g *Gate) receive(w http.ResponseWriter, r *http.Request, client string) (held int64, ok bool) {
	if r.Body == nil || r.Body == http.NoBody {
		return 0, true
	}
	control := http.NewResponseController(w)
	// Where there is no deadline to set, as in a test without a network, there is no slow client either.
	_ = control.SetReadDeadline(time.Now().Add(g.o.Limits.Body))
	done := func() { _ = control.SetReadDeadline(time.Time{}) }
	if g.o.WholeBodies == 0 {
		r.Body = &timedBody{r.Body, done}
		return 0, true
	}
	fail := func(status int, format string, args ...any) (int64, bool) {
		if held > 0 {
			g.bodies.Give(client, held)
		}
		g.refuse(w, status, fmt.Sprintf(format, args...))
		return 0, false
	}
	var body bytes.Buffer
	for {
		if !g.bodies.Try(client, step) {
			return fail(http.StatusTooManyRequests, "too many requests are being received; try again later")
		}
		held += step
		n, err := io.CopyN(&body, r.Body, step)
		switch {
		case int64(body.Len()) > g.o.WholeBodies:
			return fail(http.StatusRequestEntityTooLarge, "the body of a request may have %d bytes", g.o.WholeBodies)
		case errors.Is(err, io.EOF):
			done()
			content := body.Bytes()
			r.ContentLength, r.TransferEncoding = int64(len(content)), nil
			r.Header.Del("Expect")
			r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
			r.Body, _ = r.GetBody()
			return held, true
		case errors.Is(err, os.ErrDeadlineExceeded):
			return fail(http.StatusRequestTimeout, "the body did not arrive within %s", g.o.Limits.Body)
		case err != nil && n < step:
			return fail(http.StatusBadRequest, "the body cannot be read: %v", err)
		}
	}
}

// timedBody calls done when the body has arrived, so that its deadline does not end the request while it is answered.
type timedBody struct {
	io.ReadCloser
	done func()
}

// Read implements io.Reader.
func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		b.done()
	}
	return n, err
}
