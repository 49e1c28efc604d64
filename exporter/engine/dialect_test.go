//go:build linux && !server

package engine_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"cskpi/exporter/engine"
	"cskpi/exporter/engine/enginetest"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

func TestWaysToAsk(t *testing.T) {
	f := func(name string, got answer, want string) {
		t.Helper()
		if got.status != http.StatusOK || got.body != want || got.err != nil {
			t.Errorf("%s: got %d %q %v, want %q", name, got.status, got.body, got.err, want)
		}
	}
	base := readers(t)
	get := func(path string) answer {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		return do(t, req)
	}
	f("ping", get("/ping"), "Ok.\n")
	f("root", get("/"), "Ok.\n")
	f("replicas", get("/replicas_status"), "Ok.\n")
	f("get", get("/?query=select+1"), "1\n")
	f("body", ask(t, nil, "select 1"), "1\n")
	f("url", ask(t, q("select 1"), ""), "1\n")
	f("both", ask(t, q("select number from"), "numbers(2)"), "0\n1\n")
	f("semicolon", ask(t, nil, "select 1; -- done\n"), "1\n")
	f("trailing comment", ask(t, nil, "select 1 -- x", "X-ClickHouse-Format", "JSONCompactEachRowWithNames"), "[\"1\"]\n[1]\n")
	f("format clause", ask(t, q("select 1 as a format JSONEachRow"), ""), "{\"a\":1}\n")
	f("default_format", ask(t, q("select 1 as a", "default_format", "CSVWithNames"), ""), "\"a\"\n1\n")
	f("format header", ask(t, q("select 1 as a"), "", "X-ClickHouse-Format", "TSVWithNames"), "a\n1\n")
	f("column named format", ask(t, q("select format from (select 7 as format)"), ""), "7\n")
	f("database", ask(t, q("select currentDatabase()", "database", "INFORMATION_SCHEMA"), ""), "INFORMATION_SCHEMA\n")
	f("database header", ask(t, q("select currentDatabase()"), "", "X-ClickHouse-Database", "INFORMATION_SCHEMA"), "INFORMATION_SCHEMA\n")
	f("session", ask(t, q("select 1", "session_id", "x"), ""), "1\n") // clickhouse-connect sends one unasked.
	f("session checks", ask(t, q("select 1", "session_id", "x", "session_check", "1", "session_timeout", "60", "close_session", "1"), ""), "1\n")
	f("setting", ask(t, q("select getSetting('max_threads')", "max_threads", "3"), ""), "3\n")
	f("empty result", ask(t, q("select 1 where 0"), ""), "")
	f("totals", ask(t, q("select number % 2 as x, count() from numbers(4) group by x with totals order by x"), ""), "0\t2\n1\t2\n\n0\t4\n")
	f("parentheses", ask(t, q("(select 1) union all (select 1)"), ""), "1\n1\n")
	f("show", ask(t, q("show databases like 'system'"), ""), "system\n")
	f("explain", ask(t, q("explain syntax select 1"), ""), "SELECT 1\nFROM system.one\n")
	f("exists", ask(t, q("exists table system.one"), ""), "1\n")
	f("accepted", ask(t, q("select 1", "wait_end_of_query", "1", "buffer_size", "10", "send_progress_in_http_headers", "1", "quota_key", "x"), ""), "1\n")
	if got := get("/nowhere"); got.status != http.StatusNotFound {
		t.Errorf("a path that is none: got %d", got.status)
	}
}

