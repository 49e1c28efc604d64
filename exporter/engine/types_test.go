//go:build linux && !server

package engine_test

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"cskpi/exporter/engine/enginetest"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
)

// typeCase is a type and values of it as clickhouse-go gives them back.
type typeCase struct {
	name   string
	values []any
}

func power(n uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), n) }

func signed(bits uint) []any {
	high := new(big.Int).Sub(power(bits-1), big.NewInt(1))
	return []any{*big.NewInt(0), *big.NewInt(-1), *high, *new(big.Int).Neg(power(bits - 1))}
}

func unsigned(bits uint) []any {
	return []any{*big.NewInt(0), *big.NewInt(1), *new(big.Int).Sub(power(bits), big.NewInt(1))}
}

func typeCases(t *testing.T) []typeCase {
	t.Helper()
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	binary := strings.Repeat(string(all)+"\n__exception__\r\n", 50)
	d := decimal.RequireFromString
	random := rand.New(rand.NewPCG(1, 2))
	var ints, floats, texts []any
	for range 500 {
		ints = append(ints, int64(random.Uint64()))
		floats = append(floats, math.Float64frombits(random.Uint64()&^(0x7ff<<52)|uint64(random.IntN(2046))<<52))
		b := make([]byte, random.IntN(300))
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		texts = append(texts, string(b))
	}
	return []typeCase{
		{"Int8", []any{int8(math.MinInt8), int8(0), int8(math.MaxInt8)}},
		{"Int16", []any{int16(math.MinInt16), int16(math.MaxInt16)}},
		{"Int32", []any{int32(math.MinInt32), int32(math.MaxInt32)}},
		{"Int64", append(ints, int64(math.MinInt64), int64(math.MaxInt64))},
		{"Int128", signed(128)}, {"Int256", signed(256)},
		{"UInt8", []any{uint8(0), uint8(10), uint8(math.MaxUint8)}},
		{"UInt16", []any{uint16(0), uint16(math.MaxUint16)}},
		{"UInt32", []any{uint32(0), uint32(math.MaxUint32)}},
		{"UInt64", []any{uint64(0), uint64(math.MaxUint64)}},
		{"UInt128", unsigned(128)}, {"UInt256", unsigned(256)},
		{"Float32", []any{float32(0), float32(math.SmallestNonzeroFloat32), float32(-math.MaxFloat32), float32(math.Inf(-1))}},
		{"Float64", append(floats, math.SmallestNonzeroFloat64, -math.MaxFloat64, math.Inf(1), math.Copysign(0, -1), math.NaN())},
		{"Decimal(9, 4)", []any{d("-99999.9999"), d("0.0001")}},
		{"Decimal(18, 4)", []any{d("-99999999999999.9999"), d("0"), d("1234.5678")}},
		{"Decimal(38, 10)", []any{d("9999999999999999999999999999.9999999999")}},
		{"Decimal(76, 30)", []any{d("-1234567890123456789012345678901234567890123456.123456789012345678901234567890")}},
		{"String", append(texts, "", "\n", "\x00", "a\nb\r\n\t\\'\"", binary, "日本語", strings.Repeat("x", 3<<20))},
		{"FixedString(3)", []any{"abc", "\n\x00\n", "日"}},
		{"UUID", []any{uuid.Nil, uuid.MustParse("61f0c404-5cb3-11e7-907b-a6006ad3dba0"), uuid.Max}},
		{"Date", []any{day("1970-01-01"), day("2024-02-29"), day("2149-06-06")}},
		{"Date32", []any{day("1900-01-01"), day("1969-12-31"), day("2299-12-31")}},
		{"DateTime('UTC')", []any{time.Unix(0, 0).UTC(), time.Unix(math.MaxUint32, 0).UTC()}},
		{"DateTime('Asia/Tokyo')", []any{time.Date(2024, 2, 29, 23, 59, 59, 0, tokyo)}},
		{"DateTime64(3, 'UTC')", []any{time.UnixMilli(-1).UTC(), time.UnixMilli(1709251199999).UTC(), time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)}},
		{"DateTime64(9, 'Asia/Tokyo')", []any{time.Date(2024, 2, 29, 23, 59, 59, 123456789, tokyo)}},
		{"Enum8('a' = -128, 'b\\'c' = 127)", []any{"a", "b'c"}},
		{"Enum16('x' = -32768, 'y' = 32767)", []any{"x", "y"}},
		{"LowCardinality(String)", []any{"", "a", "b", "a", binary}},
		{"LowCardinality(Nullable(String))", []any{new("a"), (*string)(nil), new("")}},
		{"Nullable(Int32)", []any{new(int32(1)), (*int32)(nil)}},
		{"Nullable(Decimal(18, 4))", []any{new(d("1.5")), (*decimal.Decimal)(nil)}},
		{"Nullable(DateTime64(3, 'UTC'))", []any{new(time.UnixMilli(1).UTC()), (*time.Time)(nil)}},
		{"Array(String)", []any{[]string{}, []string{"a", "", binary}}},
		{"Array(Array(Nullable(Int64)))", []any{[][]*int64{}, [][]*int64{{new(int64(1)), nil}, {}}}},
		{"Array(LowCardinality(String))", []any{[]string{"a", "b", "a"}, []string{}}},
		{"Map(String, UInt64)", []any{map[string]uint64{}, map[string]uint64{"a": 1, "\n": math.MaxUint64}}},
		{"Map(LowCardinality(String), Array(String))", []any{map[string][]string{"a": {"b", "c"}}}},
		{"Tuple(String, Int8)", []any{[]any{"a", int8(1)}}},
		{"Tuple(a String, b Int8)", []any{map[string]any{"a": "x", "b": int8(-1)}}},
		{"IPv4", []any{net.ParseIP("0.0.0.0").To4(), net.ParseIP("255.255.255.255").To4()}},
		{"IPv6", []any{net.ParseIP("::"), net.ParseIP("2001:db8::1")}},
		{"Bool", []any{true, false}},
	}
}

