package dashboards

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// allClears are words by which a text would assert that all is well, or that there is nothing.
var allClears = map[string]*regexp.Regexp{
	English:  regexp.MustCompile(`(?i)✓|\b(all|every|everybody|everything|nobody|nothing|none|never|zero|well|fine|ok|0)\b|\bno (?:data\b)?`),
	Japanese: regexp.MustCompile(`✓|全て|すべて|全顧客|正常|良好|問題|なし|0社|0件|(?:は|が|も)(?:あり|い)ません`),
}

// noDatas are the words by which a text says that there is no answer, which are no all-clear.
var noDatas = map[string]*regexp.Regexp{
	English:  regexp.MustCompile(`^[Nn]o data\b`),
	Japanese: regexp.MustCompile(`^[^。]*(データがありません|データなし)`),
}

// TestNoData: the text of a panel without an answer says that there is no data, and asserts nothing about the company: whoever wrote the text cannot know
// why there is no answer. Where there is room, it says where to look.
func TestNoData(t *testing.T) {
	eachShown(t, func(t *testing.T, language string, b shown) {
		for _, p := range b.Panels {
			if p.Type == "row" || p.Type == "text" {
				continue
			}
			said := p.FieldConfig.Defaults.NoValue
			rest := noDatas[language].ReplaceAllString(said, "")
			if rest == said {
				t.Errorf("%s: %q does not begin with saying that there is no data", p.Title, said)
			}
			if m := allClears[language].FindString(rest); m != "" {
				t.Errorf("%s: %q asserts something (%q) without an answer", p.Title, said, m)
			}
			if p.Type != "stat" && !strings.Contains(said, map[string]string{English: "“cskpi itself”", Japanese: "「cskpiの稼働状況」"}[language]) {
				t.Errorf("%s: %q does not say where to look", p.Title, said)
			}
		}
	})
}

