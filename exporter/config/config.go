// Package config is everything that the environment can say.
package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/agnivade/levenshtein"
	"github.com/kelseyhightower/envconfig"

	"cskpi/exporter/engine"
	"cskpi/exporter/intake/api"
	"cskpi/exporter/policy"
)

// Config is everything that the environment can say. Names stand in full, so that a search for one finds it.
type Config struct {
	ClickhouseURL   Secret        `envconfig:"CSKPI_CLICKHOUSE_URL" desc:"ClickHouse server to use: clickhouse://user:password@host:9000/cs, http://…:8123 or https://…:8443; TLS for the native protocol by ?secure=true. Empty: a local engine on CSKPI_DATA_DIR."`
	Cluster         string        `envconfig:"CSKPI_CLICKHOUSE_CLUSTER" desc:"Cluster of that server, of one shard, as its configuration names it: tables are replicated, and made with views and functions on all replicas. Empty: a single server."`
	DataDir         string        `envconfig:"CSKPI_DATA_DIR" default:"data" desc:"Folder in which the local engine keeps its data."`
	Listen          string        `envconfig:"CSKPI_LISTEN" default:"127.0.0.1:11469" desc:"Address of /metrics and the landing page, which show names of accounts and their ARR. Beyond loopback it needs users in CSKPI_WEB_CONFIG_FILE, or CSKPI_LISTEN_PUBLIC."`
	ListenPublic    []string      `envconfig:"CSKPI_LISTEN_PUBLIC" desc:"Lets everybody read who reaches CSKPI_LISTEN. The value lists the names by which they call it, as in cskpi,kpi.example.com: a web page cannot reach it by a name of its own."`
	WebConfigFile   string        `envconfig:"CSKPI_WEB_CONFIG_FILE" desc:"Web configuration of the Prometheus exporter toolkit: TLS and basic auth for CSKPI_LISTEN."`
	EngineListen    string        `envconfig:"CSKPI_ENGINE_LISTEN" default:"127.0.0.1:8123" desc:"Address of the local engine's ClickHouse HTTP interface, for readers. Every program on this machine may read on loopback."`
	EngineWebConfig string        `envconfig:"CSKPI_ENGINE_WEB_CONFIG_FILE" desc:"Web configuration of the Prometheus exporter toolkit: TLS and the users that may read at CSKPI_ENGINE_LISTEN. An address beyond loopback needs both."`
	EngineNeedsUser bool          `envconfig:"CSKPI_ENGINE_REQUIRE_USERS" desc:"Whether readers need a user of CSKPI_ENGINE_WEB_CONFIG_FILE on loopback too."`
	EngineKPIUsers  []string      `envconfig:"CSKPI_ENGINE_KPI_USERS" desc:"Users that may read the KPI views only, and no rows of accounts, as in grafana,board. Others may read everything."`
	EngineMemory    ByteSize      `envconfig:"CSKPI_ENGINE_MEMORY" desc:"Memory that the local engine may take, as in 4GiB. Empty: 90 % of the machine's. An import with a mapping runs a second engine, which may take half of it."`
	Confinement     confinement   `envconfig:"CSKPI_ENGINE_CONFINEMENT" default:"full" desc:"How the kernel confines the local engine's process: full (it reaches its own files, and neither the network nor programs), files (it may also connect), or none. If the kernel can do less, the engine listens on loopback only, an alert fires, and import --mapping refuses to run."`
	Libchdb         string        `envconfig:"CSKPI_LIBCHDB" desc:"Path of libchdb.so. Empty: where make engine puts it, then the loader's paths."`
	IntakeListen    string        `envconfig:"CSKPI_INTAKE_LISTEN" desc:"Address at which facts are taken over HTTP, or off. Empty: :11470 with CSKPI_INTAKE_TOKENS, 127.0.0.1:11470 without, which only this machine can reach."`
	IntakeTokens    string        `envconfig:"CSKPI_INTAKE_TOKENS" desc:"File of the tokens of callers that may send facts, made with cskpi token new; a change takes effect within a second. Empty: tokens.yaml in CSKPI_DATA_DIR, which the first start makes, with one token in the file token beside it."`
	IntakeWebConfig string        `envconfig:"CSKPI_INTAKE_WEB_CONFIG_FILE" desc:"Web configuration of the Prometheus exporter toolkit: TLS for CSKPI_INTAKE_LISTEN."`
	UserTraits      string        `envconfig:"CSKPI_SEGMENT_USER_TRAITS" desc:"Which traits of a user become which columns of users, as in email=email,is_excluded=is_internal|role.bot. Empty: email and is_excluded from the traits that are usual for them."`
	SegmentTraits   string        `envconfig:"CSKPI_SEGMENT_TRAITS" desc:"Which traits of a group become which columns of accounts, as in name=name,geo=region|address.country. Empty: name, industry, geo, csm, created_on, parent_account_id and is_test from the traits that are usual for them."`
	SegmentPages    bool          `envconfig:"CSKPI_SEGMENT_PAGES" desc:"Whether page and screen messages become usage events too, such as Viewed Pricing Page."`
	EventsPrefix    string        `envconfig:"CSKPI_CLOUDEVENTS_PREFIX" desc:"Is taken off the types of CloudEvents to name usage events, as in com.example."`
	SendURL         string        `envconfig:"CSKPI_SEND_URL" default:"http://127.0.0.1:11470" desc:"Where cskpi send sends facts: the intake of a running cskpi serve."`
	SendToken       Secret        `envconfig:"CSKPI_SEND_TOKEN" desc:"Token with which cskpi send sends them. Empty: the one in CSKPI_DATA_DIR, if CSKPI_SEND_URL is on this machine."`
	GrafanaURL      string        `envconfig:"CSKPI_GRAFANA_URL" default:"http://127.0.0.1:3000" desc:"Grafana into which cskpi grafana push brings the boards, with the path below which it is served."`
	GrafanaToken    Secret        `envconfig:"CSKPI_GRAFANA_TOKEN" desc:"Token of a service account there, or user:password."`
	UserIDKey       Secret        `envconfig:"CSKPI_USER_ID_KEY" desc:"Key with which ids of users and contacts are replaced by pseudonyms (HMAC-SHA256) before they are stored, by whatever way they come. Empty: they are stored as they are."`
	Timezone        string        `envconfig:"CSKPI_TIMEZONE" desc:"Reporting time zone, as in Asia/Tokyo. Stored in the database; empty: the stored value, at first UTC."`
	Currency        string        `envconfig:"CSKPI_CURRENCY" desc:"Reporting currency, as in EUR. Stored in the database; empty: the stored value, at first USD."`
	FiscalYearStart int           `envconfig:"CSKPI_FISCAL_YEAR_START" desc:"Month (1 to 12) in which the fiscal year starts. Stored in the database; empty: the stored value, at first 1."`
	QueriesDir      string        `envconfig:"CSKPI_QUERIES_DIR" desc:"Folder with your own query files in views, layers and functions; a file of the same name replaces the built-in one."`
	Interval        time.Duration `envconfig:"CSKPI_INTERVAL" default:"5m" desc:"How often a KPI is computed whose file does not say so itself."`
	Timeout         time.Duration `envconfig:"CSKPI_TIMEOUT" default:"1m" desc:"How long computing one KPI may take."`
	MaxAge          time.Duration `envconfig:"CSKPI_MAX_AGE" desc:"How long a KPI that can no longer be computed keeps its last values. Empty: three of its intervals, at least 15m."`
	MaxSeries       int           `envconfig:"CSKPI_MAX_SERIES" default:"10000" desc:"Series that one KPI may have; with more it is refused whole."`
	Parallel        int           `envconfig:"CSKPI_PARALLEL" default:"3" desc:"KPIs that are computed at once; one more than the engine has cores, since some wait for each other."`
	History         Span          `envconfig:"CSKPI_HISTORY" default:"3y" desc:"How far back every day is computed and stored, with the values of its KPIs, if there are facts: 3y, 18m, 90d, or off (today only). Before that, the last day of each month can be queried."`
	EventsRetention Span          `envconfig:"CSKPI_EVENTS_RETENTION" default:"off" desc:"How long usage events are kept: 3y, 13m, 90d, or off (for good). Older ones are deleted, month by month, once they have been stored for a week; what they were rolled up to by user and day stays, and no KPI changes. From then on events of these months are refused, and a change of settings no longer reaches their days."`
	LogLevel        slog.Level    `envconfig:"CSKPI_LOG_LEVEL" default:"info" desc:"debug, info, warn or error."`
	LogFormat       string        `envconfig:"CSKPI_LOG_FORMAT" default:"text" desc:"text or json."`
}

