package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"cskpi/exporter/intake"
	"cskpi/exporter/service"
	"cskpi/exporter/store"
)

// progress is one line on a terminal that is written over; elsewhere it is silent.
type progress struct {
	w     io.Writer
	mu    sync.Mutex
	width int // what the line takes now
}

func newProgress(w io.Writer) *progress {
	if f := terminal(w); f != nil {
		return &progress{w: f}
	}
	return &progress{}
}

func (p *progress) update(at intake.Progress) {
	if p.w == nil {
		return
	}
	line := fmt.Sprintf("%s: %s rows", at.Table, thousands(fmt.Sprint(at.Rows)))
	if at.Total > 0 {
		line += fmt.Sprintf(", %d %%", 100*at.Bytes/at.Total)
	}
	if at.Rejected > 0 {
		line += fmt.Sprintf(", %s rejected", thousands(fmt.Sprint(at.Rejected)))
	}
	p.say(line)
}

// say shows a line in place of the last one.
func (p *progress) say(line string) {
	if p.w == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.w, "\r%s%s", line, strings.Repeat(" ", max(0, p.width-len(line))))
	p.width = len(line)
}

// clear takes the line away.
func (p *progress) clear() {
	if p.w != nil && p.width > 0 {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.width))
		p.width = 0
	}
}

// rollUp brings usage up to date for a command that ends, and returns how many days that took. A failure is only told: the
// command may be one that reads, by a user who may not write, while another process keeps usage up to date.
func (a *app) rollUp(ctx context.Context, d *service.Database) (days int, err error) {
	show := newProgress(a.err)
	told := make(chan struct{})
	notice := time.AfterFunc(3*time.Second, func() {
		defer close(told)
		show.say("bringing usage up to date")
	})
	err = d.Parts.RollUp(ctx, func(p store.RollUpProgress) {
		days = p.Total
		show.say(fmt.Sprintf("usage: %d of %d days", p.Days, p.Total))
	})
	if !notice.Stop() {
		<-told
	}
	show.clear()
	if ctx.Err() != nil {
		return days, ctx.Err()
	}
	if err != nil {
		fmt.Fprintf(a.err, "cskpi: warning: usage is not up to date: %v\n", store.Brief(err))
	}
	return days, nil
}
