package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"cskpi/exporter/history/prom"
	"cskpi/exporter/service"
	"cskpi/exporter/store"
	"cskpi/queries"
)

// historyCmd brings what cskpi backfill keeps into Prometheus.
type historyCmd struct {
	Blocks      historyBlocksCmd      `cmd:"" help:"Write blocks of a Prometheus database into a folder."`
	Openmetrics historyOpenMetricsCmd `cmd:"" name:"openmetrics" help:"Write OpenMetrics files, one per month, for promtool."`
	Push        historyPushCmd        `cmd:"" help:"Send to a Prometheus, Mimir or VictoriaMetrics by remote write."`
}

// Help is the longer text of cskpi history --help.
func (historyCmd) Help() string {
	return "Writes the KPIs of past days, as cskpi serve and cskpi backfill store them, as samples like those of a scrape: at any time of a day, a KPI has its value at the " +
		"end of that day, and today, until now, its present value. If the command is interrupted, run it again, and it continues. A restatement does not change samples that are already written; the command tells you if there is one."
}

// past is what all ways have in common.
type past struct {
	From       date              `placeholder:"DAY" help:"First day (YYYY-MM-DD); if not given, the first one stored."`
	To         date              `placeholder:"DAY" help:"Last day; if not given, today up to this moment, from which on there are scrapes. Where there have been some for longer, the day before the first of them."`
	KPI        []string          `name:"kpi" placeholder:"NAME" help:"This KPI only; may be repeated."`
	Job        string            `default:"cskpi" help:"Label job, as Prometheus gives it to scrapes [${default}]."`
	Instance   string            `placeholder:"HOST:PORT" help:"Label instance, likewise; if not given, localhost with the port of CSKPI_LISTEN."`
	Label      map[string]string `mapsep:"none" placeholder:"NAME=VALUE" help:"Another label that scrapes have; may be repeated."`
	Incomplete bool              `help:"Write what there is, even if KPIs of some days have not been computed."`
}

// keptJournal is where a folder remembers what was written into it.
const keptJournal = "cskpi-history.json"

// export is what is written, and where it comes from.
type export struct {
	*service.Database
	plan   prom.Plan
	stored prom.Stored
}

// open opens the database and plans what is written.
func (c *past) open(ctx context.Context, a *app, every time.Duration, forms prom.Forms) (*export, error) {
	catalogue, err := a.Load()
	if err != nil {
		return nil, err
	}
	labels, err := c.labels(a)
	if err != nil {
		return nil, err
	}
	told := slices.DeleteFunc(catalogue.KPIs(), func(q queries.Query) bool { return len(c.KPI) > 0 && !slices.Contains(c.KPI, q.Name) })
	for _, name := range c.KPI {
		if !slices.ContainsFunc(told, func(q queries.Query) bool { return q.Name == name }) {
			return nil, usage("there is no KPI %q; cskpi kpi lists them", name)
		}
	}
	d, err := a.Open(ctx, catalogue)
	if err != nil {
		return nil, err
	}
	e := &export{d, prom.Plan{}, prom.Stored{DB: d.Conn, Catalogue: told, Every: a.Config.Interval, Labels: labels, Zone: d.Zone}}
	if e.plan, err = c.planned(ctx, a, e, every, forms); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return e, nil
}

// planned is what is written, once it is sure that it is there.
func (c *past) planned(ctx context.Context, a *app, e *export, every time.Duration, forms prom.Forms) (prom.Plan, error) {
	h := a.History(e.Database)
	if err := h.Whole(ctx); err != nil {
		return prom.Plan{}, err
	}
	today := date{}.orToday(e.Zone)
	p := prom.Plan{Source: e.stored, Zone: e.Zone, From: c.From.Time, To: c.To.orToday(e.Zone), Until: time.Now(), Every: every, Forms: forms}
	if p.To.After(today) {
		return p, usage("--to %s: that day has not come yet", p.To.Format(time.DateOnly))
	}
	if err := p.Check(); err != nil {
		return p, usageError{err}
	}
	last := p.To // of those that are kept
	if last.Equal(today) {
		last = today.AddDate(0, 0, -1)
	}
	kept, err := e.stored.Kept(ctx, p.From, last)
	switch {
	case err != nil:
		return p, fmt.Errorf("read what is kept of past days: %w", store.Brief(err))
	case kept.First.IsZero() && (p.From.IsZero() || p.From.Before(today)):
		return p, errors.New("no KPI of these days has been computed; cskpi serve does that beside its work, and cskpi backfill at once")
	case kept.Missing > 0 && !c.Incomplete:
		return p, fmt.Errorf("%s days of KPIs have not been computed from %s to %s, %s for one; run cskpi backfill, or take --incomplete to do without them",
			thousands(fmt.Sprint(kept.Missing)), cmp.Or(p.From, kept.First).Format(time.DateOnly), last.Format(time.DateOnly), kept.Example)
	}
	if p.From.IsZero() {
		p.From = kept.First
	}
	p.Known = kept.Known
	if p.To.Before(today) {
		return p, nil
	}
	// A scrape of today is about today, so what there is until the first one must be, too.
	if _, err := a.rollUp(ctx, e.Database); err != nil {
		return p, err
	}
	days, err := h.Open(ctx, e.stored.Catalogue, today, a.Config.Parallel)
	if err != nil && (ctx.Err() != nil || !c.Incomplete) {
		return p, err
	}
	after := prom.Followed{Source: e.stored, Day: today}
	of := map[string][]time.Time{} // computed
	for _, q := range e.stored.Catalogue {
		series, err := e.stored.Of(q, days[q.Name])
		if err != nil {
			return p, err
		}
		after.Then = append(after.Then, series...)
		if _, computed := days[q.Name]; computed {
			of[q.Name] = []time.Time{today}
		}
	}
	own, err := e.stored.Own(ctx, of)
	if err != nil {
		return p, fmt.Errorf("read how the KPIs are to be read: %w", store.Brief(err))
	}
	after.Then = append(after.Then, own...)
	p.Source = after
	return p, nil
}

