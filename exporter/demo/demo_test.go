package demo_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"cskpi/exporter/demo"
)

func digests(t *testing.T, c *demo.Company, tables []string) map[string]string {
	t.Helper()
	m := map[string]string{}
	for _, table := range tables {
		h := sha256.New()
		if err := c.Write(t.Context(), table, h); err != nil {
			t.Fatal(err)
		}
		m[table] = fmt.Sprintf("%x", h.Sum(nil))
	}
	return m
}

func TestSameOptionsSameBytes(t *testing.T) {
	o := demo.Options{Seed: 7, Accounts: 60}
	c := company(t, o)
	tables := c.Tables()
	want := digests(t, c, tables)
	slices.Reverse(tables)
	if got := digests(t, c, tables); !maps.Equal(got, want) {
		t.Error("written again in another order, tables differ")
	}
	for _, table := range tables {
		if got := digests(t, company(t, o), []string{table}); got[table] != want[table] {
			t.Errorf("%s written alone differs", table)
		}
	}
	o.Seed = 8
	for table, digest := range digests(t, company(t, o), tables) {
		if digest == want[table] && table != "settings" && table != "targets" {
			t.Errorf("%s does not depend on the seed", table)
		}
	}
	o.Seed, o.Events = 7, 5000
	if got := digests(t, company(t, o), []string{"contracts", "tickets"}); got["contracts"] != want["contracts"] || got["tickets"] != want["tickets"] {
		t.Error("the number of events changes other tables")
	}
}

// TestNothingFromTheFuture holds for each company, whatever its zone.
func TestNothingFromTheFuture(t *testing.T) {
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	planned := map[string]bool{"due_on": true, "ends_before": true, "expected_on": true}
	fact := regexp.MustCompile(`"([a-z_]+)":"(\d{4}-\d\d-\d\d)(T[^"]*)?"`)
	for _, o := range []demo.Options{
		{Accounts: 50, Events: 10_000}, {Accounts: 50, Zone: tokyo, Years: 1, Events: 10_000}, {Accounts: 2, Zone: newYork, Years: 1, Events: 20_000},
		{Accounts: 50, Until: time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), FiscalYearStart: 4, Events: 10_000},
	} {
		c := company(t, o)
		end := until
		if !o.Until.IsZero() {
			end = o.Until
		}
		zone := time.UTC
		if o.Zone != nil {
			zone = o.Zone
		}
		horizon := time.Date(end.Year(), end.Month(), end.Day()+1, 0, 0, 0, 0, zone)
		limit := horizon.UTC().Format("2006-01-02T15:04:05.000Z")
		latest := map[string]string{}
		for _, table := range c.Tables() {
			for line := range bytes.Lines(dump(t, c, table)) {
				for _, m := range fact.FindAllSubmatch(line, -1) {
					column, day, clock := string(m[1]), string(m[2]), string(m[3])
					if planned[column] || table == "targets" {
						continue
					}
					if clock == "" && day > end.Format(time.DateOnly) || clock != "" && day+clock >= limit {
						t.Fatalf("%s: %s is after %s: %s", table, column, end.Format(time.DateOnly), line)
					}
					latest[table] = max(latest[table], day)
				}
			}
		}
		for _, table := range []string{"usage_events", "touchpoints", "engagements"} {
			if recent := end.AddDate(0, 0, -30).Format(time.DateOnly); o.Accounts > 2 && latest[table] < recent {
				t.Errorf("%s ends on %s already", table, latest[table])
			}
		}
	}
}

