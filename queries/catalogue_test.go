package queries_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"cskpi/queries"
)

// nrr is a query file in order; the tests change it.
const nrr = `-- Net revenue retention over trailing windows.
-- ja: 売上継続率(NRR)
--
-- ARR at the day of the accounts that paid at the start of the window,
-- over what those accounts paid then.
--
-- An account that left counts as zero.
--
-- Columns:
--   day           key    Day.
--   segment       label  Touch-model segment of the account at the start of the window.
--   window        label  Length of the window: 1m, 3m, 12m.
--   ratio         gauge  Net revenue retention; 1 is no change.
--   opening_arr   gauge  ARR at the start of the window,
--                        in the reporting currency.
--   closing_arr   gauge  ARR at the day of those same accounts.
--
-- Every: 5m
-- Timeout: 1m30s

-- Comments of the body are no header: now() is allowed here.
with per_segment as (
    select day, segment, sum(arr) as amount from arr_by_account group by day, segment
)
select day, segment, '12m' as window, amount / nullIf(amount, 0) as ratio, amount as opening_arr, amount as closing_arr
from per_segment -- today() neither
`

// model is what nrr reads.
const model = `-- ARR by account.
--
-- Columns:
--   day        key   Day.
--   account_id key   Account.
--   segment    label Segment.
--   arr        fact  ARR.
select starts_on as day, account_id, 'high' as segment, acv as arr from stored_contracts
`

func files(kpi string) fstest.MapFS {
	return fstest.MapFS{
		"nrr.sql":                  {Data: []byte(kpi)},
		"views/arr_by_account.sql": {Data: []byte(model)},
	}
}

func TestLoad(t *testing.T) {
	c, err := queries.LoadFrom(files(nrr))
	if err != nil {
		t.Fatal(err)
	}
	if len(c) != 2 || len(c.KPIs()) != 1 {
		t.Fatalf("got %d queries and %d KPIs, want 2 and 1", len(c), len(c.KPIs()))
	}
	q, found := c.Get("nrr")
	if !found {
		t.Fatal("nrr is not in the catalogue")
	}
	for _, same := range []struct{ got, want any }{
		{q.Name, "nrr"},
		{q.File, "nrr.sql"},
		{q.Title, "Net revenue retention over trailing windows."},
		{q.TitleJA, "売上継続率(NRR)"},
		{q.Doc, "ARR at the day of the accounts that paid at the start of the window, over what those accounts paid then.\n\nAn account that left counts as zero."},
		{q.Every, 5 * time.Minute},
		{q.Timeout, 90 * time.Second},
		{q.Model, false},
		{len(q.Columns), 5},
		{q.Columns[3], queries.Column{Name: "opening_arr", Kind: queries.Gauge, Help: "ARR at the start of the window, in the reporting currency.", Line: 14}},
		{q.Metric(q.Columns[2]), "cs_nrr_ratio"},
		{strings.HasPrefix(q.SQL, "-- Comments of the body"), true},
		{strings.HasSuffix(q.SQL, "-- today() neither"), true},
	} {
		if same.got != same.want {
			t.Errorf("got %v, want %v", same.got, same.want)
		}
	}
	if m, _ := c.Get("arr_by_account"); !m.Model {
		t.Error("a file in views/ is a KPI")
	}
	if _, found := c.Get("nr"); found {
		t.Error("Get found what is not there")
	}
}

func TestLoadBuiltin(t *testing.T) {
	c, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(c, func(a, b queries.Query) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the catalogue is not sorted by name")
	}
}

