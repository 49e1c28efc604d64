package main

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"cskpi/exporter/gate"
	"cskpi/exporter/intake"
	"cskpi/exporter/intake/api"
)

// Where facts are taken if nothing else is said: from other machines only if there is a file of tokens for them.
const (
	intakeOff     = "off"
	intakeAddress = ":11470"
	intakeLocal   = "127.0.0.1:11470"
	intakeBody    = 30 * time.Second // for the body of a request to arrive
	intakeStoring = 30 * time.Second // for the database to take it
	intakeClients = 2048             // connections, and requests under way
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
	gate     *gate.Gate
	traits   api.Traits
	users    api.Traits
	closing  sync.Once
}

// newReceiver listens for facts, unless that is turned off.
func (a *app) newReceiver(ctx context.Context) (*receiver, error) {
	address := a.config.intakeListen()
	if address == "" {
		return nil, nil
	}
	in := &receiver{registry: prometheus.NewRegistry()}
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
	if a.config.UserTraits != "" {
		if o.Foreign.Users, err = api.ParseTraits(a.config.UserTraits); err != nil {
			return nil, fmt.Errorf("CSKPI_SEGMENT_USER_TRAITS: %w", err)
		}
	}
	in.traits, in.users = o.Foreign.Traits, o.Foreign.Users
	if in.api, err = api.New(o); err != nil {
		return nil, err
	}
	in.gate, err = gate.Open(ctx, gate.Options{
		Name: "intake", Address: address, WebConfig: a.config.IntakeWebConfig, Access: gate.Tokens,
		Names:  gate.Names{Address: "CSKPI_INTAKE_LISTEN", WebConfig: "CSKPI_INTAKE_WEB_CONFIG_FILE"},
		Refuse: in.api.Refuse,
		// How many requests there may be, the handler decides: it knows whose token they bear.
		Limits: gate.Limits{Body: intakeBody, Response: intakeStoring + 10*time.Second, Idle: 2 * time.Minute, Connections: intakeClients, ConnectionsEach: intakeClients / 2, Requests: intakeClients},
		Log:    a.log,
	})
	if err != nil {
		return nil, err
	}
	in.gate.Handle(in.api.Handler())
	a.log.Info("facts are taken from callers with tokens", "url", in.gate.URL(), "tokens", o.Tokens.Len(), "file", tokens)
	return in, nil
}

// open begins to store what is taken. The caller must call done before it closes the database.
func (in *receiver) open(ctx context.Context, d *database, userKey []byte, receipts *intake.Receipts) (done func(), err error) {
	if in == nil {
		return func() {}, nil
	}
	w, err := intake.NewWriter(ctx, intake.WriterOptions{Conn: d.conn, Zone: d.zone, UserKey: userKey, Receipts: receipts, Stored: in.api.Stored})
	if err != nil {
		return nil, fmt.Errorf("intake: %w", err)
	}
	if err := in.traits.Check("accounts", w.Columns("accounts")); err != nil {
		w.Close()
		return nil, fmt.Errorf("CSKPI_SEGMENT_TRAITS: %w", err)
	}
	if err := in.users.Check("users", w.Columns("users")); err != nil {
		w.Close()
		return nil, fmt.Errorf("CSKPI_SEGMENT_USER_TRAITS: %w", err)
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
	in.closing.Do(func() { in.gate.Close(gracePeriod) })
}

// metrics are the receiver's; there are none without it.
func (in *receiver) metrics() prometheus.Gatherer {
	if in == nil {
		return prometheus.NewRegistry()
	}
	return in.registry
}
