package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
)

func sampleTable() table {
	return table{
		columns: []string{"segment", "name", "ratio", "amount", "accounts", "exact", "latest_timestamp_seconds"},
		rows: [][]any{
			{"high", `Müller, "Söhne" & <Co>`, 1.0752688172043012, 1234567.5, uint64(1200), decimal.RequireFromString("-1234567.8901"), float64(1700000000)},
			{"low", "株式会社", nil, oneTenth + 0.2, int64(-3), decimal.RequireFromString("0.0001"), nil},
			{"tech", "", math.NaN(), 1e21, uint64(math.MaxUint64), decimal.RequireFromString("12345678901234567890.1234"), math.Inf(1)},
		},
	}
}

func TestWriteText(t *testing.T) {
	want := strings.TrimPrefix(`
segment  name                     ratio                         amount                    accounts                            exact  latest_timestamp_seconds
high     Müller, "Söhne" & <Co>  1.0753                   1,234,567.50                       1,200                  -1,234,567.8901      2023-11-14T22:13:20Z
low      株式会社                     -                           0.30                          -3                           0.0001                         -
tech                                NaN  1,000,000,000,000,000,000,000  18,446,744,073,709,551,615  12,345,678,901,234,567,890.1234                      +Inf
`, "\n")
	if got := written(t, sampleTable(), "table"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWriteCSV(t *testing.T) {
	want := `segment,name,ratio,amount,accounts,exact,latest_timestamp_seconds
high,"Müller, ""Söhne"" & <Co>",1.0752688172043012,1234567.5,1200,-1234567.8901,1700000000
low,株式会社,,0.30000000000000004,-3,0.0001,
tech,,NaN,1000000000000000000000,18446744073709551615,12345678901234567890.1234,+Inf
`
	if got := written(t, sampleTable(), "csv"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWriteJSON(t *testing.T) {
	want := `[
 {"segment": "high", "name": "Müller, \"Söhne\" & <Co>", "ratio": 1.0752688172043012, "amount": 1234567.5, "accounts": 1200, "exact": -1234567.8901, "latest_timestamp_seconds": 1700000000},
 {"segment": "low", "name": "株式会社", "ratio": null, "amount": 0.30000000000000004, "accounts": -3, "exact": 0.0001, "latest_timestamp_seconds": null},
 {"segment": "tech", "name": "", "ratio": null, "amount": 1e+21, "accounts": 18446744073709551615, "exact": 12345678901234567890.1234, "latest_timestamp_seconds": null}
]
`
	got := written(t, sampleTable(), "json")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	var rows []map[string]any
	if err := json.Unmarshal([]byte(got), &rows); err != nil || len(rows) != 3 {
		t.Errorf("it does not parse: %v", err)
	}
	if got := written(t, table{columns: []string{"a"}}, "json"); got != "[]\n" {
		t.Errorf("an empty result is %q, want an empty array", got)
	}
}

// oneTenth is no constant, so that it is added as a float.
var oneTenth = 0.1

func TestSame(t *testing.T) {
	tests := []struct {
		sum   string
		gauge any
		want  bool
	}{
		{"0", nil, true},
		{"0.0001", nil, false},
		{"0.3000", 0.3, true},
		{"0.3000", oneTenth + 0.2, false}, // floats that were summed
		{"12", 12.25, false},
		{"123456789012.3456", 123456789012.3456, true},
		{"123456789012.3457", 123456789012.3456, false},
		{"99999999999999.9999", 99999999999999.9999, true},
		{"99999999999999.9999", math.Nextafter(99999999999999.9999, 0), false},
		{"9999.9999", math.Nextafter(9999.9999, 0), false},
		{"99999999999999.9999", 99999999999999.9, false},
		{"12", uint64(12), true},
		{"12", int64(13), false},
		{"-5", -5.0, true},
	}
	for _, tt := range tests {
		if got := same(decimal.RequireFromString(tt.sum), tt.gauge); got != tt.want {
			t.Errorf("same(%s, %v): got %t, want %t", tt.sum, tt.gauge, got, tt.want)
		}
	}
}

func written(t *testing.T, tab table, format string) string {
	t.Helper()
	var b strings.Builder
	if err := tab.write(&b, format); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestVisible: names in the data cannot command the terminal, whatever way they get there.
func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"plain\ttext\n":                 "plain\ttext\n",
		"売上 👩‍💻 é �":                    "売上 👩‍💻 é �",
		"\x1b[2J\x1b]0;title\x07":       `\x1b[2J\x1b]0;title\a`,
		"over\rwritten\b\x7f\x00":       `over\rwritten\b\x7f\x00`,
		"one\u0085two\u009b31m":         `one\u0085two\u009b31m`,
		"\x9b31m broken \xe5":           `\x9b31m broken \xe5`,
		"acc\u202egnp.exe\u2069 \u200f": `acc\u202egnp.exe\u2069 \u200f`,
		"line\u2028end":                 `line\u2028end`,
		"売\x1b上":                        `売\x1b上`,
	} {
		if got := escaped(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		for size := 1; size < 5; size++ { // characters may come in parts
			var b strings.Builder
			v := &visible{w: &b}
			for part := range slices.Chunk([]byte(text+"."), size) {
				if n, err := v.Write(part); n != len(part) || err != nil {
					t.Fatal(n, err)
				}
			}
			if b.String() != want+"." {
				t.Errorf("%q in parts of %d: got %q, want %q", text, size, b.String(), want+".")
			}
		}
	}
	var b strings.Builder
	if err := (table{columns: []string{"account", "of"}, rows: [][]any{{"a\x1b[31m", []string{"b\u202e"}}}}).write(&b, "table"); err != nil || strings.ContainsAny(b.String(), "\x1b\u202e") {
		t.Errorf("%q, %v", b.String(), err)
	}
	b.Reset()
	if code := run(t.Context(), []string{"x\x1b[2J"}, io.Discard, &b); code != exitUsage || !strings.Contains(b.String(), "[2J") || strings.Contains(b.String(), "\x1b") {
		t.Errorf("%d, %q", code, b.String())
	}
}

// TestNoSuch: values that are there, but not together, and more values than a message lists.
func TestNoSuch(t *testing.T) {
	all := table{columns: []string{"segment", "window", "account"}}
	for i := range 30 {
		all.rows = append(all.rows, []any{[]string{"high", "low"}[i%2], []string{"1m", "12m"}[i%2], fmt.Sprintf("a%02d", i)})
	}
	for want, asked := range map[string]map[string]string{
		"nrr has today no row with segment=high and window=12m, though there is each of these": {"segment": "high", "window": "12m"},
		`nrr has today no account "x"; there are: a00, a01, `:                                  {"segment": "high", "account": "x"},
		`, a19, and 10 more`:                             {"account": "x"},
		`nrr has today no colour "red"; there are: none`: {"colour": "red"},
	} {
		if err := noSuch("nrr", "today", asked, all); !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %s", asked, err, want)
		}
	}
}
