package intake_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/intake"
	"cskpi/exporter/policy"
	"cskpi/exporter/refresh"
	"cskpi/exporter/store"
	"cskpi/queries"
	"cskpi/queries/sqltext"
)

const (
	lateAccount = "zz'gone\\acme" // to be erased
	lateUser    = "zz'bob@stay.example"
	lateDevice  = "zz'device-7" // of the user
)

// company is files of facts, the last of which come after a roll-up, each by itself. A line that begins with account: or user: is about one
// that is to be erased, and is left out if without.
func company(f *fixture, without string) (first, last []string) {
	lines := map[string][]string{
		"accounts": {"account_id,parent_account_id,csm,created_on,updated_at", "stay,,ann,2023-01-01,2024-01-01", "other,,ben,2023-01-01,2024-01-01",
			"kid,PARENT,ben,2023-01-01,2024-01-01", "account:GONE,stay,ann,2023-05-01,2024-01-01", "account:GONE,stay,ben,2023-05-01,2024-02-01"},
		"contracts": {"contract_id,account_id,product,acv,currency,starts_on,ends_before,updated_at", "c1,stay,suite,120000,USD,2023-01-01,,2024-01-01",
			"c2,other,suite,20000,USD,2023-03-01,2024-03-01,2024-01-01", "account:c3,GONE,suite,50000,USD,2023-05-01,,2024-01-01",
			// c4 is the erased account's in the end, and what it was before must not come back; c5 is not.
			"account:c4,stay,suite,7000,USD,2023-05-01,,2024-01-01", "account:c5,GONE,suite,3000,USD,2023-05-01,,2024-01-01"},
		"contracts-last": {"contract_id,account_id,product,acv,currency,starts_on,ends_before,updated_at",
			"account:c4,GONE,suite,7000,USD,2023-05-01,,2024-02-01", "c5,other,suite,3000,USD,2023-05-01,,2024-02-01"},
		"surveys": {"response_id,account_id,user_id,kind,score,responded_at", "s1,stay,amy,nps,9,2024-05-01", "account:s2,GONE,cat,nps,2,2024-05-01",
			"user:s3,stay,BOB,nps,1,2024-05-01"},
		"user_aliases": {"alias_id,user_id,is_anonymous,updated_at", "amy-old,amy,false,2024-01-01", "user:DEVICE,BOB,true,2024-01-01", "user:BOB,zz-bob,false,2024-01-01"},
		"users":        {"user_id,email,updated_at", "amy,amy@stay.example,2024-01-01", "user:BOB,BOB,2024-01-01"},
		"engagements":  {"engagement_id,account_id,contact,kind,happened_at", "g1,stay,amy,email_opened,2024-05-01", "user:g2,stay,BOB,email_opened,2024-05-01"},
		"touchpoints":  {"touchpoint_id,account_id,csm,kind,happened_at,note", "t1,stay,ann,call,2024-05-01,hello", "account:t2,GONE,ann,call,2024-05-02,hello GONE"},
		"tickets":      {"ticket_id,account_id,opened_at", "k1,stay,2024-05-01", "account:k2,GONE,2024-05-01"},
		"usage_events": {"event_id,account_id,user_id,event,ts,properties",
			// The first payload of an id counts; when it is erased, the next one does.
			`account:x1,GONE,cat,login,2024-03-01 10:00:00,"{""of"":1}"`, "x1,stay,amy,login,2024-04-01 10:00:00,", "far,stay,amy,login,2023-06-01 10:00:00,", "x1,stay,amy,login,2024-04-02 10:00:00,",
			"account:x2,GONE,cat,login,2024-03-01 10:00:00,", "x2,stay,amy,login,2024-04-03 10:00:00,",
			"x3,stay,amy,login,2024-04-05 10:00:00,", "account:x3,GONE,cat,login,2024-04-04 10:00:00,",
			"amy-old,stay,amy-old,login,2024-04-09 10:00:00,", "user:v1,stay,DEVICE,login,2024-03-05 10:00:00,", "user:v2,stay,zz-bob,login,2024-03-06 10:00:00,",
			"user:y1,stay,BOB,login,2024-01-31 23:30:00,", "y1,stay,amy,report,2024-02-01 10:00:00,", "user:y1,stay,BOB,export,2024-02-02 10:00:00,"},
	}
	for i := range 12 {
		at := time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, 8*i).Format(time.DateTime)
		lines["usage_events"] = append(lines["usage_events"], fmt.Sprintf("e%d,stay,amy,report,%s,", i, at), fmt.Sprintf("account:d%d,GONE,cat,report,%s,", i, at),
			fmt.Sprintf("user:b%d,stay,BOB,export,%s,", i, at))
	}
	// The latest blocks of two partitions, and a partition of its own.
	lines["usage_events-last"] = []string{lines["usage_events"][0], "account:l1,GONE,cat,report,2024-03-09 10:00:00,", "user:l2,stay,BOB,report,2025-04-09 10:00:00,",
		"account:l3,GONE,cat,report,2023-12-24 10:00:00,", "account:l4,GONE,cat,report,2031-01-01 10:00:00,"}
	parent := lateAccount
	if without == "account" {
		parent = ""
	}
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		var text strings.Builder
		kept := 0
		for _, line := range lines[name] {
			if about, rest, found := strings.Cut(line, ":"); found && (about == "account" || about == "user") {
				if about == without {
					continue
				}
				line = rest
			}
			kept++
			text.WriteString(strings.NewReplacer("GONE", lateAccount, "PARENT", parent, "BOB", lateUser, "DEVICE", lateDevice).Replace(line) + "\n")
		}
		if path := f.file(name+".csv", text.String()); strings.HasSuffix(name, "-last") {
			last = append(last, path)
		} else if kept > 1 {
			first = append(first, path)
		}
	}
	return first, last
}

