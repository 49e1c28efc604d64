package gate

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// shares divides a number of something among clients. Nobody has more than each, and when something becomes free, it
// goes to the waiting client that has the least.
type shares struct {
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

func newShares(total, each int64) *shares {
	return &shares{total: total, each: each, by: map[string]int64{}}
}

var errBusy = errors.New("busy")

// try takes n if they are free and nobody who waits comes first.
func (s *shares) try(client string, n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.fits(client, n) {
		return false
	}
	s.grant(client, n)
	return true
}

// take waits for n.
func (s *shares) take(ctx context.Context, client string, n int64, patience time.Duration) error {
	if s.try(client, n) {
		return nil
	}
	w := &waiter{client: client, n: n, ready: make(chan struct{})}
	s.mu.Lock()
	s.waiting = append(s.waiting, w)
	s.wake() // Something may have become free in between.
	s.mu.Unlock()
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
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.waiting, w)
	if i < 0 {
		return nil // It was granted in the last moment.
	}
	s.waiting = slices.Delete(s.waiting, i, i+1)
	return err
}

// give returns n.
func (s *shares) give(client string, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used -= n
	if s.by[client] -= n; s.by[client] == 0 {
		delete(s.by, client)
	}
	s.wake()
}

func (s *shares) fits(client string, n int64) bool {
	return s.used+n <= s.total && s.by[client]+n <= s.each
}

func (s *shares) grant(client string, n int64) {
	s.used += n
	s.by[client] += n
}

func (s *shares) wake() {
	for {
		next := -1
		for i, w := range s.waiting {
			if s.fits(w.client, w.n) && (next < 0 || s.by[w.client] < s.by[s.waiting[next].client]) {
				next = i
			}
		}
		if next < 0 {
			return
		}
		w := s.waiting[next]
		s.waiting = slices.Delete(s.waiting, next, next+1)
		s.grant(w.client, w.n)
		close(w.ready)
	}
}
