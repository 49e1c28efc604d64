package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestCloudEvents(t *testing.T) {
	const one = `{"specversion":"1.0","id":"e1","source":"/app","type":"com.example.report.run","time":"2024-06-15T20:00:00+09:00","subject":"acme","userid":"u1","data":{"pages": 3}}`
	const oneRow = `usage_events :{"event_id":"e1","account_id":"acme","user_id":"u1","event":"report.run","ts":"2024-06-15T11:00:00.000Z","properties":{"pages":3},"source":"/app"}`
	binaryHeaders := func(contentType string, more ...string) []string {
		return append([]string{"Content-Type", contentType, "ce-specversion", "1.0", "ce-id", "e1", "ce-source", "/app", "ce-type", "com.example.report.run",
			"ce-time", "2024-06-15T20:00:00+09:00", "ce-subject", "acme", "ce-userid", "u1"}, more...)
	}
	row := func(properties string) string {
		return `usage_events :{"event_id":"e1","account_id":"acme","user_id":"u1","event":"report.run","ts":"2024-06-15T11:00:00.000Z",` + properties + `"source":"/app"}`
	}
	for _, c := range []struct {
		name    string
		headers []string
		body    string
		status  int
		answer  string
		rows    string
	}{
		{"structured", []string{"Content-Type", "application/cloudevents+json; charset=UTF-8"}, one, 200, `"stored":1,"rejected":0`, oneRow},
		{"batched", []string{"Content-Type", typeCloudEvents}, "[" + one + "]", 200, `"read":1`, oneRow},
		{"an empty batch", []string{"Content-Type", typeCloudEvents}, "[]", 200, `"read":0`, ``},
		{"binary", binaryHeaders("application/json"), `{"pages": 3}`, 200, `"stored":1`, oneRow},
		{"binary with text", binaryHeaders("text/plain"), `hello "you"`, 200, `"stored":1`, row(`"properties":{"data":"hello \"you\""},`)},
		{"binary with bytes", binaryHeaders("application/octet-stream"), "\xff\x00", 200, `"stored":1`, row(`"properties":{"data_base64":"/wA="},`)},
		{"binary without data", binaryHeaders("application/json"), ``, 200, `"stored":1`, row(``)},
		{"binary with broken JSON", binaryHeaders("application/json"), `{`, 422, `data is not JSON`, ``},
		{"percent-encoded headers", binaryHeaders("application/json", "ce-accountid", "%E5%9C%9F 100%25"), ``, 200, `"stored":1`, strings.Replace(row(``), "acme", "土 100%", 1)},
		{"a header twice", binaryHeaders("application/json", "ce-id", "e2"), ``, 422, `ce-id twice`, ``},
		{"an array as data", []string{"Content-Type", typeCloudEvent}, strings.Replace(one, `{"pages": 3}`, `[1, 2]`, 1), 200, `"stored":1`, row(`"properties":{"data":[1,2]},`)},
		{"base64 that is JSON", []string{"Content-Type", typeCloudEvent}, strings.Replace(one, `"data":{"pages": 3}`, `"datacontenttype":"application/json","data_base64":"eyJhIjoxfQ=="`, 1), 200, `"stored":1`, row(`"properties":{"a":1},`)},
		{"base64 that is none", []string{"Content-Type", typeCloudEvent}, strings.Replace(one, `"data":{"pages": 3}`, `"data_base64":"!"`, 1), 422, `data_base64 is not base64`, ``},
		{"some refused", []string{"Content-Type", typeCloudEvents}, `[{"specversion":"0.3"},7,` + one + `,{"specversion":"1.0","id":"e2","source":"/app","type":"t"}]`, 207, `"read":4,"stored":1,"rejected":3,"rejects":[{"row":1,`, oneRow},
		{"no object", []string{"Content-Type", typeCloudEvent}, `[]`, 422, `is not a JSON object`, ``},
		{"no JSON", []string{"Content-Type", typeCloudEvent}, `{`, 400, `not a CloudEvent in JSON`, ``},
		{"no batch", []string{"Content-Type", typeCloudEvents}, one, 400, `not a JSON array`, ``},
		{"another format", []string{"Content-Type", "application/cloudevents+avro"}, `x`, 415, `is no CloudEvent`, ``},
		{"no CloudEvent", []string{"Content-Type", "application/json"}, `{}`, 415, `or the attributes as ce- headers`, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			store := &remembering{}
			h := newTestServer(t, store, Foreign{TypePrefix: "com.example."})
			w := call(h, "/v1/events", c.body, c.headers...)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.answer) || !json.Valid(w.Body.Bytes()) {
				t.Errorf("got %d %s\nwant %d %s", w.Code, w.Body, c.status, c.answer)
			}
			if got := strings.TrimSpace(store.take()); got != c.rows {
				t.Errorf("stored\n%s\nwant\n%s", got, c.rows)
			}
		})
	}
}

