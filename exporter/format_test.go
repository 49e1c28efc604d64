package exporter

import (
	"math"
	"slices"
	"testing"
	"time"

	"cskpi/queries"
)

func TestFormat(t *testing.T) {
	f := func(c queries.Column, v float64, currency, want string) {
		t.Helper()
		if got := unitOf(c).format(v, time.UTC, currency); got != want {
			t.Errorf("%s %v: %q, want %q", c.Name, v, got, want)
		}
	}
	named := func(name string) queries.Column { return queries.Column{Name: name, Kind: queries.Gauge} }
	f(named("ratio"), 1.0425, "USD", "104.2%")
	f(named("ratio_lower"), 0.0029, "USD", "0.29%")
	f(named("arr_growth_ratio"), -0.125, "USD", "−12.5%")
	f(named("ratio"), math.Copysign(0, -1), "USD", "0.0%")
	f(named("opening_arr"), 1234567.89, "USD", "$1,234,568")
	f(named("amount"), -999.5, "CHF", "−CHF\u00a01,000")
	f(named("amount"), 12.5, "EUR", "€12.50")
	f(named("amount"), 0, "GBP", "£0")
	f(named("amount"), -1e-9, "JPY", "¥0")
	f(queries.Column{Name: "residual", Kind: queries.Gauge, Help: "In the reporting currency."}, 5, "USD", "$5")
	f(named("accounts"), 1234, "USD", "1,234")
	f(named("score"), -33.333, "USD", "−33.33")
	f(named("score"), 123456, "USD", "123,456")
	f(named("score"), 1e18, "USD", "1e+18")
	f(named("p50_seconds"), 0, "USD", "0 seconds")
	f(named("p50_seconds"), 0.25, "USD", "250 ms")
	f(named("p50_seconds"), 90, "USD", "2 minutes")
	f(named("p50_seconds"), 5400, "USD", "1.5 hours")
	f(named("p50_seconds"), 86400, "USD", "1 day")
	f(named("renewal_seconds"), -40*86400, "USD", "−40 days")
	f(named("p50_seconds"), 2*365*86400, "USD", "2 years")
	f(named("p50_seconds"), 1e12, "USD", "1,000,000,000,000\u00a0s")
	f(queries.Column{Name: "duration", Kind: queries.Histogram}, 7200, "USD", "2 hours")
	f(named("latest_timestamp_seconds"), 1774958400, "USD", "2026-03-31 12:00")
	f(named("latest_timestamp_seconds"), 1e300, "USD", "1e+300")
}

func TestNaturalOrder(t *testing.T) {
	want := []string{"", "0-30d", "1m", "3m", "12m", "31-60d", "2025-Q4", "2026-Q1", "FY9", "FY26", "high", "high 2", "high 10"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, natural)
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestJudge(t *testing.T) {
	none := math.NaN()
	for _, c := range []struct {
		value float64
		target
		want string
	}{
		{1.2, target{1.1, 1.05, 1}, "met"},
		{1.1, target{1.1, 1.05, 1}, "met"},
		{1.07, target{1.1, 1.05, 1}, "missed"},
		{1.05, target{1.1, 1.05, 1}, "warning"},
		{0.9, target{1.1, 1.05, 1}, "critical"},
		{0.04, target{0.05, 0.1, 0.15}, "met"}, // less is better
		{0.07, target{0.05, 0.1, 0.15}, "missed"},
		{0.12, target{0.05, 0.1, 0.15}, "warning"},
		{0.2, target{0.05, 0.1, 0.15}, "critical"},
		{0.9, target{1.1, none, 1}, "critical"},
		{1.01, target{1.1, none, 1}, "missed"},
		{0.9, target{1.1, 1, none}, "warning"},
		{0.9, target{1.1, none, none}, ""}, // which side is good is not known
	} {
		if got, _ := c.judge(c.value); got != c.want {
			t.Errorf("%v against %v is %q, want %q", c.value, c.target, got, c.want)
		}
	}
}
