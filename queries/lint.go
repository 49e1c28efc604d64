package queries

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"

	"cskpi/queries/sqltext"
)

// impure are the functions whose result is no function of the facts and the day, or that reach outside of the database,
// in lower case. Some of them ClickHouse also takes without parentheses.
var impure = set(`
	authenticateduser authuser blocknumber blockserializedsize blocksize buildid catboostevaluate chdb connection_id connectionid
	curdate current_database current_date current_query_id current_schemas current_timestamp current_user currentdatabase
	currentprofiles currentqueryid currentroles currentschemas currentuser database datetimetouuidv7 defaultprofiles defaultroles
	displayname enabledprofiles enabledroles filesystemavailable filesystemcapacity filesystemunreserved fqdn fullhostname
	getclienthttpheader getmacro getmergetreesetting getoskernelversion hascolumnintable hostname initial_query_id
	initial_query_start_time initialqueryid initialquerystarttime joinget joingetornull localtime localtimestamp naivebayesclassifier
	neighbor now now64 nowinblock nowinblock64 query_id queryid revision rownumberinallblocks rownumberinblock runningaccumulate
	runningdifference runningdifferencestartingwithfirstvalue schema servertimezone serveruuid shardcount shardnum sleep
	sleepeachrow tcpport timezone today transactionid transactionlatestsnapshot transactionoldestsnapshot uptime user
	utc_timestamp utctimestamp version yesterday zookeepersessionuptime
	aiclassify aiextract aigenerate aitranslate arrayrandomsample arrayshuffle arraypartialshuffle
	arrowstream cluster clusterallreplicas cosn dictionary executable filesystem gcs input jdbc loop merge mongodb mysql odbc oss
	postgresql redis remote remotesecure sqlite url urlcluster ytsaurus viewexplain`)

// impureFamilies are the beginnings of further such names.
var impureFamilies = []string{
	"rand", "fuzz", "generateuuid", "generaterandom", "generatesnowflake", "generateserial", "getsetting", "getserver", "dictget", "dicthas",
	"dictisin", "file", "s3", "hdfs", "azureblobstorage", "deltalake", "iceberg", "hudi", "paimon", "mergetree", "prometheusquery",
	"timeseriesselector", "timeseriesdata", "timeseriesmetrics", "obfuscate",
}

// bare are the impure functions that ClickHouse calls without parentheses where it finds no column of that name.
var bare = set(`now today current_date current_timestamp current_user localtime localtimestamp curdate`)

// pureSources are the table functions that make rows of their arguments alone.
var pureSources = set(`numbers numbers_mt zeros generateseries generate_series values null view`)