// confinement is how the kernel confines the local engine's process.
type confinement = engine.Confinement

// Secret is a string that nothing prints: not a log, not an error, not JSON.
type Secret string

const masked = "<secret>"

func (s Secret) mask() string {
	if s == "" {
		return ""
	}
	return masked
}

// String is what %v prints.
func (s Secret) String() string { return s.mask() }

// GoString is what %#v prints.
func (s Secret) GoString() string { return strconv.Quote(s.mask()) }

// MarshalText is what encoders such as JSON write.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.mask()), nil }

// LogValue is what a log has.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.mask()) }

// ByteSize is a number of bytes, written as 500MB, 2GiB or 2000000000.
type ByteSize uint64

var unitSizes = map[string]uint64{
	"": 1, "b": 1,
	"k": 1 << 10, "kb": 1e3, "kib": 1 << 10,
	"m": 1 << 20, "mb": 1e6, "mib": 1 << 20,
	"g": 1 << 30, "gb": 1e9, "gib": 1 << 30,
	"t": 1 << 40, "tb": 1e12, "tib": 1 << 40,
}

// Decode reads the value of an environment variable.
func (b *ByteSize) Decode(s string) error {
	digits := strings.TrimRight(strings.ToLower(s), "bgikmt ")
	size, ok := unitSizes[strings.TrimSpace(strings.ToLower(s)[len(digits):])]
	n, err := strconv.ParseUint(digits, 10, 40)
	if err != nil || !ok {
		return fmt.Errorf("%q is no number of bytes; write it as 500MB or 2GiB", s)
	}
	*b = ByteSize(n * size)
	return nil
}

