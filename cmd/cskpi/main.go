// Command cskpi turns the facts of a software-as-a-service business into the KPIs of its Customer Success organisation,
// and serves them as Prometheus metrics.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
	_ "time/tzdata" // reporting zones must work in an image without zone files

	"github.com/alecthomas/kong"

	"cskpi/exporter"
	"cskpi/exporter/config"
	"cskpi/exporter/service"
)

// commands is the command line, a field for each command.
type commands struct {
	Serve    serveCmd    `cmd:"" help:"Start everything: the engine or a connection to a server, the schedule, /metrics."`
	Demo     demoCmd     `cmd:"" help:"The same on a generated company with three years of history."`
	Import   importCmd   `cmd:"" help:"Store facts from files: CSV, NDJSON, Parquet, also as .gz or .zst."`
	Send     sendCmd     `cmd:"" help:"Send facts to a running serve, from files or standard input: CSV, NDJSON."`
	KPI      kpiCmd      `cmd:"" name:"kpi" help:"Print one KPI; without a name, list them."`
	Explain  explainCmd  `cmd:"" help:"Print the accounts and facts behind a KPI; they add up to it."`
	Refresh  refreshCmd  `cmd:"" help:"Compute the layers of past days, for analysts and boards."`
	Backfill backfillCmd `cmd:"" help:"Compute KPIs of past days and keep them."`
	History  historyCmd  `cmd:"" help:"Bring KPIs of past days into a Prometheus."`
	Grafana  grafanaCmd  `cmd:"" help:"Bring the boards into a Grafana, or write them as files."`
	Erase    eraseCmd    `cmd:"" help:"Erase an account or a user, from facts and from what is made of them."`
	Backup   backupCmd   `cmd:"" help:"Write a backup of the database to a file, also while it is served."`
	Restore  restoreCmd  `cmd:"" help:"Restore a backup into an empty database."`
	Settings settingsCmd `cmd:"" help:"Print and change the policy: thresholds, cadences, weights, currency, zone."`
	Check    checkCmd    `cmd:"" help:"Check configuration, query files and the quality of the data."`
	Token    tokenCmd    `cmd:"" help:"Make tokens for callers that send facts to serve."`
	Engine   engineCmd   `cmd:"" help:"Start just the local engine with its ClickHouse HTTP interface."`
	Health   healthCmd   `cmd:"" name:"healthcheck" help:"Ask a running serve on this machine whether it is well; for containers."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

// app is what every command works with.
type app struct {
	*service.Service
	out io.Writer // results
	err io.Writer // everything else
}

func newApp(c config.Config, log *slog.Logger, out, err io.Writer) *app {
	warn := func(what string) { fmt.Fprintln(err, "cskpi: warning:", what) }
	return &app{&service.Service{Config: c, Log: log, Warn: warn, Version: buildVersion(), Revision: buildRevision()}, out, err}
}

// open opens the database with the query files that are configured.
func (a *app) open(ctx context.Context) (*service.Database, error) {
	catalogue, err := a.Load()
	if err != nil {
		return nil, err
	}
	return a.Open(ctx, catalogue)
}

// usageError is a mistake in the command line; it ends the program with 2.
type usageError struct{ error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// errReported ends the program with 1 when everything has been said already.
var errReported = errors.New("reported")

// Exit codes.
const (
	exitOK = iota
	exitProblem
	exitUsage
	exitInterrupted = 128 + int(syscall.SIGINT)
)

// stopLimit is how long a process may take to stop, whatever hangs.
const stopLimit = 14 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	// The first signal asks for a graceful stop, the second one does not ask.
	context.AfterFunc(ctx, stop)
	context.AfterFunc(ctx, func() {
		time.AfterFunc(stopLimit, func() {
			fmt.Fprintf(os.Stderr, "cskpi: not everything has stopped within %s; the process ends now, and what was not acknowledged may not be stored\n", stopLimit)
			os.Exit(exitProblem)
		})
	})
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program without its process: it returns the exit code. The environment is the process's own, because
// envconfig reads no other.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return runWith(ctx, args, stdout, stderr, config.Load)
}

// runWith runs the program with another configuration than the environment's.
func runWith(ctx context.Context, args []string, stdout, stderr io.Writer, load func() (config.Config, error)) int {
	stderr = &visible{w: stderr}
	if terminal(stdout) != nil { // elsewhere results keep every character, as programs need them
		stdout = &visible{w: stdout}
	}
	var cmds commands
	helped := false
	parser, err := kong.New(&cmds,
		kong.Name("cskpi"),
		kong.Description("Customer Success KPIs from the facts of a business: computed by ClickHouse, served to Prometheus."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }),
		kong.Help(printHelp),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		fmt.Fprintln(stderr, "cskpi:", err)
		return exitProblem
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	selected, err := parser.Parse(args)
	if helped {
		return exitOK
	}
	if err != nil {
		fmt.Fprintf(stderr, "cskpi: %v\nRun cskpi --help, or cskpi COMMAND --help.\n", err)
		return exitUsage
	}
	c, err := load()
	if err != nil {
		fmt.Fprintf(stderr, "cskpi: %v\n", err)
		return exitUsage
	}
	if !serving(selected.Command()) && c.LogLevel == slog.LevelInfo {
		// Who asks for a number wants to read of problems, not of an engine that came and went.
		c.LogLevel = slog.LevelWarn
	}
	a := newApp(c, c.Logger(stderr), stdout, stderr)
	return exitCode(ctx, selected.Run(a), stderr)
}

// serving tells the commands that run until they are stopped.
func serving(command string) bool {
	return command == "serve" || command == "demo" || command == "engine"
}

// exitCode says what went wrong, once, and translates it for the shell.
func exitCode(ctx context.Context, err error, stderr io.Writer) int {
	var wrong usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errReported):
		return exitProblem
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "cskpi: interrupted")
		return exitInterrupted
	case errors.As(err, &wrong):
		fmt.Fprintf(stderr, "cskpi: %v\n", err)
		return exitUsage
	default:
		fmt.Fprintf(stderr, "cskpi: %v\n", err)
		return exitProblem
	}
}

// printHelp adds the configuration to the help of the program as a whole.
func printHelp(o kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(o, ctx); err != nil {
		return err
	}
	if ctx.Selected() != nil {
		fmt.Fprintln(ctx.Stdout, "\nConfiguration is by environment variables CSKPI_*; cskpi --help lists them.")
		return nil
	}
	fmt.Fprintln(ctx.Stdout)
	return writeVariables(ctx.Stdout)
}

// writeVariables prints the configuration table for people at a terminal.
func writeVariables(w io.Writer) error {
	fmt.Fprintln(w, "Configuration is by environment variables:")
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, v := range config.Variables() {
		desc := v.Desc
		if v.Default != "" {
			desc = "[" + v.Default + "] " + desc
		}
		for i, line := range wrap(desc, 84) {
			if i > 0 {
				v.Name = ""
			}
			fmt.Fprintf(tw, "  %s\t%s\n", v.Name, line)
		}
	}
	return tw.Flush()
}

// wrap breaks s into lines of at most width bytes, at spaces.
func wrap(s string, width int) []string {
	var lines []string
	for word := range strings.FieldsSeq(s) {
		if n := len(lines); n > 0 && len(lines[n-1])+1+len(word) <= width {
			lines[n-1] += " " + word
			continue
		}
		lines = append(lines, word)
	}
	return lines
}

// date is a day on the command line.
type date struct{ time.Time }

// UnmarshalText reads YYYY-MM-DD.
func (d *date) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return fmt.Errorf("%q is no day; write it as 2026-01-31", text)
	}
	d.Time = t
	return nil
}

// orToday is the day itself, or if none was given, today in the reporting zone.
func (d date) orToday(zone *time.Location) time.Time {
	if d.IsZero() {
		return exporter.AsOf(time.Now(), zone)
	}
	return d.Time
}

// version is set by the build.
var version string

type versionCmd struct{}

// Run prints what this binary is.
func (versionCmd) Run(a *app) error {
	_, err := fmt.Fprintln(a.out, "cskpi", buildVersion())
	return err
}

// buildVersion is what the build said, else what the Go tool knows.
func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// buildRevision is the commit that the binary was built from, if the Go tool knows it.
func buildRevision() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return ""
}
