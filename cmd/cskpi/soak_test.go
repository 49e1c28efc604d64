package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/config"
	"cskpi/exporter/engine"
	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/store"
)

// served is cskpi serve as a process of its own, to be killed and started again at the same address.
type served struct {
	t       testing.TB
	bin     string
	data    string
	env     []string
	args    []string // the command
	address string   // of intake
	metrics string   // address of the metrics
	log     output

	mu  sync.Mutex
	cmd *exec.Cmd
}

func newService(t testing.TB, data string) *served {
	t.Helper()
	s := &served{t: t, bin: binary(t), data: data, args: []string{"serve"}}
	for _, address := range []*string{&s.address, &s.metrics} {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		*address = l.Addr().String()
		defer l.Close()
	}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "CSKPI_") || strings.HasPrefix(v, "CSKPI_LIBCHDB=") {
			s.env = append(s.env, v)
		}
	}
	s.env = append(s.env, "CSKPI_DATA_DIR="+data, "CSKPI_LISTEN="+s.metrics, "CSKPI_ENGINE_LISTEN=127.0.0.1:0", "CSKPI_INTAKE_LISTEN="+s.address,
		"CSKPI_LOG_LEVEL=error", "CSKPI_PARALLEL=1")
	t.Cleanup(func() {
		s.kill(syscall.SIGKILL)
		if t.Failed() {
			t.Logf("the service said:\n%s", s.log.String())
		}
	})
	return s
}

// start starts the service; it is ready some seconds later.
func (s *served) start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	cmd := exec.Command(s.bin, s.args...) //nolint:noctx // it is killed by those who test that
	cmd.Stderr, cmd.Env = &s.log, s.env
	if err := cmd.Start(); err != nil {
		s.t.Error(err)
		return
	}
	s.cmd = cmd
}

// token is the one that the service made at its first start; empty: it has not done so yet.
func (s *served) token() string {
	text, _ := os.ReadFile(filepath.Join(s.data, config.TokenFile))
	return strings.TrimSpace(string(text))
}

// kill ends the service, and returns when it is gone.
func (s *served) kill(signal syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(signal) // it may be gone
	_ = s.cmd.Wait()
	s.cmd = nil
}

// killEngine kills the engine of the service, if it has one now.
func (s *served) killEngine() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	pid := s.enginePID()
	return pid > 1 && syscall.Kill(pid, syscall.SIGKILL) == nil
}

// enginePID is the service's child and nobody else, whatever the file says.
func (s *served) enginePID() int {
	if s.cmd == nil {
		return 0
	}
	var live struct{ PID int }
	text, err := os.ReadFile(filepath.Join(s.data, "engine.json"))
	if err != nil || json.Unmarshal(text, &live) != nil {
		return 0
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", live.PID))
	if err != nil || !strings.Contains(string(status), fmt.Sprintf("PPid:\t%d\n", s.cmd.Process.Pid)) {
		return 0
	}
	return live.PID
}

// open looks at the database when the service is gone.
func (s *served) open() driver.Conn {
	s.t.Helper()
	e, err := engine.Start(s.t.Context(), engine.Options{DataDir: s.data, Patience: time.Minute, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { e.Close() })
	return connected(s.t, e)
}

var soakFeatures = []string{"login", "report", "export", "share"}

// soakEvent is the usage event of a number: whoever sends it sends the same.
type soakEvent struct {
	ID      string `json:"event_id"`
	Account string `json:"account_id"`
	User    string `json:"user_id"`
	Event   string `json:"event"`
	TS      string `json:"ts"`
}

func eventOf(n int) soakEvent {
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n*7919%(150*24*3600)) * time.Second)
	return soakEvent{fmt.Sprintf("e%d", n), fmt.Sprintf("a%d", n%23), fmt.Sprintf("u%d", n%101), soakFeatures[n%len(soakFeatures)], at.Format("2006-01-02 15:04:05")}
}

