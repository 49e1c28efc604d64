package api

import (
	"crypto/sha256"
	"net/http"
	"testing"

	"cskpi/exporter/engine/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// anyone is a token that may do everything.
const anyone = "cskpi_anyone"

// newServer is a Server that knows anyone, unless the options have tokens of their own.
func newServer(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Tokens == nil {
		o.Tokens = &Tokens{tokens: []*Token{{Name: "anyone", Tables: []string{"*"}, Read: true, Write: true, Erase: true, hash: sha256.Sum256([]byte(anyone))}}}
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// authorize gives a request the token of anyone if it has none.
func authorize(r *http.Request) {
	if _, given := r.Header["Authorization"]; !given {
		r.Header.Set("Authorization", "Bearer "+anyone)
	}
}

// idle reports whether the server holds nothing for any request.
func idle(s *Server) bool {
	return s.memory.Used() == 0 && s.unknown.Used() == 0 && s.slots.Used() == 0 && len(s.arriving.all) == 0 && len(s.unpacking) == 0 &&
		len(s.arriving.by) == 0 && s.underWay.Load() == 0
}
