package dashboards

// text is what people read, in both languages.
type text struct{ en, ja string }

func (t text) in(language string) string {
	if language == Japanese {
		return t.ja
	}
	return t.en
}

// same is a text that is the same in both languages.
func same(s string) text { return text{s, s} }

// board is a page: rows of panels under a line of variables.
type board struct {
	uid        string
	title      text
	about      text
	from       string // begin of the time range, as now-1y
	clock      string // of the time axis, as browser; empty: utc, since days of the company lie there at their own date, wherever the reader is
	variables  []variable
	rows       []row
	clickhouse bool // panels ask ClickHouse as well
}

// uidIn is the UID of the board in a language.
func (b board) uidIn(language string) string {
	if language == Japanese {
		return b.uid + "-ja"
	}
	return b.uid
}

// row is a line of panels of the same height, below its title if it has one. Their widths add up to 24.
type row struct {
	title  text
	height int
	panels []panel
}

// panel is one picture and the questions behind it.
type panel struct {
	title   text
	about   []string // the KPIs whose headers tell what is seen
	note    text     // what the headers do not tell
	empty   text     // what it says while there is nothing to see; the usual if not given
	width   int
	look    look
	unit    unit
	ask     []target
	labels  []string   // labels of the series, whose values are shown in words
	fields  []override // of single fields; in tables, the columns in their order
	change  []object   // transformations
	custom  object     // what the look's defaults are changed by
	option  object     // likewise its options
	min     *float64
	max     *float64
	live    bool   // its numbers change within a day
	palette bool   // its series have no colours of their own
	shades  bool   // cells are the darker, the more
	leads   string // UID of the board that a click leads to
	back    string // how far back it shows, whatever the board's time range is, as 3y
}

// target is one question to a datasource.
type target struct {
	prom   expr   // in PromQL, or
	sql    string // in ClickHouse's SQL, where @words(label) are the values of a label and how they are shown
	at     string // offset of the question in time
	legend string // name of its series, as {{segment}}
	name   text   // name of its one series instead
	color  string // of its one series
	dashed bool   // its series is a line to compare with
	over   form   // what is asked for
	series bool   // rows of SQL are points in time
	unit   *unit  // of its series, where it differs from the panel's
}

// form is the shape of an answer.
type form int

const (
	lines   form = iota // values over the time range
	latest              // the value at its end
	listed              // the values at its end, as a table
	buckets             // a distribution over the time range
)

// override is how one field is shown.
type override struct {
	field   string
	name    text
	unit    *unit
	words   string // label whose values it has
	color   string
	account string // field with the account to whose board it links
	width   int
	hidden  bool
	custom  object // further properties
}

// variable is a choice above the board.
type variable struct {
	name    string
	label   text
	sql     string // choices from ClickHouse, or
	prom    string // from Prometheus, or
	choices []choice
	several bool   // more than one may be chosen, and all
	pattern string // which of the values from a datasource are offered; all if not given
	initial string
	about   text // where it is of use, if not everywhere
	hidden  bool
}

// mark is what a board may mark on its time axis, from ClickHouse: time, text and tags.
type mark struct {
	name  text
	color string
	on    bool // until somebody takes it away
	sql   string
}

type choice struct {
	value string
	label text
}

// object is what has no shape of its own in Grafana's JSON, such as the options of a panel; keys are written in order.
type object = map[string]any

// unit is what numbers are counted in, and how exactly they are shown.
type unit struct {
	of       text
	decimals int
	money    bool
}

var (
	percent = unit{of: same("percentunit"), decimals: 1}
	ppoints = unit{of: text{"suffix: pp", "suffix: pt"}, decimals: 1}
	count   = unit{of: same("locale")}
	money   = unit{of: same("short"), decimals: 1, money: true}
	// amount is money in a table, where the head of the column names the currency.
	amount  = unit{of: same("locale")}
	days    = unit{of: text{"suffix: days", "suffix: 日"}}
	hours   = unit{of: text{"suffix: h", "suffix: 時間"}, decimals: 1}
	score   = unit{of: same("none")}
	times   = unit{of: same("suffix:×"), decimals: 1}
	seconds = unit{of: same("s"), decimals: 1}
	date    = unit{of: same("string")} // a day has no time zone, so it comes as text
	instant = unit{of: same("dateTimeFromNow")}
	words   = unit{of: same("string")}
	ratio   = unit{of: same("none"), decimals: 2}
)
