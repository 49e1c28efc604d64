package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grafana-tools/sdk"

	"cskpi/dashboards"
	"cskpi/exporter/config"
)

type grafanaCmd struct {
	Push   grafanaPushCmd   `cmd:"" help:"Bring the boards into a Grafana: their folder, they themselves, and if asked for, datasources."`
	Export grafanaExportCmd `cmd:"" help:"Write the boards into a folder, as JSON."`
}

type grafanaExportCmd struct {
	Dir      string   `arg:"" name:"dir" help:"Folder; a file UID.json for each board."`
	Language []string `enum:"en,ja" default:"en,ja" help:"Language of the boards: en, ja, or both [${default}]."`
}

// Run writes the boards.
func (c *grafanaExportCmd) Run(a *app) error {
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return err
	}
	n := 0
	for _, language := range c.Language {
		boards, err := dashboards.All(language)
		if err != nil {
			return err
		}
		for _, b := range boards {
			if err := os.WriteFile(filepath.Join(c.Dir, b.UID+".json"), b.JSON, 0o644); err != nil {
				return err
			}
			n++
		}
	}
	_, err := fmt.Fprintf(a.out, "%d boards written to %s\n", n, c.Dir)
	return err
}

type grafanaPushCmd struct {
	Language      []string `enum:"en,ja" default:"en" help:"Language of the boards: en, ja, or both (en,ja), each in a folder of its own [${default}]."`
	DryRun        bool     `help:"Change nothing; print what would be changed."`
	DeleteRemoved bool     `help:"Delete boards of the folder that are cskpi's, by their tag, and that it no longer has."`
	Prometheus    string   `placeholder:"URL" help:"Make a datasource of this Prometheus, as Grafana reaches it, or bring the one that was made so up to date."`
	Clickhouse    string   `placeholder:"URL" help:"Likewise of this ClickHouse: clickhouse://user@host:9000 or https://user@host:8443; a user that can only read."`
	PasswordFile  string   `name:"clickhouse-password-file" placeholder:"FILE" help:"File with that user's password."`
	WithoutPlugin bool     `help:"Go on where the plugin for ClickHouse is missing; then boards of single accounts stay empty."`
}

// Help is the longer text of cskpi grafana push --help.
func (grafanaPushCmd) Help() string {
	return "The Grafana is CSKPI_GRAFANA_URL, version 9.4 or later; CSKPI_GRAFANA_TOKEN is the token of a service account with the role Editor, or Admin if datasources are to be made. " +
		"What is as it should be is left alone, so that the command may be run at any time. Boards that somebody has changed in Grafana become again what they were; " +
		"--dry-run shows what would be lost. Without datasource options the boards take the datasources that are there, by their types."
}

// What Grafana must have.
const (
	clickhousePlugin = "grafana-clickhouse-datasource"
	oldestGrafana    = "9.4"
)

// Run brings Grafana up to date, or says what that would mean.
func (c *grafanaPushCmd) Run(ctx context.Context, a *app) error {
	if c.PasswordFile != "" && c.Clickhouse == "" {
		return usage("--clickhouse-password-file is for --clickhouse")
	}
	g, err := a.grafana()
	if err != nil {
		return err
	}
	p := push{c: c, g: g, out: a.out}
	if err := p.run(ctx); err != nil {
		return fmt.Errorf("grafana push: %w", withoutRequest(err))
	}
	format := "%d created, %d changed, %d deleted, %d as they should be\n"
	if c.DryRun {
		format = "%d would be created, %d changed, %d deleted, %d are as they should be; nothing was done (--dry-run)\n"
	}
	_, err = fmt.Fprintf(a.out, format, p.created, p.changed, p.deleted, p.same)
	return err
}

type push struct {
	c                               *grafanaPushCmd
	g                               *grafana
	out                             io.Writer
	created, changed, deleted, same int
}

func (p *push) run(ctx context.Context) error {
	sources, err := p.c.datasources()
	if err != nil {
		return err
	}
	if err := p.g.check(ctx, !p.c.WithoutPlugin); err != nil {
		return err
	}
	have, err := p.g.GetAllDatasources(ctx)
	if err != nil {
		// Editors may not read them. Whoever wants some made must.
		var refused *grafanaError
		if len(sources) > 0 || !errors.As(err, &refused) || refused.status != http.StatusForbidden {
			return fmt.Errorf("datasources: %w", err)
		}
	}
	for _, s := range sources {
		if err := p.datasource(ctx, s, have); err != nil {
			return fmt.Errorf("datasource %s: %w", s.Name, err)
		}
	}
	for _, language := range p.c.Language {
		if err := p.boards(ctx, language); err != nil {
			return err
		}
	}
	return nil
}

