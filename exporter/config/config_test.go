package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// environment runs a test as if nothing were configured but these pairs.
func environment(t *testing.T, pairs ...string) {
	t.Helper()
	for _, v := range Variables() {
		t.Setenv(v.Name, "")
	}
	for i := 0; i < len(pairs); i += 2 {
		t.Setenv(pairs[i], pairs[i+1])
	}
}

func TestConfigDefaults(t *testing.T) {
	environment(t)
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if c.DataDir != "data" || c.Listen != "127.0.0.1:11469" || c.EngineListen != "127.0.0.1:8123" || c.Interval.String() != "5m0s" || c.LogLevel != slog.LevelInfo {
		t.Errorf("got %+v", c)
	}
}

func TestConfigProblems(t *testing.T) {
	tests := []struct {
		pairs []string
		want  []string // each is part of the message
	}{
		{[]string{"CSKPI_LISTN", ":1"}, []string{"unknown environment variable CSKPI_LISTN", "CSKPI_LISTEN "}},
		{[]string{"CSKPI_CLICKHOUSE", "x"}, []string{"CSKPI_CLICKHOUSE;", "CSKPI_CLICKHOUSE_URL"}},
		{[]string{"CSKPI_CLICKHOUSE_CLUSTER", "main"}, []string{"CSKPI_CLICKHOUSE_CLUSTER: the local engine is in no cluster"}},
		{[]string{"CSKPI_CLICKHOUSE_CLUSTER", "main", "CSKPI_CLICKHOUSE_URL", "clickhouse://a:9000,b:9000?connection_open_strategy=round_robin"}, []string{"CSKPI_CLICKHOUSE_URL: ", "tried in order"}},
		{[]string{"CSKPI_FISCAL_YEAR_START", "13"}, []string{"CSKPI_FISCAL_YEAR_START: 13 is no month"}},
		{[]string{"CSKPI_FISCAL_YEAR_START", "April"}, []string{`CSKPI_FISCAL_YEAR_START="April"`}},
		{[]string{"CSKPI_TIMEZONE", "Mars/Olympus"}, []string{`CSKPI_TIMEZONE: "Mars/Olympus" is no time zone`}},
		{[]string{"CSKPI_CURRENCY", "euro"}, []string{`CSKPI_CURRENCY: "euro" is no ISO 4217 code`}},
		{[]string{"CSKPI_INTERVAL", "5"}, []string{`CSKPI_INTERVAL="5"`}},
		{[]string{"CSKPI_INTERVAL", "-5m"}, []string{"CSKPI_INTERVAL: -5m0s is not positive"}},
		{[]string{"CSKPI_MAX_SERIES", "0"}, []string{"CSKPI_MAX_SERIES: 0 is not positive"}},
		{[]string{"CSKPI_ENGINE_MEMORY", "lots"}, []string{`"lots" is no number of bytes`}},
		{[]string{"CSKPI_ENGINE_MEMORY", "3QiB"}, []string{`"3QiB" is no number of bytes`}},
		{[]string{"CSKPI_LISTEN", "11469"}, []string{"CSKPI_LISTEN: ", "host:port"}},
		{[]string{"CSKPI_INTAKE_LISTEN", "11470"}, []string{"CSKPI_INTAKE_LISTEN: ", "host:port"}},
		{[]string{"CSKPI_SEGMENT_TRAITS", "nonsense"}, []string{"CSKPI_SEGMENT_TRAITS: "}},
		{[]string{"CSKPI_USER_ID_KEY", "short"}, []string{"CSKPI_USER_ID_KEY: has 5 characters"}},
		{[]string{"CSKPI_QUERIES_DIR", "/does/not/exist"}, []string{"CSKPI_QUERIES_DIR: ", "no folder"}},
		{[]string{"CSKPI_HISTORY", "long"}, []string{`CSKPI_HISTORY="long": write it as 3y, 18m, 90d or off`}},
		{[]string{"CSKPI_EVENTS_RETENTION", "6d"}, []string{"CSKPI_EVENTS_RETENTION: is less than 7 days"}},
		{[]string{"CSKPI_LOG_LEVEL", "loud"}, []string{`CSKPI_LOG_LEVEL="loud"`}},
		{[]string{"CSKPI_LOG_FORMAT", "xml"}, []string{"CSKPI_LOG_FORMAT: "}},
		// All of them at once.
		{[]string{"CSKPI_LISTN", ":1", "CSKPI_CURRENCY", "euro", "CSKPI_LOG_FORMAT", "xml"}, []string{"CSKPI_LISTN", "CSKPI_CURRENCY", "CSKPI_LOG_FORMAT"}},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.pairs, " "), func(t *testing.T) {
			environment(t, tt.pairs...)
			_, err := Load()
			for _, want := range tt.want {
				if err == nil || !strings.Contains(err.Error()+" ", want) {
					t.Errorf("got %v, want it to say %s", err, want)
				}
			}
		})
	}
}

func TestConfigSecretFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(file, []byte("clickhouse://u:p@h:9000\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	environment(t, "CSKPI_CLICKHOUSE_URL_FILE", file)
	c, err := Load()
	if err != nil || string(c.ClickhouseURL) != "clickhouse://u:p@h:9000" {
		t.Errorf("got %q, %v", string(c.ClickhouseURL), err)
	}
	environment(t, "CSKPI_CLICKHOUSE_URL_FILE", file, "CSKPI_CLICKHOUSE_URL", "http://h:8123")
	if _, err := Load(); err == nil || !strings.Contains(err.Error(), "CSKPI_CLICKHOUSE_URL and CSKPI_CLICKHOUSE_URL_FILE are both given") {
		t.Errorf("got %v", err)
	}
	environment(t, "CSKPI_CLICKHOUSE_URL_FILE", file+"x", "CSKPI_LISTEN_FILE", file)
	if _, err := Load(); err == nil || !strings.Contains(err.Error(), "CSKPI_CLICKHOUSE_URL_FILE: ") || !strings.Contains(err.Error(), "unknown environment variable CSKPI_LISTEN_FILE") {
		t.Errorf("got %v", err)
	}
}

func TestConfigSizes(t *testing.T) {
	for text, want := range map[string]uint64{"1": 1, "500MB": 500e6, "2GiB": 2 << 30, "2 GiB": 2 << 30, "4g": 4 << 30, "1k": 1024} {
		var b ByteSize
		if err := b.Decode(text); err != nil || uint64(b) != want {
			t.Errorf("%s: got %d, %v, want %d", text, b, err, want)
		}
	}
}

// TestSecrets makes sure that a password shows nowhere, however the configuration is printed.
func TestSecrets(t *testing.T) {
	const password = "hunter2!%zz" // %zz does not parse, so that the error is about the very URL
	for _, url := range []string{"clickhouse://default:hunter2@localhost:9000", "clickhouse://default:" + password + "@localhost:9000", "nonsense hunter2", "https://u:hunter2@/x"} {
		environment(t, "CSKPI_CLICKHOUSE_URL", url)
		c, err := Load()
		var log bytes.Buffer
		c.Logger(&log).Info("config", "all", c, "url", c.ClickhouseURL)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("config", "all", c, "url", c.ClickhouseURL)
		j, _ := json.Marshal(c)
		said := fmt.Sprintf("%v %+v %#v %s %s %s %v %q", c, c, c, c.ClickhouseURL, &log, j, err, c.ClickhouseURL)
		if strings.Contains(said, "hunter2") {
			t.Errorf("%s shows in: %s", url, said)
		}
		if !strings.Contains(said, masked) {
			t.Errorf("%s is not even masked: %s", url, said)
		}
	}
}

func TestClickhouseURLs(t *testing.T) {
	for url, want := range map[string]string{
		"clickhouse://default:secret@db:9000/cs":   "native db:9000 default secret tls=false",
		"clickhouse://default@db:9440?secure=true": "native db:9440 default  tls=true",
		"http://db:8123":                             "http db:8123   tls=false",
		"https://me:p%40ss@db:8443":                  "http db:8443 me p@ss tls=true",
		"clickhouse://a:b@one:9000,two:9000/default": "native one:9000,two:9000 a b tls=false",
	} {
		environment(t, "CSKPI_CLICKHOUSE_URL", url)
		c, err := Load()
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		o, err := c.Clickhouse()
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if got := fmt.Sprintf("%s %s %s %s tls=%t", o.Protocol, strings.Join(o.Addr, ","), o.Auth.Username, o.Auth.Password, o.TLS != nil); got != want {
			t.Errorf("%s: got %s, want %s", url, got, want)
		}
	}
}

func TestIntakeListen(t *testing.T) {
	for _, tt := range []struct{ listen, tokens, want string }{
		{"", "", "127.0.0.1:11470"},
		{"", "tokens.yaml", ":11470"},
		{"off", "tokens.yaml", ""},
		{"[::1]:1", "", "[::1]:1"},
	} {
		c := Config{IntakeListen: tt.listen, IntakeTokens: tt.tokens}
		if got := c.IntakeAddress(); got != tt.want {
			t.Errorf("%+v: got %q", tt, got)
		}
	}
}