// TestSentences: an all-clear says of how many and as of when.
func TestSentences(t *testing.T) {
	for name, s := range sentences {
		for _, language := range Languages() {
			said := s.in(language)
			recorded := strings.HasPrefix(name, "nothing ") // of one account
			if name == "no data" {
				continue // no all-clear
			}
			if !strings.Contains(said, "{day}") || !recorded && !strings.Contains(said, "{n}") || strings.ContainsAny(said, `'"\`) {
				t.Errorf("%s: %q", name, said)
			}
		}
		if sentences[name].en == sentences[name].ja {
			t.Errorf("%s is in one language", name)
		}
	}
}

// TestNothingKnown: where there is no data – Prometheus has scraped nothing, no day was computed, an account is unknown – no question has an answer.
func TestNothingKnown(t *testing.T) {
	w := theWorld(t)
	empty := *w
	empty.at = w.at.AddDate(-30, 0, 0)
	day := worldDay.AddDate(-30, 0, 0)
	eachPanel(t, func(t *testing.T, b board, p panel) {
		for _, a := range p.ask {
			if a.prom != nil {
				if series := empty.series(t, w.filled(said(a.prom(a.at), English), everything)); len(series) > 0 {
					t.Errorf("%s: without data there is the answer %v to %s", p.title.en, series, a.prom(a.at))
				}
				continue
			}
			asked := between(a.sql, day.AddDate(-1, 0, 0), day)
			if rows := w.rows(t, p.title.en, w.filledBy(grafanas[0], asked, everything, everything, "unknown")); rows != nil && len(rows.values) > 0 {
				t.Errorf("%s: without data there are the rows %v", p.title.en, rows.values)
			}
		}
	})
}

// TestFailing: a list gives no all-clear from the time on at which its KPI is too old to be shown, whatever other KPIs say.
func TestFailing(t *testing.T) {
	w := theWorld(t)
	lists := 0
	eachPanel(t, func(t *testing.T, _ board, p panel) {
		for _, a := range p.ask {
			if a.prom == nil {
				continue
			}
			asked := w.filled(said(a.prom(a.at), English), everything)
			m := regexp.MustCompile(`cs_exporter_query_as_of_timestamp_seconds\{job=.cskpi.,query="(\w+)"\}`).FindStringSubmatch(asked)
			if m == nil {
				continue
			}
			lists++
			q, found := w.catalogue.Get(m[1])
			if !found {
				t.Errorf("%s: there is no KPI %s", p.title.en, m[1])
				continue
			}
			// Nothing of the KPI is exported any more.
			gone := asked
			for _, c := range q.Columns {
				gone = regexp.MustCompile(`\b`+q.Metric(c)+`\{`).ReplaceAllString(gone, "cs_gone{")
			}
			if gone == asked {
				t.Errorf("%s: the list is not of %s", p.title.en, m[1])
			}
			if series := w.series(t, gone); len(series) != 1 || !strings.Contains(fmt.Sprint(series), "as of "+worldDay.Format(time.DateOnly)) {
				if !strings.Contains(gone, `count(max by`) { // unless the KPI's own series are the whole
					t.Errorf("%s: with nothing listed there is %v", p.title.en, series)
				}
			}
			for what, as := range map[string]string{
				"too old":        strings.ReplaceAll(gone, "cs_exporter_query_max_age_seconds{", "0 * cs_exporter_query_max_age_seconds{"),
				"never computed": strings.ReplaceAll(gone, "cs_exporter_query_as_of_timestamp_seconds{", "cs_gone{"),
			} {
				if what == "too old" {
					as = regexp.MustCompile(`max\(0 \* (cs_exporter_query_max_age_seconds\{[^}]*\})\)`).ReplaceAllString(as, "max(0 * $1 - 1)")
				}
				if series := w.series(t, as); len(series) > 0 {
					t.Errorf("%s: its KPI is %s, and there is %v", p.title.en, what, series)
				}
			}
		}
	})
	if lists < 7 {
		t.Errorf("only %d lists say that they are empty", lists)
	}
}

// TestAllClear: lists of a company in which all is well say so: of how many, and as of when.
func TestAllClear(t *testing.T) {
	w := theWorld(t)
	exec := func(sql string) {
		t.Helper()
		if err := w.conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	// Long before all others there is one customer, in whose contract, tickets and health is nothing to worry about.
	exec("insert into stored_accounts (account_id, name, csm, updated_at) values ('calm', 'Calm Ltd', 'Ann', '1990-01-01')")
	exec("insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before) values ('calm', 'calm', 'suite', 1000, '1990-01-01', '1994-01-01')")
	exec("insert into stored_milestones (account_id, milestone, due_on, reached_on, updated_at) values ('calm', 'onboarded', '1990-03-01', '1990-02-01', '1990-01-01')")
	exec("insert into stored_tickets (ticket_id, account_id, severity, is_complaint, opened_at, resolved_at) values ('calm', 'calm', 'low', false, '1991-12-24', '1991-12-25'), " +
		"('before', 'calm', 'low', false, '1991-11-20', '1991-11-21')") // one in each 28 days
	exec("insert into stored_value_reviews (review_id, account_id, reviewed_on, is_verified) values ('calm', 'calm', '1991-06-01', true)")
	exec("insert into stored_health_overrides (override_id, account_id, csm, band, reason, starts_on, ends_before) values ('calm', 'calm', 'Ann', 'green', 'all is well', '1991-01-01', '1992-01-01')")
	exec("insert into stored_fact_changes (batch, table, account_id, first_on, last_on, rows, step) " +
		"select 1, arrayJoin(['accounts', 'contracts', 'milestones', 'tickets', 'value_reviews', 'health_overrides']), 'calm', '1970-01-01', '1990-01-01', 1, 2")
	if err := w.days.Compute(t.Context(), nil, time.Date(1991, 12, 31, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	eachPanel(t, func(t *testing.T, b board, p panel) {
		for _, a := range p.ask {
			if !strings.Contains(a.sql, "@say(") || b.uid == "cs-account" {
				continue
			}
			sentence := sentenceAsked.FindStringSubmatch(a.sql)[1]
			said[sentence] = true
			asked := between(a.sql, time.Date(1991, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1991, 12, 31, 0, 0, 0, 0, time.UTC))
			for _, csm := range []picked{everything, several("Ann")} {
				rows := w.rows(t, p.title.en, w.filledBy(grafanas[0], asked, everything, csm, ""))
				if rows == nil {
					continue
				}
				n, day := "1", "1991-12-31"
				if sentence == "no complaint" {
					n, day = "2", "1991-12-24"
				}
				want := strings.NewReplacer("{n}", n, "{day}", day).Replace(sentences[sentence].en)
				if len(rows.values) != 1 || !strings.Contains(strings.Join(rows.values[0], "|"), want) {
					t.Errorf("%s: got %v, want %q", p.title.en, rows.values, want)
				}
			}
			if rows := w.rows(t, p.title.en, w.filledBy(grafanas[0], asked, everything, several("nobody"), "")); rows != nil && len(rows.values) != 0 {
				t.Errorf("%s: of a CSM who is not there it says %v", p.title.en, rows.values)
			}
		}
	})
	if len(said) != 6 {
		t.Errorf("lists from ClickHouse say %v", said)
	}
}