// labels are those of the scrape.
func (c *past) labels(a *app) ([]prom.Label, error) {
	if c.Instance == "" {
		_, port, err := net.SplitHostPort(a.Config.Listen)
		if err != nil {
			return nil, err
		}
		c.Instance = net.JoinHostPort("localhost", port)
	}
	labels := []prom.Label{{Name: "instance", Value: c.Instance}, {Name: "job", Value: c.Job}}
	for name, value := range c.Label {
		if !model.LegacyValidation.IsValidLabelName(name) || name == "job" || name == "instance" || strings.HasPrefix(name, "__") {
			return nil, usage("--label %s: no name of a further label", name)
		}
		labels = append(labels, prom.Label{Name: name, Value: value})
	}
	slices.SortFunc(labels, func(a, b prom.Label) int { return cmp.Compare(a.Name, b.Name) })
	return labels, nil
}

// of says what is written, for a journal.
func (c *past) of(kind string, e *export) string {
	kpis := "all KPIs"
	if len(c.KPI) > 0 {
		kpis = strings.Join(slices.Sorted(slices.Values(c.KPI)), ", ")
	}
	return fmt.Sprintf("%s of %s: %s", kind, kpis, e.plan.Of(e.stored.Labels))
}

// said shows progress on a terminal.
func said(show *progress) func(prom.Progress) {
	return func(at prom.Progress) {
		show.say(fmt.Sprintf("%s: %.0f %%, %s samples", at.Day.Format(time.DateOnly), 100*at.Part, thousands(fmt.Sprint(at.Samples))))
	}
}

// restated tells of what was written before and has got other values since.
func (c *past) restated(ctx context.Context, a *app, e *export, j *prom.Journal, advice string) (prom.Restated, error) {
	r, err := j.Restated(ctx, e.stored, e.Zone)
	if err != nil {
		return r, fmt.Errorf("read what was restated: %w", store.Brief(err))
	}
	if r.Count > 0 {
		fmt.Fprintf(a.err, "%s days of KPIs have been restated since they were written, %s for one; %s.\n", thousands(fmt.Sprint(r.Count)), r.Example, advice)
	}
	return r, nil
}

// interrupted says that nothing of what was done is lost.
func interrupted(ctx context.Context, a *app, err error) error {
	if err != nil && ctx.Err() != nil {
		fmt.Fprintln(a.err, "What is written stays; run the same command to continue.")
	}
	return err
}

type historyBlocksCmd struct {
	past
	Dir        string        `arg:"" name:"dir" help:"Folder for the blocks; that of a Prometheus, which finds them there within minutes, or one to move them from."`
	Every      time.Duration `default:"5m" placeholder:"TIME" help:"Time between samples [${default}]; with more, a Prometheus sees gaps unless its --query.lookback-delta is as long."`
	Histograms string        `enum:"both,classic,native" default:"both" help:"Forms of histograms that the scrapes have: both, classic or native [${default}]."`
	Tool       string        `placeholder:"FILE" help:"The program cskpi-blocks; if not given, the one beside cskpi, or in the PATH."`
}

// Help is the longer text of cskpi history blocks --help.
func (historyBlocksCmd) Help() string {
	return "Blocks are written by Prometheus' own code, in the program cskpi-blocks. Prometheus must be told to keep them (--storage.tsdb.retention.time=5y; by default it deletes what is older " +
		"than 15 days). DIR/" + keptJournal + " says how far they go, so that a later run adds the days since."
}

