package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cskpi/dashboards"
)

// standIn behaves as Grafana's API does, as far as cskpi grafana push asks it: UIDs, versions, refusals.
type standIn struct {
	*httptest.Server
	version     string
	role        string // Admin, Editor, Viewer
	plugin      bool
	folders     map[string]string // titles by UID
	boards      map[string]*stored
	sources     []map[string]any
	writes      []string
	provisioned string // UID of a board that files hold
}

type stored struct {
	folder  string
	version int
	json    map[string]any
}

const grafanaToken = "glsa_good"

func newStandIn(t *testing.T) *standIn {
	s := &standIn{version: "9.4.17", role: "Admin", plugin: true, folders: map[string]string{}, boards: map[string]*stored{}}
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(v)
	}
	refuse := func(w http.ResponseWriter, status int, message string) {
		answer(w, status, map[string]string{"message": message})
	}
	handle := func(pattern, role string, do func(w http.ResponseWriter, r *http.Request, body map[string]any)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			roles := []string{"Viewer", "Editor", "Admin"}
			user, password, _ := r.BasicAuth()
			switch {
			case role != "" && r.Header.Get("Authorization") != "Bearer "+grafanaToken && user+":"+password != "admin:pass":
				refuse(w, http.StatusUnauthorized, "Invalid API key")
				return
			case slices.Index(roles, s.role) < slices.Index(roles, role):
				refuse(w, http.StatusForbidden, "You'll need additional permissions to perform this action.")
				return
			}
			var body map[string]any
			if r.Method != http.MethodGet {
				s.writes = append(s.writes, r.Method+" "+r.URL.Path)
				if r.Method != http.MethodDelete {
					if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
						refuse(w, http.StatusBadRequest, "bad request data")
						return
					}
				}
			}
			do(w, r, body)
		})
	}
	handle("GET /grafana/api/health", "", func(w http.ResponseWriter, _ *http.Request, _ map[string]any) {
		answer(w, 200, map[string]string{"database": "ok", "version": s.version})
	})
	handle("GET /grafana/api/plugins/{id}/settings", "Viewer", func(w http.ResponseWriter, r *http.Request, _ map[string]any) {
		if !s.plugin || r.PathValue("id") != clickhousePlugin {
			refuse(w, 404, "Plugin not found, no installed plugin with that id")
			return
		}
		answer(w, 200, map[string]any{"enabled": true})
	})
	handle("GET /grafana/api/datasources", "Admin", func(w http.ResponseWriter, _ *http.Request, _ map[string]any) { answer(w, 200, s.sources) })
	handle("POST /grafana/api/datasources", "Admin", func(w http.ResponseWriter, _ *http.Request, body map[string]any) {
		body["id"] = len(s.sources) + 1
		s.sources = append(s.sources, body)
		answer(w, 200, map[string]any{"id": body["id"], "message": "Datasource added"})
	})
	handle("PUT /grafana/api/datasources/uid/{uid}", "Admin", func(w http.ResponseWriter, r *http.Request, body map[string]any) {
		for i, d := range s.sources {
			if d["uid"] == r.PathValue("uid") {
				s.sources[i] = body
				answer(w, 200, map[string]any{"id": body["id"], "message": "Datasource updated"})
				return
			}
		}
		refuse(w, 404, "Data source not found")
	})
	handle("GET /grafana/api/folders/{uid}", "Viewer", func(w http.ResponseWriter, r *http.Request, _ map[string]any) {
		title, found := s.folders[r.PathValue("uid")]
		if !found {
			refuse(w, 404, "folder not found")
			return
		}
		answer(w, 200, map[string]any{"id": 7, "uid": r.PathValue("uid"), "title": title})
	})
	handle("POST /grafana/api/folders", "Editor", func(w http.ResponseWriter, _ *http.Request, body map[string]any) {
		s.folders[body["uid"].(string)] = body["title"].(string)
		answer(w, 200, map[string]any{"id": 7, "uid": body["uid"], "title": body["title"]})
	})
	handle("GET /grafana/api/search", "Viewer", func(w http.ResponseWriter, r *http.Request, _ map[string]any) {
		found := []map[string]any{}
		for uid, b := range s.boards {
			if tags, _ := b.json["tags"].([]any); slices.Contains(tags, any(r.URL.Query().Get("tag"))) {
				found = append(found, map[string]any{"id": 1, "uid": uid, "title": b.json["title"], "folderUid": b.folder})
			}
		}
		answer(w, 200, found)
	})
	handle("GET /grafana/api/dashboards/uid/{uid}", "Viewer", func(w http.ResponseWriter, r *http.Request, _ map[string]any) {
		b := s.boards[r.PathValue("uid")]
		if b == nil {
			refuse(w, 404, "Dashboard not found")
			return
		}
		own := maps.Clone(b.json)
		own["id"], own["version"] = 12, b.version
		answer(w, 200, map[string]any{"meta": map[string]any{"version": b.version, "folderUid": b.folder, "created": "2026-01-31T09:00:00Z", "updated": "2026-01-31T09:00:00Z"}, "dashboard": own})
	})
	handle("DELETE /grafana/api/dashboards/uid/{uid}", "Editor", func(w http.ResponseWriter, r *http.Request, _ map[string]any) {
		delete(s.boards, r.PathValue("uid"))
		answer(w, 200, map[string]any{"message": "deleted"})
	})
	handle("POST /grafana/api/dashboards/db", "Editor", func(w http.ResponseWriter, _ *http.Request, body map[string]any) {
		board := body["dashboard"].(map[string]any)
		uid, folder := board["uid"].(string), body["folderUid"].(string)
		version, _ := board["version"].(float64)
		b := s.boards[uid]
		if _, known := s.folders[folder]; !known {
			refuse(w, 400, "folder not found")
			return
		}
		if uid == s.provisioned {
			refuse(w, 400, "Cannot save provisioned dashboard")
			return
		}
		for other, x := range s.boards {
			if other != uid && x.folder == folder && x.json["title"] == board["title"] {
				answer(w, 412, map[string]any{"status": "name-exists", "message": "A dashboard with the same name in the folder already exists"})
				return
			}
		}
		if b != nil && float64(b.version) != version {
			answer(w, 412, map[string]any{"status": "version-mismatch", "message": "The dashboard has been changed by someone else"})
			return
		}
		if b == nil {
			b = &stored{}
			s.boards[uid] = b
		}
		delete(board, "id")
		b.folder, b.json, b.version = folder, board, b.version+1
		answer(w, 200, map[string]any{"uid": uid, "status": "success", "version": b.version})
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	environment(t, "CSKPI_GRAFANA_URL", s.URL+"/grafana/", "CSKPI_GRAFANA_TOKEN", grafanaToken)
	return s
}

func (s *standIn) push(t *testing.T, args ...string) (stdout string) {
	t.Helper()
	s.writes = nil
	code, stdout, stderr := execute(t, append([]string{"grafana", "push"}, args...)...)
	if code != exitOK {
		t.Fatalf("push %q: got %d, %s", args, code, stderr)
	}
	return stdout
}

func TestGrafanaPush(t *testing.T) {
	s := newStandIn(t)
	english, err := dashboards.All("en")
	if err != nil {
		t.Fatal(err)
	}
	// Nothing is done that was only asked for, then all is, then there is nothing left to do.
	if out := s.push(t, "--dry-run"); len(s.writes) > 0 || !strings.Contains(out, "nothing was done") || !strings.Contains(out, english[0].UID) {
		t.Errorf("a dry run wrote %q and said\n%s", s.writes, out)
	}
	s.push(t)
	if len(s.boards) != len(english) || s.folders["cs"] != "Customer Success" {
		t.Errorf("got the boards %v in %v", s.boards, s.folders)
	}
	for uid, b := range s.boards {
		if b.folder != "cs" || b.json["uid"] != uid {
			t.Errorf("%s lies in %q", uid, b.folder)
		}
	}
	if out := s.push(t); len(s.writes) > 0 || !strings.Contains(out, "0 created, 0 changed, 0 deleted") {
		t.Errorf("once more, it wrote %q and said\n%s", s.writes, out)
	}
	s.push(t, "--language", "ja,en")
	if s.folders["cs-ja"] == "" || s.boards[english[0].UID+"-ja"] == nil {
		t.Errorf("there are no boards in Japanese: %v", s.folders)
	}

	// What somebody changed is shown, and becomes what it was. A folder may be called otherwise.
	changed := s.boards[english[0].UID]
	changed.json["title"], changed.version = "Mine", 7
	panels := changed.json["panels"].([]any)
	panels[1].(map[string]any)["description"] = "Another."
	changed.json["panels"] = append(panels, map[string]any{"id": 999, "title": "Theirs", "type": "text"})
	s.folders["cs"] = "CS"
	out := s.push(t, "--dry-run")
	for _, want := range []string{`title: "Mine" → "` + english[0].Title + `"`, `.description: "Another." → `, `panels["Theirs"]: {`, "1 changed"} {
		if !strings.Contains(out, want) {
			t.Errorf("a dry run does not say %s:\n%s", want, out)
		}
	}
	s.push(t)
	if !slices.Equal(s.writes, []string{"POST /grafana/api/dashboards/db"}) || changed.json["title"] != english[0].Title || changed.version != 8 || s.folders["cs"] != "CS" {
		t.Errorf("got %v, version %d, after %q", changed.json["title"], changed.version, s.writes)
	}
	changed.folder = "cs-ja"
	if out := s.push(t); changed.folder != "cs" || !strings.Contains(out, `folder: "cs-ja" → "cs"`) {
		t.Errorf("a board that was moved stayed in %s\n%s", changed.folder, out)
	}

	// Only what was once ours, in our folder, is ever deleted.
	mark := func(uid, folder, tag string) {
		s.boards[uid] = &stored{folder, 1, map[string]any{"uid": uid, "title": uid, "tags": []any{tag}}}
	}
	mark("cs-old", "cs", dashboards.Tag)
	mark("own", "cs", "own")
	mark("elsewhere", "", dashboards.Tag)
	if out := s.push(t); len(s.writes) > 0 || !strings.Contains(out, "1 boards in the folder are cskpi's no longer") {
		t.Errorf("wrote %q and said\n%s", s.writes, out)
	}
	if s.push(t, "--delete-removed", "--dry-run"); len(s.writes) > 0 {
		t.Errorf("a dry run wrote %q", s.writes)
	}
	if s.push(t, "--delete-removed"); !slices.Equal(s.writes, []string{"DELETE /grafana/api/dashboards/uid/cs-old"}) {
		t.Errorf("wrote %q", s.writes)
	}
}

func TestGrafanaDatasources(t *testing.T) {
	s := newStandIn(t)
	password := filepath.Join(t.TempDir(), "password")
	writeFile(t, password, "sesame\n")
	args := []string{"--prometheus", "http://prometheus:9090", "--clickhouse", "clickhouse://reader@ch:9440?secure=true"}
	s.push(t, append(args, "--clickhouse-password-file", password)...)
	if len(s.sources) != 2 {
		t.Fatalf("got the datasources %v", s.sources)
	}
	ch := s.sources[1]
	data := ch["jsonData"].(map[string]any)
	if ch["uid"] != "cskpi-clickhouse" || data["host"] != "ch" || data["port"] != 9440.0 || data["secure"] != true || data["username"] != "reader" || ch["secureJsonData"].(map[string]any)["password"] != "sesame" {
		t.Errorf("got %v", ch)
	}
	if out := s.push(t, args...); len(s.writes) > 0 {
		t.Errorf("once more, it wrote %q and said\n%s", s.writes, out)
	}
	data["dialTimeout"] = "30" // somebody's own
	out := s.push(t, "--clickhouse", "http://reader@ch2")
	data = s.sources[1]["jsonData"].(map[string]any)
	if !slices.Equal(s.writes, []string{"PUT /grafana/api/datasources/uid/cskpi-clickhouse"}) || data["host"] != "ch2" || data["protocol"] != "http" || data["dialTimeout"] != "30" || !strings.Contains(out, `host: "ch" → "ch2"`) {
		t.Errorf("got %v after %q\n%s", data, s.writes, out)
	}
}

func TestGrafanaRefuses(t *testing.T) {
	tests := []struct {
		name  string
		given func(*standIn)
		args  []string
		code  int
		want  string
	}{
		{"no token", func(*standIn) { t.Setenv("CSKPI_GRAFANA_TOKEN", "") }, nil, exitUsage, "CSKPI_GRAFANA_TOKEN is not set; make a service account"},
		{"wrong token", func(*standIn) { t.Setenv("CSKPI_GRAFANA_TOKEN", "glsa_bad") }, nil, exitProblem, "does not know the token of CSKPI_GRAFANA_TOKEN, or it has expired (401)"},
		{"viewer", func(s *standIn) { s.role = "Viewer" }, nil, exitProblem, "may not do this (403): You'll need additional permissions"},
		{"editor", func(s *standIn) { s.role = "Editor" }, nil, exitOK, ""},
		{"editor, datasources", func(s *standIn) { s.role = "Editor" }, []string{"--prometheus", "http://p:9090"}, exitProblem, "datasources Admin"},
		{"user and password", func(*standIn) { t.Setenv("CSKPI_GRAFANA_TOKEN", "admin:pass") }, nil, exitOK, ""},
		{"old", func(s *standIn) { s.version = "8.5.27" }, nil, exitProblem, "is Grafana 8.5.27; the boards need 9.4 or later"},
		{"almost", func(s *standIn) { s.version = "9.3.16" }, nil, exitProblem, "is Grafana 9.3.16"},
		{"new", func(s *standIn) { s.version = "13.1.0-pre" }, nil, exitOK, ""},
		{"no plugin", func(s *standIn) { s.plugin = false }, nil, exitProblem, "the plugin grafana-clickhouse-datasource is missing there"},
		{"no plugin, no matter", func(s *standIn) { s.plugin = false }, []string{"--without-plugin"}, exitOK, ""},
		{"provisioned", func(s *standIn) { s.provisioned = "cs-executive" }, nil, exitProblem, "Cannot save provisioned dashboard"},
		{"same title", func(s *standIn) {
			boards, _ := dashboards.All("en")
			s.boards["x"] = &stored{"cs", 1, map[string]any{"title": boards[0].Title}}
		}, nil, exitProblem, "(412): A dashboard with the same name in the folder already exists"},
		{"no Grafana there", func(s *standIn) { t.Setenv("CSKPI_GRAFANA_URL", s.URL) }, nil, exitProblem, "answers 404 where a Grafana tells how it is"},
		{"nobody there", func(*standIn) { t.Setenv("CSKPI_GRAFANA_URL", "http://127.0.0.1:1") }, nil, exitProblem, "refused"},
		{"no URL", func(*standIn) { t.Setenv("CSKPI_GRAFANA_URL", "grafana") }, nil, exitUsage, "CSKPI_GRAFANA_URL is no URL"},
		{"password on the command line", func(*standIn) {}, []string{"--clickhouse", "http://u:sesame@h"}, exitUsage, "--clickhouse-password-file"},
	}
	for _, tt := range tests {
		s := newStandIn(t)
		tt.given(s)
		code, _, stderr := execute(t, append([]string{"grafana", "push"}, tt.args...)...)
		if code != tt.code || !strings.Contains(stderr, tt.want) || strings.Contains(stderr, "sesame") || tt.want != "refused" && strings.Contains(stderr, "/api/") || strings.Contains(stderr, "glsa_") {
			t.Errorf("%s: got %d, %s", tt.name, code, stderr)
		}
		if tt.code == exitUsage && len(s.writes) > 0 || strings.HasPrefix(tt.want, "is Grafana") && len(s.writes) > 0 {
			t.Errorf("%s: wrote %q", tt.name, s.writes)
		}
	}
}

func TestGrafanaExport(t *testing.T) {
	environment(t)
	dir := filepath.Join(t.TempDir(), "boards")
	if code, _, stderr := execute(t, "grafana", "export", dir); code != exitOK {
		t.Fatalf("got %d, %s", code, stderr)
	}
	for _, language := range dashboards.Languages() {
		boards, err := dashboards.All(language)
		if err != nil || len(boards) == 0 {
			t.Fatal(err)
		}
		for _, b := range boards {
			if text, err := os.ReadFile(filepath.Join(dir, b.UID+".json")); err != nil || string(text) != string(b.JSON) {
				t.Errorf("%s: %v", b.UID, err)
			}
		}
	}
}
