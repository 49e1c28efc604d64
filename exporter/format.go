package exporter

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"cskpi/queries"
)

// unit is how people read a column. Names say it, as everywhere in Prometheus; only money has no suffix of its own.
type unit int

const (
	plainNumber unit = iota
	percent
	money
	duration
	instant
)

func unitOf(c queries.Column) unit {
	words := strings.Split(c.Name, "_")
	switch {
	case strings.HasSuffix(c.Name, "timestamp_seconds"):
		return instant
	case strings.HasSuffix(c.Name, "seconds"), c.Kind == queries.Histogram && slices.Contains(words, "duration"):
		return duration
	case slices.Contains(words, "ratio"):
		return percent
	case slices.ContainsFunc(words, func(w string) bool { return w == "arr" || w == "mrr" || w == "amount" }),
		strings.Contains(c.Help, "reporting currency"):
		return money
	}
	return plainNumber
}

// format writes one value; zone is for instants, currency for money.
func (u unit) format(v float64, zone *time.Location, currency string) string {
	switch u {
	case percent:
		digits := 1
		if a := math.Abs(v); a > 0 && a < 0.01 {
			digits = 2
		}
		return signed(group(math.Abs(v)*100, digits), v) + "%"
	case money:
		digits := 0
		if a := math.Abs(v); 0.005 <= a && a < 100 && v != math.Trunc(v) {
			digits = 2
		}
		symbol, ok := map[string]string{"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}[currency]
		if !ok {
			symbol = currency + "\u00a0"
		}
		return signed(symbol+group(math.Abs(v), digits), v)
	case duration:
		// Beyond the range of time.Duration there is nothing to read in a human way.
		if math.Abs(v) > 1e9 {
			return signed(group(math.Abs(v), 0), v) + "\u00a0s"
		}
		return signed(human(time.Duration(math.Abs(v)*float64(time.Second))), v)
	case instant:
		if math.Abs(v) > 1e11 { // beyond the year 5000: no instant of ours
			return group(v, 0)
		}
		return time.UnixMilli(int64(v * 1e3)).In(zone).Format("2006-01-02 15:04")
	}
	digits := 0
	if v != math.Trunc(v) {
		digits = 2
	}
	return signed(group(math.Abs(v), digits), v)
}

// signed puts a true minus sign before text if v is negative, unless all of its digits are zero.
func signed(text string, v float64) string {
	if v < 0 && strings.ContainsAny(text, "123456789") {
		return "\u2212" + text
	}
	return text
}

// group writes v with digits decimals and thousands separators.
func group(v float64, digits int) string {
	if math.Abs(v) >= 1e15 {
		return strconv.FormatFloat(v, 'g', 6, 64)
	}
	s := strconv.FormatFloat(v, 'f', digits, 64)
	whole, fraction, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		return whole + "." + fraction
	}
	return whole
}

// human writes a duration in its largest unit, with one decimal where that says more.
func human(d time.Duration) string {
	const day = 24 * time.Hour
	for _, u := range []struct {
		of   time.Duration
		name string
	}{{365 * day, "year"}, {day, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if d < u.of {
			continue
		}
		n := math.Round(float64(d)/float64(u.of)*10) / 10
		if n >= 10 || u.of < time.Hour {
			n = math.Round(n)
		}
		s := strconv.FormatFloat(n, 'f', -1, 64) + " " + u.name
		if n != 1 {
			s += "s"
		}
		return s
	}
	if d == 0 {
		return "0 seconds"
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

// ago writes how long something has been.
func ago(d time.Duration) string {
	if d < time.Second {
		return "just now"
	}
	return human(d) + " ago"
}

// heading turns a column's name into words; what the format already says is left out.
func heading(name string) string {
	name = strings.TrimSuffix(strings.TrimSuffix(name, "_seconds"), "_timestamp")
	words := strings.Split(name, "_")
	for i, w := range words {
		switch w {
		case "arr", "mrr", "nrr", "grr", "csm", "nps", "csat", "roi", "kpi", "dau", "wau", "mau":
			words[i] = strings.ToUpper(w)
		}
	}
	return strings.Join(words, " ")
}

// natural compares texts as people sort them: numbers in them by value, so that 3m comes before 12m.
func natural(a, b string) int {
	for a != "" && b != "" {
		na, nb := digits(a), digits(b)
		if na > 0 && nb > 0 {
			da, db := strings.TrimLeft(a[:na], "0"), strings.TrimLeft(b[:nb], "0")
			if c := cmp.Or(cmp.Compare(len(da), len(db)), cmp.Compare(da, db)); c != 0 {
				return c
			}
			a, b = a[na:], b[nb:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}
