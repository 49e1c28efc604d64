package dashboards

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// grafana fills in variables as one version of Grafana does. The versions that boards are for differ in how they write the choice of all values
// where a variable has a value of its own for that, and in how they encode URL parameters.
type grafana struct {
	version string
	scenes  bool // boards are scenes, which they are since Grafana 10
}

var grafanas = []grafana{{"9.4", false}, {"12.4", true}}

// choice is what is chosen of a variable.
type picked struct {
	values  []string
	several bool // more than one might have been chosen
	all     bool // the choice All, whose value is .*
}

// asked is an interpolation: $name, ${name} or ${name:format}.
var asked = regexp.MustCompile(`\$(\w+)|\$\{(\w+)(?::([^}]+))?\}`)

// fill replaces the interpolations of the variables that are chosen; others stay.
func (g grafana) fill(question string, chosen map[string]picked) string {
	return asked.ReplaceAllStringFunc(question, func(match string) string {
		m := asked.FindStringSubmatch(match)
		c, found := chosen[m[1]+m[2]]
		if !found {
			return match
		}
		return g.format(m[1]+m[2], m[3], c)
	})
}

func (g grafana) format(name, format string, c picked) string {
	switch {
	case c.all && format == "queryparam" && g.scenes:
		return "var-" + name + "=$__all"
	case c.all && format == "queryparam":
		return "var-" + name + "=All"
	case c.all && format == "percentencode" && g.scenes:
		return strictly(".*")
	case c.all:
		return ".*" // as it is, whatever the format
	}
	each := func(f func(string) string) []string {
		var all []string
		for _, v := range c.values {
			all = append(all, f(v))
		}
		return all
	}
	switch format {
	case "percentencode":
		if c.several {
			return strictly("{" + strings.Join(c.values, ",") + "}")
		}
		return strictly(c.values[0])
	case "queryparam":
		encode := strictly
		if g.scenes {
			// As AngularJS does, which leaves some characters alone that URLs allow there.
			encode = strings.NewReplacer("%40", "@", "%3A", ":", "%24", "$", "%2C", ",", "%3B", ";").Replace
			return strings.Join(each(func(v string) string { return "var-" + name + "=" + encode(strictly(v)) }), "&")
		}
		return strings.Join(each(func(v string) string { return "var-" + name + "=" + encode(v) }), "&")
	case "regex":
		escaped := each(func(v string) string { return regexp.MustCompile(`[\\^$*+?.()|[\]{}/]`).ReplaceAllString(v, `\$0`) })
		if len(escaped) == 1 {
			return escaped[0]
		}
		return "(" + strings.Join(escaped, "|") + ")"
	case "raw":
		return strings.Join(c.values, ",")
	}
	panic("boards use no format " + format)
}

// strictly encodes all but letters, digits and -_.~ of RFC 3986.
func strictly(s string) string {
	return strings.NewReplacer("+", "%20").Replace(url.QueryEscape(s))
}

// hostile are names that have what ends strings, patterns, lists and URL parameters, or that are written like a choice of all.
var hostile = []string{`.*`, `O'Brien \' or 1=1 --`, `Lee, "KJ"`, `Lee`, `{佐藤 愛}`, `100 % & more=+`, `All`}

func one(value string) picked         { return picked{values: []string{value}} }
func several(values ...string) picked { return picked{values: values, several: true} }

var everything = picked{several: true, all: true}

// filled is a question as the newest version of Grafana asks it, with all CSMs and the choice of segments.
func (w *world) filled(question string, segment picked) string {
	return w.filledBy(grafanas[len(grafanas)-1], question, segment, everything, w.account)
}

func (w *world) filledBy(g grafana, question string, segment, csm picked, account string) string {
	filled := g.fill(worded(question, English), map[string]picked{
		"csm": csm, "segment": segment, "account": one(account), "job": one("cskpi"), "window": one("12m"),
	})
	return between(strings.ReplaceAll(filled, "$__rate_interval", "5m"), worldDay.AddDate(-1, 0, 0), worldDay)
}

// between is a question about a time from the noon of one day to that of another, as Grafana writes it.
func between(question string, from, to time.Time) string {
	noon := func(day time.Time) string { return strconv.FormatInt(day.Add(12*time.Hour).UnixMilli(), 10) }
	return strings.NewReplacer("${__from}", noon(from), "${__to}", noon(to)).Replace(question)
}

// choices are choices of CSMs.
func choices() map[string]picked {
	all := map[string]picked{"all": everything, "the first three": several(hostile[:3]...), "the others": several(hostile[3:]...), "nobody": several("nobody")}
	for _, name := range hostile {
		all["only "+name] = several(name)
	}
	return all
}

// literals is a list of names in SQL.
func literals(names []string) string {
	var all []string
	for _, v := range names {
		all = append(all, "'"+strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v)+"'")
	}
	return strings.Join(all, ", ")
}