// say prints what is done to something, and how it differs.
func (p *push) say(n *int, verb, what string, differences ...string) {
	*n++
	fmt.Fprintf(p.out, "%-8s %s\n", verb, what)
	const most = 12
	for i, d := range differences {
		if i == most {
			fmt.Fprintf(p.out, "           … and %d more\n", len(differences)-most)
			break
		}
		fmt.Fprintf(p.out, "           %s\n", d)
	}
}

func (p *push) boards(ctx context.Context, language string) error {
	boards, err := dashboards.All(language)
	if err != nil {
		return err
	}
	uid, title := dashboards.Folder(language)
	folder, err := p.g.GetFolderByUID(ctx, uid)
	var refused *grafanaError
	switch {
	case errors.As(err, &refused) && refused.status == http.StatusNotFound:
		p.say(&p.created, "create", "folder "+title)
		if !p.c.DryRun {
			if folder, err = p.g.CreateFolder(ctx, sdk.Folder{UID: uid, Title: title}); err != nil {
				return fmt.Errorf("folder %s: %w", title, err)
			}
		}
	case err != nil:
		return fmt.Errorf("folder %s: %w", title, err)
	default:
		p.same++ // whatever it is called by now
	}
	found, err := p.g.Search(ctx, sdk.SearchType(sdk.SearchTypeDashboard), sdk.SearchTag(dashboards.Tag), sdk.SearchLimit(5000))
	if err != nil {
		return fmt.Errorf("boards: %w", err)
	}
	for _, b := range boards {
		if err := p.board(ctx, b, cmp.Or(folder.UID, uid)); err != nil {
			return fmt.Errorf("board %s: %w", b.Title, err)
		}
	}
	left := 0
	for _, f := range found {
		if f.FolderUID != uid || slices.ContainsFunc(boards, func(b dashboards.Board) bool { return b.UID == f.UID }) {
			continue
		}
		if !p.c.DeleteRemoved {
			left++
			continue
		}
		p.say(&p.deleted, "delete", f.UID+"  "+f.Title)
		if !p.c.DryRun {
			if _, err := p.g.DeleteDashboardByUID(ctx, f.UID); err != nil {
				return fmt.Errorf("board %s: %w", f.Title, err)
			}
		}
	}
	if left > 0 {
		fmt.Fprintf(p.out, "%d boards in the folder are cskpi's no longer; --delete-removed deletes them\n", left)
	}
	return nil
}

func (p *push) board(ctx context.Context, b dashboards.Board, folder string) error {
	var want map[string]any
	if err := json.Unmarshal(b.JSON, &want); err != nil {
		return err
	}
	raw, at, err := p.g.GetRawDashboardByUID(ctx, b.UID)
	var refused *grafanaError
	name := b.UID + "  " + b.Title
	switch {
	case errors.As(err, &refused) && refused.status == http.StatusNotFound:
		p.say(&p.created, "create", name)
	case err != nil:
		return err
	default:
		var have map[string]any
		if err := json.Unmarshal(raw, &have); err != nil {
			return err
		}
		differences := differ(have, want)
		if moved := p.g.folderOf(b.UID); moved != folder {
			differences = append(differences, fmt.Sprintf("folder: %q → %q", moved, folder))
		}
		if len(differences) == 0 {
			p.same++
			return nil
		}
		p.say(&p.changed, "change", name, differences...)
		// Whoever saves it in this moment gets to keep that; Grafana then refuses ours.
		want["version"] = at.Version
	}
	if p.c.DryRun {
		return nil
	}
	text, err := json.Marshal(want)
	if err != nil {
		return err
	}
	p.g.folder = folder
	_, err = p.g.SetRawDashboardWithParam(ctx, sdk.RawBoardRequest{Dashboard: text})
	return err
}

