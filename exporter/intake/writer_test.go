package intake_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"cskpi/exporter/intake"
)

// groups notes what a writer stores.
type groups struct {
	mu  sync.Mutex
	all []intake.Group
}

func (g *groups) add(of intake.Group) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all = append(g.all, of)
}

func (g *groups) of(table string) (n, requests, rows int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, of := range g.all {
		if of.Table == table {
			n, requests, rows = n+1, requests+of.Requests, rows+of.Rows
		}
	}
	return n, requests, rows
}

// writer is a writer on the fixture's database; change may change its options.
func (f *fixture) writer(change func(*intake.WriterOptions)) (*intake.Writer, *groups) {
	f.t.Helper()
	g := &groups{}
	o := intake.WriterOptions{Conn: f.conn, Now: func() time.Time { return f.now }, Stored: g.add}
	if change != nil {
		change(&o)
	}
	w, err := intake.NewWriter(f.t.Context(), o)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(w.Close)
	return w, g
}

func ndjson(table, text string) intake.Rows {
	return intake.Rows{Table: table, Name: "body", Format: intake.NDJSON, Text: []byte(text)}
}

func told(r intake.Result) string {
	lines := []string{fmt.Sprintf("read=%d rejected=%d", r.Read, r.Rejected)}
	for _, reject := range r.Rejects {
		lines = append(lines, reject.String())
	}
	return strings.Join(lines, "\n")
}

// TestWriterGroups: what arrives together is stored together, and everybody learns of their own rows only.
func TestWriterGroups(t *testing.T) {
	f := newFixture(t)
	w, stored := f.writer(func(o *intake.WriterOptions) { o.Lull = 100 * time.Millisecond })
	const callers = 20
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			text := fmt.Sprintf(`{"event_id":"e%d","account_id":"a","event":"x","ts":"2024-06-01 00:00:00"}`+"\n"+`{"event_id":"","account_id":"caller-%d"}`+"\n"+
				`{"event_id":"f%d","account_id":"a","event":"x","ts":"2024-07-01 00:00:00"}`, i, i, i)
			r, err := w.Write(t.Context(), ndjson("usage_events", text))
			if err != nil {
				t.Error(err)
			}
			if r.Read != 3 || r.Rejected != 1 || len(r.Rejects) != 1 || r.Rejects[0].Line != 2 || r.Rejects[0].Column != "event_id" {
				t.Errorf("caller %d: got %s", i, told(r))
			}
			contract := fmt.Sprintf("contract_id,account_id,acv,starts_on\nc%d,a,%d,2024-01-01\nc%d,a,much,2024-01-01\n", i, i, i)
			r, err = w.Write(t.Context(), intake.Rows{Table: "contracts", Name: "body", Format: intake.CSV, Text: []byte(contract)})
			if err != nil || told(r) != "read=2 rejected=1\nbody:3: acv \"much\" is not a number" && !strings.HasPrefix(told(r), "read=2 rejected=1\nbody:3: acv \"much\" ") {
				t.Errorf("caller %d: got %s, %v", i, told(r), err)
			}
		})
	}
	wg.Wait()
	f.equal("events", f.query("count(), uniqExact(event_id)", "stored_usage_events"), "40|40")
	f.equal("contracts", f.query("count(), sum(acv)", "stored_contracts"), "20|190")
	for table, rows := range map[string]int{"usage_events": 2 * callers, "contracts": callers} {
		n, requests, got := stored.of(table)
		if n > 4 || requests != callers || got != rows {
			t.Errorf("%s: %d groups of %d requests with %d rows", table, n, requests, got)
		}
	}
}

