//go:build linux && !server

package engine_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// form is a multipart body, and the header that names its boundary.
func form(pairs ...string) (contentType, body string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		_ = w.WriteField(pairs[i], pairs[i+1]) // A buffer takes everything.
	}
	_ = w.Close()
	return w.FormDataContentType(), b.String()
}

// Parameters that are too long for a URL come in a form, with the query.
func TestParametersInAForm(t *testing.T) {
	long := "['" + strings.Repeat("v1234567", 100_000) + "']"
	for _, tt := range []struct {
		parts []string
		want  string
	}{
		{[]string{"query", "select {x:String} format RawBLOB", "param_x", "ü'; --"}, "ü'; --"},
		{[]string{"param_x", "7", "query", "select {x:UInt8} + {y:UInt8} format CSV"}, "12\n"},
		{[]string{"query", "select length({x:Array(String)}[1])", "param_x", long}, "800000\n"},
		{[]string{"query", "select count() from {d:Identifier}.one", "param_d", "system"}, "1\n"},
	} {
		contentType, body := form(tt.parts...)
		if got := ask(t, url.Values{"param_y": {"5"}}, body, "Content-Type", contentType); got.status != http.StatusOK || got.body != tt.want {
			t.Errorf("%.60q: got %d %.300q, want %q", tt.parts, got.status, got.body, tt.want)
		}
	}
	contentType, body := form("query", "select 1", "param_x", strings.Repeat("x", 1<<20))
	refused := func(code, contentType, body string) {
		t.Helper()
		if got := ask(t, nil, body, "Content-Type", contentType); got.header.Get("X-ClickHouse-Exception-Code") != code {
			t.Errorf("got %d %.300q, want %s", got.status, got.body, code)
		}
	}
	refused("229", contentType, body)
	refused("36", contentType, body[:1000])
	refused("36", "multipart/form-data", body)
	for _, name := range []string{"max_threads", "readonly", "user", "x", "database", ""} {
		contentType, body = form("query", "select 1", name, "1")
		refused("48", contentType, body)
	}
	var file bytes.Buffer
	w := multipart.NewWriter(&file)
	if part, err := w.CreateFormFile("query", "query.sql"); err != nil {
		t.Fatal(err)
	} else if _, err := io.WriteString(part, "select 1"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	refused("48", w.FormDataContentType(), file.String())
	contentType, body = form("query", "select file({x:String})", "param_x", "/etc/passwd")
	refused("497", contentType, body)
	contentType, body = form("query", "select * from {d:Identifier}.processes", "param_d", "system")
	refused("497", contentType, body)
}
