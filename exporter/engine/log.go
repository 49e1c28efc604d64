//go:build linux && !server

package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"
)

// The child writes to its standard error: its own log as lines of JSON, and what the library says. relay brings both to
// the log of the parent, each with its level.

// libraryLog are the arguments with which the library writes warnings and errors. It is silent about queries that fail,
// because the answer has the error; about counters of threads, which the confinement forbids; about work that waits for
// its turn; and about merges of a table that was dropped meanwhile.
var libraryLog = []string{
	"--logger.console=1", "--logger.console_log_level=warning",
	"--logger.levels.executeQuery=none", "--logger.levels.ThreadStatus=none", "--logger.levels.BackgroundSchedulePool/BgSchPool=none",
	"--logger.levels.MergeMutateSelectedEntry=none",
}

// libraryLine is the head of what the library says, which may go on for several lines.
var libraryLine = regexp.MustCompile(`^\d{4}\.\d\d\.\d\d \d\d:\d\d:\d\d\.\d+ \[ \d+ \] \{[^}]*\} <(\w+)> ([^:]*): (.*)$`)

// stackLine is a line of a stack trace of the library, which has no names to show.
var stackLine = regexp.MustCompile(`^\d+\. .* @ 0x[0-9a-f]+$`)

const (
	tailLines = 20
	maxLine   = 64 << 10
)

// relay passes the child's output to the log and remembers its last lines.
type relay struct {
	log   *slog.Logger
	mu    sync.Mutex
	open  []byte // A line without its end so far.
	lines []string
}

func (r *relay) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open = append(r.open, p...)
	for {
		line, rest, found := bytes.Cut(r.open, []byte("\n"))
		if !found {
			if len(r.open) > maxLine {
				r.open = r.open[:maxLine]
			}
			return len(p), nil
		}
		r.open = rest
		r.take(string(line))
	}
}

func (r *relay) take(line string) {
	if strings.TrimSpace(line) == "" || stackLine.MatchString(line) || strings.HasPrefix(line, " (version ") {
		return
	}
	if r.takeOwn(line) {
		return
	}
	r.remember(line)
	found := libraryLine.FindStringSubmatch(line)
	if found == nil {
		r.log.Info("engine", "line", line)
		return
	}
	level := slog.LevelError
	switch found[1] {
	case "Warning":
		level = slog.LevelWarn
	case "Notice", "Information":
		level = slog.LevelInfo
	case "Debug", "Trace", "Test":
		level = slog.LevelDebug
	}
	message, _, _ := strings.Cut(found[3], ", Stack trace (when copying this message")
	r.log.Log(context.Background(), level, "engine library", "says", message, "from", found[2])
}

// takeOwn passes on a record of the child's own log.
func (r *relay) takeOwn(line string) bool {
	if !strings.HasPrefix(line, `{"time":`) {
		return false
	}
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	var fields map[string]any
	if d.Decode(&fields) != nil {
		return false
	}
	var level slog.Level
	text, _ := fields[slog.LevelKey].(string)
	message, _ := fields[slog.MessageKey].(string)
	if level.UnmarshalText([]byte(text)) != nil || message == "" {
		return false
	}
	record := slog.NewRecord(time.Now(), level, message, 0)
	for name, value := range fields {
		if name != slog.TimeKey && name != slog.LevelKey && name != slog.MessageKey {
			record.Add(name, value)
		}
	}
	if level >= slog.LevelWarn {
		r.remember(message)
	}
	if ctx := context.Background(); r.log.Enabled(ctx, level) {
		_ = r.log.Handler().Handle(ctx, record)
	}
	return true
}

func (r *relay) remember(line string) {
	r.lines = append(r.lines, line)
	if len(r.lines) > tailLines {
		r.lines = r.lines[1:]
	}
}

func (r *relay) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(append(r.lines, string(r.open)), "\n")
}