// TestWriterTables: the same writer, one table after the other and by turns, with chunks that are used again.
func TestWriterTables(t *testing.T) {
	f := withViews(t)
	w, _ := f.writer(nil)
	for i := range 5 {
		for table, text := range map[string]string{
			"accounts":    `{"account_id":"a","csm":"ann","created_on":"2024-01-01"}`,
			"contracts":   `{"contract_id":"c","account_id":"a","acv":"12.5","starts_on":"2024-01-01"}`,
			"surveys":     `{"response_id":"s","account_id":"a","kind":"nps","score":9,"responded_at":"2024-02-01"}`,
			"fx_rates":    `{"currency":"EUR","day":"2024-01-01","rate":"1.1"}`,
			"settings":    `{"name":"health_green","value":"75","starts_on":"2024-01-01"}`,
			"touchpoints": `{"touchpoint_id":"t","account_id":"a","kind":"call","happened_at":"2024-02-01"}`,
		} {
			f.now = noon.Add(time.Duration(i) * time.Hour)
			if r, err := w.Write(t.Context(), ndjson(table, text)); err != nil || told(r) != "read=1 rejected=0" {
				t.Errorf("%s: %s, %v", table, told(r), err)
			}
		}
	}
	// What says nothing new is not stored again.
	for _, table := range []string{"accounts", "contracts", "surveys", "fx_rates", "settings", "touchpoints"} {
		f.equal(table, f.query("count(), toString(max(updated_at))", "stored_"+table), "1|2024-06-15 12:00:00.000")
	}
}