// soakContract is a version of a contract.
type soakContract struct {
	ID      string `json:"contract_id"`
	Account string `json:"account_id"`
	ACV     int    `json:"acv"`
	Starts  string `json:"starts_on"`
	Updated string `json:"updated_at"`
}

func contractOf(n, version int) soakContract {
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(version) * time.Minute)
	return soakContract{fmt.Sprintf("c%d", n), fmt.Sprintf("a%d", n%23), 1000*n + version, "2024-01-01", at.Format("2006-01-02 15:04:05")}
}

// soak is a load and what has become of it.
type soak struct {
	service *served
	client  *http.Client
	next    atomic.Int64 // number of the next event
	end     chan struct{}

	batches, retries, abandoned, rows atomic.Int64

	mu       sync.Mutex
	events   map[int]bool    // by number: whether it was acknowledged
	versions map[int]*[2]int // by contract: the highest version that was acknowledged, and that was sent
	torn     [][]int         // contracts of batches that were sent and never acknowledged, all of them new
	latency  []time.Duration
}

func newSoak(s *served) *soak {
	return &soak{service: s, events: map[int]bool{}, versions: map[int]*[2]int{}, end: make(chan struct{}),
		client: &http.Client{Timeout: 45 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}}
}

func (k *soak) over() bool {
	select {
	case <-k.end:
		return true
	default:
		return false
	}
}

// sender sends until the end, and does not rest before its last batch is acknowledged.
func (k *soak) sender(ctx context.Context, seed uint64, most int) {
	random := rand.New(rand.NewPCG(seed, 17))
	for !k.over() {
		if random.IntN(5) == 0 {
			k.contracts(ctx, random, int(seed))
		} else {
			k.usage(ctx, random, 1+random.IntN(most))
		}
	}
}

// usage sends new events, some that anybody sent before, and some twice.
func (k *soak) usage(ctx context.Context, random *rand.Rand, size int) {
	numbers := make([]int, 0, size)
	for len(numbers) < size {
		switch known := int(k.next.Load()); {
		case known > 0 && random.IntN(5) == 0:
			numbers = append(numbers, random.IntN(known))
		case len(numbers) > 0 && random.IntN(20) == 0:
			numbers = append(numbers, numbers[random.IntN(len(numbers))])
		default:
			numbers = append(numbers, int(k.next.Add(1)-1))
		}
	}
	k.mu.Lock()
	for _, n := range numbers {
		k.events[n] = k.events[n] || false
	}
	k.mu.Unlock()
	acknowledged := k.deliver(ctx, random, "usage_events", len(numbers), func() []any {
		random.Shuffle(len(numbers), func(i, j int) { numbers[i], numbers[j] = numbers[j], numbers[i] })
		rows := make([]any, len(numbers))
		for i, n := range numbers {
			rows[i] = eventOf(n)
		}
		return rows
	})
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, n := range numbers {
		k.events[n] = k.events[n] || acknowledged
	}
}

// contracts sends versions of a sender's own contracts, some older than what was sent before; now and then all are new.
func (k *soak) contracts(ctx context.Context, random *rand.Rand, sender int) {
	type change struct{ n, version int }
	var changes []change
	fresh := random.IntN(2) == 0
	k.mu.Lock()
	for range 1 + random.IntN(40) {
		c := change{sender*1_000_000 + random.IntN(50), 1 + random.IntN(100)}
		if fresh {
			c.n = sender*1_000_000 + 100 + len(k.versions)
		}
		if k.versions[c.n] == nil {
			k.versions[c.n] = &[2]int{}
		}
		k.versions[c.n][1] = max(k.versions[c.n][1], c.version)
		changes = append(changes, c)
	}
	k.mu.Unlock()
	acknowledged := k.deliver(ctx, random, "contracts", len(changes), func() []any {
		random.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
		rows := make([]any, len(changes))
		for i, c := range changes {
			rows[i] = contractOf(c.n, c.version)
		}
		return rows
	})
	k.mu.Lock()
	defer k.mu.Unlock()
	if !acknowledged && fresh {
		var numbers []int
		for _, c := range changes {
			numbers = append(numbers, c.n)
		}
		k.torn = append(k.torn, numbers)
	}
	for _, c := range changes {
		if acknowledged {
			k.versions[c.n][0] = max(k.versions[c.n][0], c.version)
		}
	}
}

