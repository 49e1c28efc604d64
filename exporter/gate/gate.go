// Package gate is the doorway of cskpi's HTTP ports. It decides who may listen where and who may come in: TLS and users
// by the web configuration file of the Prometheus exporter toolkit, no address beyond loopback without authentication,
// no requests of foreign web pages, and deadlines and limits that keep one client from starving the others.
package gate

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"cskpi/exporter/gate/shares"
)

// Options say what a port is for. The zero value of a limit stands for the default in brackets.
type Options struct {
	Name      string // for the log
	Address   string // host:port to listen on; port 0 takes a free one
	WebConfig string // path of the web configuration file; empty: neither TLS nor users
	Access    Access
	Hosts     []string // names by which the port may be called without authentication, beside addresses and names without a dot
	Names     Names

	// Credentials returns the user and password of a request and takes them off it [basic auth].
	Credentials func(*http.Request) (user, password string, ok bool)
	// Refuse answers a request that does not come through [plain text].
	Refuse func(w http.ResponseWriter, status int, message string)
	// Pages are for people: a link on another site may lead to them.
	Pages bool
	// WholeBodies has the bodies of requests read before the handler is called, and before they take one of the
	// places of Limits.Requests. A body may have so many bytes. 0: the handler reads them itself.
	WholeBodies int64

	Limits Limits
	Log    *slog.Logger
}

// Access is who may come in.
type Access int

const (
	// Local opens the port to every program on this machine; beyond loopback it needs authentication.
	Local Access = iota
	// LocalOrEncrypted is Local, but beyond loopback it needs TLS as well.
	LocalOrEncrypted
	// Users needs authentication on loopback too, and TLS beyond it.
	Users
	// Public opens the port to everybody who reaches it. A web page still cannot, by a name of its own: see Hosts.
	Public
	// Tokens leaves authentication to the handler. Users in the web configuration file are refused.
	Tokens
)

// Names are those of the settings, for messages.
type Names struct{ Address, WebConfig, Public string }

// Limits keep one client from taking everything. A client is a user, or without one a remote address.
type Limits struct {
	Header   time.Duration // for the headers of a request to arrive [10s]
	Body     time.Duration // for the body to arrive [30s]
	Response time.Duration // for a request to be answered, its body not counted [1m]
	Idle     time.Duration // between two requests [5m]

	HeaderBytes     int           // [64 KiB]
	Connections     int           // [1024]
	ConnectionsEach int           // of an address [128]
	Requests        int           // under way [256]
	RequestsEach    int           // of a client [half of Requests]
	BodyBytes       int64         // of all bodies that are read before the handler is called [64 MiB]
	Wait            time.Duration // for one of the places of Requests [10s]
}

func (l Limits) withDefaults() Limits {
	l.Header = cmp.Or(l.Header, 10*time.Second)
	l.Body = cmp.Or(l.Body, 30*time.Second)
	l.Response = cmp.Or(l.Response, time.Minute)
	l.Idle = cmp.Or(l.Idle, 5*time.Minute)
	l.HeaderBytes = cmp.Or(l.HeaderBytes, 64<<10)
	l.Connections = cmp.Or(l.Connections, 1024)
	l.ConnectionsEach = cmp.Or(l.ConnectionsEach, 128)
	l.Requests = cmp.Or(l.Requests, 256)
	l.RequestsEach = cmp.Or(l.RequestsEach, max(1, l.Requests/2))
	l.BodyBytes = cmp.Or(l.BodyBytes, 64<<20)
	l.Wait = cmp.Or(l.Wait, 10*time.Second)
	return l
}

// Gate is one port that listens. It answers 503 until Handle says what it is for.
type Gate struct {
	o        Options
	web      *webConfig
	listener *connections
	server   *http.Server
	handler  atomic.Pointer[http.Handler]
	loopback bool
	checks   *http.CrossOriginProtection
	bodies   *shares.Pool // bytes
	places   *shares.Pool // requests
	bcrypt   *shares.Pool // password checks
}

// Open listens, unless anybody could come in who should not. Serve answers.
func Open(ctx context.Context, o Options) (*Gate, error) {
	o.Limits = o.Limits.withDefaults()
	if o.Credentials == nil {
		o.Credentials = basicAuth
	}
	if o.Refuse == nil {
		o.Refuse = func(w http.ResponseWriter, status int, message string) { http.Error(w, message, status) }
	}
	web, err := openWebConfig(o.WebConfig, o.Log)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Names.WebConfig, err)
	}
	if o.Access == Tokens && len(web.current().Users) > 0 {
		return nil, fmt.Errorf("%s: basic_auth_users would lock out clients with tokens, which decide who may call; remove it", o.Names.WebConfig)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; choose another address, or stop the process that uses it", o.Names.Address, err)
	}
	g := &Gate{
		o: o, web: web, checks: http.NewCrossOriginProtection(),
		listener: newConnections(listener, o.Limits.Connections, o.Limits.ConnectionsEach),
		bodies:   shares.New(o.Limits.BodyBytes, o.Limits.BodyBytes/4),
		places:   shares.New(int64(o.Limits.Requests), int64(o.Limits.RequestsEach)),
		bcrypt:   shares.New(2, 1),
	}
	if tcp, ok := listener.Addr().(*net.TCPAddr); ok {
		g.loopback = tcp.IP.IsLoopback()
	}
	if err := g.admissible(); err != nil {
		listener.Close()
		return nil, err
	}
	o.Log.Info("listening", "for", o.Name, "url", g.URL(), "open_to", g.Readers())
	g.server = &http.Server{
		Handler:           g,
		ReadHeaderTimeout: o.Limits.Header,
		WriteTimeout:      o.Limits.Header + o.Limits.Body + o.Limits.Wait + o.Limits.Response,
		IdleTimeout:       o.Limits.Idle,
		MaxHeaderBytes:    o.Limits.HeaderBytes,
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
		ConnContext:       withConnection,
	}
	return g, nil
}

