package gate

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// connections is a listener that bounds how many connections there are, in total and from an address. When an address
// has all that it may have, a new connection takes the place of the one that has waited longest for a request to
// arrive. So slow senders and idle connections make room for a client that has something to say, whoever else is there.
type connections struct {
	net.Listener
	total, each int

	mu   sync.Mutex
	all  map[*connection]struct{}
	from map[string]int
}

type connection struct {
	net.Conn
	of      *connections
	address string
	busy    int       // requests that have arrived as a whole and are not answered yet
	since   time.Time // that it has not been busy
}

func newConnections(l net.Listener, total, each int) *connections {
	return &connections{Listener: l, total: total, each: each, all: map[*connection]struct{}{}, from: map[string]int{}}
}

// Accept implements net.Listener.
func (l *connections) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if admitted, ok := l.admit(c); ok {
			return admitted, nil
		}
		c.Close()
	}
}

func (l *connections) admit(c net.Conn) (*connection, bool) {
	address := addressOf(c.RemoteAddr().String())
	l.mu.Lock()
	defer l.mu.Unlock()
	crowded := ""
	switch {
	case l.from[address] >= l.each:
		crowded = address
	case len(l.all) >= l.total:
		for a, n := range l.from {
			if crowded == "" || n > l.from[crowded] {
				crowded = a
			}
		}
	}
	if crowded != "" {
		var last *connection
		for other := range l.all {
			if other.address == crowded && other.busy == 0 && (last == nil || other.since.Before(last.since)) {
				last = other
			}
		}
		if last == nil {
			return nil, false
		}
		l.forget(last)
		_ = last.Conn.Close() // The client has gone, or will notice.
	}
	admitted := &connection{Conn: c, of: l, address: address, since: time.Now()}
	l.all[admitted] = struct{}{}
	l.from[address]++
	return admitted, true
}

// forget removes a connection, if it is still there.
func (l *connections) forget(c *connection) {
	if _, ok := l.all[c]; !ok {
		return
	}
	delete(l.all, c)
	if l.from[c.address]--; l.from[c.address] == 0 {
		delete(l.from, c.address)
	}
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.of.mu.Lock()
	c.of.forget(c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// arrived marks a request that is here as a whole; the connection stays until it is answered.
func (c *connection) arrived() (answered func()) {
	if c == nil {
		return func() {}
	}
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	c.busy++
	return func() {
		c.of.mu.Lock()
		defer c.of.mu.Unlock()
		c.busy--
		c.since = time.Now()
	}
}

type connectionKey struct{}

// withConnection is a http.Server's ConnContext.
func withConnection(ctx context.Context, c net.Conn) context.Context {
	if encrypted, ok := c.(*tls.Conn); ok {
		c = encrypted.NetConn()
	}
	return context.WithValue(ctx, connectionKey{}, c)
}

func connectionOf(r *http.Request) *connection {
	c, _ := r.Context().Value(connectionKey{}).(*connection)
	return c
}

// addressOf is who a connection comes from: an IPv4 address, or the network that an IPv6 host has to itself.
func addressOf(remote string) string {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	ip := at.Addr().Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	network, err := ip.Prefix(64)
	if err != nil {
		return ip.String()
	}
	return network.String()
}
