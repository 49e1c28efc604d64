//go:build linux && !server

package engine_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"cskpi/exporter/engine"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// hostile is an engine among things that no reader may reach: files outside its folder and in it, a socket, and what
// another client asks.
type hostile struct {
	t        *testing.T
	e        *engine.Engine
	conn     driver.Conn
	dir      string
	url      string // Where readers ask.
	client   http.Client
	secrets  []string // Paths of files that contain sesame.
	written  string   // A path to write to.
	socket   string   // Address of a listener.
	contacts atomic.Int64
}

const sesame = "SESAME-5d0f"

func newHostile(t *testing.T) *hostile {
	t.Helper()
	dir := t.TempDir()
	h := &hostile{t: t, dir: dir, e: own(t, engine.Options{DataDir: dir}), written: filepath.Join(t.TempDir(), "written")}
	h.client.Transport = &http.Transport{MaxIdleConnsPerHost: workers}
	h.conn, h.url = open(t, h.e), readersOf(t, h.e)
	execute(t, h.conn, "create database cs", "create table cs.t (a Int32, b String) engine = MergeTree order by a", "insert into cs.t values (1, 'x')",
		"create view cs.v as select {as_of:Date} as d, a from cs.t", "create view cs.catalogue as select 'v' as view, 'kpi' as kind, 'd' as column, 'gauge' as type",
		"create function cs_f as x -> x + 1", "create function other as x -> x + 1")
	if err := h.conn.Exec(t.Context(), "select throwIf(1, '"+sesame+"')"); err == nil {
		t.Fatal("no error")
	}
	own := ""
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() && d.Name() == "metadata" && own == "" {
			own = filepath.Dir(path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "outside.csv"), filepath.Join(own, "inside.csv")} {
		if err := os.WriteFile(path, []byte(sesame+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		h.secrets = append(h.secrets, path)
	}
	h.secrets = append(h.secrets, "inside.csv")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	h.socket = listener.Addr().String()
	go func() { // Ends with the listener.
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			h.contacts.Add(1)
			conn.Close()
		}
	}()
	return h
}

const workers = 8

// each does something for all of a list, several at a time.
func each[T any](list []T, do func(T)) {
	todo := make(chan T)
	var work sync.WaitGroup
	for range workers {
		work.Go(func() {
			for item := range todo {
				do(item)
			}
		})
	}
	for _, item := range list {
		todo <- item
	}
	close(todo)
	work.Wait()
}

// try sends a query as a reader, complains if the answer has what it must not have, and returns it.
func (h *hostile) try(query string, params ...string) answer {
	query = strings.NewReplacer("SECRET", h.secrets[0], "INSIDE", "inside.csv", "SOCKET", h.socket, "WRITTEN", h.written).Replace(query)
	values := url.Values{}
	for i := 0; i < len(params); i += 2 {
		values.Set(params[i], params[i+1])
	}
	resp, err := h.client.Post(h.url+"/?"+values.Encode(), "text/plain", strings.NewReader(query))
	if err != nil {
		h.t.Errorf("%s %v: %v", query, params, err)
		return answer{}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	got := answer{resp.StatusCode, resp.Header, string(b), err}
	if strings.Contains(got.body, sesame) || strings.Contains(got.body, h.e.Options().HttpHeaders[engine.TokenHeader]) {
		h.t.Errorf("%s %v: read what it must not: %.500q", query, params, got.body)
	}
	return got
}

func (a answer) code() string { return a.header.Get("X-ClickHouse-Exception-Code") }

// names asks for a list, as the service.
func (h *hostile) names(query string) []string {
	h.t.Helper()
	var list []string
	if err := h.conn.QueryRow(h.t.Context(), "select groupArray(toString(name)) from ("+query+")").Scan(&list); err != nil {
		h.t.Fatal(err)
	}
	if len(list) == 0 {
		h.t.Fatalf("%s: the engine lists none", query)
	}
	return list
}

// folder is what lies in the engine's folder, but for the spool.
func (h *hostile) folder() map[string]string {
	h.t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(h.dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // The engine merges and moves its own parts.
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "spool":
			return fs.SkipDir
		case d.Type().IsRegular():
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			files[path] = fmt.Sprintf("%x", sha256.Sum256(b))
		default:
			files[path] = d.Type().String()
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return files
}

// unharmed checks that what readers tried had no effect, and that the engine starts again.
func (h *hostile) unharmed(before map[string]string) {
	h.t.Helper()
	if n := h.contacts.Load(); n > 0 {
		h.t.Errorf("the socket was contacted %d times", n)
	}
	if _, err := os.Stat(h.written); err == nil {
		h.t.Error("a file was written")
	}
	after := h.folder()
	for path, sum := range after {
		if before[path] != sum {
			h.t.Errorf("%s: was changed or added", path)
		}
	}
	for path := range before {
		if after[path] == "" {
			h.t.Errorf("%s: was removed", path)
		}
	}
	if err := h.e.Close(); err != nil {
		h.t.Error(err)
	}
	again := own(h.t, engine.Options{DataDir: h.dir})
	if n := count(h.t, open(h.t, again), "select count() from cs.t"); n != 1 {
		h.t.Errorf("after a restart: got %d", n)
	}
}

// Whatever the engine lists, and whoever lists it next, a reader reaches nothing with it but rows and names. All
// functions, table functions, settings, formats, system tables and statements are tried, and judged by their effect.
func TestEveryName(t *testing.T) {
	h := newHostile(t)
	functions := h.names("select name from system.functions where origin = 'System'")
	tableFunctions := h.names("select name from system.table_functions")
	settings := h.names("select name from system.settings")
	formats := h.names("select name from system.formats")
	tables := h.names("select name from system.tables where database = 'system'")
	keywords := h.names("select keyword as name from system.keywords")
	privileges := h.names("select privilege as name from system.privileges union distinct select arrayJoin(aliases) from system.privileges")
	before := h.folder()

	each(functions, func(name string) {
		permitted, reviewed := engine.ReaderFunction(name)
		if !permitted && !reviewed {
			t.Errorf("nobody has reviewed the function %s of this engine: add it to names.txt, to the functions that readers may call or to the refused ones with the reason", name)
		}
		queries := []string{"select `%s`('SECRET', 'http://SOCKET/')"}
		if !permitted {
			queries = append(queries, "select * apply `%s` from (select 'INSIDE')", "select arrayMap(`%s`, ['SECRET'])")
		}
		for _, query := range queries {
			query = fmt.Sprintf(query, name)
			if got := h.try(query); (got.code() == "497") == permitted && got.code() != "62" {
				t.Errorf("%s: got %.300q, permitted %v", query, got.body, permitted)
			}
		}
	})
	each(tableFunctions, func(name string) {
		for _, query := range []string{
			"select * from `%s`('SECRET')", "select * from `%s`('http://SOCKET/', 'CSV', 'a String')", "select * from `%s`('SOCKET', 'd', 't', 'u', 'p')",
			"select * from `%s`('WRITTEN', 't')", "select * from `%s`('metadata/x.sql', 't')", "select * from `%s`() limit 1", "select * from `%s`(cs, t) limit 1",
			"describe table `%s`('INSIDE', 'LineAsString')", "explain select * from `%s`('SECRET', 'CSV', 'a String')",
		} {
			h.try(fmt.Sprintf(query, name))
		}
	})
	expression := "throwIf(file('" + h.secrets[0] + "') != '', file('inside.csv'))"
	each(settings, func(name string) {
		values := []string{expression}
		if engine.ReaderSetting(name) {
			values = append(values, "1", h.secrets[0], h.written, "http://"+h.socket+"/")
		}
		for _, value := range values {
			if got := h.try("select dummy from system.one", name, value); !engine.ReaderSetting(name) && got.status < 400 {
				t.Errorf("the setting %s: got %d %.300q", name, got.status, got.body)
			}
		}
	})
	each(formats, func(name string) {
		for _, got := range []answer{
			h.try("select * from cs.t format " + name), h.try("show tables from cs", "default_format", name), h.try("select formatRow('" + name + "', a, b) from cs.t"),
		} {
			if got.status == http.StatusOK && got.err != nil {
				t.Errorf("the format %s: %v", name, got.err)
			}
		}
	})
	each(append(tables, "no_such_table"), func(name string) {
		permitted := engine.ReaderSystemTable(name)
		if got := h.try("select * from system." + name + " limit 100 format JSONEachRow"); (got.code() == "497") == permitted || permitted && got.status != http.StatusOK {
			t.Errorf("the table system.%s: got %d %.300q", name, got.status, got.body)
		}
		queries := []string{"describe `system`.`%s`", "select * from {d:Identifier}.{t:Identifier} limit 1"}
		if !permitted { // What is permitted may have rows without end.
			queries = append(queries, "select 1 in system.%s")
		}
		for _, query := range queries {
			query = strings.ReplaceAll(query, "%s", name)
			if got := h.try(query, "param_d", "system", "param_t", name); !permitted && got.code() != "497" {
				t.Errorf("%s: got %d %.300q", query, got.status, got.body)
			}
		}
	})
	each(append(keywords, privileges...), func(kind string) {
		reads := false
		for _, start := range []string{"SHOW", "DESC", "EXISTS"} {
			reads = reads || strings.HasPrefix(kind, start)
		}
		for _, statement := range []string{kind, kind + " cs.t"} {
			if got := h.try(statement); got.status < 400 && !reads {
				t.Errorf("%s: got %d %.300q", statement, got.status, got.body)
			}
		}
	})
	h.unharmed(before)
}