func TestParameters(t *testing.T) {
	f := func(kind, value, want string) {
		t.Helper()
		got := ask(t, q("select {x:"+kind+"} format RawBLOB", "param_x", value), "")
		if got.status != http.StatusOK || got.body != want {
			t.Errorf("%s %q: got %d %q, want %q", kind, value, got.status, got.body, want)
		}
	}
	f("String", "plain", "plain")
	f("String", "'; drop table x; --", "'; drop table x; --")
	f("String", `back\\slash \' quote`, `back\slash ' quote`) // Values are escaped as in TabSeparated.
	f("String", `tab\tline\n`, "tab\tline\n")
	f("String", "ünï", "ünï")
	f("String", "", "")
	for _, query := range []string{"select {d:Date} + 1", "select sum(x) from (select arrayJoin({a:Array(UInt8)}) as x)", "select count() from {t:Identifier}.one"} {
		got := ask(t, q(query, "param_d", "2024-02-28", "param_a", "[1,2,3]", "param_t", "system"), "")
		if got.status != http.StatusOK || !strings.Contains("2024-02-29\n 6\n 1\n", got.body) {
			t.Errorf("%s: got %d %q", query, got.status, got.body)
		}
	}
	if got := ask(t, q("select {x:UInt8}"), ""); got.header.Get("X-ClickHouse-Exception-Code") != "456" {
		t.Errorf("a parameter that was not given: got %q", got.body)
	}
	if got := ask(t, q("select 1", "param_a b", "1"), ""); got.status != http.StatusBadRequest {
		t.Errorf("a parameter's bad name: got %d %q", got.status, got.body)
	}
}

func TestErrors(t *testing.T) {
	f := func(status int, code, name string, got answer) {
		t.Helper()
		h := got.header
		if got.status != status || h.Get("X-ClickHouse-Exception-Code") != code || h.Get("X-ClickHouse-Exception-Name") != name ||
			!strings.HasPrefix(got.body, "Code: "+code+". DB::Exception: ") || len(h.Get("X-ClickHouse-Exception-Tag")) != 16 {
			t.Errorf("got %d %s %s %q, want %d %s %s", got.status, h.Get("X-ClickHouse-Exception-Code"), h.Get("X-ClickHouse-Exception-Name"), got.body, status, code, name)
		}
	}
	f(404, "60", "UNKNOWN_TABLE", asService(t, q("select * from nowhere"), ""))
	f(400, "62", "SYNTAX_ERROR", asService(t, q("selec 1"), ""))
	f(400, "62", "SYNTAX_ERROR", ask(t, q("selec 1"), ""))
	f(400, "62", "SYNTAX_ERROR", asService(t, q("select 1; select 2"), ""))
	f(400, "62", "SYNTAX_ERROR", asService(t, nil, ""))
	f(404, "81", "UNKNOWN_DATABASE", ask(t, q("select 1", "database", "nowhere"), ""))
	f(404, "115", "UNKNOWN_SETTING", asService(t, q("select 1", "no_such_setting", "1"), ""))
	f(404, "115", "UNKNOWN_SETTING", asService(t, q("select 1", "a = 1, readonly", "0"), ""))
	f(404, "73", "UNKNOWN_FORMAT", ask(t, q("select 1 format NoSuch"), ""))
	f(404, "73", "UNKNOWN_FORMAT", ask(t, q("select 1", "default_format", "NoSuch"), ""))
	f(501, "48", "NOT_IMPLEMENTED", asService(t, q("select 1", "session_id", "x"), ""))
	f(501, "48", "NOT_IMPLEMENTED", asService(t, q("select 1", "session_check", "1"), ""))
	f(501, "48", "NOT_IMPLEMENTED", ask(t, q("select 1", "role", "x"), ""))
	f(501, "48", "NOT_IMPLEMENTED", ask(t, q("select 1", "x_structure", "a Int8"), ""))
	f(403, "516", "AUTHENTICATION_FAILED", ask(t, q("select 1", "user", "admin"), ""))
	f(403, "516", "AUTHENTICATION_FAILED", ask(t, q("select 1"), "", "X-ClickHouse-Key", "secret"))
	f(400, "358", "INTO_OUTFILE_NOT_ALLOWED", asService(t, q("select 1 into outfile 'x'"), ""))
	f(400, "36", "BAD_ARGUMENTS", ask(t, q("select 1", "buffer_size", "much"), ""))
	f(400, "89", "UNKNOWN_COMPRESSION_METHOD", ask(t, nil, "select 1", "Content-Encoding", "rot13"))
	f(413, "229", "QUERY_IS_TOO_LARGE", ask(t, nil, "select 1 "+strings.Repeat("/* long */", 200_000)))
}