// newCompany is a database of its own with the company in it, and layers.
func newCompany(t *testing.T, without string, key []byte) *fixture {
	t.Helper()
	f, last := begunCompany(t, without, key)
	if without == "" { // so that what comes last, and what is erased, finds layers there
		f.refresh()
	}
	for _, path := range last {
		f.clean(path)
	}
	f.rollUp()
	f.refresh()
	return f
}

// begunCompany is the company without layers and without the last files.
func begunCompany(t *testing.T, without string, key []byte) (f *fixture, last []string) {
	t.Helper()
	f = newFixture(t)
	f.UserKey = key
	catalogue, err := queries.Load()
	if err == nil {
		err = store.Install(t.Context(), f.conn, catalogue)
	}
	if err == nil {
		_, err = policy.Configure(t.Context(), f.conn, policy.Reporting{Timezone: "Asia/Tokyo", Currency: "USD", FiscalYearStart: 1})
	}
	if err != nil {
		t.Fatal(err)
	}
	f.days = refresh.NewDays(refresh.Options{Conn: f.conn, Layout: catalogue.Layout(), Zone: tokyo(), Now: func() time.Time { return f.now }})
	first, last := company(f, without)
	f.clean(first...)
	f.rollUp()
	return f, last
}

// clean imports files that have nothing to reject.
func (f *fixture) clean(paths ...string) {
	f.t.Helper()
	if s := f.imports(paths...); s.Rejected() > 0 {
		f.t.Fatal(rejects(s))
	}
}

func (f *fixture) rollUp() {
	f.t.Helper()
	if err := store.RollUp(f.t.Context(), f.conn, nil); err != nil {
		f.t.Fatal(err)
	}
}

func tokyo() *time.Location {
	zone, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		panic(err)
	}
	return zone
}

// refresh brings the layers up to date on days of the company.
func (f *fixture) refresh() {
	f.t.Helper()
	if err := f.days.Compute(f.t.Context(), nil, companyDays...); err != nil {
		f.t.Fatal(err)
	}
}

// companyDays are the last day of the company, the day of a renewal, and one on which only who is to be erased has usage.
var companyDays = []time.Time{
	time.Date(2024, 6, 15, 0, 0, 0, 0, time.UTC), time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2023, 12, 24, 0, 0, 0, 0, time.UTC),
}

