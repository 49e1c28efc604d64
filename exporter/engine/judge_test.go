package engine

import (
	"strings"
	"sync/atomic"
	"testing"
)

// Each readers' place on disk is counted once, bounded, and given back.
func TestReaderLimits(t *testing.T) {
	var all atomic.Int64
	var held []*readerLimits
	for range readerSpools / readerSpool {
		l := &readerLimits{spools: &all}
		if err := l.spool(readerSpool); err != nil {
			t.Fatal(err)
		}
		held = append(held, l)
	}
	if err := (&readerLimits{spools: &all}).spool(1); asException(err).code != codeTooManyQueries {
		t.Errorf("all results: got %v", err)
	}
	for _, l := range held {
		l.release()
	}
	one := &readerLimits{spools: &all}
	if err := one.spool(readerSpool + 1); asException(err).code != codeResultTooLarge {
		t.Errorf("one result: got %v", err)
	}
	one.release()
	if n := all.Load(); n != 1 { // What the one beyond the bound asked for, which was not released.
		t.Errorf("%d bytes are still counted", n)
	}
	if err := (&readerLimits{}).result(readerResult + 1); asException(err).code != codeResultTooLarge {
		t.Errorf("a result: got %v", err)
	}
	var service *readerLimits
	service.release()
	if service.result(readerResult+1) != nil || service.spool(readerSpool+1) != nil {
		t.Error("the service is bounded")
	}
}

// A function that the engine has and names.txt does not know is refused in every place where a name can call something.
func TestUnknownFunctionsAreRefused(t *testing.T) {
	j := judge{role: roleReader, unknown: map[string]bool{"brandnew": true}}
	for _, name := range []string{"brandNew", "file", "sleep", "url", "s3", "aiGenerate", "dictGet", "executable"} {
		for _, query := range []string{
			"SELECT %s('x')", "SELECT `%s`('x')", "SELECT 1 FROM %s('x')", "SELECT * APPLY %s('x') FROM t", "SELECT quantile(0.5)(%s(x))", "SELECT (x -> %s(x))", "SELECT 1 IN %s('x')",
			"WITH %s('x') AS a SELECT a", "SELECT 1 ORDER BY %s(1) ASC", "SELECT 1 WINDOW w AS (ORDER BY %s(1) ASC)", "SELECT * REPLACE (%s(a) AS a) FROM t", "SELECT a FROM t LIMIT %s(1)",
			"SELECT a FROM t ORDER BY a ASC WITH FILL FROM %s(1)", "DESCRIBE TABLE %s('x')", "EXPLAIN SELECT %s(1)", "SELECT * FROM cs.v(as_of = %s(1))", "SELECT 1 UNION ALL SELECT %s(1)", "SELECT %sIf(1, 1)",
			"SELECT CAST(%s(1), 'String')", "SELECT [%s(1)]", "SELECT NOT %s(1)", "SELECT -%s(1)", "SELECT %s(1).1",
		} {
			query = strings.ReplaceAll(query, "%s", name)
			if err := j.text(query); err == nil || asException(err).code != codeAccessDenied {
				t.Errorf("%s: got %v", query, err)
			}
		}
	}
	for _, name := range []string{"brandNew", "BRANDNEW", "file", "FILE", "sleep"} {
		for _, query := range []string{"SELECT arrayMap(%s, ['x'])", "SELECT * APPLY %s FROM t", "SELECT arrayMap(`%s`, ['x'])", "WITH %s AS f SELECT arrayMap(f, ['x'])"} {
			query = strings.ReplaceAll(query, "%s", name)
			if err := j.text(query); err == nil || asException(err).code != codeAccessDenied {
				t.Errorf("%s: got %v", query, err)
			}
		}
	}
}

// The lists do not contradict each other: no name is both permitted and refused, in any case.
func TestNamesAreOnce(t *testing.T) {
	for lower := range permitted.refused {
		if permitted.anyCase[lower] || permitted.tableFunctions[lower] || permitted.types[lower] {
			t.Errorf("names.txt permits and refuses %s", lower)
		}
	}
	for name := range permitted.tableFunctions {
		if permitted.function(name) {
			t.Errorf("names.txt has %s as a function and as a table function", name)
		}
	}
}
