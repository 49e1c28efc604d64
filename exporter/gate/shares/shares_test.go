package shares

import (
	"context"
	"testing"
	"time"
)

// What becomes free goes to the client that has least, not to the one that asked most.
func TestFair(t *testing.T) {
	p := New(2, 2)
	if !p.Try("greedy", 2) || p.Try("modest", 1) {
		t.Fatal("the shares are not as expected")
	}
	got := make(chan string, 3)
	for i, client := range []string{"greedy", "greedy", "modest"} {
		go func() {
			if err := p.Take(t.Context(), client, 1, time.Minute); err == nil {
				got <- client
			}
		}()
		for { // Until it waits, so that they wait in this order.
			p.mu.Lock()
			n := len(p.waiting)
			p.mu.Unlock()
			if n == i+1 {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	p.Give("greedy", 1)
	if first := <-got; first != "modest" {
		t.Errorf("%s was first", first)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Take(ctx, "gone", 1, time.Minute); err == nil {
		t.Error("a client that has gone was served")
	}
	p.Give("greedy", 1)
	p.Give("modest", 1)
	<-got
	<-got
	p.Give("greedy", 2)
	if p.used != 0 || len(p.by) > 0 || len(p.waiting) > 0 {
		t.Errorf("left: %d used, %v, %d waiting", p.used, p.by, len(p.waiting))
	}
}