// Line ends and byte order marks of other systems change nothing, and neither does one semicolon.
func TestLoadTolerates(t *testing.T) {
	plain, err := queries.LoadFrom(files(nrr))
	if err != nil {
		t.Fatal(err)
	}
	f := func(text string) {
		t.Helper()
		c, err := queries.LoadFrom(files(text))
		if err != nil {
			t.Fatal(err)
		}
		got, _ := c.Get("nrr")
		want, _ := plain.Get("nrr")
		if got.SQL != want.SQL || got.Doc != want.Doc || !slices.Equal(got.Columns, want.Columns) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	f("\ufeff" + nrr)
	f(strings.ReplaceAll(nrr, "\n", "\r\n"))
	f(strings.Replace(nrr, "from per_segment --", "from per_segment; --", 1)[:len(nrr)+1])
}

func TestOverlay(t *testing.T) {
	overlay := fstest.MapFS{
		"nrr.sql":        {Data: []byte(strings.Replace(nrr, "trailing windows", "our windows", 1))},
		"own.sql":        {Data: []byte(strings.NewReplacer("sum(arr) as amount from arr_by_account", "sum(closing_arr) as amount from nrr").Replace(nrr))},
		"README.md":      {Data: []byte("not a query")},
		"testdata/x.sql": {Data: []byte("not a query either")},
	}
	c, err := queries.LoadFrom(files(nrr), overlay)
	if err != nil {
		t.Fatal(err)
	}
	if q, _ := c.Get("nrr"); q.Title != "Net revenue retention over our windows." || len(c) != 3 {
		t.Errorf("got %d queries, nrr titled %q; want 3, and the title of the overlay", len(c), q.Title)
	}

	_, err = queries.LoadFrom(files(nrr), fstest.MapFS{
		"views/nrr.sql":      {Data: []byte(strings.Replace(nrr, "-- Every: 5m\n-- Timeout: 1m30s\n", "", 1))},
		"schema/003_own.sql": {Data: []byte("create table if not exists own (x String) engine = MergeTree order by x")},
		"model/typo.sql":     {Data: []byte(model)},
	})
	wantProblems(t, err,
		"model/typo.sql:1: a query file lies at the top, in views/, in layers/ or in functions/",
		"schema/003_own.sql:1: an overlay has no schema",
		"views/nrr.sql:1: nrr.sql defines nrr already")
}

// TestProblems changes one thing in a file that is in order.
func TestProblems(t *testing.T) {
	f := func(old, replacement string, want ...string) {
		t.Helper()
		if !strings.Contains(nrr, old) {
			t.Fatalf("%q is not in the file that the test changes", old)
		}
		_, err := queries.LoadFrom(files(strings.Replace(nrr, old, replacement, 1)))
		for i := range want {
			want[i] = "nrr.sql:" + want[i]
		}
		wantProblems(t, err, want...)
	}

	// Title and text.
	f("trailing windows.\n", "trailing windows\n", "1: the title must end with a period")
	f("-- Net revenue retention over trailing windows.", "--", "1: the title sentence is missing")
	f("-- Net revenue", "--Net revenue", "1: a blank must follow the dashes")
	f("-- Net revenue", "\n-- Net revenue", "1: the file must begin with a comment")
	f("trailing windows.", "trailing\twindows.", "1: tab in the header")
	f("trailing windows.", "trailing \xff windows.", "1: the text is not valid UTF-8")
	f("-- ja: 売上継続率(NRR)", "-- ja:", "2: the Japanese title after ja: is missing")
	f("-- ja: 売上継続率(NRR)", "-- and more.", "2: the title is one line")
	f("-- An account that", "-- Every: account that", "7: Every: stands in the wrong place")
	f("-- An account that left", "-- ja: 解約した顧客は0として数える。\n-- An account that left", "8: the text stands before its ja: lines")
	f("-- An account that left counts as zero.", "-- ja: 解約した顧客は0として数える。\n--\n-- And more.", "9: the text stands before its ja: lines")
	f("-- over what", "-- ja: 期首のARRで割った値。\n-- over what", "5: an empty comment line must stand between the text and its ja: lines", "6: the text stands before its ja: lines", "8: the text stands before its ja: lines")
	f("-- An account that left counts as zero.", "-- ja:", "7: the Japanese text after ja: is missing")

	// The column table.
	f("-- Columns:", "-- columns:", "9: columns: stands in the wrong place", "18: Every:", "19: Timeout:", "19: the header has no Columns:")
	f("--\n-- Columns:", "-- Columns:", "8: an empty comment line must stand before Columns:")
	f("--   ratio         gauge  Net revenue retention; 1 is no change.", "--   ratio         gauge", "13: column ratio has no help text")
	f("1 is no change.", "1 is no change", "13: the help text of column ratio must end with a period")
	f("in the reporting currency.", "in the reporting currency", "14: the help text of column opening_arr must end")
	f("--   window ", "--  window ", "12: the column is indented less")
	f("ratio         gauge", "ratio         gage", `13: column ratio has the kind "gage"; here it must be one of label, gauge, histogram`)
	f("ratio         gauge", "ratio         part", `13: column ratio has the kind "part"`)
	f("window        label", "segment       label", "12: column segment is listed twice")
	f("closing_arr   gauge", "closingArr    gauge", `16: column name "closingArr" is not in snake_case`, "16: metric cs_nrr_closingArr: metric names should be written in 'snake_case'")
	f("segment       label", "job           label", "11: label job clashes")
	f("segment       label", "exported_x    label", "11: label exported_x clashes")
	f("segment       label", "quantile      label", "11: label quantile clashes")
	f("segment       label", "__name        label", `11: column name "__name" is not in snake_case`)
	f("closing_arr   gauge", "closing_arr   label", "13: the ratio ratio lacks its two parts")

	// The directives.
	f("-- Every: 5m", "-- Evry: 5m", "18: unknown directive Evry:")
	f("-- Every: 5m", "-- Every: five minutes", `18: Every: wants a duration of at least a second, such as 5m or 1h30m, and not "five minutes"`)
	f("-- Every: 5m", "-- Every: 0s", "18: Every: wants a duration")
	f("-- Every: 5m", "-- Every: -5m", "18: Every: wants a duration")
	f("-- Timeout: 1m30s", "-- Every: 1m", "19: Every: is given twice")
	f("-- Every: 5m", "-- Group: Revenue")
	f("-- Every: 5m", "-- Group: Partners & friends, 12")
	f("-- An account that", "-- Group: account that", "7: Group: stands in the wrong place")
	f("-- Every: 5m", "-- Group:", `18: Group: wants a name that begins with a capital letter, such as Revenue, and may give a place in it, as in Revenue, 2; it is ""`)
	f("-- Every: 5m", "-- Group: revenue", "18: Group: wants a name")
	f("-- Every: 5m", "-- Group: Revenue, first", "18: Group: wants a name")
	f("-- Every: 5m", "-- Group: Revenue, 0", "18: Group: wants a name")
	f("-- Every: 5m", "-- Group: Revenue\n-- Group: Customers", "19: Group: is given twice")
	f("-- Timeout: 1m30s", "-- A note at the end.", "19: unexpected text after Columns:")
	f("-- Timeout: 1m30s", "--   more  gauge  Too late.", "19: columns stand before Group:, Every:")

	// Names of metrics.
	for _, name := range []string{"use_days", "use_d", "orders_total", "use_gauge", "use_hours", "use_months", "won_percent", "lost_count", "arr_sum"} {
		f("closing_arr   gauge", name+" gauge", "16: metric cs_nrr_"+name+": ")
	}

	// The body.
	f("from per_segment --", "from per_segment; select 1 --", "26: a second statement begins here")
	f("from per_segment --", "from per_segment format TSV; ; --", "26: a second statement begins here")
	f("with per_segment as", "insert into cs.x with per_segment as", "22: the body must be a bare SELECT")
	f("from per_segment --", "from per_segment) union all (select 1 --", "26: ) closes nothing")
	f("group by day, segment\n)", "group by day, segment\n", "22: ( is not closed")
	f("'12m'", "'12m", "25: what begins here with ' does not end")
	f("-- Comments of", "/* Comments of", "21: what begins here with / does not end")
	f("per_segment --", "per_segment where day = {as_of: Date} --", "26: there is no parameter as_of any more: the day is a column")
	f("per_segment --", "per_segment where segment = {segment : String} --", "26: a view has no parameter, such as {segment:String}; the day is its first column")
	f("-- Every: 5m", "-- Key: day", "18: Key: is for layers")
	f("-- Every: 5m", "-- Stored: by day")
	f("-- Every: 5m", "-- Stored: yes", `18: Stored: wants by day, and not "yes"`)
	f("-- Every: 5m", "-- Stored: by day\n-- Stored: by day", "19: Stored: is given twice")
	f("-- Every: 5m", "-- Back: yesterday", "18: Back: wants layers or views, each with the days before its own")
	f("-- Every: 5m", "-- Back: 28, 90", "18: Back: wants layers or views, each with the days before its own")
	f("-- Every: 5m", "-- Back: health_days 28", "18: Back: names health_days, which is no layer or view that is read here")
	f("--   day           key    Day.\n", "", "9: the first column must be the day")
	f("--   day           key  ", "--   day           label", "10: the column day has the kind \"label\"; it must be key")

	// What depends on anything but the facts and the day.
	for _, call := range []string{
		"now()", "NOW ( )", "now64(3)", "today()", "yesterday()", "rand()", "rand64()", "randCanonical()", "generateUUIDv4()", "currentUser()",
		"hostName()", "fqdn()", "serverUUID()", "uptime()", "file('x')", "url('x')", "s3('x')", "dictGet('x', 'y', 1)", "now /* then */ ()",
		"`now`()", "\"now\"()", "rowNumberInAllBlocks()", "getSetting('x')",
	} {
		f("amount as opening_arr", call+" as opening_arr", "25: ")
	}
	for _, name := range []string{"now", "today", "CURRENT_DATE", "current_timestamp"} {
		f("amount as opening_arr", name+" as opening_arr", "25: "+name+" is forbidden")
	}
	for _, pure := range []string{
		"'now()'", "`now()`", `"today()"`, "$$now()$$", "'it''s now()'", `'\' now()'`, "a.now", "URLHash('x')", "toStartOfMonth(day)",
		"extract(year from day)", "now, 1 as now", "trim(both ' ' from segment)", "(segment is distinct from 'a')", "arrayJoin([1, 2])", "1e-3", "0x1F",
	} {
		f("amount as opening_arr", pure+" as opening_arr")
	}

	// Where rows come from.
	f("from arr_by_account ", "from arr_by_acount ", "23: there is no table or view arr_by_acount; did you mean arr_by_account?")
	f("from arr_by_account ", "from cs.arr_by_account ", "23: names stand without the database, which is that of the connection: write arr_by_account")
	f("from arr_by_account ", "from arr_by_account(as_of = '2024-01-01') ", "23: arr_by_account takes no parameter: the day is its first column")
	f("from per_segment --", "from contract --", "26: there is no table or view contract; did you mean contracts?")
	f("from per_segment --", "from per_segment, contract --", "26: there is no table or view contract")
	f("from per_segment --", "from per_segment as p left join contract using segment --", "26: there is no table or view contract")
	f("from per_segment --", "from per_segment, contracts, stored_contracts --")
	f("from per_segment --", "from system.tables --", "26: system.tables is outside of the database")
	f("from per_segment --", "from per_segment cross join url('http://x') --", "26: url(…) is forbidden")
	f("from per_segment --", "from per_segment cross join unknown(1) --", "26: unknown(…) is forbidden as a source of rows")
	f("from per_segment --", "from per_segment cross join stored_contracts as c cross join numbers(3) array join [1, 2] as x order by segment, ratio --")
	f("from per_segment --", "from (select * from per_segment) as p, (select 1), stored_contracts where segment in ('a', 'b') --")
	f("from arr_by_account ", "from nrr ", "22: it needs itself: nrr → nrr")
}

// All problems come at once, in the order of files and lines.
func TestProblemsOfManyFiles(t *testing.T) {
	kpi := strings.NewReplacer("windows.\n", "windows\n", "-- Every: 5m", "-- Every: x", "today() neither", ";select 1").Replace(nrr)
	kpi = strings.Replace(kpi, "from per_segment --", "from per_segment where now() > 0 --", 1)
	fsys := files(kpi)
	fsys["views/nrr_detail.sql"] = &fstest.MapFile{Data: []byte(`-- Accounts behind nrr.
--
-- Columns:
--   day      key    Day.
--   segment  label  Segment.
--   ratio    gauge  Ratio.
--   amount   part   Amount.
--
-- Every: 5m
select 1`)}
	fsys["views/x_detail.sql"] = &fstest.MapFile{Data: []byte("-- X.\n--\n-- Columns:\n--   day key Day.\n--   a key A.\nselect toDate(0) as day, 1 as a")}
	fsys["functions/f.sql"] = &fstest.MapFile{Data: []byte("-- F.\nselect 1")}
	fsys["functions/cs_g.sql"] = &fstest.MapFile{Data: []byte("-- G.\n--\n-- Of a and b.\n\n(a, b) -> a + now() + {day:Date}")}
	fsys["functions/cs_h.sql"] = &fstest.MapFile{Data: []byte("-- H.\n(a, b) -> a + b;\n")}
	fsys["arr.sql"] = &fstest.MapFile{Data: []byte("-- A.\n--\n-- Columns:\n--   day key Day.\n--   movements_amount  gauge  A.\nselect day, 1 as movements_amount from arr_movements")}
	fsys["arr_movements.sql"] = &fstest.MapFile{Data: []byte("-- A.\n--\n-- Columns:\n--   day key Day.\n--   amount  gauge  A.\nselect day, 1 as amount from arr")}
	fsys["Upper.sql"] = &fstest.MapFile{Data: []byte("-- A.\n--\n-- Columns:\n--   day key Day.\n--   a  label  A.\n")}
	fsys["exporter_rows.sql"] = &fstest.MapFile{Data: []byte("-- A.\n--\n-- Columns:\n--\n-- Every: 5m\nselect 1")}
	_, err := queries.LoadFrom(fsys)
	wantProblems(t, err,
		`Upper.sql:1: file name "Upper" is not in snake_case`,
		"Upper.sql:3: no column is a gauge or histogram",
		"Upper.sql:6: no SQL follows the header",
		"arr.sql:6: it needs itself: arr → arr_movements → arr",
		"arr_movements.sql:5: metric cs_arr_movements_amount comes from arr.sql, too",
		"exporter_rows.sql:1: the name clashes with the exporter's own metrics",
		"exporter_rows.sql:3: no column is listed below Columns:",
		"functions/cs_g.sql:5: a function takes arguments, and no parameter {day:Date}",
		"functions/cs_g.sql:5: now(…) is forbidden",
		"functions/f.sql:1: the name of a function must begin with cs_",
		"functions/f.sql:2: a function is a lambda",
		"nrr.sql:1: the title must end with a period",
		`nrr.sql:18: Every: wants a duration`,
		"nrr.sql:26: now(…) is forbidden",
		"views/nrr_detail.sql:3: the label window of nrr is missing",
		"views/nrr_detail.sql:3: a detail needs a key",
		`views/nrr_detail.sql:6: column ratio has the kind "gauge"; here it must be one of label, key, part, fact`,
		"views/nrr_detail.sql:7: part amount has no gauge of that name in nrr",
		"views/nrr_detail.sql:9: Every: has no effect on what is no KPI",
		"views/x_detail.sql:1: there is no KPI x")
}

// TestJapanese: the text in Japanese follows the text, or stands alone; its lines join without blanks.
func TestJapanese(t *testing.T) {
	f := func(old, replacement, doc, japanese string) {
		t.Helper()
		if strings.Count(nrr, old) != 1 {
			t.Fatalf("%q is not there once", old)
		}
		c, err := queries.LoadFrom(files(strings.Replace(nrr, old, replacement, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if q, _ := c.Get("nrr"); q.Doc != doc || q.DocJA != japanese {
			t.Errorf("%q and %q, want %q and %q", q.Doc, q.DocJA, doc, japanese)
		}
	}
	const text = "-- ARR at the day of the accounts that paid at the start of the window,\n-- over what those accounts paid then.\n--\n-- An account that left counts as zero.\n--\n"
	f(text, "-- One.\n--\n-- ja: 期首に契約のあった顧客の\n-- ja: 現在のARR。\n--\n-- ja: 解約は0。\n--\n", "One.", "期首に契約のあった顧客の現在のARR。\n\n解約は0。")
	f(text, "-- ja: 期首のARRで\n-- ja:割った値。\n--\n", "", "期首のARRで割った値。")
	f(text, "-- One.\n--\n", "One.", "")
}

// FuzzHeader: whatever the file, Load answers with a catalogue or with problems that name it.
func FuzzHeader(f *testing.F) {
	f.Add(nrr)
	f.Add(model)
	f.Add("")
	f.Add("--")
	f.Add("-- A.\n-- ja:\n-- Columns:\n--   a")
	f.Add("-- A.\n--\n-- Columns:\n--   a gauge A.\n--      b\n--\n-- Every: 1s\nselect '\\', $a$ { from cs.( , \xff")
	f.Add("-- A.\n--\n-- Columns:\n--   a gauge A.\nwith a as (select 1) select `a\" 'b' /* */ {as_of:Date} from x join cs.nrr(as_of=")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := queries.LoadFrom(files(text))
		if err == nil {
			q, found := c.Get("nrr")
			if !found || q.Title == "" || q.SQL == "" || len(q.Columns) == 0 {
				t.Errorf("accepted, but got %+v", q)
			}
			return
		}
		for line := range strings.SplitSeq(err.Error(), "\n") {
			if strings.HasPrefix(line, "nrr.sql:0:") {
				t.Errorf("a problem without a line: %s", line)
			}
		}
	})
}

// TestGroups: KPIs come in the order in which people read them, and our own are all in a chapter.
func TestGroups(t *testing.T) {
	kpi := func(name, group string, place int) queries.Query {
		return queries.Query{Name: name, Group: group, Place: place}
	}
	c := queries.Catalogue{kpi("a", "", 0), kpi("b", "Growth and voice", 0), kpi("c", "Zoo", 0), kpi("d", "Revenue", 0), kpi("e", "Partners", 0), kpi("f", "Revenue", 10), kpi("g", "Revenue", 2), kpi("h", "Revenue", 0),
		{Name: "m", Model: true}, kpi("n", "Targets and data", 1)}
	var got []string
	for _, g := range c.Groups() {
		got = append(got, g.Name+":")
		for _, q := range g.KPIs {
			got = append(got, q.Name)
		}
	}
	if want := "Revenue: g f d h Growth and voice: b Targets and data: n Partners: e Zoo: c Other: a"; strings.Join(got, " ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, " "), want)
	}

	builtin, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	for i, g := range builtin.Groups() {
		if want := []string{"Revenue", "Customers", "Growth and voice", "Targets and data"}; i >= len(want) || g.Name != want[i] {
			t.Errorf("group %d is %s", i+1, g.Name)
		}
		places := map[int]string{}
		for _, q := range g.KPIs {
			if first, taken := places[q.Place]; taken || q.Place == 0 {
				t.Errorf("%s: place %d in its group is that of %q or none; give it one in Group:", q.File, q.Place, first)
			}
			places[q.Place] = q.Name
		}
	}
}
