//go:build linux && !server

package engine_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go/compress"
	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
)

// clientTables are what the clients find: a table and a view, both with comments.
var clientTables = []string{
	"create database cs comment 'Customer Success KPIs'",
	`create table cs.accounts (account_id String comment 'Id in the source system.', name LowCardinality(String), arr Decimal(18, 4) comment 'ARR.',
		created_on Nullable(Date), updated_at DateTime64(3, 'UTC'), labels Array(String), kind Enum8('new' = 1, 'renewal' = 2), is_test Bool)
		engine = MergeTree order by account_id comment 'Accounts, one row each.'`,
	`insert into cs.accounts values ('a1', 'Ärger & Söhne', 1200.5, '2024-01-31', '2024-02-01 12:00:00.123', ['x'], 'new', false),
		('a2', 'B', 0, null, '2024-02-02 00:00:00', [], 'renewal', true)`,
	`create view cs.nrr (day Date comment 'As-of day.', segment String comment 'Segment.', ratio Nullable(Float64) comment 'NRR of the segment.') as (
		select toDate('2024-06-30') as day, name as segment, toFloat64(arr) as ratio from cs.accounts) comment 'Net revenue retention.'`,
}

// client sends a statement as a program does that people use with ClickHouse.
type client struct {
	name string
	send func(statement string, params url.Values) message
	asks []asked
}

// message is an HTTP request.
type message struct {
	path    string // With the parameters.
	headers []string
	body    string
}

// asked is a statement that the client sends of itself, or that its users have it send.
type asked struct {
	statement string
	params    url.Values
	want      []string // Rows that the answer must have, as in "name=nrr|type=View"; any of its values may be left out.
}

