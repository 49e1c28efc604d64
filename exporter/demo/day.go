package demo

import "time"

// day counts days since 1970-01-01; never stands for no day.
type day int32

const never day = 0

func dayOf(t time.Time) day { return civil(t.Date()) }

func civil(year int, month time.Month, dayOfMonth int) day {
	return day(time.Date(year, month, dayOfMonth, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func (d day) time() time.Time       { return time.Unix(int64(d)*86400, 0).UTC() }
func (d day) weekday() time.Weekday { return time.Weekday((int(d) + 4) % 7) } // 1970-01-01 was a Thursday.
func (d day) String() string        { return d.time().Format(time.DateOnly) }

// addMonths clamps to the end of the month, as contracts do: 31 January plus one month is 28 February.
func (d day) addMonths(n int) day {
	year, month, dom := d.time().Date()
	lastDay := time.Date(year, month+time.Month(n)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return civil(year, month+time.Month(n), min(dom, lastDay))
}

// calendar knows when the days of a zone begin.
type calendar struct {
	from     day
	midnight []int64 // Unix milliseconds.
}

func newCalendar(zone *time.Location, from, to day) calendar {
	c := calendar{from: from, midnight: make([]int64, 0, to-from+1)}
	for d := from; d <= to; d++ {
		y, m, dom := d.time().Date()
		c.midnight = append(c.midnight, time.Date(y, m, dom, 0, 0, 0, 0, zone).UnixMilli())
	}
	return c
}

// at is the instant, in Unix milliseconds, so many seconds into the day; it never leaves the day.
func (c calendar) at(d day, seconds int) int64 {
	i := int(d - c.from)
	return min(c.midnight[i]+int64(seconds)*1000, c.midnight[i+1]-1)
}
