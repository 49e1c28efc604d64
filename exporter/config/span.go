package config

import (
	"errors"
	"fmt"
	"time"
)

// Span is a time in the past, as far as days are kept: 3y, 18m or 90d; off.
type Span struct{ years, months, days int }

// Decode reads the value of an environment variable.
func (s *Span) Decode(text string) error {
	*s = Span{}
	if text == "off" {
		return nil
	}
	var n int
	var unit string
	if _, err := fmt.Sscanf(text, "%d%s", &n, &unit); err != nil || n <= 0 || n > 40_000 {
		return errNoSpan
	}
	switch unit {
	case "y":
		s.years = n
	case "m":
		s.months = n
	case "d":
		s.days = n
	default:
		return errNoSpan
	}
	return nil
}

var errNoSpan = errors.New("write it as 3y, 18m, 90d or off")

// Off tells that nothing is to be kept.
func (s Span) Off() bool { return s == Span{} }

// Before is the first of the days that end with last. Off goes back as far as there is anything.
func (s Span) Before(last time.Time) time.Time {
	if s.Off() {
		return time.Time{}
	}
	return last.AddDate(-s.years, -s.months, -s.days+1)
}
