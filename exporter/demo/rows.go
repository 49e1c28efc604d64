package demo

import (
	"io"
	"strconv"
	"time"
	"unicode/utf8"
)

// rows writes NDJSON by appending to one buffer. The first error of the writer is kept, and nothing is written
// after it.
type rows struct {
	w     io.Writer
	b     []byte
	err   error
	stamp instants
}

const flushAt = 256 << 10

func newRows(w io.Writer) *rows {
	return &rows{w: w, b: make([]byte, 0, flushAt+flushAt/4)}
}

func (r *rows) flush() error {
	if r.err == nil && len(r.b) > 0 {
		_, r.err = r.w.Write(r.b)
	}
	r.b = r.b[:0]
	return r.err
}

func (r *rows) key(column string) {
	if n := len(r.b); n == 0 || r.b[n-1] == '\n' {
		r.b = append(r.b, '{', '"')
	} else {
		r.b = append(r.b, ',', '"')
	}
	r.b = append(r.b, column...)
	r.b = append(r.b, '"', ':')
}

func (r *rows) text(column, value string) {
	r.key(column)
	r.b = appendQuoted(r.b, value)
}

func (r *rows) number(column string, n int) {
	r.key(column)
	r.b = strconv.AppendInt(r.b, int64(n), 10)
}

func (r *rows) decimal(column string, x float64, digits int) {
	r.key(column)
	r.b = strconv.AppendFloat(r.b, x, 'f', digits, 64)
}

// amount writes hundredths of the major unit without passing through a float.
func (r *rows) amount(column string, cents int64) {
	r.key(column)
	r.b = strconv.AppendInt(r.b, cents/100, 10)
	if rest := cents % 100; rest != 0 {
		r.b = append(r.b, '.', byte('0'+rest/10), byte('0'+rest%10))
	}
}

func (r *rows) truth(column string, b bool) {
	r.key(column)
	r.b = strconv.AppendBool(r.b, b)
}

func (r *rows) null(column string) {
	r.key(column)
	r.b = append(r.b, "null"...)
}

// day writes a date; never is null.
func (r *rows) day(column string, d day) {
	if d == never {
		r.null(column)
		return
	}
	r.key(column)
	r.b = append(r.b, '"')
	r.b = d.time().AppendFormat(r.b, time.DateOnly)
	r.b = append(r.b, '"')
}

// instant writes Unix milliseconds; 0 is null.
func (r *rows) instant(column string, ms int64) {
	if ms == 0 {
		r.null(column)
		return
	}
	r.key(column)
	r.b = append(r.b, '"')
	r.b = r.stamp.append(r.b, ms)
	r.b = append(r.b, '"')
}

// end closes the row with the columns that all tables share.
func (r *rows) end(updated int64) {
	r.b = append(r.b, `,"source":"demo"`...)
	r.instant("updated_at", updated)
	r.b = append(r.b, '}', '\n')
	if len(r.b) >= flushAt {
		_ = r.flush() // Kept in r.err, which the loops over accounts look at.
	}
}

// instants formats instants as RFC 3339 in UTC with milliseconds, keeping the text of the last date: consecutive
// instants mostly share it.
type instants struct {
	day  int64
	date []byte
}

func (f *instants) append(b []byte, ms int64) []byte {
	d := ms / 86_400_000
	if f.date == nil || d != f.day {
		f.day = d
		f.date = append(day(d).time().AppendFormat(f.date[:0], time.DateOnly), 'T')
	}
	b = append(b, f.date...)
	t := int(ms - d*86_400_000)
	milli, second, minute, hour := t%1000, t/1000%60, t/60_000%60, t/3_600_000
	return append(b,
		byte('0'+hour/10), byte('0'+hour%10), ':',
		byte('0'+minute/10), byte('0'+minute%10), ':',
		byte('0'+second/10), byte('0'+second%10), '.',
		byte('0'+milli/100), byte('0'+milli/10%10), byte('0'+milli%10), 'Z')
}

func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			b = append(b, c) // Names are UTF-8 already.
		}
	}
	return append(b, '"')
}