// A GET changes nothing, as in ClickHouse.
func TestGetIsReadonly(t *testing.T) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, private(enginetest.Engine(t))+"/?query=create+database+by_get", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := do(t, req, engine.TokenHeader, token(t)); got.header.Get("X-ClickHouse-Exception-Code") != "164" {
		t.Errorf("got %d %q", got.status, got.body)
	}
}

func TestHeaders(t *testing.T) {
	got := ask(t, q("select number from numbers(10)", "query_id", "my-id"), "")
	for name, want := range map[string]string{
		"X-ClickHouse-Query-Id": "my-id", "X-ClickHouse-Format": "TabSeparated", "Content-Type": "text/tab-separated-values; charset=UTF-8",
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s: got %q, want %q", name, got.header.Get(name), want)
		}
	}
	for _, name := range []string{"X-ClickHouse-Timezone", "X-ClickHouse-Server-Display-Name"} {
		if got.header.Get(name) == "" {
			t.Errorf("%s is missing", name)
		}
	}
	var sum map[string]string
	if err := json.Unmarshal([]byte(got.header.Get("X-ClickHouse-Summary")), &sum); err != nil || sum["read_rows"] != "10" || sum["result_rows"] != "10" {
		t.Errorf("X-ClickHouse-Summary: got %v, %v", sum, err)
	}
}

// Every format gives one whole document, however many pieces the engine makes of the rows.
func TestLargeResults(t *testing.T) {
	const rows = 300_000
	for _, format := range []string{"TSV", "JSONEachRow", "CSV", "CSVWithNames", "TSVWithNamesAndTypes", "JSON", "JSONCompact", "Values"} {
		for _, wait := range []string{"0", "1"} {
			got := ask(t, q(fmt.Sprintf("select number as n from numbers(%d)", rows), "default_format", format, "wait_end_of_query", wait), "")
			if got.status != http.StatusOK || got.err != nil {
				t.Fatalf("%s: got %d %v", format, got.status, got.err)
			}
			lines := strings.Count(got.body, "\n")
			switch format {
			case "JSON", "JSONCompact":
				var doc struct {
					Data []json.RawMessage
					Rows int
				}
				if err := json.Unmarshal([]byte(got.body), &doc); err != nil || len(doc.Data) != rows || doc.Rows != rows {
					t.Errorf("%s: got %d rows, %v", format, len(doc.Data), err)
				}
			case "CSVWithNames":
				lines--
			case "TSVWithNamesAndTypes":
				lines -= 2
			case "Values":
				lines = strings.Count(got.body, "),(") + 1
			}
			if !strings.HasPrefix(format, "JSONC") && format != "JSON" && lines != rows {
				t.Errorf("%s: got %d rows", format, lines)
			}
		}
	}
}

func TestErrorAfterTheFirstRows(t *testing.T) {
	const query = "select throwIf(number = 2900000, 'far into it'), repeat('x', 20) from numbers(3000000)"
	for _, format := range []string{"TSV", "JSON"} {
		got := ask(t, q(query, "default_format", format), "")
		tag := got.header.Get("X-ClickHouse-Exception-Tag")
		if got.status != http.StatusOK || got.err == nil {
			t.Errorf("%s: got %d, %v, want a broken connection after 200", format, got.status, got.err)
		}
		_, block, found := strings.Cut(got.body, "\r\n__exception__\r\n"+tag+"\r\n")
		message, end, _ := strings.Cut(block, "\n")
		if !found || !strings.HasPrefix(message, "Code: 395. DB::Exception: far into it") {
			t.Errorf("%s: the exception is missing at the end of %d bytes: %q", format, len(got.body), message)
		}
		if want := fmt.Sprintf("%d %s\r\n__exception__\r\n", len(message)+1, tag); end != want {
			t.Errorf("%s: the body ends with %q, want %q", format, end, want)
		}
		if got := asService(t, q(query, "default_format", format, "wait_end_of_query", "1"), ""); got.status != 500 || !strings.HasPrefix(got.body, "Code: 395.") {
			t.Errorf("%s: with wait_end_of_query got %d %.100q", format, got.status, got.body)
		}
	}
	rows, err := emptied(t).Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
	}
	if err := rows.Err(); err == nil || !strings.Contains(err.Error(), "far into it") {
		t.Errorf("clickhouse-go: got %v after %d rows", err, n)
	}
}