func TestTypesRoundTrip(t *testing.T) {
	conn := emptied(t)
	execute(t, conn, "create database cs")
	cases := typeCases(t)
	for i, c := range cases {
		table := fmt.Sprintf("cs.t%d", i)
		execute(t, conn, fmt.Sprintf("create table %s (i UInt32, v %s) engine = MergeTree order by i", table, c.name))
		batch, err := conn.PrepareBatch(t.Context(), "insert into "+table)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for j, v := range c.values {
			if err := batch.Append(uint32(j), v); err != nil {
				t.Fatalf("%s: append %v: %v", c.name, v, err)
			}
		}
		if err := batch.Send(); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := column(t, conn, "select v from "+table+" order by i")
		if len(got) != len(c.values) {
			t.Errorf("%s: got %d values, want %d", c.name, len(got), len(c.values))
			continue
		}
		for j, want := range c.values {
			if !same(got[j], want) {
				t.Errorf("%s: got %T %.200v, want %T %.200v", c.name, got[j], got[j], want, want)
			}
		}
	}
}

// column reads the values of a one-column result in the types that the driver proposes.
func column(t *testing.T, conn driver.Conn, query string) []any {
	t.Helper()
	rows, err := conn.Query(t.Context(), query)
	if err != nil {
		t.Errorf("%s: %v", query, err)
		return nil
	}
	defer rows.Close()
	var values []any
	for rows.Next() {
		v := reflect.New(rows.ColumnTypes()[0].ScanType())
		if err := rows.Scan(v.Interface()); err != nil {
			t.Errorf("%s: %v", query, err)
			return nil
		}
		values = append(values, v.Elem().Interface())
	}
	if err := rows.Err(); err != nil {
		t.Errorf("%s: %v", query, err)
	}
	return values
}