// reservedLabels clash with labels that Prometheus, its exposition format or scrape configurations commonly set.
var reservedLabels = set(`job instance le quantile region zone cluster owner customer stage service environment env type`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

func isImpure(name string) bool {
	name = strings.ToLower(name)
	return impure[name] || !pureSources[name] && slices.ContainsFunc(impureFamilies, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// parseBody takes the SQL below the header, which has the given number of lines, and checks what can be told of it alone.
func (s *source) parseBody(body string, header int) {
	tokens, err := sqltext.Lex(body)
	if p, ok := err.(sqltext.Problem); ok { //nolint:errorlint // lex returns it unwrapped.
		s.fail(p.Line+header, "%s", p.Text)
		return
	}
	for _, t := range tokens {
		if t.Kind != sqltext.Comment {
			t.Line += header
			s.tokens = append(s.tokens, t)
		}
	}
	if n := slices.IndexFunc(s.tokens, func(t sqltext.Token) bool { return t.Is(";") }); n >= 0 {
		semicolon := s.tokens[n]
		if n+1 < len(s.tokens) {
			s.fail(s.tokens[n+1].Line, "a second statement begins here; a file holds exactly one")
		}
		body = body[:semicolon.Pos] + body[semicolon.Pos+1:]
		s.tokens = s.tokens[:n]
	}
	s.SQL = strings.TrimSpace(body)
	if len(s.tokens) == 0 {
		s.fail(header+1, "no SQL follows the header")
		return
	}
	switch first := s.tokens[0]; {
	case s.Function && !s.hasArrow():
		s.fail(first.Line, "a function is a lambda, such as (a, b) -> a + b")
	case !s.Function && !first.Is("select") && !first.Is("with"):
		s.fail(first.Line, "the body must be a bare SELECT, which begins with select or with, and not with %s", first.Text)
	}
	s.checkBrackets()
	s.checkParameters()
	s.checkPurity()
}

func (s *source) hasArrow() bool {
	for i, t := range s.tokens[1:] {
		if t.Is(">") && s.tokens[i].Is("-") && s.tokens[i].Pos+1 == t.Pos {
			return true
		}
	}
	return false
}

// checkBrackets makes sure that the body cannot end the parentheses that the installer puts around it.
func (s *source) checkBrackets() {
	var open []sqltext.Token
	pairs := map[string]string{")": "(", "]": "[", "}": "{"}
	for _, t := range s.tokens {
		if t.Kind != sqltext.Symbol {
			continue
		}
		switch t.Text {
		case "(", "[", "{":
			open = append(open, t)
		case ")", "]", "}":
			if len(open) == 0 || open[len(open)-1].Text != pairs[t.Text] {
				s.fail(t.Line, "%s closes nothing", t.Text)
				return
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		s.fail(open[len(open)-1].Line, "%s is not closed", open[len(open)-1].Text)
	}
}

// parameters are those of a layer: the days and accounts to compute (none: all), the reporting time zone, and the last day that is over.
var parameters = map[string]string{"days": "Array(Date)", "accounts": "Array(String)", "zone": "String", "whole": "Date"}

// checkParameters holds layers to their parameters, and all else to none.
func (s *source) checkParameters() {
	for i, t := range s.tokens {
		name := s.at(i + 1).Name()
		if !t.Is("{") || name == "" || !s.at(i+2).Is(":") {
			continue
		}
		kind := ""
		for j := i + 3; j < len(s.tokens) && !s.tokens[j].Is("}"); j++ {
			kind += s.tokens[j].Text
		}
		switch {
		case s.Function:
			s.fail(t.Line, "a function takes arguments, and no parameter {%s:%s}", name, kind)
		case name == "as_of":
			s.fail(t.Line, "there is no parameter as_of any more: the day is a column. Select it first, as in select day, segment, count() as accounts from account_days group by day, segment; who asks says where day = …")
		case !s.Layer:
			s.fail(t.Line, "a view has no parameter, such as {%s:%s}; the day is its first column", name, kind)
		case parameters[name] == "":
			s.fail(t.Line, "there is no parameter {%s:%s}; a layer has {days:Array(Date)}, {accounts:Array(String)}, {zone:String} and {whole:Date}", name, kind)
		case parameters[name] != kind:
			s.fail(t.Line, "the parameter %s is written {%s:%s}, and not {%s:%s}", name, name, parameters[name], name, kind)
		}
	}
}

// checkDay makes sure that KPIs and details say which day each row is about.
func (s *source) checkDay() {
	switch {
	case s.Function || len(s.Columns) == 0:
	case s.Layer && len(s.Key) == 0:
		s.fail(s.columnsLine, "a layer has a line Key: with the columns by which its table is ordered")
	case s.Day.Name == "" && (!s.Model || s.IsDetail()):
		s.fail(s.columnsLine, "the first column must be the day: day key Day.")
	case s.storedLine > 0 && len(s.Of(Histogram)) > 0:
		s.fail(s.storedLine, "Stored: is not for a KPI with a histogram")
	case s.Day.Name != "" && s.Day.Kind != Key:
		s.fail(s.Day.Line, "the column day has the kind %q; it must be key", s.Day.Kind)
	}
}

// checkPurity finds calls that make a result depend on anything but the facts and the day.
func (s *source) checkPurity() {
	if s.Name == "current_day" && !s.Overlay {
		return // the one place that knows what time it is
	}
	for i, t := range s.tokens {
		name := t.Name()
		member := s.at(i - 1).Is(".") // of another name
		switch {
		case name == "" || member:
		case s.at(i+1).Is("(") && isImpure(name):
			s.fail(t.Line, "%s(…) is forbidden: a query is a function of the facts and the day alone", name)
		}
	}
}

// at is the i-th token of the body, or one that is nothing.
func (s *source) at(i int) sqltext.Token {
	if i < 0 || i >= len(s.tokens) {
		return sqltext.Token{Kind: sqltext.Comment}
	}
	return s.tokens[i]
}

// checkColumns checks names, kinds and help texts; of KPIs also what Prometheus makes of them.
func (s *source) checkColumns() {
	seen := map[string]bool{}
	for _, c := range s.Columns {
		if !snakeCase.MatchString(c.Name) {
			s.fail(c.Line, "column name %q is not in snake_case", c.Name)
		}
		if seen[c.Name] {
			s.fail(c.Line, "column %s is listed twice", c.Name)
		}
		seen[c.Name] = true
		kinds := []Kind{Label, Gauge, Histogram}
		switch {
		case s.IsDetail():
			kinds = []Kind{Label, Key, Part, Fact}
		case s.Model:
			kinds = []Kind{Label, Key, Part, Fact, Gauge}
		}
		if !slices.Contains(kinds, c.Kind) {
			s.fail(c.Line, "column %s has the kind %q; here it must be one of %s", c.Name, c.Kind, list(kinds))
		}
		switch {
		case c.Help == "":
			s.fail(c.Line, "column %s has no help text; a line is name, kind, help", c.Name)
		case !sentence(c.Help):
			s.fail(c.Line, "the help text of column %s must end with a period", c.Name)
		}
		if c.Kind == Label && (reservedLabels[c.Name] || strings.HasPrefix(c.Name, "exported_")) {
			s.fail(c.Line, "label %s clashes with labels that Prometheus or its configuration sets; choose another name", c.Name)
		}
	}
	if s.Model || s.Function || len(s.Columns) == 0 {
		return
	}

	values := s.Of(Gauge, Histogram)
	if len(values) == 0 {
		s.fail(s.columnsLine, "no column is a gauge or histogram, so there is nothing to export")
	}
	for _, c := range values {
		if c.Kind == Gauge && (c.Name == "ratio" || strings.HasSuffix(c.Name, "_ratio")) && len(s.Of(Gauge)) < 3 {
			s.fail(c.Line, "the ratio %s lacks its two parts as gauges beside it", c.Name)
		}
		for _, text := range lintMetric(s.Metric(c), c) {
			s.fail(c.Line, "metric %s: %s", s.Metric(c), text)
		}
	}
}

// lintMetric is what promlint has to say on the metric that a column becomes, and on names of ratios, which it lacks.
func lintMetric(name string, c Column) []string {
	kind := dto.MetricType_GAUGE
	if c.Kind == Histogram {
		kind = dto.MetricType_HISTOGRAM
	}
	var texts []string
	problems, err := promlint.NewWithMetricFamilies([]*dto.MetricFamily{{Name: &name, Help: &c.Help, Type: &kind}}).Lint()
	if err != nil {
		return []string{err.Error()}
	}
	for _, p := range problems {
		texts = append(texts, p.Text)
	}
	for part := range strings.SplitSeq(c.Name, "_") {
		switch part {
		case "percent", "percentage", "pct":
			texts = append(texts, `export a ratio from 0 to 1, named "_ratio"`)
		case "months", "quarters", "years":
			texts = append(texts, `use base unit "seconds" instead of "`+part+`"`)
		}
	}
	return texts
}

// IsDetail reports whether q lists what is behind the numbers of a KPI: <kpi>_detail.
func (q Query) IsDetail() bool { return q.Model && strings.HasSuffix(q.Name, "_detail") }

func list(kinds []Kind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}