// TestChoicesInSQL: every query returns the rows of whom is chosen, whatever version of Grafana fills it in and whatever people are called.
func TestChoicesInSQL(t *testing.T) {
	w := theWorld(t)
	everybody := append(slices.Clone(hostile), "", "Somebody Else", "Le", "KJ")
	for name, chosen := range choices() {
		var want [][]string
		for _, who := range everybody {
			if chosen.all || slices.Contains(chosen.values, who) {
				want = append(want, []string{who})
			}
		}
		for _, g := range grafanas {
			got := w.rows(t, name, w.filledBy(g, "select csm from (select arrayJoin(["+literals(everybody)+"]) as csm) where "+inCSMs, everything, chosen, ""))
			if got != nil && fmt.Sprint(got.values) != fmt.Sprint(want) {
				t.Errorf("%s in Grafana %s: %q, want %q", name, g.version, got.values, want)
			}
		}
	}
	used := 0
	eachPanel(t, func(t *testing.T, _ board, p panel) {
		for _, a := range p.ask {
			for variable, condition := range map[string]string{"csm": inCSMs, "segment": inSegments} {
				if strings.Count(a.sql, "${"+variable) != strings.Count(a.sql, condition)*strings.Count(condition, "${") {
					t.Errorf("%s: it does not compare %s as others do", p.title.en, variable)
				}
			}
			if !strings.Contains(a.sql, inCSMs) {
				continue
			}
			used++
			for condition, chosen := range map[string]picked{"1": everything, "csm in (" + literals(hostile[:3]) + ")": several(hostile[:3]...)} {
				want := w.rows(t, p.title.en, w.filledBy(grafanas[0], strings.ReplaceAll(a.sql, inCSMs, condition), everything, chosen, w.account))
				if want == nil {
					continue
				}
				if len(want.values) == 0 {
					t.Errorf("%s: no row", p.title.en)
				}
				for _, g := range grafanas {
					got := w.rows(t, p.title.en, w.filledBy(g, a.sql, everything, chosen, w.account))
					if got != nil && fmt.Sprint(got.values) != fmt.Sprint(want.values) {
						t.Errorf("%s, where %s, in Grafana %s: %d rows, want %d", p.title.en, condition, g.version, len(got.values), len(want.values))
					}
				}
			}
		}
	})
	if used < 7 {
		t.Errorf("only %d queries compare CSMs", used)
	}
}

// TestAccountInSQL: an account that is called as SQL or a pattern would be is that account alone, in every version of Grafana.
func TestAccountInSQL(t *testing.T) {
	w := theWorld(t)
	names := append([]string{`\' or 1=1 --`, "nobody"}, hostile...)
	for _, name := range names {
		for _, g := range grafanas {
			got := w.rows(t, name, w.filledBy(g, "select account_id from (select arrayJoin(["+literals(names)+"]) as account_id) where "+thisAccount, everything, everything, name))
			if got != nil && fmt.Sprint(got.values) != fmt.Sprint([][]string{{name}}) {
				t.Errorf("%s in Grafana %s: %q", name, g.version, got.values)
			}
		}
	}
	eachPanel(t, func(t *testing.T, b board, p panel) {
		for _, a := range p.ask {
			if !strings.Contains(a.sql, thisAccount) {
				if strings.Contains(a.sql, "${account") {
					t.Errorf("%s: it does not compare the account as others do", p.title.en)
				}
				continue
			}
			somebody := w.rows(t, p.title.en, w.filled(a.sql, everything))
			injected := w.rows(t, p.title.en, w.filledBy(grafanas[0], a.sql, everything, everything, names[0]))
			if somebody != nil && injected != nil && (len(somebody.values) == 0 || len(injected.values) > 0) {
				t.Errorf("%s: %d rows of %s, %d of an account that is not there", p.title.en, len(somebody.values), w.account, len(injected.values))
			}
		}
	})
}

// TestChoicesInPromQL: every expression parses whatever people are called, and selects whom is chosen, in every version of Grafana.
func TestChoicesInPromQL(t *testing.T) {
	w := theWorld(t)
	var csms []string
	for _, s := range w.series(t, `cs_csm_load_accounts{job="cskpi"}`) {
		csms = append(csms, s["csm"])
	}
	for name, chosen := range choices() {
		var want []string
		for _, csm := range csms {
			if chosen.all || slices.Contains(chosen.values, csm) {
				want = append(want, csm)
			}
		}
		for _, g := range grafanas {
			var got []string
			for _, s := range w.series(t, w.filledBy(g, "cs_csm_load_accounts{"+ofCSMs+","+chosenJob+"}", everything, chosen, "")) {
				got = append(got, s["csm"])
			}
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s in Grafana %s: %q, want %q", name, g.version, got, want)
			}
		}
	}
	eachPanel(t, func(t *testing.T, _ board, p panel) {
		for _, a := range p.ask {
			if a.prom == nil {
				continue
			}
			for _, g := range grafanas {
				for _, segment := range []picked{everything, several("high"), several("low", "tech"), several(hostile...)} {
					w.checkNames(t, p.title.en, w.filledBy(g, a.prom(a.at), segment, several(hostile...), ""))
				}
			}
		}
	})
}

// TestFormats: no question leaves the format of a variable to a datasource, nor uses one that does not encode what ends a string there.
func TestFormats(t *testing.T) {
	eachShown(t, func(t *testing.T, _ string, b shown) {
		for _, p := range b.Panels {
			for _, a := range p.Targets {
				for _, m := range asked.FindAllStringSubmatch(a.Expr+a.RawSQL, -1) {
					allowed := []string{"percentencode", "queryparam"}
					if a.Expr != "" {
						allowed = []string{"raw", "regex"}
						if m[3] != "" && !strings.Contains(a.Expr, "`"+m[0]+"`") {
							t.Errorf("%s: %s does not stand in backquotes", p.Title, m[0])
						}
					}
					name := m[1] + m[2]
					if builtIn := strings.HasPrefix(name, "__") || regexp.MustCompile(`^\d$`).MatchString(name); !builtIn && !slices.Contains(allowed, m[3]) {
						t.Errorf("%s: %s is not one of the formats %q", p.Title, m[0], allowed)
					}
				}
			}
		}
	})
}

// series are the label sets of an expression.
func (w *world) series(t *testing.T, expr string) []map[string]string {
	t.Helper()
	all, err := w.query(expr)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