func TestInsertWays(t *testing.T) {
	conn := emptied(t)
	execute(t, conn, "create database cs", "create table cs.t (a Int32, b String default 'd') engine = MergeTree order by a")
	f := func(name string, got answer, want string) {
		t.Helper()
		if got.status != http.StatusOK {
			t.Errorf("%s: got %d %q", name, got.status, got.body)
			return
		}
		rows := asService(t, q("select * from cs.t order by a format CSV"), "")
		if rows.body != want {
			t.Errorf("%s: stored %q, want %q", name, rows.body, want)
		}
		execute(t, conn, "truncate table cs.t")
	}
	f("values", asService(t, nil, "insert into cs.t values (1, 'x;y'), (2, upper('q'))"), "1,\"x;y\"\n2,\"Q\"\n")
	f("query and data", asService(t, q("insert into cs.t format CSV"), "1,\"a\nb\"\n"), "1,\"a\nb\"\n")
	f("values in the body", asService(t, q("insert into cs.t (a) values"), "(1),(2)"), "1,\"d\"\n2,\"d\"\n")
	f("data on the next line", asService(t, nil, "insert into cs.t (a) format JSONEachRow\n{\"a\":1}\n{\"a\":2}\n"), "1,\"d\"\n2,\"d\"\n")
	f("settings before", asService(t, q("insert into cs.t settings input_format_csv_skip_first_lines=1 format CSV"), "x,y\n1,z\n"), "1,\"z\"\n")
	f("settings after", asService(t, q("insert into cs.t format CSV settings input_format_csv_skip_first_lines=1, max_threads=1"), "x,y\n1,z\n"), "1,\"z\"\n")
	f("settings in the URL", asService(t, q("insert into cs.t format CSV", "format_csv_delimiter", "|"), "1|z\n"), "1,\"z\"\n")
	f("select", asService(t, q("insert into cs.t select number, 'n' from numbers(2)"), ""), "0,\"n\"\n1,\"n\"\n")
	f("with", asService(t, q("insert into cs.t (a) with 5 as x select x"), ""), "5,\"d\"\n")
	f("input", asService(t, q("insert into cs.t select a * 2, 'i' from input('a Int32') where a > 1 format CSV"), "1\n2\n"), "4,\"i\"\n")
	f("function", asService(t, q("insert into function null('a Int8') format CSV"), "1\n"), "")
	f("database", asService(t, q("insert into t format CSV", "database", "cs"), "1,a\n"), "1,\"a\"\n")
	f("parameter", asService(t, q("insert into {d:Identifier}.{t:Identifier} format CSV", "param_d", "cs", "param_t", "t"), "1,a\n"), "1,\"a\"\n")
	f("quoted", asService(t, q("insert into `cs`.\"t\" (`a`, b) format CSV"), "1,a\n"), "1,\"a\"\n")
	f("comment", asService(t, nil, "/* format TSV */ insert into cs.t -- values\n format CSV\n1,a\n"), "1,\"a\"\n")
	f("no data", asService(t, q("insert into cs.t format CSV"), ""), "")
	if got := asService(t, q("insert into cs.t format CSV"), "1,a\nx,b\n"); got.status != http.StatusBadRequest {
		t.Errorf("bad data: got %d %q", got.status, got.body)
	}
	if got := asService(t, q("insert into cs.nowhere format CSV"), "1,a\n"); got.header.Get("X-ClickHouse-Exception-Code") != "60" {
		t.Errorf("no table: got %d %q", got.status, got.body)
	}
	if got := asService(t, q("insert into cs.t format CSV"), "1,a\n2,b\n"); !strings.Contains(got.header.Get("X-ClickHouse-Summary"), `"written_rows":"2"`) {
		t.Errorf("summary: got %s", got.header.Get("X-ClickHouse-Summary"))
	}
}

// codecs are the HTTP compressions, both ways.
var codecs = map[string]struct {
	encode func(io.Writer) io.WriteCloser
	decode func(io.Reader) (io.Reader, error)
}{
	"gzip":    {func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
	"deflate": {func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }, func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) }},
	"br":      {func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) }, func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil }},
	"lz4":     {func(w io.Writer) io.WriteCloser { return lz4.NewWriter(w) }, func(r io.Reader) (io.Reader, error) { return lz4.NewReader(r), nil }},
	"zstd":    {func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z }, func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) }},
}

