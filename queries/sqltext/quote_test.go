package sqltext_test

import (
	"testing"
	"time"

	"cskpi/queries/sqltext"
)

func TestQuote(t *testing.T) {
	day := time.Date(2024, 2, 29, 23, 30, 0, 5_000_000, time.UTC)
	for _, tt := range []struct{ got, want string }{
		{sqltext.Quote("it's \\ \x00"), `'it\'s \\ \0'`},
		{sqltext.Quotes(nil), ""},
		{sqltext.Array([]string{"a", "b'"}), `['a', 'b\'']`},
		{sqltext.Tuple("a", ""), "('a', '')"},
		{sqltext.Names([]string{"a", "`\\"}), "`a`, `\\`\\\\`"},
		{sqltext.Days([]time.Time{day, day}), "toDate('2024-02-29'), toDate('2024-02-29')"},
		{sqltext.DayArray([]time.Time{day, time.Unix(-1e9, 0), time.Unix(0, 0).UTC()}), "cast([19782,0], 'Array(Date)')"},
		{sqltext.Instant(day.In(time.FixedZone("", 3600))), "toDateTime64('2024-02-29 23:30:00.005', 3, 'UTC')"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %s, want %s", tt.got, tt.want)
		}
	}
}
