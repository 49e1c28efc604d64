// Package shares divides a limited amount among clients.
package shares

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// Pool divides an amount of something among clients: bytes of memory, or requests under way. Nobody has more than each,
// so that a single client, however it behaves, leaves room for the others. When something becomes free, it goes to the
// waiting client that has the least.
type Pool struct {
	total, each int64

	mu      sync.Mutex
	used    int64
	by      map[string]int64
	waiting []*waiter // in the order in which they came
}

type waiter struct {
	client string
	n      int64
	ready  chan struct{}
}

// New returns a total of which each client gets at most each.
func New(total, each int64) *Pool {
	return &Pool{total: total, each: each, by: map[string]int64{}}
}

var errBusy = errors.New("busy")

// Try takes n if they are free and nobody who waits comes first.
func (p *Pool) Try(client string, n int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.fits(client, n) {
		return false
	}
	p.grant(client, n)
	return true
}

// Take waits for n, at most as long as patience, and then fails.
func (p *Pool) Take(ctx context.Context, client string, n int64, patience time.Duration) error {
	if p.Try(client, n) {
		return nil
	}
	w := &waiter{client: client, n: n, ready: make(chan struct{})}
	p.mu.Lock()
	p.waiting = append(p.waiting, w)
	p.wake() // Something may have become free in between.
	p.mu.Unlock()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	err := errBusy
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.waiting, w)
	if i < 0 {
		return nil // It was granted in the last moment.
	}
	p.waiting = slices.Delete(p.waiting, i, i+1)
	return err
}

// Give returns n.
func (p *Pool) Give(client string, n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used -= n
	if p.by[client] -= n; p.by[client] == 0 {
		delete(p.by, client)
	}
	p.wake()
}

// Used is how much clients have.
func (p *Pool) Used() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.used
}

func (p *Pool) fits(client string, n int64) bool {
	return p.used+n <= p.total && p.by[client]+n <= p.each
}

func (p *Pool) grant(client string, n int64) {
	p.used += n
	p.by[client] += n
}

func (p *Pool) wake() {
	for {
		next := -1
		for i, w := range p.waiting {
			if p.fits(w.client, w.n) && (next < 0 || p.by[w.client] < p.by[p.waiting[next].client]) {
				next = i
			}
		}
		if next < 0 {
			return
		}
		w := p.waiting[next]
		p.waiting = slices.Delete(p.waiting, next, next+1)
		p.grant(w.client, w.n)
		close(w.ready)
	}
}
