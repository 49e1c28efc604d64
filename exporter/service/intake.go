package service

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"cskpi/exporter/gate"
	"cskpi/exporter/intake"
	"cskpi/exporter/intake/api"
)

const (
	intakeBody    = 30 * time.Second // for the body of a request to arrive
	intakeStoring = 30 * time.Second // for the database to take it
	intakeClients = 2048             // connections, and requests under way
)

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
func (s *Service) newReceiver(ctx context.Context) (*receiver, error) {
	address := s.Config.IntakeAddress()
	if address == "" {
		return nil, nil
	}
	in := &receiver{registry: prometheus.NewRegistry()}
	o := api.Options{Registry: in.registry, Log: s.Log, Patience: intakeBody, Timeout: intakeStoring}
	tokens, err := s.Config.IntakeTokens, error(nil)
	if tokens == "" {
		if tokens, err = s.Config.OwnTokens(); err != nil && s.Config.ClickhouseURL != "" && s.Config.IntakeListen == "" {
			s.Log.Warn("intake over HTTP is off: a token for it cannot be stored in CSKPI_DATA_DIR; set CSKPI_INTAKE_TOKENS, or CSKPI_INTAKE_LISTEN=off if this is intended", "err", err)
			return nil, nil
		} else if err != nil {
			return nil, fmt.Errorf("make a token for the intake in CSKPI_DATA_DIR: %w", err)
		}
	}
	if o.Tokens, err = api.OpenTokens(tokens, s.Log); err != nil {
		return nil, fmt.Errorf("tokens of the intake: %w", err)
	}
	o.Foreign.Pages, o.Foreign.TypePrefix = s.Config.SegmentPages, s.Config.EventsPrefix
	if s.Config.SegmentTraits != "" {
		if o.Foreign.Traits, err = api.ParseTraits(s.Config.SegmentTraits); err != nil {
			return nil, fmt.Errorf("CSKPI_SEGMENT_TRAITS: %w", err)
		}
	}
	if s.Config.UserTraits != "" {
		if o.Foreign.Users, err = api.ParseTraits(s.Config.UserTraits); err != nil {
			return nil, fmt.Errorf("CSKPI_SEGMENT_USER_TRAITS: %w", err)
		}
	}
	in.traits, in.users = o.Foreign.Traits, o.Foreign.Users
	if in.api, err = api.New(o); err != nil {
		return nil, err
	}
	in.gate, err = gate.Open(ctx, gate.Options{
		Name: "intake", Address: address, WebConfig: s.Config.IntakeWebConfig, Access: gate.Tokens,
		Names:  gate.Names{Address: "CSKPI_INTAKE_LISTEN", WebConfig: "CSKPI_INTAKE_WEB_CONFIG_FILE"},
		Refuse: in.api.Refuse,
		// How many requests there may be, the handler decides: it knows whose token they bear.
		Limits: gate.Limits{Body: intakeBody, Response: intakeStoring + 10*time.Second, Idle: 2 * time.Minute, Connections: intakeClients, ConnectionsEach: intakeClients / 2, Requests: intakeClients},
		Log:    s.Log,
	})
	if err != nil {
		return nil, err
	}
	in.gate.Handle(in.api.Handler())
	s.Log.Info("facts are taken from callers with tokens", "url", in.gate.URL(), "tokens", o.Tokens.Len(), "file", tokens)
	return in, nil
}

// open begins to store what is taken. The caller must call done before it closes the database.
func (in *receiver) open(ctx context.Context, d *Database, userKey []byte, receipts *intake.Receipts) (done func(), err error) {
	if in == nil {
		return func() {}, nil
	}
	w, err := intake.NewWriter(ctx, intake.WriterOptions{Conn: d.Conn, Zone: d.Zone, UserKey: userKey, Receipts: receipts, Stored: in.api.Stored})
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
	in.closing.Do(func() { in.gate.Close(GracePeriod) })
}

// metrics are the receiver's; there are none without it.
func (in *receiver) metrics() prometheus.Gatherer {
	if in == nil {
		return prometheus.NewRegistry()
	}
	return in.registry
}
