package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/exporter-toolkit/web"

	"cskpi/exporter/intake"
	"cskpi/exporter/intake/api"
)

// Where facts are taken if nothing else is said: from other machines only if there is a file of tokens for them.
const (
	intakeOff       = "off"
	intakeAddress   = ":9470"
	intakeLocal     = "127.0.0.1:9470"
	intakeBody      = 30 * time.Second // for the body of a request to arrive
	intakeStoring   = 30 * time.Second // for the database to take it
	intakeMaxHeader = 64 << 10
)

// intakeListen is where facts are taken; empty: nowhere.
func (c config) intakeListen() string {
	switch {
	case c.IntakeListen == intakeOff:
		return ""
	case c.IntakeListen != "":
		return c.IntakeListen
	case c.IntakeTokens != "":
		return intakeAddress
	}
	return intakeLocal
}

// isLoopback tells whether only this machine reaches an address.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// receiver takes facts over HTTP. Until it has a database it tells callers to come back. A nil *receiver takes none.
type receiver struct {
	api      *api.Server
	registry *prometheus.Registry // of its metrics
	listener net.Listener
	server   *http.Server
	web      string // configuration of TLS
	traits   api.Traits
	log      *slog.Logger
	closing  sync.Once
}

// newReceiver listens for facts, unless that is turned off.
func (a *app) newReceiver(ctx context.Context) (*receiver, error) {
	address := a.config.intakeListen()
	if address == "" {
		return nil, nil
	}
	in := &receiver{registry: prometheus.NewRegistry(), web: a.config.IntakeWebConfig, log: a.log}
	o := api.Options{Registry: in.registry, Log: a.log, Patience: intakeBody, Timeout: intakeStoring}
	tokens, err := a.config.IntakeTokens, error(nil)
	if tokens == "" {
		if tokens, err = a.config.ownTokens(); err != nil && a.config.ClickhouseURL != "" && a.config.IntakeListen == "" {
			a.log.Warn("intake over HTTP is off: a token for it cannot be stored in CSKPI_DATA_DIR; set CSKPI_INTAKE_TOKENS, or CSKPI_INTAKE_LISTEN=off if this is intended", "err", err)
			return nil, nil
		} else if err != nil {
			return nil, fmt.Errorf("make a token for the intake in CSKPI_DATA_DIR: %w", err)
		}
	}
	if o.Tokens, err = api.OpenTokens(tokens, a.log); err != nil {
		return nil, fmt.Errorf("tokens of the intake: %w", err)
	}
	o.Foreign.Pages, o.Foreign.TypePrefix = a.config.SegmentPages, a.config.EventsPrefix
	if a.config.SegmentTraits != "" {
		if o.Foreign.Traits, err = api.ParseTraits(a.config.SegmentTraits); err != nil {
			return nil, fmt.Errorf("CSKPI_SEGMENT_TRAITS: %w", err)
		}
	}
	in.traits = o.Foreign.Traits
	if err := web.Validate(in.web); err != nil {
		return nil, fmt.Errorf("CSKPI_INTAKE_WEB_CONFIG_FILE: %w", err)
	}
	if text, err := os.ReadFile(in.web); err == nil && strings.Contains(string(text), "basic_auth_users") {
		return nil, errors.New("CSKPI_INTAKE_WEB_CONFIG_FILE: basic_auth_users would keep callers with tokens out; leave it out, since CSKPI_INTAKE_TOKENS says who may call")
	}
	if in.api, err = api.New(o); err != nil {
		return nil, err
	}
	if in.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", address); err != nil {
		return nil, fmt.Errorf("CSKPI_INTAKE_LISTEN: %w; choose another address, or off", err)
	}
	in.server = &http.Server{
		Handler:           in.api.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       intakeBody,
		WriteTimeout:      intakeBody + intakeStoring + 10*time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    intakeMaxHeader,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	a.log.Info("facts are taken from callers with tokens", "address", in.listener.Addr().String(), "tokens", o.Tokens.Len(), "file", tokens)
	return in, nil
}

// serve answers until close.
func (in *receiver) serve() error {
	err := web.Serve(in.listener, in.server, &web.FlagConfig{WebConfigFile: &in.web}, in.log.With("for", "intake"))
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("CSKPI_INTAKE_LISTEN: %w", err)
}

// open begins to store what is taken. The caller must call done before it closes the database.
func (in *receiver) open(ctx context.Context, d *database, userKey []byte) (done func(), err error) {
	if in == nil {
		return func() {}, nil
	}
	w, err := intake.NewWriter(ctx, intake.WriterOptions{Conn: d.conn, Zone: d.zone, UserKey: userKey, Stored: in.api.Stored})
	if err != nil {
		return nil, fmt.Errorf("intake: %w", err)
	}
	if err := in.traits.Check(w.Columns("accounts")); err != nil {
		w.Close()
		return nil, fmt.Errorf("CSKPI_SEGMENT_TRAITS: %w", err)
	}
	in.api.Open(w)
	return func() {
		in.close()
		w.Close()
	}, nil
}

// close lets callers under way have their answers, for a while, and takes no more.
func (in *receiver) close() {
	if in == nil {
		return
	}
	in.closing.Do(func() {
		grace, cancel := context.WithTimeout(context.Background(), gracePeriod)
		defer cancel()
		if err := in.server.Shutdown(grace); err != nil {
			in.server.Close()
		}
		in.listener.Close() // if it was never served
	})
}

// metrics are the receiver's; there are none without it.
func (in *receiver) metrics() prometheus.Gatherer {
	if in == nil {
		return prometheus.NewRegistry()
	}
	return in.registry
}
