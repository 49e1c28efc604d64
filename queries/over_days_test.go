package queries_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/queries"
)

// answersOver are the rows of all KPIs as of several days, each KPI computed for all of them in one statement.
func answersOver(t *testing.T, c driver.Conn, catalogue queries.Catalogue, days ...day) map[day]map[string][]string {
	t.Helper()
	answers := map[day]map[string][]string{}
	times := make([]time.Time, len(days))
	for i, d := range days {
		answers[d] = map[string][]string{}
		times[i] = d.time()
	}
	over := queries.NewDays(c, catalogue)
	defer over.Close()
	for _, q := range catalogue.KPIs() {
		sql, err := over.Select(t.Context(), q, times)
		if err != nil {
			t.Error(err)
			continue
		}
		names := make([]string, len(q.Columns))
		for i, column := range q.Columns {
			names[i] = column.Name
		}
		for _, cells := range table(t, c, []string{"cs_day", "row"}, "(select cs_day, formatRowNoNewline('TabSeparated', "+strings.Join(names, ", ")+") as row from ("+sql+")) order by row") {
			for _, d := range days {
				if d.String() == cells[0] {
					answers[d][q.Name] = append(answers[d][q.Name], cells[1])
				}
			}
		}
	}
	return answers
}

// TestOverDaysRefuses: what cannot be known to be the same for many days is an error, and never another number.
func TestOverDaysRefuses(t *testing.T) {
	for sql, want := range map[string]string{
		"select count() as n from cs.contracts final full join cs.accounts final on account_id = account_id where starts_on <= {as_of:Date}":              "full join is not known",
		"select avg(acv) as n from cs.contracts final where starts_on <= {as_of:Date}":                                                                    "another value than its type's default",
		"select count() as n from cs.contracts final where starts_on <= {as_of:Date} having n > 1":                                                        "HAVING",
		"select starts_on as n from cs.contracts final where starts_on <= {as_of:Date} union distinct select {as_of:Date} as n":                           "UNION ALL",
		"select a.acv as n from cs.contracts as a final join cs.accounts as b final using (account_id) where starts_on <= {as_of:Date}":                   "USING",
		"with {as_of:Date} - 28 as start select count() as n from cs.contracts final where starts_on <= start":                                            "WITH",
		"select number as n from numbers(toUInt64({as_of:Date}))":                                                                                         "table function of the day",
		"select a.acv as n from cs.contracts as a final right join cs.accounts as b final on a.account_id = b.account_id where starts_on <= {as_of:Date}": "right join",
		"select acv as n from cs.contracts final prewhere starts_on <= {as_of:Date}":                                                                      "prewhere",
	} {
		if _, err := queries.OverDays(sql, time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", sql, err, want)
		}
	}
}

