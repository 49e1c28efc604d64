package main

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"cskpi/exporter/intake"
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