func (p *push) datasource(ctx context.Context, want sdk.Datasource, all []sdk.Datasource) error {
	i := slices.IndexFunc(all, func(d sdk.Datasource) bool { return d.UID == want.UID })
	if i < 0 {
		p.say(&p.created, "create", "datasource "+want.Name)
		if p.c.DryRun {
			return nil
		}
		_, err := p.g.CreateDatasource(ctx, want)
		return err
	}
	have := all[i]
	// What others have set beside ours stays.
	values := map[string]any{}
	if m, ok := have.JSONData.(map[string]any); ok {
		maps.Copy(values, m)
	}
	var differences []string
	for _, key := range slices.Sorted(maps.Keys(want.JSONData.(map[string]any))) {
		if now, then := values[key], want.JSONData.(map[string]any)[key]; !reflect.DeepEqual(plainJSON(now), plainJSON(then)) {
			differences = append(differences, change(key, now, then)...)
			values[key] = then
		}
	}
	if have.URL != want.URL {
		differences = append(differences, change("url", have.URL, want.URL)...)
	}
	switch {
	case have.Type != want.Type:
		return fmt.Errorf("there is another one of the type %s with the UID %s", have.Type, have.UID)
	case len(differences) == 0 && want.SecureJSONData == nil:
		p.same++
		return nil
	case len(differences) == 0:
		differences = []string{"password: Grafana does not tell the one it has, so it is set again"}
	}
	p.say(&p.changed, "change", "datasource "+have.Name, differences...)
	if p.c.DryRun {
		return nil
	}
	have.URL, have.JSONData, have.SecureJSONData = want.URL, values, want.SecureJSONData
	_, err := p.g.UpdateDatasource(ctx, have)
	return err
}

// datasources are those that are to be made.
func (c *grafanaPushCmd) datasources() ([]sdk.Datasource, error) {
	var all []sdk.Datasource
	if c.Prometheus != "" {
		if u, err := url.Parse(c.Prometheus); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, usage("--prometheus %s is no URL such as http://prometheus:9090", c.Prometheus)
		}
		all = append(all, sdk.Datasource{UID: "cskpi-prometheus", Name: "cskpi Prometheus", Type: "prometheus", Access: "proxy", URL: c.Prometheus,
			JSONData: map[string]any{"httpMethod": "POST", "timeInterval": "1m"}})
	}
	if c.Clickhouse != "" {
		u, err := url.Parse(c.Clickhouse)
		if err != nil || u.Hostname() == "" || !slices.Contains([]string{"clickhouse", "http", "https"}, u.Scheme) {
			return nil, usage("--clickhouse is no URL such as clickhouse://user@host:9000 or https://user@host:8443")
		}
		if _, given := u.User.Password(); given {
			return nil, usage("--clickhouse has a password, which others on this machine could see; put it into a file for --clickhouse-password-file")
		}
		data := map[string]any{"host": u.Hostname(), "server": u.Hostname(), "username": u.User.Username(), "defaultDatabase": "cs",
			"protocol": "native", "secure": u.Scheme == "https" || u.Query().Get("secure") == "true"}
		port := cmp.Or(u.Port(), map[string]string{"clickhouse": "9000", "http": "8123", "https": "8443"}[u.Scheme])
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return nil, usage("--clickhouse: %s is no port", port)
		}
		data["port"] = number
		if u.Scheme != "clickhouse" {
			data["protocol"] = "http"
		}
		d := sdk.Datasource{UID: "cskpi-clickhouse", Name: "cskpi ClickHouse", Type: clickhousePlugin, Access: "proxy", JSONData: data}
		if c.PasswordFile != "" {
			text, err := os.ReadFile(c.PasswordFile)
			if err != nil {
				return nil, err
			}
			d.SecureJSONData = map[string]string{"password": strings.TrimSpace(string(text))}
		}
		all = append(all, d)
	}
	return all, nil
}

// grafana is a Grafana. The client of the SDK speaks to it, and its transport brings what that says up to date.
type grafana struct {
	*sdk.Client
	url     string
	token   config.Secret
	http    http.Client
	folder  string            // to which boards are sent
	folders map[string]string // by UID of a board, as Grafana told
}