func TestWriterSource(t *testing.T) {
	f := newFixture(t)
	w, _ := f.writer(nil)
	rows := ndjson("contracts", `{"contract_id":"c1","account_id":"a","acv":1,"starts_on":"2024-01-01"}
{"contract_id":"c2","account_id":"a","acv":2,"starts_on":"2024-01-01","source":"crm"}
{"contract_id":"c3","account_id":"a","acv":3,"starts_on":"2024-01-01","source":"other"}`)
	rows.Source = "crm"
	r, err := w.Write(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	f.equal("result", told(r), "read=3 rejected=1\nbody:3: source \"other\" is not crm, the only one that this token may write")
	f.equal("contracts", f.query("contract_id, source", "stored_contracts order by 1"), "c1|crm\nc2|crm")
	rows.Source = ""
	if r, err = w.Write(t.Context(), rows); err != nil || r.Rejected != 0 {
		t.Errorf("any source: %s, %v", told(r), err)
	}
	f.equal("contracts", f.query("contract_id, source", "stored_contracts order by all"), "c1|crm\nc1|import\nc2|crm\nc3|other")
	// The source of one caller is not that of the next one of the same group.
	var wg sync.WaitGroup
	for _, source := range []string{"s1", "s2", "s3", ""} {
		wg.Go(func() {
			of := ndjson("feedback", `{"feedback_id":"f","account_id":"a","kind":"case_study","created_on":"2024-01-01"}`)
			of.Source = source
			if _, err := w.Write(t.Context(), of); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	f.equal("feedback", f.query("source", "stored_feedback order by 1"), "import\ns1\ns2\ns3")
}

// TestWriterClockJumps: the service's clock goes back and forth. What came last without a time of its own is in force nevertheless, and
// usage events are who they are.
func TestWriterClockJumps(t *testing.T) {
	f := newFixture(t)
	w, _ := f.writer(nil)
	for i, hours := range []int{0, -5, 48, -24 * 400, 1, 1} {
		f.now = noon.Add(time.Duration(hours) * time.Hour)
		if _, err := w.Write(t.Context(), ndjson("contracts", fmt.Sprintf(`{"contract_id":"c","account_id":"a","acv":%d,"starts_on":"2024-01-01"}`, i))); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(t.Context(), ndjson("usage_events", `{"event_id":"e","account_id":"a","event":"x","ts":"2024-06-01 00:00:00"}`)); err != nil {
			t.Fatal(err)
		}
		f.equal(fmt.Sprintf("contract %d", i), f.query("acv", "stored_contracts final"), fmt.Sprint(i))
		f.equal("events", f.query("count()", "stored_usage_events final"), "1")
	}
}

// TestWriterRefuses: of a text that is bad as a whole nothing is stored, and the error is no StoreError.
func TestWriterRefuses(t *testing.T) {
	f := newFixture(t)
	w, _ := f.writer(nil)
	for _, c := range []struct {
		rows intake.Rows
		want string
	}{
		{intake.Rows{Table: "nonsense", Format: intake.NDJSON}, `there is no table "nonsense"`},
		{intake.Rows{Table: "contracts", Format: "xml"}, `format "xml" is not known`},
		{intake.Rows{Table: "contracts", Format: intake.CSV, Text: []byte("")}, "is empty"},
		{intake.Rows{Table: "contracts", Format: intake.CSV, Text: []byte("contract_id,nonsense\nc,1\n")}, `column "nonsense" is not a column of contracts`},
		{intake.Rows{Table: "settings", Format: intake.CSV, Text: []byte("name,nonsense\nc,1\n")}, `column "nonsense" is not a column of settings`},
	} {
		_, err := w.Write(t.Context(), c.rows)
		var store intake.StoreError
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.As(err, &store) || errors.Is(err, intake.ErrBusy) {
			t.Errorf("%s %s %q: got %v", c.rows.Table, c.rows.Format, c.rows.Text, err)
		}
	}
	for _, text := range []string{"", "\n\n", " \r\n"} {
		if r, err := w.Write(t.Context(), ndjson("contracts", text)); err != nil || r.Read != 0 {
			t.Errorf("%q: %s, %v", text, told(r), err)
		}
	}
	f.equal("contracts", f.query("count()", "stored_contracts"), "0")
}

// TestWriterHorizon: usage events of days that are no longer kept are refused, by whatever way they come, and no others are.
func TestWriterHorizon(t *testing.T) {
	f := newFixture(t)
	f.exec("insert into stored_usage_horizon (refused_before, kept_from) values ('2024-03-01', '2024-02-28'), ('2024-04-01', '2024-02-28')")
	w, _ := f.writer(nil)
	for _, table := range []string{"usage_events", "unattributed_events"} {
		r, err := w.Write(t.Context(), ndjson(table, `{"event_id":"old","account_id":"a","user_id":"u","event":"x","ts":"2024-03-31 23:59:59.999"}
{"event_id":"new","account_id":"a","user_id":"u","event":"x","ts":"2024-04-01 00:00:00"}`))
		if table == "unattributed_events" {
			r, err = w.Write(t.Context(), ndjson(table, `{"event_id":"old","user_id":"u","event":"x","ts":"2024-03-31 23:59:59.999"}
{"event_id":"new","user_id":"u","event":"x","ts":"2024-04-01 00:00:00"}`))
		}
		if err != nil || r.Read != 2 || r.Rejected != 1 || r.Rejects[0].Line != 1 || r.Rejects[0].Column != "ts" || !strings.Contains(r.Rejects[0].Reason, "is before 2024-04-01: usage events of days before are no longer kept") {
			t.Errorf("%s: got %s, %v", table, told(r), err)
		}
	}
	s := f.imports(f.file("usage_events.csv", "event_id,account_id,user_id,event,ts\nold,a,u,x,2024-03-31 10:00:00\nnewer,a,u,x,2024-04-02 10:00:00\n"))
	if s.Rejected() != 1 || !strings.Contains(rejects(s), "usage_events.csv:2") || !strings.Contains(rejects(s), "no longer kept") {
		t.Errorf("got %s", rejects(s))
	}
	f.equal("events", f.query("groupArray(event_id)", "(select event_id from stored_usage_events order by all)"), "['new','newer']")
}

// TestWriterSettings: settings that do not go together are refused also if two callers send them at the same time.
func TestWriterSettings(t *testing.T) {
	f := withViews(t)
	w, _ := f.writer(nil)
	r, err := w.Write(t.Context(), ndjson("settings", `{"name":"health_green","value":"high","starts_on":"2024-01-01"}
{"name":"grace_days","value":"10","starts_on":"2024-01-01"}`))
	if err != nil || r.Read != 2 || r.Rejected != 1 || r.Rejects[0].Column != "value" || r.Rejects[0].Line != 1 {
		t.Errorf("got %s, %v", told(r), err)
	}
	var wg sync.WaitGroup
	var rejected atomic.Int64
	for _, text := range []string{`{"name":"health_yellow","value":"65","starts_on":"2024-02-01"}`, `{"name":"health_green","value":"60","starts_on":"2024-02-01"}`} {
		wg.Go(func() {
			r, err := w.Write(t.Context(), ndjson("settings", text))
			if err != nil {
				t.Error(err)
			}
			rejected.Add(r.Rejected)
		})
	}
	wg.Wait()
	if rejected.Load() != 1 {
		t.Errorf("of a green band that begins below the yellow one %d of 2 settings are refused", rejected.Load())
	}
	f.equal("settings", f.query("count()", "stored_settings final"), "2")
}

// TestWriterBusy: a slow database makes callers wait and then come back later; memory is not what gives way. Callers that hang
// up do not make room for more than there is.
func TestWriterBusy(t *testing.T) {
	f := newFixture(t)
	p := newProxy(t, f)
	w, _ := f.writer(func(o *intake.WriterOptions) {
		o.Conn, o.Pending, o.Queue = p.conn(), 40<<10, 50*time.Millisecond
	})
	event := func(i int) intake.Rows {
		return ndjson("usage_events", fmt.Sprintf(`{"event_id":"e%d","account_id":"a","event":"x","ts":"2024-06-01 00:00:00"}`, i))
	}
	p.hold()
	gone, hangUp := context.WithCancel(t.Context())
	results := make(chan error, 100)
	for i := range 50 {
		go func() {
			ctx := t.Context()
			if i%2 == 0 {
				ctx = gone
			}
			_, err := w.Write(ctx, event(i))
			results <- err
		}()
	}
	count := map[string]int{}
	take := func(n int) {
		for range n {
			switch err := <-results; {
			case err == nil:
				count["stored"]++
			case errors.Is(err, intake.ErrBusy):
				count["busy"]++
			case errors.Is(err, context.Canceled):
				count["gone"]++
			default:
				t.Error(err)
			}
		}
	}
	take(40) // of a bit over 4 kB each, 9 fit
	hangUp()
	time.Sleep(100 * time.Millisecond)
	// Their rows are there still, and so is nobody else's room.
	if _, err := w.Write(t.Context(), ndjson("usage_events", strings.Repeat("\n", 30<<10))); !errors.Is(err, intake.ErrBusy) {
		t.Errorf("after callers hung up: got %v", err)
	}
	p.release()
	take(10)
	if count["busy"] < 40 || count["stored"]+count["gone"] < 8 {
		t.Errorf("got %v", count)
	}
	if _, err := w.Write(t.Context(), event(1000)); err != nil {
		t.Errorf("when all is over: %v", err)
	}
	w.Close()
	var got int
	if _, err := fmt.Sscan(f.query("count()", "stored_usage_events final"), &got); err != nil || got <= count["stored"] || got > count["stored"]+count["gone"]+1 {
		t.Errorf("%d events are stored; %v", got, count)
	}
}

// TestWriterClose stores what waits for others, which what comes alone does not, and takes nothing any more.
func TestWriterClose(t *testing.T) {
	f := newFixture(t)
	w, stored := f.writer(func(o *intake.WriterOptions) { o.Wait, o.Lull = time.Hour, time.Hour })
	write := func(id string) error {
		_, err := w.Write(t.Context(), ndjson("feedback", `{"feedback_id":"`+id+`","account_id":"a","kind":"case_study","created_on":"2024-01-01"}`))
		return err
	}
	if err := write("alone"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	for _, id := range []string{"second", "third"} {
		go func() { done <- write(id) }()
	}
	time.Sleep(200 * time.Millisecond)
	f.equal("feedback", f.query("count()", "stored_feedback"), "1")
	w.Close()
	if err := errors.Join(<-done, <-done); err != nil {
		t.Error(err)
	}
	f.equal("feedback", f.query("count()", "stored_feedback"), "3")
	if n, requests, _ := stored.of("feedback"); n != 2 || requests != 3 {
		t.Errorf("%d groups of %d requests, want 2 of 3", n, requests)
	}
	_, err := w.Write(t.Context(), ndjson("feedback", `{"feedback_id":"g","account_id":"a","kind":"case_study","created_on":"2024-01-01"}`))
	var store intake.StoreError
	if !errors.As(err, &store) {
		t.Errorf("after Close: %v", err)
	}
	w.Close()
}

// TestWriterPoison: rows that the database does not want do not keep those of other callers out.
func TestWriterPoison(t *testing.T) {
	f := newFixture(t)
	if err := f.conn.Exec(t.Context(), "alter table stored_feedback add constraint nobody check account_id != 'poison'"); err != nil {
		t.Fatal(err)
	}
	w, _ := f.writer(func(o *intake.WriterOptions) { o.Lull = 100 * time.Millisecond })
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			account := "a"
			if i == 3 {
				account = "poison"
			}
			_, err := w.Write(t.Context(), ndjson("feedback", fmt.Sprintf(`{"feedback_id":"f%d","account_id":"%s","kind":"case_study","created_on":"2024-01-01"}`, i, account)))
			if (err != nil) != (account == "poison") {
				t.Errorf("caller %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	f.equal("feedback", f.query("groupArray(feedback_id)", "(select feedback_id from stored_feedback order by 1)"), "['f0','f1','f2','f4','f5']")
}

// TestWriterCutOff: the answer to an insert is lost, after it worked. It is sent again, and the database takes it for the same.
func TestWriterCutOff(t *testing.T) {
	f := newFixture(t)
	p := newProxy(t, f)
	w, _ := f.writer(func(o *intake.WriterOptions) { o.Conn = p.conn() })
	for up := 0; up < 4; time.Sleep(100 * time.Millisecond) { // else it might have been started since
		_, _ = fmt.Sscan(f.query("uptime()", "system.one"), &up)
	}
	for i := range 10 {
		p.cut.Store(1)
		text := fmt.Sprintf(`{"event_id":"e%d","account_id":"a","event":"x","ts":"2024-06-01 00:00:00"}`+"\n"+`{"event_id":"f%d","account_id":"a","event":"x","ts":"2024-05-01 00:00:00"}`, i, i)
		if r, err := w.Write(t.Context(), ndjson("usage_events", text)); err != nil || r.Rejected != 0 {
			t.Errorf("%s, %v", told(r), err)
		}
		p.cut.Store(1)
		if _, err := w.Write(t.Context(), ndjson("contracts", fmt.Sprintf(`{"contract_id":"c%d","account_id":"a","acv":1,"starts_on":"2024-01-01"}`, i))); err != nil {
			t.Error(err)
		}
	}
	if p.lost.Load() != 20 {
		t.Errorf("%d answers were lost", p.lost.Load())
	}
	f.equal("events, redeliveries and all", f.query("count()", "stored_usage_events"), "20")
	f.equal("contracts", f.query("count()", "stored_contracts"), "10")
}

// TestWriterEngineKilled: of an engine that is killed again and again nothing that was acknowledged is lost, and what was not is sent
// again without harm.
func TestWriterEngineKilled(t *testing.T) {
	m := newMortal(t, t.TempDir())
	w, _ := m.writer(nil)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var again, acknowledged atomic.Int64
	for sender := range 4 {
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				var events strings.Builder
				for i := range 50 {
					fmt.Fprintf(&events, `{"event_id":"%d-%d-%d","account_id":"a%d","event":"x","ts":"2024-%02d-01 00:00:00"}`+"\n", sender, n, i, i%7, 1+i%12)
				}
				contract := fmt.Sprintf(`{"contract_id":"%d-%d","account_id":"a","acv":1,"starts_on":"2024-01-01"}`, sender, n)
				for _, rows := range []intake.Rows{ndjson("usage_events", events.String()), ndjson("contracts", contract)} {
					for {
						r, err := w.Write(t.Context(), rows)
						if err == nil && r.Rejected == 0 {
							break
						}
						var store intake.StoreError
						if !errors.As(err, &store) {
							t.Errorf("%s, %v", told(r), err)
							return
						}
						again.Add(1)
					}
				}
				acknowledged.Add(1)
			}
		})
	}
	for range 5 {
		time.Sleep(1500 * time.Millisecond)
		m.kill()
	}
	time.Sleep(time.Second)
	close(stop)
	wg.Wait()
	w.Close()
	n := acknowledged.Load()
	t.Logf("%d batches, %d of them sent again by their senders", n, again.Load())
	m.equal("events", m.query("count(), uniqExact(event_id)", "stored_usage_events final"), fmt.Sprintf("%d|%[1]d", n*50))
	m.equal("contracts", m.query("count(), uniqExact(contract_id)", "stored_contracts final"), fmt.Sprintf("%d|%[1]d", n))
}

// proxy stands between a writer and its database, which is spoken to over HTTP. It can hold requests back and lose answers.
type proxy struct {
	t    *testing.T
	addr string
	gate sync.RWMutex
	cut  atomic.Int64 // answers to inserts that are to be lost
	lost atomic.Int64
}

func newProxy(t *testing.T, f *fixture) *proxy {
	t.Helper()
	options, err := connOptions(t)
	if err != nil {
		t.Fatal(err)
	}
	if options.Protocol != clickhouse.HTTP {
		t.Skip("the proxy speaks HTTP only")
	}
	p := &proxy{t: t}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		p.gate.RLock()
		defer p.gate.RUnlock()
		to, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, "http://"+options.Addr[0]+r.URL.RequestURI(), strings.NewReader(string(body)))
		if err != nil {
			t.Error(err)
			return
		}
		to.Header = r.Header.Clone()
		answer, err := http.DefaultTransport.RoundTrip(to)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		statement := strings.ToLower(strings.TrimSpace(r.URL.Query().Get("query") + string(body)))
		insert := strings.HasPrefix(statement, "insert into stored_")
		if insert && p.cut.Load() > 0 {
			p.cut.Add(-1)
			p.lost.Add(1)
			panic(http.ErrAbortHandler)
		}
		maps.Copy(w.Header(), answer.Header)
		w.WriteHeader(answer.StatusCode)
		_, _ = w.Write(text)
	})}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.addr = l.Addr().String()
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	return p
}