// Run writes blocks.
func (c *historyBlocksCmd) Run(ctx context.Context, a *app) error {
	tool, err := c.tool()
	if err != nil {
		return err
	}
	e, err := c.open(ctx, a, c.Every, prom.Forms{Classic: c.Histograms != "native", Native: c.Histograms != "classic"})
	if err != nil {
		return err
	}
	defer e.Close()
	j, err := prom.OpenJournal(filepath.Join(c.Dir, keptJournal), c.of("blocks", e))
	if err != nil {
		return err
	}
	if _, err := c.restated(ctx, a, e, j, "their blocks stay as they are; to replace them, write all anew into another folder"); err != nil {
		return err
	}
	show := newProgress(a.err)
	blocks, err := prom.WriteBlocks(ctx, e.plan, tool, c.Dir, j, said(show))
	show.clear()
	var samples, size int64
	for _, b := range blocks {
		samples += b.Samples
		size += b.Bytes
	}
	fmt.Fprintf(a.err, "%d blocks written to %s: %s samples, %.1f MB.\n", len(blocks), c.Dir, thousands(fmt.Sprint(samples)), float64(size)/1e6)
	if err != nil {
		return fmt.Errorf("history blocks: %w", interrupted(ctx, a, err))
	}
	return nil
}

// tool finds the program that writes blocks.
func (c *historyBlocksCmd) tool() (string, error) {
	const name = "cskpi-blocks"
	if c.Tool != "" {
		return c.Tool, nil
	}
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), name)
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
			return beside, nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s is neither beside cskpi nor in the PATH; build it with make blocks, say where it is with --tool, or use cskpi history openmetrics", name)
	}
	return path, nil
}

type historyOpenMetricsCmd struct {
	past
	Dir   string        `arg:"" name:"dir" help:"Folder for the files."`
	Every time.Duration `default:"1h" placeholder:"TIME" help:"Time between samples [${default}]; the files are large. Prometheus sees gaps unless its --query.lookback-delta is as long."`
}

// Help is the longer text of cskpi history openmetrics --help.
func (historyOpenMetricsCmd) Help() string {
	return "A file becomes blocks by: promtool tsdb create-blocks-from --max-block-duration=20d openmetrics FILE DATA, where DATA is the folder of a Prometheus. " +
		"Histograms have classic buckets only. cskpi history blocks writes the same without large files between."
}

// Run writes files.
func (c *historyOpenMetricsCmd) Run(ctx context.Context, a *app) error {
	e, err := c.open(ctx, a, c.Every, prom.Forms{Classic: true})
	if err != nil {
		return err
	}
	defer e.Close()
	j, err := prom.OpenJournal(filepath.Join(c.Dir, keptJournal), c.of("OpenMetrics", e))
	if err != nil {
		return err
	}
	since, err := c.restated(ctx, a, e, j, "their months are written again")
	if err != nil {
		return err
	}
	show := newProgress(a.err)
	files, err := prom.WriteOpenMetrics(ctx, e.plan, c.Dir, j, since, said(show))
	show.clear()
	fmt.Fprintf(a.err, "%d files written to %s: %s samples, %.1f MB.\n", len(files.Paths), c.Dir, thousands(fmt.Sprint(files.Samples)), float64(files.Bytes)/1e6)
	if err != nil {
		return fmt.Errorf("history openmetrics: %w", interrupted(ctx, a, err))
	}
	return nil
}

type historyPushCmd struct {
	past
	URL          string            `arg:"" name:"url" help:"Where remote write is taken: http://prometheus:9090/api/v1/write, http://mimir/api/v1/push, http://victoriametrics:8428/api/v1/write."`
	Every        time.Duration     `default:"5m" placeholder:"TIME" help:"Time between samples [${default}]; with more, a Prometheus sees gaps unless its --query.lookback-delta is as long."`
	Histograms   string            `enum:"both,classic,native" default:"both" help:"Forms of histograms that the scrapes have: both, classic or native [${default}]."`
	Protocol     string            `enum:"auto,1,2" default:"auto" help:"Version of remote write; auto is 2, or 1 where that is not known [${default}]."`
	Batch        int               `default:"5000" placeholder:"N" help:"Samples of one request [${default}]."`
	Patience     time.Duration     `default:"10m" placeholder:"TIME" help:"How long to try when a request is not answered [${default}]."`
	KeepGoing    bool              `help:"Go on when samples are refused, and count them; without it the first ones end it."`
	Journal      string            `placeholder:"FILE" help:"Remember in this file what was sent, and go on from there."`
	TokenFile    string            `placeholder:"FILE" help:"File with a bearer token."`
	User         string            `placeholder:"NAME" help:"User, for basic auth."`
	PasswordFile string            `placeholder:"FILE" help:"File with the user's password."`
	Header       map[string]string `mapsep:"none" placeholder:"NAME=VALUE" help:"Header to send, such as X-Scope-OrgID=cs for a tenant of Mimir; may be repeated."`
}

