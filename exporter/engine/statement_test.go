package engine

import (
	"strings"
	"testing"
)

func TestReadInsert(t *testing.T) {
	f := func(text, head, settings, format, data string) {
		t.Helper()
		in, ok := readInsert(text)
		if !ok || strings.TrimSpace(in.head) != head || strings.TrimSpace(in.settings) != settings || in.format != format || text[in.data:] != data {
			t.Errorf("%q: got %v %q %q %q %q", text, ok, in.head, in.settings, in.format, text[in.data:])
		}
	}
	f("insert into t values (1)", "insert into t", "", "Values", " (1)")
	f("INSERT INTO t(a,values) VALUES(1)", "INSERT INTO t(a,values)", "", "Values", "(1)")
	f("insert into values values (1)", "insert into values", "", "Values", " (1)")
	f("insert into format.settings format CSV\n1", "insert into format.settings", "", "CSV", "1")
	f("insert into t format CSV \t\r\n\n1", "insert into t", "", "CSV", "\n1")
	f("insert into t format CSV 1,2", "insert into t", "", "CSV", "1,2")
	f("insert into t format CSV; \n1", "insert into t", "", "CSV", "1")
	f("insert into t settings a=1, b='format' format Native\n\x00\n", "insert into t", "settings a=1, b='format'", "Native", "\x00\n")
	f("insert into t format CSV settings a=1, b='x'\n1", "insert into t", "settings a=1, b='x'", "CSV", "1")
	f("insert into table t -- values\n (a) /* format X */ format `TSV` x", "insert into table t -- values\n (a) /* format X */", "", "TSV", "x")
	f("insert into function f('values (', 1) format TSV x", "insert into function f('values (', 1)", "", "TSV", "x")
	f("insert into t (* except(a)) values", "insert into t (* except(a))", "", "Values", "")
	f("insert into `a``b\\`c`.\"x\"\"y\" values", "insert into `a``b\\`c`.\"x\"\"y\"", "", "Values", "")
	f("insert into {d:Identifier}.{t:Identifier} values", "insert into {d:Identifier}.{t:Identifier}", "", "Values", "")
	none := func(text string) {
		t.Helper()
		if in, ok := readInsert(text); ok {
			t.Errorf("%q: got %+v", text, in)
		}
	}
	none("")
	none("select 'insert into t values'")
	none("insert into t select 1")
	none("insert into t select format from x")
	none("insert into t with 1 as x select x format TSV")
	none("insert into t from infile 'x' format CSV")
	none("insert into t (a")
	none("insert into t 'open")
	none("insert into t /* open")
	in, ok := readInsert("insert into t select input, a from input('a Int8') format CSV\n1")
	if want := "insert into t select input, a from file('spool/x', 'CSV', 'a Int8')"; !ok || strings.TrimSpace(in.from("spool/x")) != want {
		t.Errorf("got %q, want %q", in.from("spool/x"), want)
	}
}

func TestReadStatement(t *testing.T) {
	f := func(text, verb, format string, want statement) {
		t.Helper()
		got := readStatement(text)
		if got.verb != verb || got.format != format || got.outfile != want.outfile || got.totals != want.totals || got.several != want.several {
			t.Errorf("%q: got %+v", text, got)
		}
	}
	f("select 1", "SELECT", "", statement{})
	f(" /* a */ -- b\n select 1 format CSV ; -- c", "SELECT", "CSV", statement{})
	f("select ';format TSV', \"a;b\", `;`, $x$;$y$;$x$ Format JSON settings a = 1", "SELECT", "JSON", statement{})
	f("select format, 1 from (select 1 as format format TSV)", "SELECT", "", statement{})
	f("select format from t", "SELECT", "", statement{})
	f("select format", "SELECT", "", statement{})
	f("(select 1)", "(", "", statement{})
	f("select 1; select 2", "SELECT", "", statement{several: true})
	f("select 1;;", "SELECT", "", statement{several: true})
	f("select 1 into /**/ outfile 'x'", "SELECT", "", statement{outfile: true})
	f("select a with totals", "SELECT", "", statement{totals: true})
	f("select 'it''s; \\'; ' ", "SELECT", "", statement{})
	f("select # comment; format X\n1", "SELECT", "", statement{})
	into := func(text, want string) {
		t.Helper()
		if got := readStatement(text).into("'f'", "JSON"); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	into("select 1", "select 1\nINTO OUTFILE 'f' APPEND COMPRESSION 'none' FORMAT JSON")
	into("select 1 -- c", "select 1 -- c\nINTO OUTFILE 'f' APPEND COMPRESSION 'none' FORMAT JSON")
	into("select 1 format XML settings a=1;", "select 1 \nINTO OUTFILE 'f' APPEND COMPRESSION 'none' format XML settings a=1")
}

// Whatever the text, reading it ends, and what is cut from it lies within it.
func FuzzReadStatement(f *testing.F) {
	for _, text := range []string{"select 1 format CSV;", "insert into t settings a=1 format CSV\n1", "$a$ $a", "'\\", "/*", "insert into f(", "\x00\xff`"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := readStatement(text)
		if !strings.HasPrefix(text, s.text) || s.clause > len(s.text) {
			t.Errorf("%q: got %+v", text, s)
		}
		_ = s.into("'f'", "JSON")
		if in, ok := readInsert(text); ok && (in.data > len(text) || !strings.HasPrefix(text, in.head)) {
			t.Errorf("%q: got %+v", text, in)
		}
		_ = judge{}.text(text)
		_, _ = identifiers(text, []pair{{"x", "y"}})
	})
}

func TestChooseEncoding(t *testing.T) {
	f := func(accept, want string) {
		t.Helper()
		if got := chooseEncoding(accept); got != want {
			t.Errorf("%q: got %q, want %q", accept, got, want)
		}
	}
	f("", "")
	f("identity", "")
	f("gzip", "gzip")
	f("gzip, deflate, br", "gzip")
	f("gzip;q=0, deflate;q=0.5", "deflate")
	f("*;q=0.1, lz4", "lz4")
	f("ZSTD ; q=1.0", "zstd")
	f("snappy", "")
}
