package intake

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"
)

func TestFields(t *testing.T) {
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) int64 {
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return v.UnixMilli()
	}
	day := func(s string) int64 { return at(s+"T00:00:00Z") / dayMillis }
	const attributes = "Map(LowCardinality(String), String)"
	type test struct {
		typ    string
		text   string
		want   value
		reason string // part of it
		kind   fieldKind
		zone   *time.Location
	}
	tests := []test{
		{typ: "String", text: " as it is ", want: value{s: " as it is "}},
		{typ: "String", text: "a\x00b", reason: "NUL"},
		{typ: "String", text: "caf\xe9", reason: "UTF-8"},
		{typ: "String", text: "", reason: "is missing"},
		{typ: "String", text: "12", kind: fieldNumber, want: value{s: "12"}},
		{typ: "String", text: "true", kind: fieldBoolean, reason: "not text"},
		{typ: "String", text: "{}", kind: fieldNested, reason: "JSON object"},
		{typ: "LowCardinality(String)", text: "x'; drop table y; --", want: value{s: "x'; drop table y; --"}},
		{typ: "Enum8('' = 0, 'new' = 1, 'up sell' = -3)", text: "up sell", want: value{n: -3}},
		{typ: "Enum8('new' = 1, 'cross_sell' = 3)", text: "New", want: value{n: 1}},
		{typ: "Enum8('new' = 1, 'cross_sell' = 3)", text: " Cross-Sell ", want: value{n: 3}},
		{typ: "Enum8('new' = 1, 'upsell' = 3)", text: "news", reason: "is not one of new, upsell"},
		{typ: "Bool", text: "YES", want: value{n: 1}},
		{typ: "Bool", text: " f ", want: value{n: 0}},
		{typ: "Bool", text: "1", kind: fieldNumber, want: value{n: 1}},
		{typ: "Bool", text: "2", reason: "neither true nor false"},
		{typ: "Nullable(Bool)", text: "", want: value{null: true}},
		{typ: "Date", text: "2024-02-29", want: value{n: day("2024-02-29")}},
		{typ: "Date", text: "2023-02-29", reason: "no calendar"},
		{typ: "Date", text: "1900-02-29", reason: "no calendar"},
		{typ: "Date", text: "2000-02-29", want: value{n: day("2000-02-29")}},
		{typ: "Date", text: "1970-01-01", want: value{n: 0}},
		{typ: "Date", text: "2149-06-06", want: value{n: 65535}},
		{typ: "Date", text: "2149-06-07", reason: "1970-01-01 to 2149-06-06"},
		{typ: "Date", text: "1969-12-31", reason: "1970-01-01 to 2149-06-06"},
		{typ: "Date", text: "2024-01-01T00:00:00.000+09:00", want: value{n: day("2024-01-01")}},
		{typ: "Date", text: "2024-01-01 00:00", want: value{n: day("2024-01-01")}},
		{typ: "Date", text: "2024-01-01T00:00:01Z", reason: "not a date"},
		{typ: "Date", text: "01-02-2024", reason: "YYYY-MM-DD"},
		{typ: "Date", text: "2024/01/02", reason: "YYYY-MM-DD"},
		{typ: "Date", text: "20240102", kind: fieldNumber, reason: "not a date"},
		{typ: "Date", text: "2024-13-01", reason: "no calendar"},
		{typ: "Date", text: "2024-00-10", reason: "no calendar"},
		{typ: "DateTime64(3, 'UTC')", text: "2024-01-01T09:00:00.123456+09:00", want: value{n: at("2024-01-01T00:00:00.123Z")}},
		{typ: "DateTime64(3, 'UTC')", text: "2024-01-01T09:00:00.123456Z", zone: tokyo, want: value{n: at("2024-01-01T09:00:00.123Z")}},
		{typ: "DateTime64(3, 'UTC')", text: "2024-01-01 09:00:00", zone: tokyo, want: value{n: at("2024-01-01T00:00:00Z")}},
		{typ: "DateTime64(3, 'UTC')", text: "2024-01-01", zone: tokyo, want: value{n: at("2023-12-31T15:00:00Z")}},
		{typ: "DateTime64(3, 'UTC')", text: "2024-07-01 12:30", zone: berlin, want: value{n: at("2024-07-01T10:30:00Z")}},
		{typ: "DateTime64(3, 'UTC')", text: "2024-01-01T00:00:00-0330", want: value{n: at("2024-01-01T03:30:00Z")}},
		{typ: "DateTime64(3, 'UTC')", text: "2024-01-01 00:00:00+01", want: value{n: at("2023-12-31T23:00:00Z")}},
		{typ: "DateTime64(3, 'UTC')", text: "1969-12-31T23:59:59.999Z", want: value{n: -1}},
		{typ: "DateTime64(3, 'UTC')", text: "1704067200", kind: fieldNumber, want: value{n: 1704067200000}},
		{typ: "DateTime64(3, 'UTC')", text: "1704067200123", kind: fieldNumber, want: value{n: 1704067200123}},
		{typ: "DateTime64(3, 'UTC')", text: "1704067200.5", kind: fieldNumber, reason: "whole"},
		{typ: "DateTime64(3, 'UTC')", text: "1e300", kind: fieldNumber, reason: "whole"},
		{typ: "DateTime64(3, 'UTC')", text: "1704067200", reason: "is not a time"},
		{typ: "DateTime64(3, 'UTC')", text: "2024-01-01T24:00:00Z", reason: "is not a time"},
		{typ: "DateTime64(3, 'UTC')", text: "2024-01-01T00:00:00+25:00", reason: "is not a time"},
		{typ: "DateTime64(3, 'UTC')", text: "2024-01-01T00:00:00.Z", reason: "is not a time"},
		{typ: "DateTime64(3, 'UTC')", text: "2300-01-01T00:00:00Z", reason: "out of range"},
		{typ: "Decimal(18, 4)", text: "1200.5", want: value{n: 12005000}},
		{typ: "Decimal(18, 4)", text: "-0.0001", want: value{n: -1}},
		{typ: "Decimal(18, 4)", text: "1.20000000", want: value{n: 12000}},
		{typ: "Decimal(18, 4)", text: "1.00005", reason: "more than 4 decimal places"},
		{typ: "Decimal(18, 4)", text: "1e3", want: value{n: 10000000}},
		{typ: "Decimal(18, 4)", text: "12.5E-3", want: value{n: 125}},
		{typ: "Decimal(18, 4)", text: "99999999999999.9999", want: value{n: 999999999999999999}},
		{typ: "Decimal(18, 4)", text: "100000000000000", reason: "too large"},
		{typ: "Decimal(18, 4)", text: "1e14", reason: "too large"},
		{typ: "Decimal(18, 4)", text: "1e999999999999", reason: "not a number"},
		{typ: "Decimal(18, 4)", text: "1e-1000", reason: "decimal places"},
		{typ: "Decimal(18, 4)", text: "0e1000", want: value{}},
		{typ: "Decimal(18, 4)", text: "1,000", reason: "thousands separators"},
		{typ: "Decimal(18, 4)", text: "1.000,50", reason: "thousands separators"},
		{typ: "Decimal(18, 4)", text: "$10", reason: "not a number"},
		{typ: "Decimal(18, 4)", text: "1e", reason: "not a number"},
		{typ: "Decimal(18, 4)", text: "+-1", reason: "not a number"},
		{typ: "Decimal(18, 4)", text: ".", reason: "not a number"},
		{typ: "Decimal(18, 4)", text: "NaN", reason: "not a number"},
		{typ: "Nullable(Decimal(18, 4))", text: "5", want: value{n: 50000}},
		{typ: "Decimal(18, 4)", text: "true", kind: fieldBoolean, reason: "not a number"},
		{typ: "UInt32", text: "9.0", want: value{n: 9}},
		{typ: "UInt32", text: "9.5", reason: "not a whole number"},
		{typ: "UInt32", text: "4294967295", want: value{n: 4294967295}},
		{typ: "UInt32", text: "4294967296", reason: "0 to 4294967295"},
		{typ: "UInt8", text: "-1", reason: "0 to 255"},
		{typ: "UInt8", text: "256", reason: "0 to 255"},
		{typ: "Int8", text: "-128", want: value{n: -128}},
		{typ: "Int8", text: "128", reason: "-128 to 127"},
		{typ: "Float64", text: "1e-3", want: value{f: 0.001}},
		{typ: "Float64", text: "1e999", reason: "too large"},
		{typ: "Float64", text: "inf", reason: "not a number"},
		{typ: "Float64", text: "0x10", reason: "not a number"},
		{typ: "Float64", text: "1_0", reason: "not a number"},
		{typ: "json", text: `{ "a" : [ 1, "x y" ] }`, want: value{s: `{"a":[1,"x y"]}`}},
		{typ: "json", text: `{"a":1}`, kind: fieldNested, want: value{s: `{"a":1}`}},
		{typ: "json", text: `[1]`, kind: fieldNested, reason: "is not a JSON object"},
		{typ: "json", text: `{"a":1}}`, reason: "behind"},
		{typ: "json", text: `{"a":01}`, reason: "is not a JSON object"},
		{typ: "json", text: strings.Repeat(`{"a":`, 1000) + "1" + strings.Repeat("}", 1000), reason: "nested too deeply"},
		{typ: "json", text: "", want: value{}},
		{typ: "json", text: "12", kind: fieldNumber, reason: "is not a JSON object"},
		{typ: attributes, text: `{"plan": "pro", "rank":1.50, "b<":true, "none":null, "empty":""}`, want: value{s: `{"b\u003c":"true","plan":"pro","rank":"1.50"}`}},
		{typ: attributes, text: `{"a":"1"}`, kind: fieldNested, want: value{s: `{"a":"1"}`}},
		{typ: attributes, text: `{}`, want: value{}},
		{typ: attributes, text: "", want: value{}},
		{typ: attributes, text: `{"a":{"b":1}}`, reason: `has an object or array under "a", not a single value`},
		{typ: attributes, text: `["a"]`, kind: fieldNested, reason: "is not a JSON object"},
		{typ: attributes, text: "plan=pro", reason: "is not a JSON object"},
		{typ: attributes, text: `{"a":"\u0000"}`, reason: `has a text under "a" that contains a NUL character`},
	}
	for _, test := range tests {
		typ := test.typ
		if typ == "json" {
			typ = "String"
		}
		c, err := newColumn("c", typ)
		if err != nil {
			t.Fatal(err)
		}
		if test.typ == "json" {
			c.kind = kindJSON
		}
		c.required = !c.nullable && test.typ != "json" && test.typ != attributes
		c.fallback.null = c.nullable
		f := field{text: test.text, kind: test.kind}
		if f.kind == fieldAbsent {
			f.kind = fieldText
		}
		zone := test.zone
		if zone == nil {
			zone = time.UTC
		}
		got, reason := c.parse(f, zone)
		if test.reason == "" && (reason != "" || got != test.want) || test.reason != "" && !strings.Contains(reason, test.reason) {
			t.Errorf("%s %.60q: %+v, %q; want %+v, %q", test.typ, test.text, got, reason, test.want, test.reason)
		}
	}
}