// Load reads the environment and reports everything that is wrong with it at once.
func Load() (Config, error) {
	var c Config
	var problems []error
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		of, isFile := strings.CutSuffix(name, fileSuffix)
		switch {
		case !strings.HasPrefix(name, "CSKPI_") || strings.HasPrefix(name, "CSKPI_TEST_"):
		case isFile && slices.ContainsFunc(Variables(), func(k Variable) bool { return k.Name == of && k.Secret }):
			if value != "" {
				problems = append(problems, readSecret(of, value))
			}
		case !slices.ContainsFunc(Variables(), func(k Variable) bool { return k.Name == name }):
			problems = append(problems, fmt.Errorf("unknown environment variable %s; the nearest known one is %s (cskpi --help lists all)", name, nearest(name)))
		case value == "":
			// A variable that compose files and manifests pass on empty means its default, which envconfig would not take.
			os.Unsetenv(name)
		}
	}
	if err := envconfig.Process("", &c); err != nil {
		var p *envconfig.ParseError
		if errors.As(err, &p) {
			err = fmt.Errorf("%s=%q: %w", p.KeyName, p.Value, p.Err)
		}
		return c, errors.Join(append(problems, err)...)
	}
	problems = append(problems, c.validate())
	return c, errors.Join(problems...)
}

const leastRetention = 7 // days

