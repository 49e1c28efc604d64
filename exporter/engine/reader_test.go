//go:build linux && !server

package engine_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
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
		"create view cs.v as select arrayJoin([toDate('2024-01-31'), toDate('2024-02-29')]) as day")
	f := func(want, query string, settings ...string) {
		t.Helper()
		if got := ask(t, q(query, settings...), ""); got.status != http.StatusOK || got.body != want {
			t.Errorf("%s: got %d %q, want %q", query, got.status, got.body, want)
		}
	}
	f("1\tx\n", "select * from cs.t")
	f("x\n", "select t.file from cs.t")
	f("file\n", "select 'file'")
	f("2024-01-31\n", "select * from cs.v where day = '2024-01-31'")
	f("2024-02-29\n", "with d as (select day from cs.v where day = {x:Date}) select * from d", "param_x", "2024-02-29")
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
}

// asKPI is ask with the rights of a user who may read KPI views only.
func asKPI(t *testing.T, params url.Values, body string) answer {
	t.Helper()
	return ask(t, params, body, "Test-Role", "kpi")
}

// Whatever way a statement names a table, the role kpi reads KPI views without accounts, and nothing else.
func TestKPIReader(t *testing.T) {
	conn := emptied(t)
	execute(t, conn, "create database cs", "create database elsewhere", "create table cs.stored_accounts (name String) engine = MergeTree order by name", "insert into cs.stored_accounts values ('ACCOUNT-ROW')",
		"create table elsewhere.t (name String) engine = MergeTree order by name", "insert into elsewhere.t values ('ACCOUNT-ROW')",
		"create view cs.accounts as select * from cs.stored_accounts",
		"create view cs.nrr as select toDate('2024-06-30') as day, count() as n from cs.accounts", "create view cs.nrr_detail as select toDate('2024-06-30') as day, name from cs.accounts",
		"create view cs.gaps as select toDate('2024-06-30') as day, name as account from cs.accounts",
		`create view cs.catalogue as select v.1 as view, v.2 as kind, v.3 as column, v.4 as type from (select arrayJoin([('nrr', 'kpi', 'n', 'gauge'), ('nrr', 'kpi', 'accounts', 'gauge'),
			('nrr_detail', 'detail', 'name', 'part'), ('gaps', 'kpi', 'account', 'label'), ('gaps', 'kpi', 'n', 'gauge'), ('accounts', 'table', 'name', 'String'), ('stored_accounts', 'table', 'name', 'String')]) as v)`)
	t.Cleanup(func() { _ = conn.Exec(context.WithoutCancel(t.Context()), "drop database elsewhere") })
	eventually(t, "the engine looks into the catalogue", time.Minute, func() bool { return asKPI(t, q("select * from cs.catalogue"), "").status == http.StatusOK })
	for _, query := range []string{
		"select n from cs.nrr where day = '2024-06-30'", "select n from `cs`.`nrr` where day = {d:Date}", "with x as (select * from cs.nrr where day = '2024-06-30') select n from x",
		"select accounts.n from cs.nrr as accounts where day = '2024-06-30'", "select count() > 0 from cs.catalogue", "select count() > 0 from system.columns where table = 'accounts'",
		"select max(position) > 0 from {db:Identifier}.{t:Identifier}", "select max(number) from numbers(2)",
	} {
		for _, database := range []string{"", "cs", "default"} {
			if got := asKPI(t, q(query, "param_d", "2024-06-30", "param_db", "system", "param_t", "columns", "database", database), ""); got.body != "1\n" {
				t.Errorf("%s: got %d %.300q", query, got.status, got.body)
			}
		}
	}
	for _, query := range []string{
		"select * from cs.stored_accounts", "select * from `cs`.\"accounts\"", "select * from cs.nrr_detail where day = '2024-06-30'", "select * from cs.gaps where day = '2024-06-30'",
		"select cs.stored_accounts.name from cs.stored_accounts", "select * from accounts", "select * from accounts as a, cs.nrr", "select * from elsewhere.t",
		"select * from {db:Identifier}.{t:Identifier}", "select * from cs.{t:Identifier}", "select * from {t:Identifier}", "select * from nrr_detail where day = '2024-06-30'",
		"select 'x' in cs.stored_accounts", "select concat('ACCOUNT', '-ROW') in accounts", "select in(concat('ACCOUNT', '-ROW'), cs.stored_accounts)", "select concat('ACCOUNT', '-ROW') in elsewhere.t",
		"select throwIf((select count() from cs.stored_accounts) = 1)", "describe (select (select name from cs.stored_accounts) as x)", "explain select * from cs.stored_accounts", "explain query tree select (select any(name) from cs.stored_accounts)",
		"with accounts as (select 1 as name) select * from (select * from accounts), (select * from cs.stored_accounts)",
		"select * from (with accounts as (select 1 as a) select * from accounts), accounts",
		"select sum(1) over w from cs.nrr window w as (order by (select any(name) from cs.stored_accounts))",
		"select sum(1) over w from cs.nrr window w as (order by n in cs.stored_accounts)",
		"select * apply (x -> x in cs.stored_accounts) from cs.nrr", "select * apply (x -> (select any(name) from cs.stored_accounts)) from cs.nrr",
		"select * from merge('cs', 'acc.*')", "select * from merge(cs, 'acc.*')", "select * from loop(cs, accounts)", "select * from loop(cs.stored_accounts)", "select * from view(select * from cs.stored_accounts)",
		"select joinGet('cs.stored_accounts', 'name', 1)", "select hasColumnInTable('cs', 'accounts', 'name')", "select * from cluster('default', cs, accounts)", "select * from remote('127.0.0.1', cs, accounts)",
		"select * from mergeTreeIndex(cs, accounts)", "select * from viewExplain('EXPLAIN', '', (select * from cs.stored_accounts))", "select * from cs.nrr where day = (select toDate(any(name)) from cs.stored_accounts)",
		"select * from system.parts", "select * from system.parts_columns", "select * from system.processes", "select * from system.mutations", "select * from system.query_cache", "select * from default.accounts",
		"select * from cs.nrr where day = '2024-06-30' and exists(select 1 from cs.stored_accounts)", "select (select any(name) from cs.stored_accounts) union all select 'x'", "(select name from cs.stored_accounts)",
		"select * from cs.nrr join cs.stored_accounts on 1", "select * from cs.nrr order by (select any(name) from cs.stored_accounts)",
		"show create table cs.stored_accounts", "select * from information_schema.columns join accounts on 1", "use cs",
	} {
		for _, params := range [][]string{nil, {"database", "cs"}, {"database", "elsewhere"}} {
			got := asKPI(t, q(query, append([]string{"param_db", "cs", "param_t", "accounts"}, params...)...), "")
			if got.status < 400 || strings.Contains(got.body, "ACCOUNT-ROW") {
				t.Errorf("%s %v: got %d %.300q", query, params, got.status, got.body)
			}
		}
	}
	if got := asKPI(t, q("select * from cs.stored_accounts"), ""); got.header.Get("X-ClickHouse-Exception-Code") != "497" || !strings.Contains(got.body, "cs.stored_accounts is not available to this user") {
		t.Errorf("got %d %q", got.status, got.body)
	}
	// A reader with all rights reads the same with the database's name and without.
	for _, query := range []string{"select * from cs.stored_accounts", "select * from accounts", "select name from cs.nrr_detail where day = '2024-06-30'"} {
		if got := ask(t, q(query), ""); got.body != "ACCOUNT-ROW\n" {
			t.Errorf("%s: got %d %q", query, got.status, got.body)
		}
	}
}