// Help is the longer text of cskpi history push --help.
func (historyPushCmd) Help() string {
	return "A Prometheus needs --web.enable-remote-write-receiver, and storage.tsdb.out_of_order_time_window as long as the history; a Mimir out_of_order_time_window in its limits; a VictoriaMetrics " +
		"-retentionPeriod. Samples that are refused are counted with the reason, and the exit code is 1. A VictoriaMetrics drops what is older than it keeps without a word."
}

// Run sends samples.
func (c *historyPushCmd) Run(ctx context.Context, a *app) error {
	if c.Batch <= 0 || c.Patience <= 0 {
		return usage("--batch and --patience must be positive")
	}
	if info, err := os.Stat(filepath.Dir(c.Journal)); err != nil || !info.IsDir() {
		return usage("--journal %s: there is no such folder", c.Journal)
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	e, err := c.open(ctx, a, c.Every, prom.Forms{Classic: c.Histograms != "native", Native: c.Histograms != "classic"})
	if err != nil {
		return err
	}
	defer e.Close()
	var j *prom.Journal
	if c.Journal != "" {
		if j, err = prom.OpenJournal(c.Journal, c.of("remote write to "+withoutPassword(c.URL), e)); err != nil {
			return err
		}
	}
	if _, err := c.restated(ctx, a, e, j, "the receiver keeps what was sent; to replace it, delete it there and send all anew"); err != nil {
		return err
	}
	show := newProgress(a.err)
	sent, err := prom.Push(ctx, e.plan, prom.Receiver{
		URL: c.URL, Protocol: prom.Protocol(c.Protocol), Client: client, Batch: c.Batch, Patience: c.Patience, KeepGoing: c.KeepGoing,
		Note: func(text string) {
			show.clear()
			fmt.Fprintln(a.err, text)
		},
	}, j, said(show))
	show.clear()
	fmt.Fprintf(a.err, "%s samples written in %s requests, %s refused", thousands(fmt.Sprint(sent.Written)), thousands(fmt.Sprint(sent.Requests)), thousands(fmt.Sprint(sent.Refused)))
	if sent.Refused > 0 {
		fmt.Fprintf(a.err, " (%s), for one: %s", sent.Why(), sent.Example)
	}
	fmt.Fprintln(a.err, ".")
	switch {
	case err != nil:
		return fmt.Errorf("history push: %w", interrupted(ctx, a, err))
	case sent.Refused > 0:
		return errReported
	}
	return nil
}

// withoutPassword is a URL as it may be written down.
func withoutPassword(address string) string {
	scheme, rest, found := strings.Cut(address, "://")
	if !found {
		return address
	}
	if host, path, _ := strings.Cut(rest, "/"); strings.Contains(host, "@") {
		return scheme + "://" + host[strings.LastIndex(host, "@")+1:] + "/" + path
	}
	return address
}

// client is what requests go through.
func (c *historyPushCmd) client() (*http.Client, error) {
	h := http.Header{}
	for name, value := range c.Header {
		h.Set(name, value)
	}
	secretOf := func(flag, file string) (string, error) {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", usage("%s: %w", flag, err)
		}
		return strings.TrimSpace(string(text)), nil
	}
	switch {
	case c.TokenFile != "" && (c.User != "" || c.PasswordFile != ""), (c.User == "") != (c.PasswordFile == ""):
		return nil, usage("give either --token-file, or --user with --password-file")
	case c.TokenFile != "":
		token, err := secretOf("--token-file", c.TokenFile)
		if err != nil {
			return nil, err
		}
		h.Set("Authorization", "Bearer "+token)
	case c.User != "":
		password, err := secretOf("--password-file", c.PasswordFile)
		if err != nil {
			return nil, err
		}
		r := http.Request{Header: h}
		r.SetBasicAuth(c.User, password)
	}
	h.Set("User-Agent", "cskpi/"+buildVersion())
	return &http.Client{
		Timeout:       time.Minute,
		Transport:     withHeaders{h},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// withHeaders sends headers with every request.
type withHeaders struct{ http.Header }

// RoundTrip implements http.RoundTripper.
func (w withHeaders) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	maps.Copy(r.Header, w.Header)
	return http.DefaultTransport.RoundTrip(r)
}