// storedAt is when a row was stored, which differs from one company to the next.
var storedAt = regexp.MustCompile(`stored at [-0-9:. ]+`)

// told is what KPIs stand on: facts, what is rolled up, and the layers.
func (f *fixture) told() map[string]string {
	f.t.Helper()
	all := map[string]string{}
	for table, columns := range map[string]string{
		"usage_user_days":    "day, account_id, user_id, person_id, is_excluded, events, core_events, features, departments, last_at",
		"usage_account_days": "day, account_id, users, active_users, events, core_events, features, last_at",
		"usage_accounts":     "account_id, first_on",
		"usage_people":       "user_id, person_id, is_excluded",
		"user_aliases":       "alias_id, user_id, is_anonymous",
		"users":              "user_id, email",
		"usage_identities":   "id, payload_hash, day",
		"usage_ahead":        "source, event_id, payload_hash, account_id, ts",
		"usage_events":       "event_id, account_id, user_id, event, ts, properties",
		"contracts":          "contract_id, account_id, acv, updated_at",
		"accounts":           "account_id, parent_account_id, csm",
		"surveys":            "response_id, account_id, user_id, kind, score",
		"engagements":        "engagement_id, account_id, contact, kind",
		"touchpoints":        "touchpoint_id, account_id, csm, note",
		"tickets":            "ticket_id, account_id",
	} {
		all[table] = f.query(columns, "stored_"+table+" final order by all")
	}
	for name := range strings.SplitSeq(f.query("name", "system.tables where database = currentDatabase() and engine = 'View' and concat('stored_', name) in "+
		"(select table from system.columns where database = currentDatabase() and name = 'version' and table in (select table from system.columns where database = currentDatabase() and name = 'is_gone')) order by name"), "\n") {
		all["layer "+name] = storedAt.ReplaceAllString(f.rows("select [formatRowNoNewline('TSV', *)] from "+name+" order by all"), "stored at …")
	}
	all["usage_conflicts"] = f.query("source, event_id, payload_hash, account_id", "stored_usage_conflicts final where not is_kept order by all")
	return all
}

// holding lists the tables in which an id is found, in whatever column.
func (f *fixture) holding(id string) []string {
	f.t.Helper()
	var found []string
	for line := range strings.SplitSeq(f.rows(`select [table, arrayStringConcat(groupArray(concat('ifNull(toString(', name, '), \'\')')), ', ')]
		from system.columns
		where database = currentDatabase() and table in (select name from system.tables where database = currentDatabase() and engine like '%Tree')
		group by table order by table`), "\n") {
		table, columns, _ := strings.Cut(line, "|")
		if got := f.rows("select [toString(count())] from cs." + table + " where arrayExists(x -> position(x, " + sqltext.Quote(id) + ") > 0, [" + columns + "])"); got != "0" {
			found = append(found, table+" "+got)
		}
	}
	return found
}

func (f *fixture) same(got, want map[string]string) {
	f.t.Helper()
	for name := range want {
		if got[name] != want[name] {
			f.t.Errorf("%s:\n%s\nwant:\n%s", name, got[name], want[name])
		}
	}
}