// A refusal names what was refused, why, and what to do.
func TestRefusalsSayWhat(t *testing.T) {
	f := func(code, want string, got answer) {
		t.Helper()
		if got.header.Get("X-ClickHouse-Exception-Code") != code || !strings.Contains(got.body, want) {
			t.Errorf("got %d %q, want %s with %q", got.status, got.body, code, want)
		}
	}
	f("164", "the setting additional_result_filter is not available to readers", ask(t, q("select 1", "additional_result_filter", "1"), ""))
	f("164", "give settings with the request", ask(t, q("select * from (select 1 settings max_threads = 1)"), ""))
	f("164", "the setting allow_ddl is not available to readers", ask(t, q("select 1 settings allow_ddl = 1"), ""))
	f("164", "they may run SELECT, SHOW", ask(t, q("drop table cs.t"), ""))
	f("497", "The function file is not available to readers of this engine (it reads files", ask(t, q("select file('x')"), ""))
	f("497", "The function no_such is not available", ask(t, q("select no_such(1)"), ""))
	f("497", "The table function format is not available", ask(t, q("select * from format(CSV, '1')"), ""))
	f("497", "The function url is not available", ask(t, q("select * from url('http://127.0.0.1:1/')"), ""))
	f("497", "The table system.processes is not available", ask(t, q("select * from system.processes"), ""))
	f("497", "its tables are files", ask(t, q("select * from default.`x.csv`"), ""))
	f("497", "write a column of that name with its table", ask(t, q("select file from (select 1 as file)"), ""))
	f("73", "Unknown format Protobuf, or one that is not available", ask(t, q("select 1 format Protobuf"), ""))
	f("497", "name it before the table", ask(t, q("select 1", "database", "system"), ""))
}