// TestDays holds our calendar to Go's.
func TestDays(t *testing.T) {
	for day := time.Date(1899, 12, 31, 0, 0, 0, 0, time.UTC); day.Year() < 2301; day = day.AddDate(0, 0, 1) {
		c, _, ok := scanDate(day.Format(time.DateOnly))
		got, valid := c.days()
		if want := day.Unix() / (24 * 60 * 60); !ok || !valid || got != want {
			t.Fatalf("%s: day %d, want %d", day.Format(time.DateOnly), got, want)
		}
	}
}

func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"1200.5", "-0.0001", "1e3", "1.00005", "99999999999999.9999", "0e1000", "00.10e+2", "1,5", "", "-", "1e-1000", "100000000000000000000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, reason := parseDecimal(s, 18, 4)
		exact, ok := new(big.Rat).SetString(s)
		if strings.ContainsAny(s, "/_xXoObBpP") || len(s) > 40 {
			if reason == "" && len(s) <= 40 {
				t.Fatalf("%q is taken as %d", s, n)
			}
			return
		}
		if reason == "" {
			if !ok || exact.Cmp(big.NewRat(n, 10000)) != 0 {
				t.Fatalf("%q became %d/10000", s, n)
			}
			return
		}
		if ok && !strings.Contains(s, "e") && !strings.Contains(s, "E") {
			scaled := new(big.Rat).Mul(exact, big.NewRat(10000, 1))
			limit := new(big.Rat).SetInt64(1e18)
			if scaled.IsInt() && new(big.Rat).Abs(scaled).Cmp(limit) < 0 {
				t.Fatalf("%q is refused (%s), but fits", s, reason)
			}
		}
	})
}

