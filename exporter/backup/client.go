package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Database is where a backup comes from or goes to.
type Database struct {
	Conn driver.Conn
	http *http.Client
	url  url.URL
	auth http.Header
	user *url.Userinfo // nil: the headers say who asks
	name string        // of the database on the server
}

// Supports reports why a database cannot be backed up or restored over a connection with these options.
func Supports(o *clickhouse.Options) error {
	if o.Protocol != clickhouse.HTTP {
		return errors.New("backup and restore need the HTTP interface of ClickHouse; for this command set CSKPI_CLICKHOUSE_URL to http://…:8123 or https://…:8443")
	}
	if len(o.Addr) != 1 {
		return errors.New("backup and restore need the address of one server; for this command name one in CSKPI_CLICKHOUSE_URL")
	}
	return nil
}

// Connect opens a database by its HTTP interface, through which Parquet streams in both directions. The caller closes Conn.
func Connect(o *clickhouse.Options) (*Database, error) {
	if err := Supports(o); err != nil {
		return nil, err
	}
	d := &Database{url: url.URL{Scheme: "http", Host: o.Addr[0], Path: "/" + strings.TrimPrefix(o.HttpUrlPath, "/")}, auth: http.Header{}, name: o.Auth.Database}
	if o.TLS != nil {
		d.url.Scheme = "https"
	}
	for name, value := range o.HttpHeaders {
		d.auth.Set(name, value)
	}
	if o.Auth.Username != "" {
		d.user = url.UserPassword(o.Auth.Username, o.Auth.Password)
	}
	d.http = &http.Client{Transport: &http.Transport{TLSClientConfig: o.TLS.Clone(), DisableCompression: true}}
	var err error
	d.Conn, err = clickhouse.Open(o)
	return d, err
}

// do sends a statement, with data if there is any, and returns the answer, which the caller closes.
func (d *Database) do(ctx context.Context, statement string, data io.Reader, settings map[string]string) (io.ReadCloser, error) {
	values := url.Values{"max_execution_time": {"0"}, "database": {d.name}}
	for name, value := range settings {
		values.Set(name, value)
	}
	if data == nil {
		data = strings.NewReader(statement)
	} else {
		values.Set("query", statement)
	}
	at := d.url
	at.RawQuery = values.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String(), data)
	if err != nil {
		return nil, err
	}
	r.Header = d.auth.Clone()
	if d.user != nil {
		password, _ := d.user.Password()
		r.SetBasicAuth(d.user.Username(), password)
	}
	answer, err := d.http.Do(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode == http.StatusOK {
		return answer.Body, nil
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, tailBytes))
	return nil, fmt.Errorf("the database answers %s: %s", answer.Status, strings.TrimSpace(string(text)))
}

// query is the one row of a statement.
func (d *Database) query(ctx context.Context, statement string, into ...any) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_execution_time": 0}))
	return d.Conn.QueryRow(ctx, statement).Scan(into...)
}

// strings is the one column of a statement.
func (d *Database) strings(ctx context.Context, statement string) (found []string, err error) {
	err = d.Conn.QueryRow(ctx, "select groupArray(x) from ("+statement+") as s (x)").Scan(&found)
	return found, err
}
