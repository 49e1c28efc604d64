//go:build linux && !server

package engine_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReaderIsRefused(t *testing.T) {
	conn := emptied(t)
	execute(t, conn, "create database cs", "create table cs.t (a Int32, file String) engine = MergeTree order by a", "insert into cs.t values (1, 'x')")
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("SESAME\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	written := filepath.Join(t.TempDir(), "written")
	refused := []string{
		"insert into cs.t values (2, 'y')",
		"insert into cs.t select 2, 'y'",
		"insert into cs.t from infile 'SECRET' format CSV",
		"insert into function file('WRITTEN', 'CSV', 'a Int8') select 1",
		"create table cs.u (a Int8) engine = Memory", "create temporary table u (a Int8)", "create database other", "create function f as x -> x",
		"drop table cs.t", "truncate table cs.t", "alter table cs.t delete where 1", "delete from cs.t where 1", "optimize table cs.t", "rename table cs.t to cs.u",
		"detach table cs.t", "system shutdown", "system drop mark cache", "backup table cs.t to File('WRITTEN')",
		"kill query where 1", "kill mutation where 1",
		"set readonly = 0", "set max_memory_usage = 0", "select 1 settings readonly = 0", "select 1 settings max_execution_time = 0",
		"use system", "check table cs.t", "parallel with select 1",
		"select * from file('SECRET', 'LineAsString')", "select * from `file`('SECRET', LineAsString)", "select * from `SECRET`", "select * from 'SECRET'",
		"select file('SECRET')", "select \"file\"('SECRET')", "select `file` /* x */ ('SECRET')", "SELECT\nfile\n('SECRET')",
		"select arrayMap(file, ['SECRET'])", "select arrayMap(x -> file(x), ['SECRET'])", "select * apply(file) from (select 'SECRET')",
		"with 'SECRET' as p select file(p)", "select (select file('SECRET'))", "select 1 union all select length(file('SECRET'))",
		"select * from (select file('SECRET'))", "explain select file('SECRET')", "select 1 where file('SECRET') != ''",
		"select * from numbers(1) where number in (select length(file('SECRET')))",
		"describe table file('SECRET', 'CSV')", "desc file('SECRET')", "describe url('http://127.0.0.1:1/x.csv')",
		"describe (select * from file('SECRET'))", "explain select * from url('http://127.0.0.1:1/')",
		"select * from url('http://127.0.0.1:1/')", "select * from executable('id', 'TSV', 'a String')", "select * from remote('127.0.0.1', 'system.one')",
		"select * from s3('http://127.0.0.1:1/x')", "select * from filesystem('/etc')", "select * from sqlite('SECRET', 't')",
		"select 'x' into outfile 'WRITTEN'", "select 'x' INTO /* y */ OUTFILE 'WRITTEN' truncate format CSV", "show databases into outfile 'WRITTEN'",
		"(select 'x') into outfile 'WRITTEN'", "select 'x' into outfile 'WRITTEN' and stdout",
		"select 1; set readonly = 0; drop table cs.t", "set readonly = 0; select 1", "select 1;drop table cs.t",
		"select catboostEvaluate('SECRET', 1)", "exit", "quit", "\\q",
	}
	for _, query := range refused {
		query = strings.NewReplacer("SECRET", secret, "WRITTEN", written).Replace(query)
		for _, got := range []answer{ask(t, q(query), ""), ask(t, nil, query)} {
			if got.status < 400 || strings.Contains(got.body, "SESAME") || strings.Contains(got.body, "127.0.0.1:1") && strings.Contains(got.body, "refused") {
				t.Errorf("%s: got %d %.300q", query, got.status, got.body)
			}
		}
		if _, err := os.Stat(written); err == nil {
			t.Fatalf("%s: wrote a file", query)
		}
	}
	for _, params := range [][]string{
		{"readonly", "0"}, {"max_execution_time", "0"}, {"max_execution_time", "1000000"}, {"max_execution_time", "-1"}, {"max_execution_time", "0x0"},
		{"max_memory_usage", "0"}, {"max_memory_usage", "999999999999999"}, {"max_threads", "100000"}, {"dialect", "kusto"}, {"allow_ddl", "1"},
		{"format_schema", secret}, {"format_template_row", secret}, {"output_format_schema", written}, {"implicit_select", "1"}, {"async_insert", "1"},
		{"allow_introspection_functions", "1"}, {"profile", "default"}, {"max_memory_usage_for_user", "0"},
	} {
		if got := ask(t, q("select 1", params...), ""); got.status < 400 {
			t.Errorf("%v: got %d %q", params, got.status, got.body)
		}
	}
	// What was refused did nothing, and the session's end leaves the next one with its rights.
	if n := count(t, conn, "select count() from cs.t"); n != 1 {
		t.Errorf("the table has %d rows", n)
	}
	execute(t, conn, "insert into cs.t values (3, 'z')")
}

func TestReaderIsServed(t *testing.T) {
	conn := emptied(t)
	execute(t, conn, "create database cs", "create table cs.t (a Int32, file String) engine = MergeTree order by a", "insert into cs.t values (1, 'x')",
		"create view cs.v as select {as_of:Date} as d")
	f := func(want, query string, settings ...string) {
		t.Helper()
		if got := ask(t, q(query, settings...), ""); got.status != http.StatusOK || got.body != want {
			t.Errorf("%s: got %d %q, want %q", query, got.status, got.body, want)
		}
	}
	f("1\tx\n", "select * from cs.t")
	f("x\n", "select t.file from cs.t")
	f("file\n", "select 'file'")
	f("2024-01-31\n", "select * from cs.v(as_of = '2024-01-31')")
	f("2024-02-29\n", "with d as (select d from cs.v(as_of = {x:Date})) select * from d", "param_x", "2024-02-29")
	f("t\nv\n", "show tables from cs")
	f("1\n", "exists cs.t")
	f("1\n", "select 1 format TSV")
	f("a\tInt32\t\t\t\t\t\nfile\tString\t\t\t\t\t\n", "describe table cs.t")
	f("a\tUInt8\t\t\t\t\t\n", "describe (select 1 as a)")
	f("5\n", "select getSetting('max_execution_time')", "max_execution_time", "5")
	f("Asia/Tokyo\n", "select timezone()", "session_timezone", "Asia/Tokyo")
	f("[\"1\"]\n", "select toInt64(1) format JSONCompactEachRow", "output_format_json_quote_64bit_integers", "1", "readonly", "2")
	f("it's; -- no /* comment */", "select 'it\\'s; -- no /* comment */' format RawBLOB")
	f("a$b\n", "select $tag$a$b$tag$;")
	// system.stack_trace asks every thread for its stack by a signal; Go's threads must survive that.
	if got := asService(t, q("select count() > 5 from system.stack_trace"), ""); got.body != "1\n" {
		t.Errorf("system.stack_trace: got %d %q", got.status, got.body)
	}
}