func TestCompression(t *testing.T) {
	conn := emptied(t)
	execute(t, conn, "create database cs", "create table cs.t (a UInt64) engine = MergeTree order by a")
	var lines bytes.Buffer
	for i := range 100_000 {
		fmt.Fprintln(&lines, i)
	}
	for name, codec := range codecs {
		var packed bytes.Buffer
		w := codec.encode(&packed)
		if _, err := w.Write(lines.Bytes()); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		whole := packed.String()
		if got := asService(t, q("insert into cs.t format TSV"), whole, "Content-Encoding", name); got.status != http.StatusOK {
			t.Errorf("%s: insert: %d %q", name, got.status, got.body)
		}
		if n := count(t, conn, "select count() from cs.t"); n != 100_000 {
			t.Errorf("%s: stored %d rows", name, n)
		}
		execute(t, conn, "truncate table cs.t")
		if got := asService(t, q("insert into cs.t format TSV"), whole[:len(whole)/2], "Content-Encoding", name); got.status != http.StatusBadRequest {
			t.Errorf("%s: insert of a part: %d %q", name, got.status, got.body)
		}
		if n := count(t, conn, "select count() from cs.t"); n != 0 {
			t.Errorf("%s: stored %d rows of a body that was cut off", name, n)
		}
		for _, format := range []string{"TSV", "TSVWithNames"} {
			got := ask(t, q("select number from numbers(500000)", "default_format", format), "", "Accept-Encoding", name)
			r, err := codec.decode(strings.NewReader(got.body))
			if err != nil || got.header.Get("Content-Encoding") != name {
				t.Fatalf("%s: got encoding %q, %v", name, got.header.Get("Content-Encoding"), err)
			}
			b, err := io.ReadAll(r)
			if err != nil || bytes.Count(b, []byte("\n")) < 500_000 {
				t.Errorf("%s: got %d bytes, %v", name, len(b), err)
			}
		}
		for _, off := range []string{"0", "false"} {
			if got := ask(t, q("select 1", "enable_http_compression", off), "", "Accept-Encoding", name); got.body != "1\n" {
				t.Errorf("%s: switched off by %s: got %q", name, off, got.body)
			}
		}
		if got := ask(t, q("select nothing"), "", "Accept-Encoding", name); got.status != 404 || !strings.HasPrefix(got.body, "Code: 47.") {
			t.Errorf("%s: an error: got %d %q", name, got.status, got.body)
		}
	}
	for _, method := range []string{"", "LZ4", "ZSTD", "NONE"} {
		params := q("select number from numbers(1000000)", "compress", "1")
		if method != "" {
			params.Set("network_compression_method", method)
		}
		got := ask(t, params, "")
		b, err := io.ReadAll(compress.NewReader(strings.NewReader(got.body)))
		if !errors.Is(err, io.EOF) || // The reader wraps it.
			bytes.Count(b, []byte("\n")) != 1_000_000 {
			t.Errorf("compress=1 %s: got %d bytes, %v", method, len(b), err)
		}
		if len(got.body) >= len(b) && method != "NONE" {
			t.Errorf("compress=1 %s: %d bytes for %d", method, len(got.body), len(b))
		}
	}
	block := compress.NewWriter(compress.LevelZero, compress.ZSTD)
	if err := block.Compress([]byte("1\n2\n")); err != nil {
		t.Fatal(err)
	}
	if got := asService(t, q("insert into cs.t format TSV", "decompress", "1"), string(block.Data)); got.status != http.StatusOK {
		t.Errorf("decompress=1: %d %q", got.status, got.body)
	}
	if n := count(t, conn, "select count() from cs.t"); n != 2 {
		t.Errorf("decompress=1: stored %d rows", n)
	}
	if got := asService(t, q("insert into cs.t format TSV", "decompress", "1"), "no block at all, and long enough to be one"); got.status != http.StatusBadRequest {
		t.Errorf("decompress=1 of rubbish: %d %q", got.status, got.body)
	}
}