func (a *app) grafana() (*grafana, error) {
	address := strings.TrimSuffix(a.Config.GrafanaURL, "/")
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return nil, usage("CSKPI_GRAFANA_URL is no URL such as https://grafana.example.com; the token stands in CSKPI_GRAFANA_TOKEN")
	}
	if a.Config.GrafanaToken == "" {
		return nil, usage("CSKPI_GRAFANA_TOKEN is not set; make a service account in Grafana (Administration, Service accounts) with the role Editor, and a token for it")
	}
	g := &grafana{url: address, token: a.Config.GrafanaToken, folders: map[string]string{}}
	g.http = http.Client{Transport: g, Timeout: time.Minute}
	// The token is not given to the SDK, whose errors name the URL.
	if g.Client, err = sdk.NewClient(address, "", &g.http); err != nil {
		return nil, err
	}
	return g, nil
}

// grafanaError is an answer that is none of what was asked for.
type grafanaError struct {
	status  int
	message string
}

func (e *grafanaError) Error() string {
	switch {
	case e.status == http.StatusUnauthorized, strings.EqualFold(e.message, "invalid API key"): // which 9.4 says with 500
		return fmt.Sprintf("Grafana does not know the token of CSKPI_GRAFANA_TOKEN, or it has expired (%d)", e.status)
	case e.status == http.StatusForbidden:
		return "the token of CSKPI_GRAFANA_TOKEN may not do this (403): " + e.message + "; boards and folders need the role Editor, datasources Admin"
	case e.status == http.StatusPreconditionFailed:
		return "Grafana refuses it (412): " + e.message + "; somebody has saved it in this moment, or another board in the folder has its title"
	}
	return fmt.Sprintf("Grafana answers %d: %s", e.status, e.message)
}

// withoutRequest leaves out what was asked of Grafana where it has an answer.
func withoutRequest(err error) error {
	var request *url.Error
	var refused *grafanaError
	if errors.As(err, &request) && errors.As(request.Err, &refused) {
		return errors.New(strings.Replace(err.Error(), request.Error(), refused.Error(), 1))
	}
	return err
}

// RoundTrip signs requests, and turns refusals into errors, which the SDK would take for answers. Where the SDK goes by
// numbers, as Grafana did when it was made, it goes by UIDs, which all versions from 9.4 on take and later ones alone.
func (g *grafana) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(g.token))
	if user, password, basic := strings.Cut(string(g.token), ":"); basic {
		r.SetBasicAuth(user, password)
	}
	r.Header.Set("User-Agent", "cskpi/"+buildVersion())
	base := strings.TrimSuffix(r.URL.Path, "/")
	switch {
	case r.Method == http.MethodPost && strings.HasSuffix(base, "/api/dashboards/db"):
		if err := rewrite(r, func(body map[string]any) {
			delete(body, "FolderID")
			body["folderUid"], body["message"] = g.folder, "cskpi "+buildVersion()
			body["overwrite"] = false
			delete(body, "Overwrite")
		}); err != nil {
			return nil, err
		}
	case r.Method == http.MethodPut && strings.Contains(base, "/api/datasources/"):
		if err := rewrite(r, func(body map[string]any) {
			r.URL.Path = base[:strings.LastIndexByte(base, '/')] + "/uid/" + fmt.Sprint(body["uid"])
		}); err != nil {
			return nil, err
		}
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, 64<<20))
	response.Body.Close()
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= http.StatusBadRequest {
		var said struct{ Message string }
		if json.Unmarshal(text, &said) != nil || said.Message == "" {
			said.Message = strings.TrimSpace(string(text[:min(len(text), 200)]))
		}
		return nil, &grafanaError{response.StatusCode, said.Message}
	}
	if !json.Valid(text) {
		return nil, fmt.Errorf("%s answers no JSON; is it the address of a Grafana, with the path below which it is served?", g.url)
	}
	if _, uid, found := strings.Cut(base, "/api/dashboards/uid/"); found && r.Method == http.MethodGet {
		var told struct {
			Meta struct {
				FolderUID string `json:"folderUid"`
			} `json:"meta"`
		}
		if json.Unmarshal(text, &told) == nil {
			g.folders[uid] = told.Meta.FolderUID
		}
	}
	response.Body = io.NopCloser(bytes.NewReader(text))
	return response, nil
}

func (g *grafana) folderOf(board string) string { return g.folders[board] }

func rewrite(r *http.Request, change func(map[string]any)) error {
	var body map[string]any
	d := json.NewDecoder(r.Body)
	d.UseNumber()
	if err := d.Decode(&body); err != nil {
		return err
	}
	change(body)
	text, err := json.Marshal(body)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	return err
}