// TestErase: after an account or a user was erased, no table has the id, and the facts and all that is rolled up are as in a company
// that never had it, though not all is computed again. Wherever an erasure ends early, and whoever rolls up then, the next one
// completes it.
func TestErase(t *testing.T) {
	for _, c := range []struct {
		without, id string
		what        intake.What
		rows        map[string]uint64
		cut         int64 // statements until it ends early for the first time
	}{
		{"account", lateAccount, intake.What{Account: lateAccount}, map[string]uint64{"accounts": 2, "surveys": 1, "touchpoints": 1, "tickets": 1, "usage_events": 18}, 0},
		{"user", lateUser, intake.What{User: lateUser}, map[string]uint64{"surveys": 1, "engagements": 1, "user_aliases": 2, "users": 1, "usage_events": 17}, 4},
	} {
		t.Run(c.without, func(t *testing.T) {
			want := newCompany(t, c.without, nil).told()
			f := newCompany(t, "", nil)
			id := c.id
			if before := f.holding(id); len(before) < 3 {
				t.Fatalf("before: %v", before)
			}
			const far = "stored_usage_totals final where day = '2023-06-01'"
			version := f.query("version", far)
			progress := f.query("partition, block_number", "stored_usage_progress final order by 1")
			statements := &recording{Conn: f.conn}
			receipt, err := intake.Erase(t.Context(), statements, c.what)
			if err != nil {
				t.Fatal(err)
			}
			statements.queuedAtOnce(t)
			for _, id := range []string{id, lateDevice, "zz-bob"} {
				if held := f.holding(id); (id == c.id || c.without == "user") && len(held) > 0 {
					t.Errorf("the id %s is still in %v", id, held)
				}
			}
			f.rollUp()
			f.refresh()
			if held := f.holding(id); len(held) > 0 {
				t.Errorf("after a roll-up and a refresh the id is again in %v", held)
			}
			f.same(f.told(), want)
			if now := f.query("partition, block_number", "stored_usage_progress final order by 1"); now == progress {
				t.Errorf("progress of the roll-up is still %s", now)
			}
			f.equal("roll-up of a day that was not touched", f.query("version", far), version)
			for table, n := range c.rows {
				if receipt.Rows[table] != n {
					t.Errorf("%s: %d rows are erased by the receipt, want %d", table, receipt.Rows[table], n)
				}
			}
			sum := sha256.Sum256([]byte(receipt.ID + c.id))
			if receipt.IDHash != hex.EncodeToString(sum[:]) || receipt.KPIsChangeOn == "" || receipt.FinishedAt.Before(receipt.RequestedAt) {
				t.Errorf("the receipt is %+v", receipt)
			}
			f.equal("erasures", f.query("erasure_id, kind, id_hash, toString(first_on), toString(last_on), finished_at is not null, rows['usage_events']", "erasures final"),
				fmt.Sprintf("%s|%s|%s|%s|%s|1|%d", receipt.ID, c.without, receipt.IDHash, receipt.KPIsChangeOn, receipt.LastFactOn, c.rows["usage_events"]))

			// Once more there is nothing to do. What is sent again after that is stored again.
			again, err := intake.Erase(t.Context(), f.conn, c.what)
			if err != nil || len(again.Rows) > 0 || again.KPIsChangeOn != "" || again.ID == receipt.ID {
				t.Errorf("the second time: %+v, %v", again, err)
			}
			first, last := company(f, "")
			f.clean(slices.Concat(first, last)...)
			f.rollUp()
			f.refresh()
			if held := f.holding(id); len(held) < 3 {
				t.Errorf("sent again, it is in %v", held)
			}

			step := c.cut
			for ; ; step += 20 { // the two cases begin at different ones
				breaking := &faulty{Conn: f.conn}
				breaking.left.Store(step)
				_, err := intake.Erase(t.Context(), breaking, c.what)
				if err == nil {
					break
				}
				if !errors.Is(err, errFault) {
					t.Fatal(err)
				}
				f.rollUp()
				if step == c.cut+20 { // each time would take long
					f.refresh()
				}
			}
			if step < 10 {
				t.Errorf("it takes %d statements", step)
			}
			f.rollUp()
			f.refresh()
			f.same(f.told(), want)
			f.equal("erasures", f.query("count(), countIf(finished_at is null), countIf(rows['usage_events'] > 10)", "erasures final"), "3|0|2")
			// What was cut short leaves its scratch database to be dropped a day later.
			for name := range strings.SplitSeq(f.query("name", "system.databases where startsWith(name, 'cskpi_import_')"), "\n") {
				if err := f.conn.Exec(t.Context(), "drop database if exists "+name); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestEraseExpired: what usage is rolled up to is without whom is erased also on days whose events are no longer kept.
func TestEraseExpired(t *testing.T) {
	expired := func(without string) *fixture {
		f, last := begunCompany(t, without, nil)
		f.clean(last...)
		f.exec("insert into stored_usage_horizon (refused_before, kept_from) values ('2024-04-01', '2024-03-20')")
		if deleted, err := store.Expire(t.Context(), f.conn, time.Date(2024, 4, 1, 0, 0, 0, 0, time.UTC)); err != nil || deleted == 0 {
			t.Fatal(deleted, err)
		}
		return f
	}
	for _, c := range []struct {
		without string
		what    intake.What
		but     string // a day on which an event of another user would count if the erased one had not come first
	}{
		{"account", intake.What{Account: lateAccount}, "1970-01-01"},
		{"user", intake.What{User: lateUser}, "2024-02-01"},
	} {
		t.Run(c.without, func(t *testing.T) {
			usage := func(f *fixture) string {
				return f.query("day, account_id, user_id, events, core_events, features, last_at", "stored_usage_user_days final where day != '"+c.but+"' order by all") + "\n" +
					f.query("day, account_id, users, active_users, events, core_events, features, last_at", "stored_usage_account_days final where day != '"+c.but+"' order by all") + "\n" +
					f.query("account_id, first_on", "stored_usage_accounts final order by all") + "\n" +
					f.query("event_id, account_id, user_id", "stored_usage_events final order by all")
			}
			want := usage(expired(c.without))
			f := expired("")
			receipt, err := intake.Erase(t.Context(), f.conn, c.what)
			if err != nil || receipt.Rows["usage_user_days"] == 0 || receipt.KPIsChangeOn > "2024-01-01" && c.without == "account" {
				t.Errorf("got %+v, %v", receipt, err)
			}
			f.rollUp()
			if got := usage(f); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if held := f.holding(c.what.Account + c.what.User); len(held) > 0 {
				t.Errorf("the id is still in %v", held)
			}
		})
	}
}

// TestErasePseudonym: a user is found by the id that was sent.
func TestErasePseudonym(t *testing.T) {
	key := []byte("key")
	f := newCompany(t, "", key)
	id := intake.Pseudonym(key, lateUser)
	if before := f.holding(id); len(before) < 3 {
		t.Fatalf("before: %v", before)
	}
	w, _ := f.writer(func(o *intake.WriterOptions) { o.UserKey = key })
	receipt, err := w.Erase(t.Context(), intake.What{User: lateUser})
	if err != nil {
		t.Fatal(err)
	}
	if held := f.holding(id); len(held) > 0 || receipt.Rows["usage_events"] != 17 {
		t.Errorf("the pseudonym is still in %v; %+v", held, receipt)
	}
}

// recording is a connection that keeps the statements.
type recording struct {
	driver.Conn
	mu   sync.Mutex // a claim is renewed beside the erasure
	said []string
}

func (c *recording) say(query string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said = append(c.said, query)
}

func (c *recording) Exec(ctx context.Context, query string, args ...any) error {
	c.say(query)
	return c.Conn.Exec(ctx, query, args...)
}

func (c *recording) QueryRow(ctx context.Context, query string, args ...any) driver.Row {
	c.say(query)
	return c.Conn.QueryRow(ctx, query, args...)
}

// queuedAtOnce checks that deletions do not wait for each other: a wait costs seconds when the engine's background threads are busy.
func (c *recording) queuedAtOnce(t *testing.T) {
	t.Helper()
	waited, queued := 0, 0
	for _, query := range c.said {
		switch {
		case strings.Contains(query, "system.mutations"):
			waited++
		case !strings.HasPrefix(query, "alter table "):
		case waited > 0:
			t.Errorf("queued after the wait: %s", query)
		case !strings.Contains(query, "mutations_sync = 0"):
			t.Errorf("waits by itself: %s", query)
		default:
			queued++
		}
	}
	if waited == 0 || queued < 3 {
		t.Errorf("%d deletions were queued and waited for %d times", queued, waited)
	}
}

// faulty is a connection that fails after some statements that change facts or what is rolled up.
type faulty struct {
	driver.Conn
	left atomic.Int64 // a claim is renewed beside the erasure
}

var errFault = errors.New("fault")

func (c *faulty) Exec(ctx context.Context, query string, args ...any) error {
	if !regexp.MustCompile("^\\s*(insert into|alter table) `?\\w+`?[ (]").MatchString(query) || strings.Contains(query, "usage_claims") {
		return c.Conn.Exec(ctx, query, args...)
	}
	if c.left.Add(-1) == -1 {
		return errFault
	}
	return c.Conn.Exec(ctx, query, args...)
}

func TestEraseNobody(t *testing.T) {
	f := newFixture(t)
	for _, what := range []intake.What{{}, {Account: "a", User: "b"}} {
		if _, err := intake.Erase(t.Context(), f.conn, what); err == nil {
			t.Errorf("%+v: no error", what)
		}
	}
	receipt, err := intake.Erase(t.Context(), f.conn, intake.What{Account: "nobody\x00'; drop table stored_accounts; --"})
	if err != nil || len(receipt.Rows) != 0 {
		t.Errorf("got %+v, %v", receipt, err)
	}
	f.equal("accounts", f.query("count()", "stored_accounts"), "0")
}

// TestPseudonyms: the same id has the same pseudonym by every way in, and no table has the id.
func TestPseudonyms(t *testing.T) {
	f := newFixture(t)
	key := []byte("a key of its own")
	f.UserKey = key
	const id = "amy@acme.example"
	want := intake.Pseudonym(key, id)
	if len(want) != 32 || want == id || want == intake.Pseudonym([]byte("another key"), id) || intake.Pseudonym(nil, id) != id || intake.Pseudonym(key, "") != "" {
		t.Errorf("the pseudonym is %q", want)
	}
	const events = "event_id,account_id,user_id,event,ts\n%[1]s1,a,%[2]s,x,2024-06-01\n%[1]s2,a,,x,2024-06-01\n%[1]s3,a,%[2]s,x,2024-06-01\n"
	f.imports(f.file("usage_events.csv", fmt.Sprintf(events, "c", id)),
		f.file("surveys.ndjson", fmt.Sprintf(`{"response_id":"s","account_id":"a","user_id":%q,"kind":"nps","score":9,"responded_at":"2024-06-01"}`, id)),
		f.file("engagements.csv", "engagement_id,account_id,contact,kind,happened_at\ng,a,"+id+",community,2024-06-01\n"))
	mapping := f.file("map/usage_events.sql", "select id as event_id, account as account_id, who as user_id, 'x' as event, '2024-06-01' as ts from clicks")
	if s, err := f.Mapping(t.Context(), strings.TrimSuffix(mapping, "/usage_events.sql"), f.file("clicks.csv", "id,account,who\nm1,a,"+id+"\nm2,a,\n")); err != nil {
		t.Fatal(err, s)
	}
	w, _ := f.writer(func(o *intake.WriterOptions) { o.UserKey = key })
	if _, err := w.Write(t.Context(), intake.Rows{Table: "usage_events", Format: intake.CSV, Text: fmt.Appendf(nil, events, "w", id)}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(t.Context(), ndjson("usage_events", fmt.Sprintf(`{"event_id":"n1","account_id":"a","user_id":%q,"event":"x","ts":"2024-06-01"}`, id))); err != nil {
		t.Fatal(err)
	}
	f.equal("users", f.query("user_id, events",
		"(select user_id, groupArray(event_id) as events from (select user_id, event_id from stored_usage_events final order by event_id) group by user_id) order by user_id"),
		"|['c2','m2','w2']\n"+want+"|['c1','c3','m1','n1','w1','w3']")
	f.equal("respondents", f.query("user_id", "stored_surveys"), want)
	f.equal("contacts", f.query("contact", "stored_engagements"), want)
	if held := f.holding(id); len(held) > 0 {
		t.Errorf("the id is in %v", held)
	}
	// Every column that names a person is known as one. New ones belong here or among these.
	known := []string{"account_id", "csm", "event_id", "parent_account_id",
		"email",     // of which only the domain is stored where there are pseudonyms
		"person_id", // one of the user's ids, as it is stored
	}
	for column := range strings.SplitSeq(f.query("name", "system.columns where database = currentDatabase() and match(name, 'user|contact|person|email|respondent') and type = 'String' group by name"), "\n") {
		if !slices.Contains(append(known, "user_id", "contact"), column) {
			t.Errorf("column %s may name a person, and has no pseudonyms", column)
		}
	}
}