// same compares values where == and DeepEqual ask for more than equality of meaning.
func same(got, want any) bool {
	a, b := reflect.ValueOf(got), reflect.ValueOf(want)
	if a.Kind() == reflect.Pointer && b.Kind() == reflect.Pointer && !a.IsNil() && !b.IsNil() && a.Type() != reflect.TypeFor[*big.Int]() {
		return same(a.Elem().Interface(), b.Elem().Interface())
	}
	if p, ok := got.(*big.Int); ok && p != nil {
		got = *p
	}
	switch w := want.(type) {
	case big.Int:
		g, ok := got.(big.Int)
		return ok && g.Cmp(&w) == 0
	case decimal.Decimal:
		g, ok := got.(decimal.Decimal)
		return ok && g.Equal(w)
	case time.Time:
		g, ok := got.(time.Time)
		return ok && g.Equal(w) && g.Format(time.RFC3339Nano) == w.Format(time.RFC3339Nano)
	case float64:
		g, ok := got.(float64)
		return ok && math.Float64bits(g) == math.Float64bits(w) || ok && math.IsNaN(g) && math.IsNaN(w)
	case net.IP:
		g, ok := got.(net.IP)
		return ok && g.Equal(w)
	}
	return reflect.DeepEqual(got, want)
}

func TestNestedAndJSON(t *testing.T) {
	conn := emptied(t)
	execute(t, conn, "create database cs", "create table cs.n (i Int8, n Nested(a String, b Int8)) engine = MergeTree order by i",
		"create table cs.j (i Int8, j JSON(known Int64)) engine = MergeTree order by i")
	batch, err := conn.PrepareBatch(t.Context(), "insert into cs.n")
	if err != nil {
		t.Fatal(err)
	}
	if err := batch.Append(int8(1), []string{"x", "y"}, []int8{1, 2}); err != nil {
		t.Fatal(err)
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
	if got := column(t, conn, "select n.a from cs.n"); !reflect.DeepEqual(got, []any{[]string{"x", "y"}}) {
		t.Errorf("nested: got %v", got)
	}
	batch, err = conn.PrepareBatch(t.Context(), "insert into cs.j")
	if err != nil {
		t.Fatal(err)
	}
	document := clickhouse.NewJSON()
	document.SetValueAtPath("known", int64(5))
	document.SetValueAtPath("a.b", "text")
	document.SetValueAtPath("list", []string{"x"})
	if err := batch.Append(int8(1), document); err != nil {
		t.Fatal(err)
	}
	if err := batch.Send(); err != nil {
		t.Fatalf("json: %v", err)
	}
	var back clickhouse.JSON
	if err := conn.QueryRow(t.Context(), "select j from cs.j").Scan(&back); err != nil {
		t.Fatalf("json: %v", err)
	}
	if text, ok := clickhouse.ExtractJSONPathAs[string](&back, "a.b"); !ok || text != "text" {
		t.Errorf("json: got %v, %v", text, ok)
	}
	if known, ok := clickhouse.ExtractJSONPathAs[int64](&back, "known"); !ok || known != 5 {
		t.Errorf("json: got %v, %v", known, ok)
	}
}

// A batch of a million rows, under every compression that clickhouse-go has.
func TestMillionRows(t *testing.T) {
	emptied(t)
	for _, method := range []clickhouse.CompressionMethod{
		clickhouse.CompressionNone, clickhouse.CompressionLZ4, clickhouse.CompressionZSTD,
		clickhouse.CompressionGZIP, clickhouse.CompressionDeflate, clickhouse.CompressionBrotli,
	} {
		t.Run(method.String(), func(t *testing.T) {
			rows := uint64(100_000)
			if method == clickhouse.CompressionLZ4 {
				rows = 1_000_000
			}
			options := enginetest.Engine(t).Options()
			options.Compression = &clickhouse.Compression{Method: method, Level: 3}
			conn, err := clickhouse.Open(options)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			execute(t, conn, "create database if not exists cs", "create or replace table cs.m (id UInt64, s String, at DateTime64(3, 'UTC')) engine = MergeTree order by id")
			batch, err := conn.PrepareBatch(t.Context(), "insert into cs.m")
			if err != nil {
				t.Fatal(err)
			}
			for i := range rows {
				if err := batch.Append(i, fmt.Sprintf("line\n%d", i), time.UnixMilli(int64(i))); err != nil {
					t.Fatal(err)
				}
			}
			if err := batch.Send(); err != nil {
				t.Fatal(err)
			}
			var sum uint64
			result, err := conn.Query(t.Context(), "select id, s, at from cs.m order by id")
			if err != nil {
				t.Fatal(err)
			}
			defer result.Close()
			n := uint64(0)
			for ; result.Next(); n++ {
				var id uint64
				var s string
				var at time.Time
				if err := result.Scan(&id, &s, &at); err != nil {
					t.Fatal(err)
				}
				if id != n || s != fmt.Sprintf("line\n%d", n) || at.UnixMilli() != int64(n) {
					t.Fatalf("row %d: got %d %q %v", n, id, s, at)
				}
				sum += id
			}
			if err := result.Err(); err != nil || n != rows {
				t.Errorf("got %d rows, %v", n, err)
			}
			err = conn.Exec(t.Context(), "select * from cs.nowhere")
			if exceptionCode(err) != 60 || !strings.Contains(err.Error(), "UNKNOWN_TABLE") {
				t.Errorf("an error: got %v", err)
			}
			rows2, err := conn.Query(t.Context(), "select throwIf(number = 5000000) from numbers(10000000)")
			for err == nil && rows2.Next() {
			}
			if err == nil {
				err = rows2.Err()
			}
			if exceptionCode(err) != 395 {
				t.Errorf("an error among the rows: got %v", err)
			}
		})
	}
}

// Zones stay in every block of a large result, among columns of all sorts and in queries of any form.
func TestZonesOfLargeResults(t *testing.T) {
	conn := emptied(t)
	rows, err := conn.Query(t.Context(), `select toLowCardinality(toString(number % 7)) as a, toDateTime(number, 'Asia/Tokyo') as b, [number] as c,
		toDateTime(number, 'UTC') as d, tuple(number, 'DateTime') as e, toNullable(toDateTime(number, 'Europe/Berlin')) as g -- a comment
		from numbers({n:UInt32}) settings max_block_size = 1000 -- another`, clickhouse.Named("n", "200000"))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var a string
		var b, d time.Time
		var c []uint64
		var e []any
		var g *time.Time
		if err := rows.Scan(&a, &b, &c, &d, &e, &g); err != nil {
			t.Fatal(err)
		}
		if b.Location().String() != "Asia/Tokyo" || d.Location().String() != "UTC" || g.Location().String() != "Europe/Berlin" ||
			b.Unix() != int64(n) || d.Unix() != int64(n) || c[0] != uint64(n) {
			t.Fatalf("row %d: got %v %v %v %v", n, b, c, d, g)
		}
	}
	if err := rows.Err(); err != nil || n != 200_000 {
		t.Errorf("got %d rows, %v", n, err)
	}
	if got := column(t, conn, "select toDateTime(0, 'Asia/Tokyo') where 0"); len(got) != 0 {
		t.Errorf("no rows: got %v", got)
	}
}

func TestDriverSettingsAndParameters(t *testing.T) {
	conn := emptied(t)
	ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_threads": 3, "session_timezone": "Asia/Tokyo"}),
		clickhouse.WithParameters(clickhouse.Parameters{"name": "it's me", "n": "5", "list": "['a','b']"}), clickhouse.WithQueryID("q-1"))
	var threads, name, zone string
	var n uint64
	var list []string
	err := conn.QueryRow(ctx, "select toString(getSetting('max_threads')), {name:String}, {n:UInt64}, timezone(), {list:Array(String)}").Scan(&threads, &name, &n, &zone, &list)
	if err != nil || threads != "3" || name != "it's me" || n != 5 || zone != "Asia/Tokyo" || len(list) != 2 {
		t.Errorf("got %s %q %d %s %v, %v", threads, name, n, zone, list, err)
	}
	version, err := conn.ServerVersion()
	if err != nil || version.Version.Major < 26 || version.Revision != 0 {
		t.Errorf("got %v, %v", version, err)
	}
	err = conn.Exec(clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"no_such": 1})), "select 1")
	if exceptionCode(err) != 115 {
		t.Errorf("an unknown setting: got %v", err)
	}
}