// conn is a connection through the proxy.
func (p *proxy) conn() clickhouse.Conn {
	p.t.Helper()
	options, err := connOptions(p.t)
	if err != nil {
		p.t.Fatal(err)
	}
	options.Addr = []string{p.addr}
	conn, err := clickhouse.Open(options)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { conn.Close() })
	return conn
}

func (p *proxy) hold()    { p.gate.Lock() }
func (p *proxy) release() { p.gate.Unlock() }

// TestWriterDescribe: whoever brings rows learns what they look like, and from where on to go on.
func TestWriterDescribe(t *testing.T) {
	f := newFixture(t)
	w, _ := f.writer(nil)
	for _, source := range []string{"crm", "billing"} {
		row := `{"ticket_id":"` + source + `","account_id":"a","opened_at":"2024-06-01","severity":"high","updated_at":"2024-06-02T03:04:05Z","source":"` + source + `"}`
		if result, err := w.Write(t.Context(), ndjson("tickets", row)); err != nil || result.Rejected > 0 {
			t.Fatal(result, err)
		}
	}
	d, err := w.Describe(t.Context(), "tickets", "")
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Sources) != 2 || d.Sources[0].Source != "billing" || d.Sources[1].UpdatedAt.UTC().Format(time.DateTime) != "2024-06-02 03:04:05" || time.Since(d.Sources[0].StoredAt) > time.Hour {
		t.Errorf("sources: %+v", d.Sources)
	}
	required := map[string]bool{}
	for _, c := range d.Columns {
		if c.Meaning == "" || c.Type == "" {
			t.Errorf("%+v is not described", c)
		}
		if c.Required {
			required[c.Name] = true
		}
	}
	if d.Meaning == "" || !maps.Equal(required, map[string]bool{"ticket_id": true, "account_id": true, "opened_at": true}) {
		t.Errorf("%q; required are %v", d.Meaning, required)
	}
	if d, err = w.Describe(t.Context(), "tickets", "crm"); err != nil || len(d.Sources) != 1 || d.Sources[0].Source != "crm" {
		t.Errorf("of one source: %+v, %v", d.Sources, err)
	}
	if _, err = w.Describe(t.Context(), "tickets; drop table stored_tickets", ""); err == nil {
		t.Error("no error for a table that is not there")
	}
	if d, err = w.Describe(t.Context(), "surveys", ""); err != nil || !slices.ContainsFunc(d.Columns, func(c intake.ColumnDescription) bool {
		return c.Name == "kind" && slices.Equal(c.Values, []string{"nps", "csat"})
	}) {
		t.Errorf("surveys: %+v, %v", d, err)
	}
	for _, name := range w.Tables() {
		if d, err := w.Describe(t.Context(), name, ""); err != nil || d.Meaning == "" || len(d.Columns) < 4 {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
}