// deliver sends a batch until it is acknowledged, or, seldom, gives it up after a failure.
func (k *soak) deliver(ctx context.Context, random *rand.Rand, table string, size int, rows func() []any) bool {
	k.batches.Add(1)
	for pause := 50 * time.Millisecond; ctx.Err() == nil; pause = min(2*pause, time.Second) {
		body, header := encode(random, rows())
		sending, cancel := context.WithCancel(ctx)
		if random.IntN(30) == 0 {
			// The sender dies, and does not know what became of its batch.
			time.AfterFunc(time.Duration(random.IntN(30))*time.Millisecond, cancel)
		}
		start := time.Now()
		status, answer, err := k.post(sending, table, body, header)
		cancel()
		switch {
		case err == nil && status == http.StatusOK:
			var told struct{ Read, Stored, Rejected int }
			if err := json.Unmarshal(answer, &told); err != nil || told.Stored != size || told.Rejected != 0 {
				k.service.t.Errorf("%s: %d rows were answered with %s", table, size, answer)
			}
			k.rows.Add(int64(size))
			k.mu.Lock()
			k.latency = append(k.latency, time.Since(start))
			k.mu.Unlock()
			return true
		case err == nil && status != http.StatusServiceUnavailable && status != http.StatusTooManyRequests:
			k.service.t.Errorf("%s: got %d %s", table, status, answer)
			return false
		}
		k.retries.Add(1)
		if random.IntN(20) == 0 {
			k.abandoned.Add(1)
			return false
		}
		time.Sleep(pause/2 + rand.N(pause))
	}
	return false
}

func (k *soak) post(ctx context.Context, table string, body []byte, header map[string]string) (status int, answer []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+k.service.address+"/v1/"+table, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	r.Header.Set("Authorization", "Bearer "+k.service.token())
	w, err := k.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer w.Body.Close()
	answer, err = io.ReadAll(w.Body)
	if w.StatusCode == http.StatusServiceUnavailable && w.Header.Get("Retry-After") == "" {
		k.service.t.Errorf("503 without Retry-After: %s", answer)
	}
	return w.StatusCode, answer, err
}

// encode writes rows in one of the ways that are taken.
func encode(random *rand.Rand, rows []any) (body []byte, header map[string]string) {
	header = map[string]string{}
	switch random.IntN(3) {
	case 0:
		header["Content-Type"] = "application/json"
		body, _ = json.Marshal(rows)
	case 1:
		header["Content-Type"] = "text/csv"
		var text strings.Builder
		text.WriteString(map[bool]string{true: "event_id,account_id,user_id,event,ts\n", false: "contract_id,account_id,acv,starts_on,updated_at\n"}[isEvent(rows)])
		for _, row := range rows {
			switch r := row.(type) {
			case soakEvent:
				fmt.Fprintf(&text, "%s,%s,%s,%s,%s\n", r.ID, r.Account, r.User, r.Event, r.TS)
			case soakContract:
				fmt.Fprintf(&text, "%s,%s,%d,%s,%s\n", r.ID, r.Account, r.ACV, r.Starts, r.Updated)
			}
		}
		body = []byte(text.String())
	default:
		header["Content-Type"] = "application/x-ndjson"
		for _, row := range rows {
			line, _ := json.Marshal(row)
			body = append(append(body, line...), '\n')
		}
	}
	if random.IntN(3) == 0 {
		header["Content-Encoding"] = "gzip"
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, _ = z.Write(body)
		_ = z.Close()
		body = packed.Bytes()
	}
	return body, header
}

