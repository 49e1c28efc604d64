package api

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// arrivals are the requests whose body is still arriving. They hold the bytes that have arrived, and nothing else that
// others could wait for. If there are too many of them, a slow one is cut off in favour of the new one.
type arrivals struct {
	size, share int           // most of them, of all callers and of one
	slow        time.Duration // after which a body may be cut off

	mu  sync.Mutex
	all []*arrival // oldest first
	by  map[string]int
}

// arrival is one request whose body is arriving.
type arrival struct {
	caller string
	began  time.Time
	cut    func() // makes reading the body fail
	late   bool   // it was cut off
}

func newArrivals(size, share int, slow time.Duration) *arrivals {
	return &arrivals{size: size, share: share, slow: slow, by: map[string]int{}}
}

// begin adds a request; nil if there are too many and none of them is slow.
func (a *arrivals) begin(caller string, cut func()) *arrival {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.by[caller] >= a.share && !a.cutOff(caller) {
		return nil
	}
	if len(a.all) >= a.size && !a.cutOff(a.largest()) {
		return nil
	}
	x := &arrival{caller: caller, began: time.Now(), cut: cut}
	a.all = append(a.all, x)
	a.by[caller]++
	return x
}

// end removes a request. It tells whether the request was cut off; after it returns, the request no longer is.
func (a *arrivals) end(x *arrival) (late bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.remove(x)
	return x.late
}

// makeRoom cuts off the slowest request of a caller, if it has one that is slow.
func (a *arrivals) makeRoom(caller string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cutOff(caller)
}

// cutOff needs mu.
func (a *arrivals) cutOff(caller string) bool {
	at := slices.IndexFunc(a.all, func(x *arrival) bool { return x.caller == caller })
	if at < 0 || time.Since(a.all[at].began) < a.slow {
		return false
	}
	x := a.all[at]
	x.late = true
	x.cut()
	a.remove(x)
	return true
}

// largest is the caller with the most requests; it needs mu.
func (a *arrivals) largest() string {
	most := ""
	for caller, n := range a.by {
		if c := cmp.Compare(n, a.by[most]); c > 0 || c == 0 && caller < most {
			most = caller
		}
	}
	return most
}

// remove needs mu.
func (a *arrivals) remove(x *arrival) {
	at := slices.Index(a.all, x)
	if at < 0 {
		return
	}
	a.all = slices.Delete(a.all, at, at+1)
	if a.by[x.caller]--; a.by[x.caller] == 0 {
		delete(a.by, x.caller)
	}
}