// What a reader's result takes on disk and on the way is bounded, and given back.
func TestReaderResultIsBounded(t *testing.T) {
	spooled := func(rows string) answer {
		return ask(t, q("select repeat('x', 1000000) from numbers("+rows+") format RowBinary", "wait_end_of_query", "1", "max_block_size", "20"), "")
	}
	if got := spooled("1000"); got.header.Get("X-ClickHouse-Exception-Code") != "396" || !strings.Contains(got.body, "leave wait_end_of_query out") {
		t.Errorf("got %d %.300q", got.status, got.body)
	}
	if got := spooled("20"); got.status != http.StatusOK || len(got.body) < 20_000_000 {
		t.Errorf("got %d, %d bytes", got.status, len(got.body))
	}
}

// Boards and documents ask nothing that readers may not. Their views are not there, which the engine says only after it has judged the statement.
func TestReadersMayAskWhatIsShown(t *testing.T) {
	emptied(t)
	var asked []string
	boards, err := filepath.Glob("../../dashboards/*/*.json")
	if err != nil || len(boards) == 0 {
		t.Fatalf("boards: %v, %v", boards, err)
	}
	for _, path := range boards {
		for _, m := range regexp.MustCompile(`"(?:rawSql|definition|query)": ("(?:[^"\\]|\\.)*")`).FindAllStringSubmatch(read(t, path), -1) {
			var sql string
			if err := json.Unmarshal([]byte(m[1]), &sql); err != nil {
				t.Fatal(err)
			}
			if regexp.MustCompile(`(?is)^\s*(select|with)\s`).MatchString(sql) {
				asked = append(asked, sql)
			}
		}
	}
	if len(asked) < 20 {
		t.Fatalf("the boards have %d statements", len(asked))
	}
	worked := regexp.MustCompile("(?s)\n```sql\n(.*?)\n```\n").FindAllStringSubmatch(read(t, "../../queries/README.md"), -1)
	if len(worked) < 10 {
		t.Fatalf("queries/README.md has %d statements", len(worked))
	}
	for _, m := range worked {
		if !strings.Contains(m[1], "{days:") { // a file for CSKPI_QUERIES_DIR, which no reader runs
			asked = append(asked, m[1])
		}
	}
	variable := regexp.MustCompile(`\$\{[^}]*\}`)
	slices.Sort(asked)
	for _, sql := range slices.Compact(asked) {
		sql = variable.ReplaceAllStringFunc(sql, func(v string) string {
			if strings.Contains(v, "date") {
				return "2024-06-30"
			}
			return "a"
		})
		switch got := ask(t, nil, sql); got.header.Get("X-ClickHouse-Exception-Code") {
		case "", "60", "81", "46", "47": // Answered, or what is asked for is not there.
		default:
			t.Errorf("%s: got %d %.500q", sql, got.status, got.body)
		}
	}
}