func isEvent(rows []any) bool {
	_, ok := rows[0].(soakEvent)
	return ok
}

// ready waits until the service takes facts.
func (k *soak) ready(ctx context.Context) {
	k.service.t.Helper()
	for start := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if status, _, err := k.post(ctx, "usage_events", nil, map[string]string{"Content-Type": "application/x-ndjson"}); err == nil && status == http.StatusOK {
			return
		}
		if time.Since(start) > time.Minute || ctx.Err() != nil {
			k.service.t.Fatalf("the service does not take facts\n%s", k.service.log.String())
		}
	}
}

// settled waits until the service has computed all KPIs for the first time.
func (s *served) settled(ctx context.Context) {
	s.t.Helper()
	for start := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.metrics+"/-/ready", nil)
		if err != nil {
			s.t.Fatal(err)
		}
		if w, err := http.DefaultClient.Do(r); err == nil {
			w.Body.Close()
			if w.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Since(start) > 10*time.Minute {
			s.t.Fatalf("the service is not ready\n%s", s.log.String())
		}
	}
}

// verify holds what is stored, and what KPIs count, to what was acknowledged.
func (k *soak) verify(conn driver.Conn) {
	t := k.service.t
	t.Helper()
	ctx := t.Context()
	if err := store.RollUp(ctx, conn, nil); err != nil {
		t.Fatal(err)
	}
	stored := map[int]bool{}
	days := map[string]uint64{}
	collect := func(sql string, each func(driver.Rows) error) {
		t.Helper()
		rows, err := conn.Query(ctx, sql)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			if err := each(rows); err != nil {
				t.Fatal(err)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	strange, twice := 0, 0
	collect("select event_id, account_id, user_id, event, toString(ts) from cs.stored_usage_events final", func(rows driver.Rows) error {
		var got soakEvent
		if err := rows.Scan(&got.ID, &got.Account, &got.User, &got.Event, &got.TS); err != nil {
			return err
		}
		got.TS = strings.TrimSuffix(got.TS, ".000")
		n, _ := strconv.Atoi(strings.TrimPrefix(got.ID, "e"))
		if _, sent := k.events[n]; !sent || got != eventOf(n) {
			strange++
		}
		if stored[n] {
			twice++
		}
		stored[n] = true
		days[got.TS[:10]+" "+got.Account]++
		return nil
	})
	lost, acknowledged := 0, 0
	for n, ack := range k.events {
		if ack {
			acknowledged++
			if !stored[n] {
				lost++
			}
		}
	}
	if strange > 0 || twice > 0 || lost > 0 {
		t.Errorf("of %d acknowledged events %d are lost; of %d stored ones %d are there twice and %d are none that was sent", acknowledged, lost, len(stored), twice, strange)
	}
	wrong := 0
	collect("select concat(toString(day), ' ', account_id), events from cs.stored_usage_account_days final", func(rows driver.Rows) error {
		var of string
		var events uint64
		if err := rows.Scan(&of, &events); err != nil {
			return err
		}
		if days[of] != events {
			wrong++
		}
		delete(days, of)
		return nil
	})
	if wrong+len(days) > 0 {
		t.Errorf("%d days of accounts count other events than are stored, and %d are missing", wrong, len(days))
	}
	contracts := map[int]int{}
	collect("select contract_id, toInt64(acv), toString(updated_at) from cs.stored_contracts final", func(rows driver.Rows) error {
		var id, updated string
		var acv int64
		if err := rows.Scan(&id, &acv, &updated); err != nil {
			return err
		}
		n, _ := strconv.Atoi(strings.TrimPrefix(id, "c"))
		version := int(acv) - 1000*n
		if contractOf(n, version).Updated != strings.TrimSuffix(updated, ".000") {
			t.Errorf("contract %s is of %s with %d", id, updated, acv)
		}
		contracts[n] = version
		return nil
	})
	for n, versions := range k.versions {
		if contracts[n] < versions[0] || contracts[n] > versions[1] {
			t.Errorf("contract %d is stored in version %d; %d was acknowledged and %d sent", n, contracts[n], versions[0], versions[1])
		}
	}
	for _, numbers := range k.torn {
		there := 0
		for _, n := range numbers {
			if contracts[n] > 0 {
				there++
			}
		}
		if there != 0 && there != len(numbers) {
			t.Errorf("of %d contracts that were sent together %d are stored", len(numbers), there)
		}
	}
	var conflicts uint64
	if err := conn.QueryRow(ctx, "select count() from cs.stored_usage_conflicts final").Scan(&conflicts); err != nil || conflicts > 0 {
		t.Errorf("%d conflicts, %v", conflicts, err)
	}
	slices.Sort(k.latency)
	t.Logf("%d batches with %d rows acknowledged, %d deliveries sent again, %d given up; %d events acknowledged, %d stored; %d contracts; median %s, slowest %s",
		k.batches.Load(), k.rows.Load(), k.retries.Load(), k.abandoned.Load(), acknowledged, len(stored), len(contracts),
		k.latency[len(k.latency)/2].Round(time.Millisecond), k.latency[len(k.latency)-1].Round(time.Millisecond))
}

// TestSoak: senders that repeat, duplicate, shuffle and give up; an engine and a service that are killed at random moments. Every fact
// that was acknowledged is there, once, and in the KPIs once. CSKPI_TEST_SOAK is the number of kills (make soak), by default 6.
func TestSoak(t *testing.T) {
	if os.Getenv("CSKPI_TEST_CLICKHOUSE_URL") != "" {
		t.Skip("a server is not ours to be killed")
	}
	kills := 6
	if text := os.Getenv("CSKPI_TEST_SOAK"); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatalf("CSKPI_TEST_SOAK: %v", err)
		}
	}
	s := newService(t, filepath.Join(t.TempDir(), "data"))
	s.start()
	k := newSoak(s)
	ctx := t.Context()
	k.ready(ctx)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() { k.sender(ctx, seed%1000+uint64(i), 400) })
	}
	// Connections that begin and never end.
	for i := range 40 {
		if c, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.address); err == nil {
			defer c.Close()
			fmt.Fprintf(c, "POST /v1/usage_events HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n", s.address, s.token())
			if i%2 == 0 {
				fmt.Fprintf(c, "Content-Type: application/x-ndjson\r\nContent-Length: 100000\r\n\r\n%s\n{\"event_id\":", `{"event_id":"half","account_id":"a","event":"x","ts":"2024-01-01"}`)
			}
		}
	}
	random := rand.New(rand.NewPCG(seed, 1))
	engines := 0
	for kill := range kills {
		time.Sleep(500*time.Millisecond + time.Duration(random.IntN(2500))*time.Millisecond)
		if kill%3 != 2 {
			if s.killEngine() {
				engines++
			}
			continue
		}
		s.kill(syscall.SIGKILL)
		s.start()
		if random.IntN(4) > 0 { // or it is killed again while it gets ready
			k.ready(ctx)
		}
	}
	k.ready(ctx)
	time.Sleep(time.Second)
	close(k.end)
	wg.Wait()
	k.client.CloseIdleConnections()
	s.kill(syscall.SIGTERM)
	if engines < kills/3 {
		t.Errorf("of %d kills only %d hit an engine", kills, engines)
	}
	t.Logf("%d kills, %d of them of engines", kills, engines)
	k.verify(s.open())
}

