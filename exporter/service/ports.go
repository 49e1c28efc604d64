package service

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"cskpi/exporter/engine"
	"cskpi/exporter/gate"
)

const (
	readerQueries = 16               // of all readers at a time
	readerBody    = 1 << 20          // bytes of a reader's query
	readerTime    = 10 * time.Minute // for a query to be answered to the last byte
)

// Ports are where people read.
type Ports struct {
	Metrics *gate.Gate
	Readers *gate.Gate // of the local engine; nil if it is not ours
}

// openMetrics listens for scrapes, and for people who look at the landing page.
func (s *Service) openMetrics(ctx context.Context) (*gate.Gate, error) {
	access := gate.Local
	if len(s.Config.ListenPublic) > 0 {
		access = gate.Public
	}
	return gate.Open(ctx, gate.Options{
		Name:    "metrics",
		Address: s.Config.Listen, WebConfig: s.Config.WebConfigFile, Access: access, Hosts: s.Config.ListenPublic,
		Names:  gate.Names{Address: "CSKPI_LISTEN", WebConfig: "CSKPI_WEB_CONFIG_FILE", Public: "CSKPI_LISTEN_PUBLIC"},
		Pages:  true,
		Limits: gate.Limits{Requests: 64},
		Log:    s.Log,
	})
}

// OpenReaders listens for readers of the local engine. The port answers once it has the engine's handler.
func (s *Service) OpenReaders(ctx context.Context) (*gate.Gate, error) {
	if most := engine.MostConfinement(); most < s.Config.Confinement && !gate.IsLoopback(s.Config.EngineListen) {
		return nil, fmt.Errorf("CSKPI_ENGINE_LISTEN: %s is open to other machines, and this kernel can confine the engine to %q only, where CSKPI_ENGINE_CONFINEMENT asks for %q; listen on a loopback address, or set CSKPI_ENGINE_CONFINEMENT=%s to accept it",
			s.Config.EngineListen, most, s.Config.Confinement, most)
	}
	access := gate.LocalOrEncrypted
	if s.Config.EngineNeedsUser {
		access = gate.Users
	}
	g, err := gate.Open(ctx, gate.Options{
		Name:    "engine",
		Address: s.Config.EngineListen, WebConfig: s.Config.EngineWebConfig, Access: access,
		Names:       gate.Names{Address: "CSKPI_ENGINE_LISTEN", WebConfig: "CSKPI_ENGINE_WEB_CONFIG_FILE"},
		Credentials: engine.TakeCredentials, Refuse: engine.Refuse,
		WholeBodies: readerBody,
		Limits:      gate.Limits{HeaderBytes: readerBody, Requests: readerQueries, Wait: 30 * time.Second, Response: readerTime},
		Log:         s.Log,
	})
	if err != nil {
		return nil, err
	}
	for _, user := range s.Config.EngineKPIUsers {
		if !g.Has(user) {
			g.Close(0)
			return nil, fmt.Errorf("CSKPI_ENGINE_KPI_USERS: CSKPI_ENGINE_WEB_CONFIG_FILE has no user %q under basic_auth_users", user)
		}
	}
	return g, nil
}

// ReaderHandler answers readers from e.
func (s *Service) ReaderHandler(e *engine.Engine) http.Handler {
	return e.Handler(engine.HandlerOptions{
		KPIOnly: func(r *http.Request) bool { return slices.Contains(s.Config.EngineKPIUsers, gate.User(r)) },
		Log:     s.Log,
	})
}