// check makes sure that this is a Grafana that shows the boards and knows us, before anything is changed.
func (g *grafana) check(ctx context.Context, plugin bool) error {
	health, err := g.GetHealth(ctx)
	var refused *grafanaError
	var network net.Error
	switch {
	case errors.As(err, &refused):
		return fmt.Errorf("%s answers %d where a Grafana tells how it is; is it the address of one, with the path below which it is served?", g.url, refused.status)
	case errors.As(err, &network):
		return fmt.Errorf("CSKPI_GRAFANA_URL: %w", err)
	case err != nil:
		return err
	case health.Version != "" && older(health.Version, oldestGrafana):
		return fmt.Errorf("%s is Grafana %s; the boards need %s or later", g.url, health.Version, oldestGrafana)
	}
	// Who may not ask for plugins is not kept from pushing.
	if plugin {
		err := g.get(ctx, "/api/plugins/"+clickhousePlugin+"/settings")
		if errors.As(err, &refused) && refused.status == http.StatusNotFound {
			return fmt.Errorf("the plugin %s is missing there, without which boards of single accounts stay empty; install it (grafana cli plugins install %[1]s), or go on with --without-plugin", clickhousePlugin)
		}
		if errors.As(err, &refused) && refused.status != http.StatusForbidden || err != nil && !errors.As(err, &refused) {
			return err
		}
	}
	return nil
}

// get asks for something of which only the status matters.
func (g *grafana) get(ctx context.Context, path string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url+path, nil)
	if err != nil {
		return err
	}
	response, err := g.http.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// older compares versions by their first two numbers.
func older(version, than string) bool {
	numbers := func(v string) (n [2]int) {
		for i, part := range strings.SplitN(v, ".", 3) {
			if i < 2 {
				n[i], _ = strconv.Atoi(part) // what is no number is not older than much
			}
		}
		return n
	}
	v, t := numbers(version), numbers(than)
	return slices.Compare(v[:], t[:]) < 0
}

// differ lists how a board in Grafana differs from what it should be, in the order of the board. What Grafana itself writes
// into it is left out, and so is what is empty.
func differ(have, want map[string]any) []string {
	for _, m := range []map[string]any{have, want} {
		for _, own := range []string{"id", "version", "iteration"} {
			delete(m, own)
		}
	}
	return differences("", have, want)
}

func differences(path string, have, want any) []string {
	if empty(have) && empty(want) {
		return nil
	}
	switch w := want.(type) {
	case map[string]any:
		h, ok := have.(map[string]any)
		if !ok {
			break
		}
		keys := maps.Clone(h)
		maps.Copy(keys, w)
		var all []string
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			all = append(all, differences(strings.TrimPrefix(path+"."+key, "."), h[key], w[key])...)
		}
		return all
	case []any:
		h, ok := have.([]any)
		if !ok {
			break
		}
		var all []string
		for i := range max(len(h), len(w)) {
			var a, b any
			if i < len(h) {
				a = h[i]
			}
			if i < len(w) {
				b = w[i]
			}
			all = append(all, differences(path+"["+label(i, a, b)+"]", a, b)...)
		}
		return all
	}
	if reflect.DeepEqual(have, want) {
		return nil
	}
	return change(path, have, want)
}

// label names an element of a list by what people know it by.
func label(i int, elements ...any) string {
	for _, e := range slices.Backward(elements) {
		m, _ := e.(map[string]any)
		for _, key := range []string{"title", "name", "refId"} {
			if text, ok := m[key].(string); ok && text != "" {
				return strconv.Quote(text)
			}
		}
	}
	return strconv.Itoa(i)
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	case string:
		return v == ""
	}
	return false
}

// change says what becomes of a value, as much of it as fits a line.
func change(path string, have, want any) []string {
	brief := func(v any) string {
		if empty(v) {
			return "nothing"
		}
		text, err := json.Marshal(v)
		if err != nil {
			return fmt.Sprint(v)
		}
		if r := []rune(string(text)); len(r) > 60 {
			return string(r[:59]) + "…"
		}
		return string(text)
	}
	return []string{path + ": " + brief(have) + " → " + brief(want)}
}

// plainJSON is a value as JSON has it.
func plainJSON(v any) (plain any) {
	text, err := json.Marshal(v)
	if err == nil {
		_ = json.Unmarshal(text, &plain) // it was just written
	}
	return plain
}
