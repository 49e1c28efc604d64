package engine

import (
	"log/slog"
	"net/http"
	"net/http/httputil"
	"strings"
	"time"
)

// HandlerOptions say what readers may do.
type HandlerOptions struct {
	KPIOnly func(*http.Request) bool // Whether the caller may read the KPI views only; nil: everybody may read everything.
	Log     *slog.Logger             // Required.
}

// Handler serves ClickHouse's HTTP interface to readers: it passes their requests on to the engine's process with the
// token and a reader's rights. It does not ask who they are, and expects that a request's body has arrived as a whole:
// both are for what listens. Credentials that are still in a request, the engine refuses: it has no users of its own.
func (e *Engine) Handler(o HandlerOptions) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host = "http", e.addr
			p.Out.URL.RawQuery = p.In.URL.RawQuery // Also what cannot be parsed: the engine refuses that.
			for name := range p.Out.Header {
				if strings.HasPrefix(name, ownHeaders) {
					delete(p.Out.Header, name)
				}
			}
			role := roleReader
			if o.KPIOnly != nil && o.KPIOnly(p.In) {
				role = roleKPI
			}
			p.Out.Header.Set(TokenHeader, e.token)
			p.Out.Header.Set(roleHeader, string(role))
			// A reader changes nothing, so that the transport may send a request again over a new connection if the
			// engine was started again since the last one. The header itself is not sent.
			p.Out.Header["Idempotency-Key"] = []string{}
		},
		ModifyResponse: func(r *http.Response) error {
			r.Header.Del(sessionHeader)
			return nil
		},
		FlushInterval: -1, // Rows go to the client as they come.
		Transport: &http.Transport{
			DisableCompression:  true, // Whatever encoding the client asked for is the engine's business.
			MaxIdleConnsPerHost: readerSlots,
			IdleConnTimeout:     time.Minute,
			ReadBufferSize:      32 << 10,
		},
		ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() != nil {
				return // The client has gone; nobody is left to tell.
			}
			o.Log.Warn("the engine does not answer a reader", "err", err)
			writeException(w, refuse(codeNetwork, "NETWORK_ERROR", "the engine does not answer; it may be starting again, so retry the query in some seconds"))
		},
	}
}

// TakeCredentials returns the user and the password of a request, and takes them off it, wherever ClickHouse's clients
// put them: in headers of their own, in basic auth or in the URL.
func TakeCredentials(r *http.Request) (user, password string, ok bool) {
	values := r.URL.Query()
	user, password, ok = r.BasicAuth()
	for _, given := range [][2]string{
		{values.Get("user"), values.Get("password")},
		{r.Header.Get("X-ClickHouse-User"), r.Header.Get("X-ClickHouse-Key")},
	} {
		if given != [2]string{} {
			user, password, ok = given[0], given[1], true
		}
	}
	for _, header := range []string{"Authorization", "X-ClickHouse-User", "X-ClickHouse-Key"} {
		r.Header.Del(header)
	}
	if values.Has("user") || values.Has("password") {
		values.Del("user")
		values.Del("password")
		r.URL.RawQuery = values.Encode()
	}
	return user, password, ok
}

// Refuse answers a request that does not come through to the engine, in the form that ClickHouse's clients understand.
func Refuse(w http.ResponseWriter, status int, message string) {
	e := refuse(codeNetwork, "NETWORK_ERROR", "%s", message)
	switch status {
	case http.StatusUnauthorized:
		e = refuse(codeWrongPassword, "AUTHENTICATION_FAILED", "%s", message)
	case http.StatusForbidden:
		e = refuse(codeAccessDenied, "ACCESS_DENIED", "%s", message)
	case http.StatusRequestEntityTooLarge:
		e = refuse(codeQueryTooLarge, "QUERY_IS_TOO_LARGE", "%s", message)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		e = refuse(codeTooManyQueries, "TOO_MANY_SIMULTANEOUS_QUERIES", "%s", message)
	}
	e.write(w, status)
}

const (
	readerSlots = 16         // Readers' queries at a time.
	ownHeaders  = "X-Cskpi-" // What begins so is between the parent and the engine's process.
)