// admissible says what to configure if the port would be open to those who must not come in.
func (g *Gate) admissible() error {
	c, n := g.web.current(), g.o.Names
	reach := fmt.Sprintf("%s=%s can be reached from other machines", n.Address, g.o.Address)
	var lacks []string
	switch g.o.Access {
	case Public, Tokens:
		return nil
	case Users:
		if !c.authenticates() {
			lacks = append(lacks, "users")
		}
		if g.loopback {
			reach = "this port needs users"
		}
	default:
		if g.loopback {
			return nil
		}
		if !c.authenticates() {
			lacks = append(lacks, "users")
		}
	}
	if !g.loopback && g.o.Access != Local && !c.TLSConfig.IsEnabled() {
		lacks = append(lacks, "TLS")
	}
	if len(lacks) == 0 {
		return nil
	}
	remedies := []string{fmt.Sprintf("set %s to a web configuration file such as\n%s\n(htpasswd -nBC 10 grafana prints user:hash)", n.WebConfig, example(lacks))}
	if !g.loopback {
		remedies = append(remedies, "or listen on 127.0.0.1")
		if n.Public != "" {
			remedies = append(remedies, "or set "+n.Public+" to the names of this machine to let everybody read who reaches it")
		}
	}
	return fmt.Errorf("%s, and there is no configuration of %s: %s", reach, strings.Join(lacks, " and "), strings.Join(remedies, ", "))
}

func example(lacks []string) string {
	var b strings.Builder
	for _, l := range lacks {
		if l == "TLS" {
			b.WriteString("\n    tls_server_config: {cert_file: cert.pem, key_file: key.pem}")
		} else {
			b.WriteString("\n    basic_auth_users: {grafana: \"$2y$10$…\"}")
		}
	}
	return b.String()[1:] + "\n"
}

// Handle says what answers from now on.
func (g *Gate) Handle(h http.Handler) { g.handler.Store(&h) }

// Serve answers until Close, which is no error.
func (g *Gate) Serve() error {
	c := g.web.current()
	var err error
	if c.TLSConfig.IsEnabled() {
		g.server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return g.web.tls() }}
		if !c.HTTPConfig.HTTP2 {
			g.server.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
		}
		err = g.server.ServeTLS(g.listener, "", "")
	} else {
		err = g.server.Serve(g.listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("%s: %w", g.o.Names.Address, err)
}

// Close stops listening and lets requests under way finish for a while.
func (g *Gate) Close(grace time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if g.server.Shutdown(ctx) != nil {
		g.server.Close()
	}
	g.listener.Close() // If it was never served.
}

// URL is how a person on this machine reaches the port.
func (g *Gate) URL() string { return URL(g.listener.Addr().String(), g.o.WebConfig) }

// URL is how a person on this machine reaches a port with this address and web configuration.
func URL(address, webConfig string) string {
	scheme := "http"
	if c, err := readWebConfig(webConfig); err == nil && c.TLSConfig.IsEnabled() {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return scheme + "://" + address
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// Readers says in words who may come in, for where the address is printed.
func (g *Gate) Readers() string {
	c := g.web.current()
	encrypted := ""
	if c.TLSConfig.IsEnabled() {
		encrypted = ", over TLS"
	}
	switch {
	case g.o.Access == Tokens:
		return "clients with a token" + encrypted
	case len(c.Users) > 0:
		return "the users of " + g.o.WebConfig + encrypted
	case c.authenticates():
		return "clients with a certificate" + encrypted
	case g.loopback:
		return "every program on this machine" + encrypted
	}
	return "everybody who reaches this address" + encrypted
}

// Has tells whether the web configuration file has a user of this name.
func (g *Gate) Has(user string) bool {
	_, ok := g.web.current().Users[user]
	return ok
}

type userKey struct{}

// User is who sent a request; empty if nobody had to say so.
func User(r *http.Request) string {
	user, _ := r.Context().Value(userKey{}).(string)
	return user
}

func basicAuth(r *http.Request) (user, password string, ok bool) {
	user, password, ok = r.BasicAuth()
	r.Header.Del("Authorization")
	return user, password, ok
}

// IsLoopback tells whether only this machine reaches an address.
func IsLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}