// TestSoakDiskFull fills the file system: senders get a status that makes them retry, and when there is room again nothing that was acknowledged is missing.
func TestSoakDiskFull(t *testing.T) {
	if os.Getenv("CSKPI_TEST_SOAK") == "" {
		t.Skip("it takes a minute; make soak runs it")
	}
	dir := enginetest.SmallDisk(t, 200)
	s := newService(t, filepath.Join(dir, "soak"))
	s.start()
	k := newSoak(s)
	ctx := t.Context()
	k.ready(ctx)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() { k.sender(ctx, uint64(i), 2000) })
	}
	time.Sleep(3 * time.Second)
	ballast := filepath.Join(dir, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(f, io.LimitReader(zeros{}, 1<<40))
	f.Close()
	t.Logf("the disk is full: %v", err)
	before, retries := k.rows.Load(), k.retries.Load()
	time.Sleep(5 * time.Second)
	refused := k.retries.Load() - retries
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if refused == 0 {
		t.Error("no answer said that there is no room")
	}
	t.Logf("while the disk was full %d rows were acknowledged and %d deliveries refused", k.rows.Load()-before, refused)
	time.Sleep(3 * time.Second)
	close(k.end)
	wg.Wait()
	s.kill(syscall.SIGTERM)
	k.verify(s.open())
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// BenchmarkIntake sends usage events in batches of 1,000 over 16 connections to a service, and imports the same rows with cskpi
// import. ratio is the first's speed over the second's; p99-ms is the slowest but one percent of requests of a single row that come
// meanwhile, and peak-MB the most memory that the service's process took, without its engine. CSKPI_TEST_EVENTS sets the number of rows.
func BenchmarkIntake(b *testing.B) {
	const size, connections = 1000, 16
	n := events(b)
	bodies := usageBodies(b, size)
	file := filepath.Join(b.TempDir(), "usage_events.ndjson")
	if err := os.WriteFile(file, bytes.Join(bodies, nil), 0o600); err != nil {
		b.Fatal(err)
	}
	s := newService(b, filepath.Join(b.TempDir(), "data"))
	var sent, imported time.Duration
	var single []time.Duration
	peak := 0.0
	for b.Loop() {
		if err := os.RemoveAll(s.data); err != nil {
			b.Fatal(err)
		}
		s.start()
		k := newSoak(s)
		k.ready(b.Context())
		s.settled(b.Context()) // an import's time has no start of anything in it either
		var wg sync.WaitGroup
		done := make(chan struct{})
		var mu sync.Mutex
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				case <-time.After(5 * time.Millisecond):
				}
				begin := time.Now()
				row := fmt.Sprintf(`{"event_id":"single-%d","account_id":"acc-0001","event":"x","ts":"2024-01-01T00:00:00Z"}`, i)
				if status, answer, err := k.post(b.Context(), "usage_events", []byte(row), map[string]string{"Content-Type": "application/x-ndjson"}); err != nil || status != http.StatusOK {
					b.Errorf("%v %d %s", err, status, answer)
					return
				}
				mu.Lock()
				single = append(single, time.Since(begin))
				mu.Unlock()
			}
		})
		sent += sendAll(b, connections, bodies, k.sendUsage)
		close(done)
		wg.Wait()
		peak = max(peak, s.peakMB())
		s.kill(syscall.SIGTERM)

		begin := time.Now()
		cmd := exec.CommandContext(b.Context(), s.bin, "import", file)
		cmd.Env = append(slices.Clone(s.env), "CSKPI_DATA_DIR="+b.TempDir())
		out, err := cmd.CombinedOutput()
		if err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		whole := time.Since(begin)
		took, ok := importSeconds(string(out))
		if !ok {
			b.Fatalf("no seconds in\n%s", out)
		}
		b.Logf("cskpi import took %s in all, %s of it for the rows", whole.Round(time.Millisecond), took)
		imported += took
	}
	slices.Sort(single)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(imported.Seconds()/sent.Seconds(), "ratio")
	b.ReportMetric(float64(n*b.N)/sent.Seconds(), "rows/s")
	b.ReportMetric(float64(n*b.N)/imported.Seconds(), "import-rows/s")
	b.ReportMetric(float64(single[len(single)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(single[len(single)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(peak, "peak-MB")
}

// events is how many usage events benchmarks send: CSKPI_TEST_EVENTS, by default a million.
func events(b *testing.B) int {
	b.Helper()
	return given(b, "CSKPI_TEST_EVENTS", 1_000_000)
}

// given is a number from the environment, or another one.
func given(b *testing.B, name string, otherwise int) int {
	b.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv(name), strconv.Itoa(otherwise)))
	if err != nil {
		b.Fatalf("%s: %v", name, err)
	}
	return n
}

// usageBodies are that many usage events, in the order of time, in batches.
func usageBodies(b *testing.B, size int) (bodies [][]byte) {
	b.Helper()
	n := events(b)
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for from := 0; from < n; from += size {
		var body bytes.Buffer
		for i := from; i < min(n, from+size); i++ {
			h := fnv.New32a()
			fmt.Fprint(h, i)
			account := h.Sum32() % 400
			fmt.Fprintf(&body, `{"event_id":"ev-%09d","account_id":"acc-%04d","user_id":"acc-%04d-u%02d","event":"feature_%d_used","ts":"%s","properties":"{\"plan\":\"pro\",\"n\":%d}"}`+"\n",
				i, account, account, i%20, i%17, start.Add(time.Duration(i)*time.Second).Format("2006-01-02T15:04:05.000Z"), i%100)
		}
		bodies = append(bodies, body.Bytes())
	}
	return bodies
}

// BenchmarkSingleEvents sends usage events to a service, each as a request of its own, 50 a second whether or not those before are answered, and
// imports nothing else. cpu-ms/event is what service and engine take more than while idle; p99-ms is the slowest but one percent of requests.
func BenchmarkSingleEvents(b *testing.B) {
	const each, n = 20 * time.Millisecond, 1500
	s := newService(b, filepath.Join(b.TempDir(), "data"))
	s.start()
	k := newSoak(s)
	k.ready(b.Context())
	s.settled(b.Context())
	idle := s.cpu()
	time.Sleep(n * each)
	idle = s.cpu() - idle
	for b.Loop() {
		took := make([]time.Duration, n)
		before := s.cpu()
		var wg sync.WaitGroup
		tick := time.NewTicker(each)
		for i := range n {
			<-tick.C
			wg.Go(func() {
				begin := time.Now()
				row := fmt.Sprintf(`{"event_id":"single-%d","account_id":"acc-%04d","user_id":"u%d","event":"x","ts":"2024-01-01T00:00:00Z"}`, i, i%400, i%20)
				if status, answer, err := k.post(b.Context(), "usage_events", []byte(row), map[string]string{"Content-Type": "application/x-ndjson"}); err != nil || status != http.StatusOK {
					b.Errorf("%v %d %s", err, status, answer)
				}
				took[i] = time.Since(begin)
			})
		}
		tick.Stop()
		wg.Wait()
		spent := s.cpu() - before
		slices.Sort(took)
		b.ReportMetric(0, "ns/op")
		b.ReportMetric((spent-idle)*1000/n, "cpu-ms/event")
		b.ReportMetric(idle*1000/(n*each).Seconds(), "idle-cpu-ms/s")
		b.ReportMetric(float64(took[n*99/100].Microseconds())/1000, "p99-ms")
		b.ReportMetric(float64(took[n/2].Microseconds())/1000, "p50-ms")
	}
}

// cpu is the CPU time of the service and of its engine so far, in seconds.
func (s *served) cpu() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return enginetest.CPU(s.t, s.cmd.Process.Pid) + enginetest.CPU(s.t, s.enginePID())
}

// peakMB is the most memory that the service's own process has taken.
func (s *served) peakMB() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Error(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		s.t.Error(err)
	}
	return kib * 1024 / 1e6
}

// importSeconds is what cskpi import says that the rows took, without the start of the engine.
func importSeconds(out string) (time.Duration, bool) {
	for line := range strings.SplitSeq(out, "\n") {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "usage_events" {
			seconds, err := strconv.ParseFloat(strings.ReplaceAll(fields[len(fields)-1], ",", ""), 64)
			return time.Duration(seconds * float64(time.Second)), err == nil
		}
	}
	return 0, false
}