// fileSuffix makes of the name of a secret the name of the variable that says in which file it stands.
const fileSuffix = "_FILE"

// readSecret puts the first line of a file where a secret is looked for.
func readSecret(name, file string) error {
	if os.Getenv(name) != "" {
		return fmt.Errorf("%s and %s are both given; one is enough", name, name+fileSuffix)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("%s: %w", name+fileSuffix, err)
	}
	value, _, _ := strings.Cut(string(text), "\n")
	if value = strings.TrimSpace(value); value == "" {
		return fmt.Errorf("%s: %s is empty", name+fileSuffix, file)
	}
	return os.Setenv(name, value)
}

func (c Config) validate() error {
	var problems []error
	bad := func(name, format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: "+format, append([]any{name}, args...)...))
	}
	if c.ClickhouseURL != "" {
		if o, err := c.Clickhouse(); err != nil {
			bad("CSKPI_CLICKHOUSE_URL", "%w", err)
		} else if c.Cluster != "" && len(o.Addr) > 1 && o.ConnOpenStrategy != clickhouse.ConnOpenInOrder {
			bad("CSKPI_CLICKHOUSE_URL", "intermediate results lie on one replica, so several hosts are tried in order: leave out connection_open_strategy")
		}
	} else if c.Cluster != "" {
		bad("CSKPI_CLICKHOUSE_CLUSTER", "the local engine is in no cluster; name a server in CSKPI_CLICKHOUSE_URL")
	}
	for name, addr := range map[string]string{"CSKPI_LISTEN": c.Listen, "CSKPI_ENGINE_LISTEN": c.EngineListen} {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			bad(name, "%w; write it as host:port or :port", err)
		}
	}
	if address := c.IntakeAddress(); address != "" {
		if _, _, err := net.SplitHostPort(address); err != nil {
			bad("CSKPI_INTAKE_LISTEN", "%w; write it as host:port, :port or off", err)
		}
	}
	if c.UserTraits != "" {
		if _, err := api.ParseTraits(c.UserTraits); err != nil {
			bad("CSKPI_SEGMENT_USER_TRAITS", "%w", err)
		}
	}
	if c.SegmentTraits != "" {
		if _, err := api.ParseTraits(c.SegmentTraits); err != nil {
			bad("CSKPI_SEGMENT_TRAITS", "%w", err)
		}
	}
	if n := len(c.UserIDKey); n > 0 && n < 16 {
		bad("CSKPI_USER_ID_KEY", "has %d characters; ids could be guessed with fewer than 16. openssl rand -hex 32 makes a good one", n)
	}
	if c.Timezone != "" {
		if _, err := time.LoadLocation(c.Timezone); err != nil || c.Timezone == "Local" {
			bad("CSKPI_TIMEZONE", "%q is no time zone; write it as Europe/Berlin or UTC", c.Timezone)
		}
	}
	if c.Currency != "" && (len(c.Currency) != 3 || strings.Trim(c.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		bad("CSKPI_CURRENCY", "%q is no ISO 4217 code; write it as USD", c.Currency)
	}
	if c.FiscalYearStart < 0 || c.FiscalYearStart > 12 {
		bad("CSKPI_FISCAL_YEAR_START", "%d is no month; write 1 to 12", c.FiscalYearStart)
	}
	if c.QueriesDir != "" {
		if info, err := os.Stat(c.QueriesDir); err != nil || !info.IsDir() {
			bad("CSKPI_QUERIES_DIR", "%q is no folder", c.QueriesDir)
		}
	}
	for name, d := range map[string]time.Duration{"CSKPI_INTERVAL": c.Interval, "CSKPI_TIMEOUT": c.Timeout, "CSKPI_MAX_AGE": c.MaxAge} {
		if d < 0 || d == 0 && name != "CSKPI_MAX_AGE" {
			bad(name, "%s is not positive; write it as 90s, 5m or 1h", d)
		}
	}
	for name, n := range map[string]int{"CSKPI_MAX_SERIES": c.MaxSeries, "CSKPI_PARALLEL": c.Parallel} {
		if n <= 0 {
			bad(name, "%d is not positive", n)
		}
	}
	if today := time.Now(); !c.EventsRetention.Off() && c.EventsRetention.Before(today).After(today.AddDate(0, 0, -leastRetention+1)) {
		bad("CSKPI_EVENTS_RETENTION", "is less than %d days: events that arrive a little late would be refused", leastRetention)
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		bad("CSKPI_LOG_FORMAT", "%q is neither text nor json", c.LogFormat)
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(problems...)
}

// Clickhouse is how to reach the server of CSKPI_CLICKHOUSE_URL. Its errors never carry the password.
func (c Config) Clickhouse() (*clickhouse.Options, error) {
	dsn := string(c.ClickhouseURL)
	if strings.HasPrefix(dsn, "https://") && !strings.Contains(dsn, "secure=") {
		// The driver wants to be told twice.
		separator := "?"
		if strings.Contains(dsn, "?") {
			separator = "&"
		}
		dsn += separator + "secure=true"
	}
	o, err := clickhouse.ParseDSN(dsn)
	if err != nil || len(o.Addr) == 0 || o.Addr[0] == "" {
		// Whatever the parser has to say quotes the URL.
		return nil, errors.New("not a ClickHouse URL; write it as clickhouse://user:password@host:9000 or https://user:password@host:8443, with special characters in the password percent-encoded")
	}
	return o, nil
}

// Reporting is what the environment fixes; what it leaves out the database knows.
func (c Config) Reporting() policy.Reporting {
	return policy.Reporting{Currency: c.Currency, Timezone: c.Timezone, FiscalYearStart: c.FiscalYearStart}
}

// Logger writes to w as the configuration says.
func (c Config) Logger(w io.Writer) *slog.Logger {
	o := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// Variable is one row of the configuration table.
type Variable struct {
	Name, Default, Desc string
	Secret              bool // may stand in a file that NAME_FILE names
}

// Variables are all that there are, in the order in which they are described.
func Variables() []Variable {
	var vs []Variable
	for f := range reflect.TypeFor[Config]().Fields() {
		v := Variable{f.Tag.Get("envconfig"), f.Tag.Get("default"), f.Tag.Get("desc"), f.Type == reflect.TypeFor[Secret]()}
		if v.Secret {
			v.Desc += " Or in a file: " + v.Name + fileSuffix + " names it."
		}
		vs = append(vs, v)
	}
	return vs
}

// nearest is the known variable that takes the fewest edits to reach.
func nearest(name string) string {
	return slices.MinFunc(Variables(), func(a, b Variable) int {
		return levenshtein.ComputeDistance(name, a.Name) - levenshtein.ComputeDistance(name, b.Name)
	}).Name
}

// Where facts are taken if nothing else is said: from other machines only if there is a file of tokens for them.
const (
	intakeOff     = "off"
	intakeAddress = ":11470"
	intakeLocal   = "127.0.0.1:11470"
)

// IntakeAddress is where facts are taken; empty: nowhere.
func (c Config) IntakeAddress() string {
	switch {
	case c.IntakeListen == intakeOff:
		return ""
	case c.IntakeListen != "":
		return c.IntakeListen
	case c.IntakeTokens != "":
		return intakeAddress
	}
	return intakeLocal
}

// ReceiptsFile is where the receipts of erasures are, in CSKPI_DATA_DIR, whichever database is used.
const ReceiptsFile = "erasures.ndjson"

// LastPath is where the last results are kept for the next start, in the data folder.
func (c Config) LastPath() string { return filepath.Join(c.DataDir, "last-results") }

// ReceiptsPath is where receipts of erasures are kept, in the data folder.
func (c Config) ReceiptsPath() string { return filepath.Join(c.DataDir, ReceiptsFile) }