// TestCloudEventOfKnownUser: an event without an account belongs where its user does.
func TestCloudEventOfKnownUser(t *testing.T) {
	store := &remembering{}
	h := newTestServer(t, store, Foreign{})
	call(h, "/v1/group", `{"userId":"u","groupId":"acme"}`)
	w := call(h, "/v1/cloudevents", `{"specversion":"1.0","id":"1","source":"s","type":"t","userid":"u"}`, "Content-Type", typeCloudEvent)
	if w.Code != 200 || !strings.Contains(store.take(), `"account_id":"acme","user_id":"u"`) {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// TestCloudEventSource: a token that has a source writes nothing else, and ids stay unique.
func TestCloudEventSource(t *testing.T) {
	e := structured([]byte(`{"specversion":"1.0","id":"1","source":"/app","type":"t","subject":"a"}`))
	for source, want := range map[string][2]string{"": {"1", "/app"}, "/app": {"1", ""}, "billing": {"/app 1", ""}} {
		n, reason := e.news("", source, noon)
		if reason != "" || n.event.EventID != want[0] || n.event.Source != want[1] {
			t.Errorf("source %q: got %+v %s", source, n.event, reason)
		}
	}
}

func FuzzCloudEvents(f *testing.F) {
	for _, seed := range []struct{ contentType, body string }{
		{typeCloudEvent, `{"specversion":"1.0","id":"e1","source":"/app","type":"t","time":"2024-06-15T20:00:00+09:00","subject":"acme","data":{"a":1e400}}`},
		{typeCloudEvents, `[{"specversion":"1.0","id":"e1","source":"/app","type":"t","subject":"acme","data_base64":"eyJhIjoxfQ==","datacontenttype":"application/json"},null,[],7]`},
		{typeCloudEvent, "{\"specversion\":\"1.0\",\"id\":\"\\u0000\",\"source\":\"\xff\",\"type\":\"'; drop table stored_usage_events; --\"}"},
		{"application/json", `{"a":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`},
		{"text/plain; charset=", "=1+1"},
	} {
		f.Add(seed.contentType, "%e5%9C", []byte(seed.body))
	}
	f.Fuzz(func(t *testing.T, contentType, subject string, body []byte) {
		h := http.Header{"Content-Type": {contentType}, "Ce-Specversion": {"1.0"}, "Ce-Id": {"1"}, "Ce-Source": {"s"}, "Ce-Type": {"t"}, "Ce-Subject": {subject}}
		events, err := splitCloudEvents(h, body)
		if err != nil {
			return
		}
		for _, e := range events {
			n, reason := e.news("t", "", noon)
			if reason != "" {
				continue
			}
			b := newBatch("")
			b.add(tableEvents, 0, n.event) // panics if it is no JSON
			if p := n.event.Properties; len(p) > 0 && (p[0] != '{' || !json.Valid(p)) {
				t.Errorf("properties %q are no object", p)
			}
		}
	})
}