func TestReferences(t *testing.T) {
	for seed := range uint64(2) {
		c := company(t, demo.Options{Seed: seed, Accounts: 300, Years: 4, Events: 5000})
		accounts := latest(t, c, "accounts", func(a account) string { return a.ID })
		if len(accounts) != 300 {
			t.Errorf("%d accounts, want 300", len(accounts))
		}
		for id, a := range accounts {
			if _, ok := accounts[a.Parent]; a.Parent != "" && (!ok || a.Parent == id) {
				t.Errorf("account %s has the parent %q", id, a.Parent)
			}
		}
		for _, table := range c.Tables() {
			ids := map[string]bool{}
			scan(t, c, table, func(row map[string]any) {
				if a, ok := row["account_id"]; ok {
					if _, ok := accounts[a.(string)]; !ok {
						t.Fatalf("%s: unknown account: %v", table, row)
					}
				}
				if id, ok := row[map[string]string{
					"usage_events": "event_id", "touchpoints": "touchpoint_id", "tickets": "ticket_id", "surveys": "response_id",
					"engagements": "engagement_id", "feedback": "feedback_id", "value_reviews": "review_id", "health_overrides": "override_id",
				}[table]]; ok {
					if ids[id.(string)] {
						t.Fatalf("%s: %v occurs twice", table, id)
					}
					ids[id.(string)] = true
				}
			})
		}
		scan(t, c, "health_overrides", func(row map[string]any) {
			if row["starts_on"].(string) >= row["ends_before"].(string) || row["reason"] == "" {
				t.Errorf("an override without an end or a reason: %v", row)
			}
		})
		b := readBooks(t, c, "USD")
		chains := map[string][]*contract{}
		for id, k := range b.byID {
			if k.Ends != "" && k.Ends <= k.Starts {
				t.Errorf("%s ends on %s, before it starts on %s", id, k.Ends, k.Starts)
			}
			if p := b.byID[k.From]; k.From != "" {
				switch {
				case p == nil:
					t.Errorf("%s is renewed from %s, which is unknown", id, k.From)
				case p.Account != k.Account || p.Product != k.Product || p.Department != k.Department || p.Starts >= k.Starts:
					t.Errorf("%s cannot be renewed from %s: %+v %+v", id, k.From, k, p)
				case p.replaced != k.Starts:
					t.Errorf("%s is replaced twice", k.From)
				}
			}
			if k.Notice != "" && (k.Notice < k.Starts || k.Ends == "" || k.Notice >= k.Ends) {
				t.Errorf("%s: notice on %s of a contract from %s to %s", id, k.Notice, k.Starts, k.Ends)
			}
			if k.Trial != (k.ACV == 0) || k.ACV < 0 || k.Seats < 1 {
				t.Errorf("%s: %d seats for %f", id, k.Seats, k.ACV)
			}
			key := k.Account + k.Product + k.Department
			chains[key] = append(chains[key], k)
		}
		for key, chain := range chains {
			slices.SortFunc(chain, func(a, b *contract) int { return strings.Compare(string(a.Starts), string(b.Starts)) })
			for i, k := range chain[1:] {
				p := chain[i]
				if (p.Ends == "" || p.Ends > k.Starts) && k.From != p.ID {
					t.Errorf("%s: %s and %s overlap and neither replaces the other", key, p.ID, k.ID)
				}
			}
		}
	}
}

// TestVersions holds that a later version of a row has a later updated_at, and comes later.
func TestVersions(t *testing.T) {
	c := company(t, demo.Options{Accounts: 200, Events: -1})
	keys := map[string][]string{
		"accounts": {"account_id"}, "contracts": {"contract_id"}, "milestones": {"account_id", "milestone"}, "opportunities": {"opportunity_id"},
		"risks": {"risk_id"}, "action_items": {"item_id"},
	}
	for table, columns := range keys {
		versions, last := 0, map[string]string{}
		scan(t, c, table, func(row map[string]any) {
			id := ""
			for _, column := range columns {
				id += row[column].(string) + " "
			}
			updated := row["updated_at"].(string)
			if before, ok := last[id]; ok {
				versions++
				if before >= updated {
					t.Errorf("%s %s: updated at %s after %s", table, id, updated, before)
				}
			}
			last[id] = updated
		})
		if versions == 0 {
			t.Errorf("%s: no row has two versions", table)
		}
	}
}