// with are parameters of a request.
func with(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

// The requests of each client are made as its own source, of the version named, makes them: with its parameters and
// headers, and with statements that read the same columns of the same tables by the same functions. Those of
// clickhouse-connect were recorded from a run of it.
func clients(version string) []client {
	const agent = "User-Agent"
	major, _, _ := strings.Cut(version, ".")
	lists := []string{"name=cs", "name=system"}
	columns := []string{
		"name=day|type=Date|comment=As-of day.", "name=segment|type=String|comment=Segment.", "name=ratio|type=Nullable(Float64)|comment=NRR of the segment.",
	}
	connect := func(product string) func(string, url.Values) message {
		return func(statement string, params url.Values) message {
			v := with("session_id", "9832c62c-1d97-4a87-8c3e-605471f9027d", "date_time_input_format", "best_effort", "cast_string_to_dynamic_use_inference", "1",
				"cancel_http_readonly_queries_on_client_close", "1", "wait_end_of_query", "1", "send_progress_in_http_headers", "1",
				"http_headers_progress_interval_ms", "120000", "query_id", "31415364-250a-4a74-a982-0fe7a2e78c2e")
			for name := range params {
				v.Set(name, params.Get(name))
			}
			return message{"/?" + v.Encode(), []string{
				agent, "clickhouse-connect/1.7.2 (" + product + "lv:py/3.11.2; mode:sync; os:linux)", "Accept-Encoding", "zstd,lz4,br,gzip,deflate", "Content-Type", "text/plain; charset=utf-8",
			}, statement + "\n FORMAT Native"}
		}
	}
	// Metabase, Tableau and DBeaver use the drivers for Java.
	jdbc := func(agentValue string, settings ...string) func(string, url.Values) message {
		return func(statement string, params url.Values) message {
			v := with(append([]string{"compress", "1", "query_id", "0c2a6d0e-8f5a-4e4c-9f44-0f1f5b8f3c11"}, settings...)...)
			for name := range params {
				v.Set(name, params.Get(name))
			}
			return message{"/?" + v.Encode(), []string{
				agent, agentValue, "Content-Type", "text/plain", "X-ClickHouse-Format", "RowBinaryWithNamesAndTypes", "X-ClickHouse-Database", "default",
				"X-ClickHouse-Query-Id", "0c2a6d0e-8f5a-4e4c-9f44-0f1f5b8f3c11",
			}, statement}
		}
	}
	legacy := func(product string, settings ...string) func(string, url.Values) message {
		return func(statement string, params url.Values) message {
			v := with(append(settings, "compress", "1", "extremes", "0")...)
			for name := range params {
				v.Set(name, params.Get(name))
			}
			return message{"/?" + v.Encode(), []string{
				agent, product + "ClickHouse-JdbcDriver (Java/17)", "accept", "*/*", "x-clickhouse-database", "cs", "x-clickhouse-format", "RowBinaryWithNamesAndTypes",
			}, statement}
		}
	}
	odbc := func(format string) func(string, url.Values) message {
		return func(statement string, params url.Values) message {
			v := with("default_format", format, "database", "cs", "session_id", "5f0f3c4e", "enable_http_compression", "1", "cast_keep_nullable", "1", "prefer_column_name_to_alias", "1")
			for name := range params {
				v.Set(name, params.Get(name))
			}
			return message{"/query?" + v.Encode(), []string{agent, "clickhouse-odbc/1.5.4 (Windows)", "Accept-Encoding", "zstd"}, statement}
		}
	}
	const tablesOfJDBC = `select '' as TABLE_CAT, t.database as TABLE_SCHEM, t.name as TABLE_NAME, if(t.is_temporary = 1, concat('Temporary', t.engine), t.engine) as TABLE_TYPE,
		t.comment as REMARKS, cast(null as Nullable(String)) as TYPE_CAT, d.engine as TYPE_SCHEM
		from system.tables t join system.databases d on system.tables.database = system.databases.name
		where t.database like '%' and t.name like '%' and ((t.engine in ('MergeTree', 'View', 'Memory')) or (t.engine like 'System%' or t.engine like 'Async%')) and (t.is_temporary = 0)`
	const columnsOfJDBC = `select database as TABLE_SCHEM, table as TABLE_NAME, name as COLUMN_NAME, toInt32(1111) as DATA_TYPE, type as TYPE_NAME,
		toInt32(multiIf(character_octet_length is not null, character_octet_length, system.columns.type == 'Int8', 1, numeric_precision is not null, numeric_precision, 0)) as COLUMN_SIZE,
		toInt32(IF (numeric_scale == 0, null, numeric_scale)) as DECIMAL_DIGITS, toInt32(numeric_precision_radix) as NUM_PREC_RADIX,
		toInt32(position(type, 'Nullable(') >= 1 ? 1 : 0) as NULLABLE, system.columns.comment as REMARKS, system.columns.default_expression as COLUMN_DEF,
		character_octet_length::Nullable(Int32) as CHAR_OCTET_LENGTH, toInt32(system.columns.position) as ORDINAL_POSITION, position(upper(type), 'NULLABLE') >= 1 ? 'YES' : 'NO' as IS_NULLABLE,
		cast(null as Nullable(Int16)) as SOURCE_DATA_TYPE, 'NO' as IS_AUTOINCREMENT
		from system.columns where database like 'cs' and table like '%' and name like '%' order by TABLE_SCHEM, TABLE_NAME, ORDINAL_POSITION`
	const keysOfJDBC = `select null::Nullable(String) as TABLE_CAT, system.tables.database as TABLE_SCHEM, system.tables.name as TABLE_NAME, trim(c.1) as COLUMN_NAME,
		cast(c.2 as Int16) as KEY_SEQ, 'PRIMARY' as PK_NAME from system.tables
		array join arrayZip(splitByChar(',', primary_key), arrayEnumerate(splitByChar(',', primary_key))) as c
		where system.tables.primary_key <> '' and system.tables.database ilike 'cs' and system.tables.name ilike '%' order by COLUMN_NAME`
	columnsWanted := []string{
		"TABLE_NAME=accounts|COLUMN_NAME=account_id|TYPE_NAME=String|REMARKS=Id in the source system.|ORDINAL_POSITION=1|IS_NULLABLE=NO",
		"TABLE_NAME=accounts|COLUMN_NAME=arr|TYPE_NAME=Decimal(18, 4)|COLUMN_SIZE=18|DECIMAL_DIGITS=4|REMARKS=ARR.",
		"TABLE_NAME=nrr|COLUMN_NAME=ratio|TYPE_NAME=Nullable(Float64)|NULLABLE=1|IS_NULLABLE=YES|REMARKS=NRR of the segment.",
	}
	tablesWanted := []string{"TABLE_SCHEM=cs|TABLE_NAME=accounts|REMARKS=Accounts, one row each.", "TABLE_SCHEM=cs|TABLE_NAME=nrr|REMARKS=Net revenue retention."}
	return []client{
		{"clickhouse-connect 1.7.2", connect(""), []asked{
			{"SELECT version(), timezone()", nil, []string{"version()=" + version}},
			{"SELECT name, value, readonly FROM system.settings LIMIT 10000", nil, []string{
				"name=date_time_input_format|readonly=0", "name=cancel_http_readonly_queries_on_client_close|readonly=0", "name=enable_http_compression|value=1|readonly=0",
				"name=send_progress_in_http_headers|readonly=0", "name=http_headers_progress_interval_ms|readonly=0", "name=max_threads|readonly=0",
				"name=readonly|value=1|readonly=1", "name=additional_result_filter|readonly=1",
			}},
			{"SELECT 1 AS check", with("client_protocol_version", "54405"), []string{"check=1"}},
			{"SELECT * FROM nrr WHERE day = {d:Date}", with("param_d", "2024-06-30"), []string{"day=2024-06-30|segment=Ärger & Söhne|ratio=1200.5"}},
			{"SELECT getSetting('max_threads') AS n", with("max_threads", "2"), []string{"n=2"}},
			{"DESCRIBE TABLE cs.nrr", nil, columns},
			{"SELECT 1 AS x SETTINGS max_threads = 1", nil, []string{"x=1"}},
		}},
		{"SQLAlchemy in clickhouse-connect 1.7.2, as Superset uses it", connect("sqlalchemy/2.0.43; "), []asked{
			{"SELECT currentDatabase()", nil, []string{"currentDatabase()=cs"}},
			{"SHOW DATABASES", nil, lists},
			{"SHOW TABLES FROM `cs`", nil, []string{"name=accounts", "name=nrr"}},
			{"EXISTS DATABASE `cs`", nil, []string{"result=1"}},
			{"EXISTS TABLE `cs`.`nrr`", nil, []string{"result=1"}},
			{"SELECT engine, engine_full, comment FROM system.tables WHERE database = 'cs' AND name = 'nrr'", nil, []string{"engine=View|comment=Net revenue retention."}},
			{"DESCRIBE TABLE `cs`.`nrr`", nil, columns},
			{"SELECT name FROM system.functions UNION ALL SELECT name FROM system.table_functions LIMIT 10000", nil, []string{"name=toStartOfMonth"}},
			{"SELECT toStartOfMonth(toDateTime(`day`)) AS `m`, sum(`ratio`) AS `SUM(ratio)` FROM `cs`.`nrr` GROUP BY toStartOfMonth(toDateTime(`day`)) LIMIT 1000", nil, []string{"SUM(ratio)=1200.5"}},
		}},
		{"dbt-clickhouse 1.10, its reading", connect("dbt/1.10; "), []asked{
			{"SELECT engine FROM system.databases WHERE name = database()", nil, []string{"engine=Atomic"}},
		}},
		{"client-v2 0.10.0", jdbc("clickhouse-java-v2/0.10.0 (Linux; jvm:17.0.15) Apache-HttpClient/5.4.4"), []asked{
			{"SELECT currentUser() AS user, timezone() AS timezone, version() AS version LIMIT 1", nil, []string{"user=default|version=" + version}},
			{"SELECT * FROM cs.accounts", with("session_id", "s-1", "session_check", "1", "session_timeout", "60", "session_timezone", "Asia/Tokyo"), []string{"account_id=a1|name=Ärger & Söhne|is_test=false"}},
			{"SELECT * FROM cs.accounts WHERE 1=0", nil, nil},
			{"DESC (select * from cs.nrr) FORMAT TSKV", nil, nil},
			{"DESCRIBE TABLE cs.nrr FORMAT TSKV", nil, nil},
			{"SELECT 1 FORMAT TabSeparated", nil, nil},
		}},
		{"jdbc-v2 0.10.0", jdbc("ClickHouse-JdbcDriver/0.10.0 clickhouse-java-v2/0.10.0", "max_result_rows", "9223372036854775807", "result_overflow_mode", "break"), []asked{
			{"SELECT version() as server_version", nil, []string{"server_version=" + version}},
			{"SELECT name AS TABLE_SCHEM, '' AS TABLE_CATALOG FROM system.databases ORDER BY name", nil, []string{"TABLE_SCHEM=cs"}},
			{"SELECT 'local' AS TABLE_CAT  WHERE 1 = 0", nil, nil},
			{"SELECT arrayJoin(['TABLE','VIEW']) AS TABLE_TYPE ORDER BY TABLE_TYPE", nil, []string{"TABLE_TYPE=VIEW"}},
			{tablesOfJDBC, nil, append([]string{"TABLE_NAME=nrr|TABLE_TYPE=View", "TABLE_NAME=accounts|TABLE_TYPE=MergeTree"}, tablesWanted...)},
			{columnsOfJDBC, nil, columnsWanted},
			{keysOfJDBC, nil, []string{"TABLE_NAME=accounts|COLUMN_NAME=account_id|KEY_SEQ=1"}},
			{"SELECT CAST(NULL as Nullable(String)) AS PKTABLE_CAT, CAST(NULL as Nullable(Int16)) AS KEY_SEQ LIMIT 0", nil, nil},
			{"SELECT CAST(name as Nullable(String)) AS FUNCTION_NAME, concat(description, '(', origin, ')') AS REMARKS, CAST(0 AS Int16) AS FUNCTION_TYPE FROM system.functions WHERE name LIKE 'sum'",
				nil, []string{"FUNCTION_NAME=sum"}},
			{`select name as TYPE_NAME, cast(attrs.c2 as Nullable(Int32)) as PRECISION, cast(not(dt.case_insensitive) as Boolean) as CASE_SENSITIVE, 3::Int16 as SEARCHABLE,
				cast(not(attrs.c3) as Boolean) as UNSIGNED_ATTRIBUTE, false as FIXED_PREC_SCALE, if(empty(alias_to), name, alias_to) as LOCAL_TYPE_NAME
				from system.data_type_families dt left join (select * from VALUES (('Int8',3,true,0,0),('String',0,false,0,0))) as attrs on (dt.name = attrs.c1)
				where alias_to == '' order by name`, nil, []string{"TYPE_NAME=Int8|PRECISION=3"}},
			{"SELECT c1 as NAME, c2 as MAX_LEN, c3 as DEFAULT_VALUE, c4 as DESCRIPTION FROM VALUES (('ApplicationName', 255, '', 'The name'), ('x', 1, '', ''))", nil, []string{"NAME=ApplicationName|MAX_LEN=255"}},
		}},
		{"Metabase 0.56 on jdbc-v2", jdbc("metabase/v0.56.0 ClickHouse-JdbcDriver/0.10.0 clickhouse-java-v2/0.10.0", "select_sequential_consistency", "1"), []asked{
			{"SELECT count(*) > 0 FROM system.databases WHERE name = 'cs'", nil, nil},
			{"WITH s AS (SELECT version() AS ver, splitByChar('.', ver) AS verSplit) SELECT s.ver, toInt32(verSplit[1]) AS major, toInt32(verSplit[2]) FROM s", nil, []string{"major=" + major}},
			{"SELECT value='1' AS cloud FROM system.settings WHERE name='cloud_mode'", nil, []string{"cloud=0"}},
			{"SELECT count() = 0 AS single FROM system.clusters WHERE is_local = 0", nil, []string{"single=1"}},
			{"SELECT timezone() AS tz", with("session_timezone", "Asia/Tokyo"), []string{"tz=Asia/Tokyo"}},
			{tablesOfJDBC, nil, tablesWanted},
			{"-- Metabase:: userID: 1 queryType: MBQL queryHash: abc\nSELECT toStartOfMonth(`cs`.`nrr`.`day`) AS `day`, SUM(`cs`.`nrr`.`ratio`) AS `sum` FROM `cs`.`nrr` " +
				"GROUP BY toStartOfMonth(`cs`.`nrr`.`day`) ORDER BY toStartOfMonth(`cs`.`nrr`.`day`) ASC LIMIT 2000", nil, []string{"sum=1200.5"}},
			{"SELECT substring(`cs`.`accounts`.`name`, 1, 1234) AS `substring0` FROM `cs`.`accounts` LIMIT 10000", nil, []string{"substring0=B"}},
		}},
		{"clickhouse-jdbc, the driver before version 2", legacy(""), []asked{
			{`select currentUser() user, timezone() timezone, version() version, toUInt8(ifnull((select value from system.settings where name = 'readonly'), '0')) as readonly,
				toUInt64(ifnull((select value from system.settings where name = 'max_insert_block_size'), '0')) as max_insert_block_size,
				(ifnull((select value from system.settings where name = 'custom_jdbc_config'), '')) as custom_jdbc_config FORMAT RowBinaryWithNamesAndTypes`, nil, []string{"readonly=1|custom_jdbc_config="}},
			{"select 1", with("session_id", "s-2", "session_check", "1", "session_timeout", "3600", "max_execution_time", "60", "max_result_rows", "1000", "result_overflow_mode", "throw", "log_comment", "x"), []string{"1=1"}},
			{"select name from system.databases order by name", nil, lists},
			{`select null as TABLE_CAT, t.database as TABLE_SCHEM, t.name as TABLE_NAME, case when t.engine like '%Log' then 'LOG TABLE' when t.engine in ('Buffer', 'Memory', 'Set') then 'MEMORY TABLE'
				when t.is_temporary != 0 then 'TEMPORARY TABLE' when t.engine like '%View' then 'VIEW' when t.engine = 'Dictionary' then 'DICTIONARY'
				when t.engine like 'Async%' or t.engine like 'System%' then 'SYSTEM TABLE' when empty(t.data_paths) then 'REMOTE TABLE' else 'TABLE' end as TABLE_TYPE,
				t.comment as REMARKS, null as TYPE_CAT, d.engine as TYPE_SCHEM, t.engine as TYPE_NAME
				from system.tables t inner join system.databases d on t.database = d.name
				where t.database like 'cs' and t.name like '%' and TABLE_TYPE in ('TABLE', 'VIEW') order by t.database, t.name`,
				nil, append([]string{"TABLE_NAME=nrr|TABLE_TYPE=VIEW", "TABLE_NAME=accounts|TABLE_TYPE=TABLE"}, tablesWanted...)},
			{`select * from (select null as FUNCTION_CAT, 'system' as FUNCTION_SCHEM, name as FUNCTION_NAME, concat('case-', case_insensitive ? 'in' : '', 'sensitive', is_aggregate ? ' aggregate' : '') as REMARKS,
				1 as FUNCTION_TYPE from system.functions where name like '%' union all
				select null as FUNCTION_CAT, 'system' as FUNCTION_SCHEM, name as FUNCTION_NAME, 'table' as REMARKS, 2 as FUNCTION_TYPE from system.table_functions
				where name not in (select name from system.functions) and name like '%') where 1 order by FUNCTION_CAT, FUNCTION_SCHEM, FUNCTION_NAME`, nil, []string{"FUNCTION_NAME=numbers|FUNCTION_TYPE=2"}},
			{"select name, alias_to from system.data_type_families order by name", nil, []string{"name=Decimal"}},
			{"select table as TABLE_NAME, sum(rows) as CARDINALITY, uniqExact(name) as PAGES from system.parts where active = 1 and database like 'cs' and table like '%' group by database, table",
				nil, []string{"TABLE_NAME=accounts|CARDINALITY=2"}},
			{"select type as INDEX_QUALIFIER, name as INDEX_NAME, expr as COLUMN_NAME from system.data_skipping_indices where database like 'cs' and table like '%'", nil, nil},
			{"select name as INDEX_NAME, column as COLUMN_NAME, sum(rows) as CARDINALITY from system.projection_parts_columns where active = 1 and database like 'cs' group by name, column", nil, nil},
			{"SELECT * FROM `cs`.`accounts` WHERE 0", nil, nil},
		}},
		{"Tableau's connector 0.3.1 on clickhouse-jdbc", legacy("", "join_use_nulls", "1", "session_id", "tableau-jdbc-connector-1700000000000-42"), []asked{
			{"SELECT * FROM `cs`.`nrr` LIMIT 0", nil, nil},
			{"SELECT 1 AS `TEMP(Test)(1)`, CAST(`nrr`.`segment` AS Nullable(String)) AS `s`, SUM(`nrr`.`ratio`) AS `sum:ratio:ok` FROM `cs`.`nrr` `nrr` GROUP BY `s`", nil, []string{"s=B|sum:ratio:ok=0"}},
		}},
		{"DBeaver 24 on clickhouse-jdbc", legacy("DBeaver 24.2.3 - Main "), []asked{
			{"SELECT name FROM system.table_engines", nil, []string{"name=MergeTree"}},
			{"SELECT name as TABLE_NAME, engine as TABLE_TYPE, database as TABLE_SCHEM,comment as REMARKS, * FROM system.tables\nWHERE database = 'cs'", nil, tablesWanted},
			{"select table,sum(bytes) as table_size, sum(rows) as table_rows, max(modification_time) as latest_modification,min(min_date) AS min_date,max(max_date) AS max_date FROM system.parts\nWHERE database='cs' AND active\nGROUP BY table",
				nil, []string{"table=accounts|table_rows=2"}},
			{"SHOW CREATE TABLE cs.nrr", nil, nil},
		}},
		{"clickhouse-odbc 1.5.4, as Power BI uses it", odbc("RowBinaryWithNamesAndTypes"), odbcAsks(version)},
		{"clickhouse-odbc 1.5.4 by default", odbc("ODBCDriver2"), odbcAsks(version)},
		{"@clickhouse/client 1.23", func(statement string, params url.Values) message {
			v := with("query_id", "d4b6", "send_progress_in_http_headers", "1", "http_headers_progress_interval_ms", "60000", "wait_end_of_query", "1", "database", "cs", "session_id", "node-1")
			for name := range params {
				v.Set(name, params.Get(name))
			}
			return message{"/?" + v.Encode(), []string{agent, "clickhouse-js/1.23.1 (lv:nodejs/v20; os:linux)", "Accept-Encoding", "gzip"}, statement + "\nFORMAT JSONEachRow"}
		}, []asked{
			{"SELECT name, type, comment FROM system.columns WHERE database = {db:String}", with("param_db", "cs"), columns},
		}},
		{"ClickHouse.Driver 1.4 for .NET", func(statement string, params url.Values) message {
			v := with("enable_http_compression", "true", "default_format", "RowBinaryWithNamesAndTypes", "database", "cs", "session_id", "net-1", "query_id", "e0",
				"output_format_binary_write_json_as_string", "0", "input_format_binary_read_json_as_string", "0")
			for name := range params {
				v.Set(name, params.Get(name))
			}
			return message{"/?" + v.Encode(), []string{agent, "ClickHouse.Driver/1.4.0", "Accept-Encoding", "gzip, deflate", "Content-Type", "text/sql"}, statement}
		}, []asked{
			{"SELECT database as Database, table as Table, name as Name, type as ProviderType, type as DataType FROM system.columns WHERE database={database:String} AND table={table:String}",
				with("param_database", "cs", "param_table", "nrr"), []string{"Name=ratio|ProviderType=Nullable(Float64)"}},
			{"SELECT `day`, `ratio` FROM cs.nrr WHERE 1=0", with("enable_http_compression", "false"), nil},
		}},
		{"Redash 25", func(statement string, params url.Values) message {
			v := with("database", "cs", "default_format", "JSON", "session_id", "redash_1", "session_check", "1", "session_timeout", "30")
			return message{"/?" + v.Encode(), []string{agent, "python-requests/2.32.3", "Accept-Encoding", "gzip, deflate", "Accept", "*/*"}, statement + "\nFORMAT JSON"}
		}, []asked{
			{"SELECT database, table, name, type FROM system.columns WHERE database NOT IN ('system')", nil, []string{"database=cs|table=nrr|name=day|type=Date"}},
			{"SELECT 1", nil, []string{"1=1"}},
		}},
		{"Altinity's datasource for Grafana, and Tabix", func(statement string, params url.Values) message {
			v := with("add_http_cors_header", "1", "log_queries", "1", "output_format_json_quote_64bit_integers", "1", "output_format_json_quote_denormals", "1", "result_overflow_mode", "throw",
				"timeout_overflow_mode", "throw", "max_execution_time", "10", "max_result_rows", "9000", "database", "default", "query", statement+" FORMAT JSON")
			return message{"/?" + v.Encode(), []string{agent, "Grafana/12.1.0", "Accept", "application/json"}, ""}
		}, []asked{
			{"SELECT name, database, engine FROM system.tables WHERE database NOT IN ('system')", nil, []string{"name=nrr|database=cs"}},
			{"SELECT * FROM system.columns", nil, []string{"table=nrr|name=ratio"}},
			{"SELECT name, status FROM system.dictionaries", nil, nil},
			{"SELECT name, is_aggregate FROM system.functions", nil, []string{"name=sum|is_aggregate=1"}},
		}},
		{"tools that read the information schema", func(statement string, params url.Values) message {
			return message{"/?database=cs&default_format=JSONCompact", []string{agent, "curl/8.5.0", "Content-Type", "application/x-www-form-urlencoded"}, statement}
		}, []asked{
			{"SELECT schema_name FROM information_schema.schemata", nil, []string{"schema_name=cs"}},
			{"SELECT table_name, table_type, table_comment FROM information_schema.tables WHERE table_schema = 'cs'", nil, []string{
				"table_name=nrr|table_type=VIEW|table_comment=Net revenue retention.", "table_name=accounts|table_type=BASE TABLE",
			}},
			{"SELECT COLUMN_NAME, DATA_TYPE, ORDINAL_POSITION, COLUMN_COMMENT FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = 'cs' AND TABLE_NAME = 'nrr'", nil, []string{
				"COLUMN_NAME=ratio|DATA_TYPE=Nullable(Float64)|ORDINAL_POSITION=3|COLUMN_COMMENT=NRR of the segment.",
			}},
			{"SELECT column_name FROM information_schema.key_column_usage WHERE table_name = 'accounts'", nil, []string{"column_name=account_id"}},
			{"SELECT constraint_name FROM information_schema.referential_constraints", nil, nil},
			{"SHOW FULL COLUMNS FROM nrr FROM cs", nil, []string{"field=ratio|type=Nullable(Float64)|comment=NRR of the segment."}},
			{"SHOW FULL TABLES FROM cs", nil, []string{"name=nrr"}},
			{"SHOW INDEX FROM accounts FROM cs", nil, []string{"table=accounts|pk_col=account_id"}},
			{"SHOW FUNCTIONS LIKE 'sum'", nil, []string{"name=sum"}},
			{"SHOW SETTINGS LIKE 'max_threads'", nil, []string{"name=max_threads"}},
			{"SHOW ENGINES", nil, []string{"name=MergeTree"}},
			{"SELECT name, value FROM system.build_options WHERE name = 'VERSION_INTEGER'", nil, nil},
			{"SELECT name FROM system.formats WHERE is_output", nil, []string{"name=ArrowStream"}},
			{"SELECT time_zone FROM system.time_zones", nil, []string{"time_zone=Asia/Tokyo"}},
			{"EXPLAIN SELECT * FROM cs.nrr", nil, nil},
			{"EXPLAIN PLAN indexes = 1 SELECT * FROM cs.accounts WHERE account_id = 'a1'", nil, nil},
		}},
	}
}

func odbcAsks(version string) []asked {
	typed := func(name, id string) string {
		return "select cast('" + name + "', 'String') as TYPE_NAME, cast(" + id + ", 'Int16') as DATA_TYPE, cast(NULL, 'Nullable(Int32)') as COLUMN_SIZE, cast('''', 'Nullable(String)') as LITERAL_PREFIX"
	}
	return []asked{
		{"SELECT 1", nil, []string{"1=1"}},
		{"SELECT version()", nil, []string{"version()=" + version}},
		{"SELECT CAST(name, 'Nullable(String)') AS TABLE_CAT, CAST(NULL, 'Nullable(String)') AS TABLE_SCHEM FROM system.databases ORDER BY TABLE_CAT", nil, []string{"TABLE_CAT=cs"}},
		{"SELECT CAST('TABLE', 'Nullable(String)') AS TABLE_TYPE ORDER BY TABLE_TYPE", nil, []string{"TABLE_TYPE=TABLE"}},
		{"SELECT CAST(database, 'Nullable(String)') AS TABLE_CAT, CAST(NULL, 'Nullable(String)') AS TABLE_SCHEM, CAST(name, 'Nullable(String)') AS TABLE_NAME, CAST('TABLE', 'Nullable(String)') AS TABLE_TYPE " +
			"FROM system.tables WHERE (1 == 1) AND isNotNull(TABLE_CAT) AND coalesce(TABLE_CAT, '') LIKE 'cs' AND isNotNull(TABLE_TYPE) AND (1 == 0 OR coalesce(TABLE_TYPE, '') LIKE 'TABLE') " +
			"ORDER BY TABLE_TYPE, TABLE_CAT, TABLE_SCHEM, TABLE_NAME", nil, []string{"TABLE_CAT=cs|TABLE_NAME=accounts", "TABLE_CAT=cs|TABLE_NAME=nrr"}},
		{"SELECT cast(database, 'Nullable(String)') AS TABLE_CAT, cast(table, 'String') AS TABLE_NAME, cast(name, 'String') AS COLUMN_NAME, cast(0, 'Int16') AS DATA_TYPE, cast(type, 'String') AS TYPE_NAME, " +
			"cast(NULL, 'Nullable(Int32)') AS COLUMN_SIZE, cast(position, 'Int32') AS ORDINAL_POSITION FROM system.columns WHERE (1 == 1) AND isNotNull(TABLE_CAT) AND coalesce(TABLE_CAT, '') LIKE 'cs' " +
			"AND TABLE_NAME LIKE 'nrr' ORDER BY TABLE_CAT, TABLE_NAME, ORDINAL_POSITION", nil, []string{"COLUMN_NAME=day|TYPE_NAME=Date|ORDINAL_POSITION=1", "COLUMN_NAME=ratio|TYPE_NAME=Nullable(Float64)|ORDINAL_POSITION=3"}},
		{"SELECT * FROM (" + typed("String", "12") + " UNION ALL " + typed("Float64", "8") + ") ORDER BY DATA_TYPE", nil, []string{"TYPE_NAME=Float64|DATA_TYPE=8", "TYPE_NAME=String|DATA_TYPE=12"}},
		{"SELECT `segment`, `ratio` FROM `cs`.`nrr` WHERE `segment` = {odbc_positional_1:Nullable(String)} LIMIT 4096", with("param_odbc_positional_1", "B"), []string{"segment=B|ratio=0"}},
		{"SELECT * FROM `cs`.`accounts`", nil, []string{"account_id=a1|name=Ärger & Söhne"}},
	}
}

// Each client gets from the engine what it asks for before its user's first query, and with it.
func TestClientsAreServed(t *testing.T) {
	execute(t, emptied(t), clientTables...)
	for _, c := range clients(version(t)) {
		t.Run(c.name, func(t *testing.T) {
			for _, a := range c.asks {
				m := c.send(a.statement, a.params)
				got := send(t, readers(t)+m.path, m.body, m.headers...)
				if got.status != http.StatusOK || got.err != nil {
					t.Errorf("%s: got %d %.500q %v", a.statement, got.status, got.body, got.err)
					continue
				}
				rows, err := decoded(got, strings.Contains(m.path, "compress=1&"))
				if err != nil {
					t.Errorf("%s: %v", a.statement, err)
					continue
				}
				for _, want := range a.want {
					if !slices.ContainsFunc(rows, func(row map[string]string) bool { return matches(row, want) }) {
						t.Errorf("%s: no row has %s among %d, the first of which are %.500v", a.statement, want, len(rows), rows[:min(len(rows), 3)])
					}
				}
			}
		})
	}
}

// version is the engine's, in the form that clients take apart.
func version(t *testing.T) string {
	t.Helper()
	v := strings.TrimSpace(ask(t, q("select version()"), "").body)
	if !regexp.MustCompile(`^\d+\.\d+\.\d+(\.\d+)?$`).MatchString(v) {
		t.Errorf("the version is %q", v)
	}
	return v
}

func matches(row map[string]string, want string) bool {
	for pair := range strings.SplitSeq(want, "|") {
		name, value, _ := strings.Cut(pair, "=")
		if got, ok := row[name]; !ok || got != value {
			return false
		}
	}
	return true
}

// Grafana's datasource and Go programs use clickhouse-go; ch-go speaks ClickHouse's TCP protocol only.
func TestGoClientReads(t *testing.T) {
	execute(t, emptied(t), clientTables...)
	for name, method := range map[string]clickhouse.CompressionMethod{
		"none": clickhouse.CompressionNone, "lz4": clickhouse.CompressionLZ4, "zstd": clickhouse.CompressionZSTD, "gzip": clickhouse.CompressionGZIP, "deflate": clickhouse.CompressionDeflate, "br": clickhouse.CompressionBrotli,
	} {
		db := clickhouse.OpenDB(&clickhouse.Options{
			Addr: []string{strings.TrimPrefix(readers(t), "http://")}, Protocol: clickhouse.HTTP, Auth: clickhouse.Auth{Database: "cs"}, Compression: &clickhouse.Compression{Method: method},
			Settings: clickhouse.Settings{"limit": 1000, "max_execution_time": 60}, ClientInfo: clickhouse.ClientInfo{Products: []struct{ Name, Version string }{{"clickhouse-datasource", "4.20.0"}}},
		})
		for query, want := range map[string]string{
			"SELECT version()": version(t), "SHOW TABLES FROM \"cs\"": "accounts", "SELECT name FROM system.databases ORDER BY name": "INFORMATION_SCHEMA",
			"SELECT segment FROM nrr WHERE ratio > 0 SETTINGS max_execution_time=10": "Ärger & Söhne",
		} {
			var got string
			if err := db.QueryRowContext(t.Context(), query).Scan(&got); err != nil || got != want {
				t.Errorf("%s: %s: got %q, %v, want %q", name, query, got, err, want)
			}
		}
		rows, err := db.QueryContext(t.Context(), "DESC TABLE \"cs\".\"nrr\"")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		columns, err := rows.ColumnTypes()
		if err != nil || len(columns) != 7 || columns[4].Name() != "comment" {
			t.Errorf("%s: got columns %v, %v", name, columns, err)
		}
		rows.Close()
		var day time.Time
		var ratio *float64
		if err := db.QueryRowContext(t.Context(), "SELECT day, ratio FROM nrr WHERE segment = ? AND day = ?", "B", time.Date(2024, 6, 30, 0, 0, 0, 0, time.UTC)).Scan(&day, &ratio); err != nil || *ratio != 0 || day.Format(time.DateOnly) != "2024-06-30" {
			t.Errorf("%s: got %v %v, %v", name, day, ratio, err)
		}
		if err := db.PingContext(t.Context()); err != nil {
			t.Errorf("%s: ping: %v", name, err)
		}
		db.Close()
	}
}

// decoded reads an answer as a client does, into rows of texts.
func decoded(a answer, blocks bool) ([]map[string]string, error) {
	body := []byte(a.body)
	if encoding := a.header.Get("Content-Encoding"); encoding != "" {
		r, err := codecs[encoding].decode(strings.NewReader(a.body))
		if err == nil {
			body, err = io.ReadAll(r)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", encoding, err)
		}
	}
	if blocks {
		var err error
		if body, err = io.ReadAll(compress.NewReader(strings.NewReader(a.body))); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
	}
	switch format := a.header.Get("X-ClickHouse-Format"); format {
	case "Native":
		return nativeRows(body)
	case "RowBinaryWithNamesAndTypes":
		return rowBinaryRows(body)
	case "ODBCDriver2":
		return odbcRows(body)
	case "JSONEachRow":
		var rows []map[string]string
		for line := range bytes.Lines(body) {
			var row map[string]any
			if err := json.Unmarshal(line, &row); err != nil {
				return nil, err
			}
			rows = append(rows, texts(row))
		}
		return rows, nil
	case "JSON", "JSONCompact":
		var document struct {
			Meta []struct{ Name, Type string }
			Data []json.RawMessage
		}
		if err := json.Unmarshal(body, &document); err != nil {
			return nil, err
		}
		var rows []map[string]string
		for _, raw := range document.Data {
			row := map[string]any{}
			if format == "JSON" {
				if err := json.Unmarshal(raw, &row); err != nil {
					return nil, err
				}
			} else {
				var values []any
				if err := json.Unmarshal(raw, &values); err != nil {
					return nil, err
				}
				for i, value := range values {
					row[document.Meta[i].Name] = value
				}
			}
			rows = append(rows, texts(row))
		}
		return rows, nil
	case "TabSeparated", "TSKV":
		if len(body) == 0 {
			return nil, errors.New("nothing")
		}
		return nil, nil
	default:
		return nil, fmt.Errorf("unexpected format %q", format)
	}
}

func texts(row map[string]any) map[string]string {
	all := map[string]string{}
	for name, value := range row {
		if value != nil {
			all[name] = fmt.Sprint(value)
		}
	}
	return all
}

func nativeRows(body []byte) ([]map[string]string, error) {
	var rows []map[string]string
	for r := chproto.NewReader(bytes.NewReader(body)); ; {
		block := proto.NewBlock()
		if err := block.Decode(r, 0); errors.Is(err, io.EOF) {
			return rows, nil
		} else if err != nil {
			return nil, err
		}
		for i := range block.Rows() {
			row := map[string]any{}
			for c, name := range block.ColumnsNames() {
				value := block.Columns[c].Row(i, false)
				if p, ok := value.(*float64); ok {
					value = nil
					if p != nil {
						value = *p
					}
				}
				if day, ok := value.(time.Time); ok {
					value = day.Format(time.DateOnly)
				}
				row[name] = value
			}
			rows = append(rows, texts(row))
		}
	}
}

// odbcRows reads ODBCDriver2: lengths of 32 bits before every text, and -1 for NULL.
func odbcRows(body []byte) ([]map[string]string, error) {
	r := bytes.NewReader(body)
	number := func() int32 {
		var n int32
		_ = binary.Read(r, binary.LittleEndian, &n) // What is missing shows in the names.
		return n
	}
	text := func() (string, bool) {
		n := number()
		if n < 0 || int(n) > r.Len() {
			return "", false
		}
		b := make([]byte, n)
		_, _ = io.ReadFull(r, b)
		return string(b), true
	}
	headers := make([][]string, number())
	for i := range headers {
		headers[i] = make([]string, number())
		for j := range headers[i] {
			headers[i][j], _ = text()
		}
	}
	if len(headers) != 2 || headers[0][0] != "name" || headers[1][0] != "type" || len(headers[0]) != len(headers[1]) {
		return nil, fmt.Errorf("the header is %q", headers)
	}
	var rows []map[string]string
	for r.Len() > 0 {
		row := map[string]string{}
		for _, name := range headers[0][1:] {
			if value, ok := text(); ok {
				row[name] = value
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// binaryReader reads the values of RowBinary.
type binaryReader struct {
	*bytes.Reader
	err error
}

func rowBinaryRows(body []byte) ([]map[string]string, error) {
	r := &binaryReader{Reader: bytes.NewReader(body)}
	n := r.length()
	names, types := make([]string, n), make([]string, n)
	for i := range names {
		names[i] = r.text()
	}
	for i := range types {
		types[i] = r.text()
	}
	if n == 0 {
		return nil, errors.New("no column")
	}
	var rows []map[string]string
	for r.Len() > 0 && r.err == nil {
		row := map[string]string{}
		for i, name := range names {
			if value, ok := r.value(types[i]); ok {
				row[name] = value
			}
		}
		rows = append(rows, row)
	}
	return rows, r.err
}

func (r *binaryReader) length() int {
	n, err := binary.ReadUvarint(r)
	if err != nil || n > uint64(r.Len()) {
		r.err = fmt.Errorf("a length of %d with %d bytes left: %w", n, r.Len(), errors.Join(err, io.ErrUnexpectedEOF))
		return 0
	}
	return int(n)
}

func (r *binaryReader) bytes(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		r.err = err
	}
	return b
}

func (r *binaryReader) text() string { return string(r.bytes(r.length())) }

var wrapped = regexp.MustCompile(`^(Nullable|LowCardinality|Array)\((.*)\)$`)

// value reads one value; false if it is NULL.
func (r *binaryReader) value(kind string) (string, bool) {
	if m := wrapped.FindStringSubmatch(kind); m != nil {
		switch m[1] {
		case "Nullable":
			if r.bytes(1)[0] == 1 {
				return "", false
			}
		case "Array":
			var all []string
			for range r.length() {
				value, _ := r.value(m[2])
				all = append(all, value)
			}
			return "[" + strings.Join(all, ",") + "]", true
		}
		return r.value(m[2])
	}
	name, _, _ := strings.Cut(kind, "(")
	switch name {
	case "String":
		return r.text(), true
	case "Bool":
		return strconv.FormatBool(r.bytes(1)[0] == 1), true
	case "Date":
		return time.Unix(86400*int64(binary.LittleEndian.Uint16(r.bytes(2))), 0).UTC().Format(time.DateOnly), true
	case "Float64":
		return strconv.FormatFloat(math.Float64frombits(binary.LittleEndian.Uint64(r.bytes(8))), 'f', -1, 64), true
	case "UUID":
		return fmt.Sprintf("%x", r.bytes(16)), true
	}
	sizes := map[string]int{"UInt8": 1, "Int8": 1, "Enum8": 1, "UInt16": 2, "Int16": 2, "UInt32": 4, "Int32": 4, "DateTime": 4, "UInt64": 8, "Int64": 8, "Decimal": 8, "DateTime64": 8}
	size, ok := sizes[name]
	if !ok {
		r.err = fmt.Errorf("the type %s is not expected", kind)
		return "", false
	}
	b := append(r.bytes(size), make([]byte, 8-size)...)
	return strconv.FormatUint(binary.LittleEndian.Uint64(b), 10), true
}