// TestOverDays: texts whose rewriting is not obvious give on each day what they give on that day alone.
func TestOverDays(t *testing.T) {
	c, _ := installed(t)
	exec(t, c, `insert into cs.contracts (contract_id, account_id, acv, starts_on, ends_before) select toString(number), 'a' || toString(number % 3), number * 100,
		toDate('2024-01-01') + number, if(number % 2 = 0, toDate('2024-01-20') + number, null) from numbers(12)`)
	exec(t, c, "insert into cs.settings (name, starts_on, value) values ('timezone', '1970-01-01', 'Asia/Tokyo'), ('grace_days', '2024-01-05', '10')")
	days := []time.Time{}
	for _, d := range []day{date(2023, 12, 31), date(2024, 1, 1), date(2024, 1, 4), date(2024, 1, 25), date(2024, 2, 29)} {
		days = append(days, d.time())
	}
	for name, sql := range map[string]string{
		"one row a day, also without rows": "select sum(acv) + 1 as n, if(count() = 0, 'none', max(contract_id)) as who, groupArray(1) as ones from cs.contracts final where starts_on <= {as_of:Date}",
		"a sum over none with If":          "select sumIf(acv, ends_before > {as_of:Date}) as n, countIf(account_id = 'a1') as m from cs.contracts final where starts_on <= {as_of:Date} - 10",
		"no table":                         "select {as_of:Date} + 1 as n, arrayJoin([1, 2]) as x",
		"a constant beside the day":        "select {as_of:Date} as d, x as n from (select 1 as x union all select 2 as x)",
		"windows":                          "select contract_id, row_number() over (order by acv desc) as a, sum(acv) over (partition by account_id order by contract_id) as b, count() over () as n from cs.contracts final where starts_on <= {as_of:Date}",
		"a named window":                   "select contract_id, sum(acv) over w as n from cs.contracts final where starts_on <= {as_of:Date} window w as (partition by account_id)",
		"limits":                           "select contract_id, acv as n from cs.contracts final where starts_on <= {as_of:Date} order by acv desc limit 2",
		"limits by":                        "select contract_id, acv as n from cs.contracts final where starts_on <= {as_of:Date} order by acv desc limit 1 by account_id",
		"distinct":                         "select distinct account_id as n from cs.contracts final where starts_on <= {as_of:Date}",
		"a subquery's value":               "select contract_id, acv / (select max(acv) from cs.contracts final where starts_on <= {as_of:Date}) as n from cs.contracts final where starts_on <= {as_of:Date} and acv > 0",
		"a zone":                           "select contract_id, toDateTime(starts_on, assumeNotNull((select timezone from cs.policy(as_of = {as_of:Date})))) as n from cs.contracts final where starts_on <= {as_of:Date}",
		"in a subquery":                    "select contract_id as n from cs.contracts final where account_id in (select account_id from cs.contracts final where starts_on <= {as_of:Date} and acv > 300)",
		"not in a subquery, of a pair":     "select contract_id as n from cs.contracts final where starts_on <= {as_of:Date} and (account_id, 1) not in (select account_id, 1 from cs.contracts final where ends_before <= {as_of:Date})",
		"left joins":                       "select a.contract_id, b.n as n from cs.contracts as a final left join (select account_id, count() as n from cs.contracts final where ends_before <= {as_of:Date} group by account_id) as b on b.account_id = a.account_id",
		"left join of a constant":          "select b.contract_id as n, a.x as x from (select account_id, count() as x from cs.contracts final where starts_on <= {as_of:Date} group by account_id) as a left join cs.contracts as b final on b.account_id = a.account_id and b.starts_on > toDate('2024-01-03')",
		"right join":                       "select b.account_id as account, count() as n, max(a.acv) as most from cs.contracts as a final right join (select distinct account_id from cs.contracts final where starts_on <= {as_of:Date}) as b on b.account_id = a.account_id group by b.account_id",
		"array join":                       "select w.1 as n, contract_id from cs.contracts final array join cs_windows({as_of:Date}) as w where starts_on > w.3 and starts_on <= {as_of:Date}",
		"another day's view":               "select segment as n, amount from cs.arr(as_of = {as_of:Date} - 3)",
		"a table expression":               "with active as (select account_id, acv from cs.contracts final where starts_on <= {as_of:Date}), firsts as (select min(acv) as least from active) select account_id, acv - least as n from active cross join firsts",
		"or":                               "select contract_id as n from cs.contracts final where starts_on > {as_of:Date} or ends_before <= {as_of:Date}",
		"between":                          "select contract_id as n from cs.contracts final where starts_on between {as_of:Date} - 5 and {as_of:Date} and acv >= 0",
		"a star":                           "select *, concat(n, 'x') as m from (select contract_id as n, * from cs.contracts final where starts_on <= {as_of:Date})",
		"names like words":                 "select window as n, `limit` from (select contract_id as window, acv as `limit` from cs.contracts final where starts_on <= {as_of:Date}) as settings where settings.window != '' group by window, `limit`",
	} {
		many, err := queries.OverDays(sql, days...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		rows := func(sql string) (all []string) {
			for _, cells := range table(t, c, []string{"formatRowNoNewline('TabSeparated', *)"}, "("+sql+")") {
				all = append(all, cells[0])
			}
			return slices.Sorted(slices.Values(all))
		}
		var want []string
		for _, d := range days {
			one := strings.ReplaceAll(sql, "{as_of:Date}", "toDate('"+d.Format(time.DateOnly)+"')")
			want = append(want, rows("select *, toDate('"+d.Format(time.DateOnly)+"') as cs_day from ("+one+")")...)
		}
		if got := rows(many); strings.Join(got, "\n") != strings.Join(slices.Sorted(slices.Values(want)), "\n") || len(want) == 0 {
			t.Errorf("%s: got\n%s\nwant\n%s\nby\n%s", name, strings.Join(got, "\n"), strings.Join(slices.Sorted(slices.Values(want)), "\n"), many)
		}
	}
}