func TestSizes(t *testing.T) {
	for _, o := range []demo.Options{
		{Accounts: 1}, {Accounts: 1, Years: 1}, {Accounts: 2, Years: 1, Events: 10}, {Accounts: 41, Years: 1, Events: -1},
		{Accounts: 30, Years: 10}, {Accounts: 25, Currency: "JPY"}, {Accounts: 25, Currency: "EUR"}, {Accounts: 25, Currency: "XTS"},
		{Accounts: 25, Until: time.Date(2028, 2, 29, 23, 0, 0, 0, time.Local)},
	} {
		c := company(t, o)
		rows := map[string]int{}
		for _, table := range c.Tables() {
			rows[table] = bytes.Count(dump(t, c, table), []byte{'\n'})
		}
		for _, table := range []string{"accounts", "contracts", "fx_rates", "targets", "milestones"} {
			if rows[table] == 0 {
				t.Errorf("%+v: no %s", o, table)
			}
		}
		if (rows["usage_events"] == 0) != (o.Events < 0) {
			t.Errorf("%+v: %d events", o, rows["usage_events"])
		}
	}
	for _, events := range []int{20_000, 400_000} {
		c := company(t, demo.Options{Accounts: 100, Events: events})
		var n lineCounter
		if err := c.Write(t.Context(), "usage_events", &n); err != nil {
			t.Fatal(err)
		}
		if ratio := float64(n) / float64(events); ratio < 0.9 || ratio > 1.1 {
			t.Errorf("%d events in place of %d", n, events)
		}
	}
	for rows, table := range map[[2]int]string{{300_000, 650_000}: "usage_events", {3000, 12_000}: "touchpoints", {15_000, 60_000}: "engagements", {1000, 8000}: "tickets"} {
		var n lineCounter
		if err := company(t, demo.Options{}).Write(t.Context(), table, &n); err != nil {
			t.Fatal(err)
		}
		if int(n) < rows[0] || int(n) > rows[1] {
			t.Errorf("%s has %d rows by default, want %v", table, n, rows)
		}
	}
}

func TestWrongOptions(t *testing.T) {
	for word, o := range map[string]demo.Options{
		"Until": {}, "accounts": {Until: until, Accounts: -1}, "years": {Until: until, Years: -2}, "currency": {Until: until, Currency: "dollars"},
		"fiscal year": {Until: until, FiscalYearStart: 13}, "1975": {Until: until, Years: 60},
	} {
		if _, err := demo.New(o); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%+v: error %v does not name %s", o, err, word)
		}
	}
	c := company(t, demo.Options{Accounts: 5})
	if err := c.Write(t.Context(), "invoices", io.Discard); err == nil || !strings.Contains(err.Error(), "invoices") {
		t.Errorf("unknown table: %v", err)
	}
}

func TestWriteEnds(t *testing.T) {
	c := company(t, demo.Options{Accounts: 50})
	broken := errors.New("disk full")
	for _, table := range c.Tables() {
		if err := c.Write(t.Context(), table, failing{broken}); !errors.Is(err, broken) {
			t.Errorf("%s to a writer that fails: %v", table, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, table := range c.Tables() {
		if err := c.Write(ctx, table, io.Discard); !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a cancelled context: %v", table, err)
		}
	}
}

func TestMoneyScalesWithTheCurrency(t *testing.T) {
	c := company(t, demo.Options{Currency: "JPY"})
	settings := string(dump(t, c, "settings"))
	for _, want := range []string{`"segment_high_arr"`, `"10000000"`, `"1000000"`} {
		if !strings.Contains(settings, want) {
			t.Errorf("settings do not have %s: %s", want, settings)
		}
	}
	b := readBooks(t, c, "JPY")
	var high, all int
	for _, v := range b.arr(on(until)) {
		all++
		if v >= 10_000_000 {
			high++
		}
	}
	if share := float64(high) / float64(all); share < 0.04 || share > 0.2 {
		t.Errorf("%d of %d accounts are high touch", high, all)
	}
	if b.rate["USD"] < 50 || b.rate["EUR"] < 50 {
		t.Errorf("rates %v", b.rate)
	}
}

type lineCounter int

func (n *lineCounter) Write(p []byte) (int, error) {
	*n += lineCounter(bytes.Count(p, []byte{'\n'}))
	return len(p), nil
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// BenchmarkUsage tells how fast events are written when they are many.
func BenchmarkUsage(b *testing.B) {
	for _, o := range []demo.Options{{Events: 5_000_000}, {Accounts: 10_000, Years: 5, Events: 5_000_000}} {
		b.Run(fmt.Sprintf("accounts=%d", max(o.Accounts, 400)), func(b *testing.B) {
			c := company(b, o)
			var n lineCounter
			for b.Loop() {
				if err := c.Write(b.Context(), "usage_events", &n); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkNew tells how long the story of a large company takes.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		company(b, demo.Options{Accounts: 10_000, Years: 5})
	}
}