func FuzzInstant(f *testing.F) {
	for _, s := range []string{"2024-01-01T09:00:00.123+09:00", "2024-02-29", "2024-07-01 12:30", "2024-01-01T00:00:00Z", "2024-01-01 00:00:00+01", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, reason := parseInstant(s, time.UTC)
		want, err := time.Parse(time.RFC3339Nano, s)
		if err != nil || strings.Contains(s, ",") || s[13] != ':' { // time takes an hour of one digit as well
			return // there are more ways to write a time than this one; parsing must only not panic
		}
		if _, offset := want.Zone(); offset >= 15*60*60 || offset <= -15*60*60 {
			return
		}
		if reason != "" {
			if want.UnixMilli() >= minInstant && want.UnixMilli() <= maxInstant {
				t.Fatalf("%q is refused: %s", s, reason)
			}
			return
		}
		if floor := want.Unix()*1000 + int64(want.Nanosecond()/1e6); v.n != floor {
			t.Fatalf("%q became %d, want %d", s, v.n, floor)
		}
	})
}

// FuzzRow holds our scanner to encoding/json: what it takes is valid and means the same; what it refuses is invalid, or
// refused on purpose.
func FuzzRow(f *testing.F) {
	for _, s := range []string{
		`{"a":"x","b":1.5e3,"c":true,"d":null,"e":{"f":[1,2,{}]}}`, `{}`, `{"a":"\u00e9\ud83d\ude00\n"}`, `{"a":"\ud800"}`, `{"a":01}`, `{"a":1,}`,
		`{"a":"` + "\x01" + `"}`, `{"a":tru}`, `[1]`, ` { "a" : [ ] } `, `{"a":1}x`, `{"a"`, "{\"a\":\"\xff\"}", `{"a":-}`, `{"a":1.}`, `{"a":"x\"y"}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := map[string]field{}
		twice := false
		reason := scanRow(s, func(name string, f field) string {
			_, seen := got[name]
			twice = twice || seen
			got[name] = f
			return ""
		})
		var want map[string]json.RawMessage
		err := json.Unmarshal([]byte(s), &want)
		if reason != "" {
			onPurpose := reason == "is not valid UTF-8" || strings.Contains(reason, "surrogate") || strings.Contains(reason, "deeply") || strings.TrimSpace(s) == "null"
			if err == nil && !onPurpose {
				t.Fatalf("%q is refused: %s", s, reason)
			}
			return
		}
		if err != nil {
			t.Fatalf("%q is taken, but is not JSON: %v", s, err)
		}
		if twice {
			return
		}
		if len(got) != len(want) {
			t.Fatalf("%q: %d fields, want %d", s, len(got), len(want))
		}
		for name, raw := range want {
			f := got[name]
			switch f.kind {
			case fieldText:
				var text string
				if err := json.Unmarshal(raw, &text); err != nil || text != f.text {
					t.Fatalf("%q: %s is %q, want %q (%v)", s, name, f.text, text, err)
				}
			case fieldAbsent:
				if string(raw) != "null" {
					t.Fatalf("%q: %s is null, want %s", s, name, raw)
				}
			default:
				if f.text != string(raw) {
					t.Fatalf("%q: %s is %s, want %s", s, name, f.text, raw)
				}
			}
		}
	})
}
