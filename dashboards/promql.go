package dashboards

import (
	"fmt"
	"slices"
	"strings"

	"cskpi/queries"
)

// kpis is the catalogue, as boards ask it; what they ask in vain is kept.
type kpis struct {
	catalogue queries.Catalogue
	problems  []error
}

// query returns the KPI of that name.
func (k *kpis) query(name string) queries.Query {
	q, found := k.catalogue.Get(name)
	if !found || q.Model {
		k.problems = append(k.problems, fmt.Errorf("there is no KPI %s", name))
	}
	return q
}

// expr is an expression of PromQL that can be asked for another time: at is the offset of all that it selects, such as
// " offset 90d", or nothing.
type expr func(at string) string

// of selects the series of a gauge, as in nrr.closing_arr, or the buckets of a histogram, for the job and the segments
// that are chosen. This is the one place that knows of labels that Prometheus adds: where the same company is scraped twice, every
// series is taken once.
func (k *kpis) of(name string, matchers ...string) expr {
	view, column, _ := strings.Cut(name, ".")
	q := k.query(view)
	i := slices.IndexFunc(q.Columns, func(c queries.Column) bool { return c.Name == column })
	if i < 0 || q.Columns[i].Kind != queries.Gauge && q.Columns[i].Kind != queries.Histogram {
		k.problems = append(k.problems, fmt.Errorf("%s has no value %s", view, column))
		return func(string) string { return "" }
	}
	c := q.Columns[i]
	metric := q.Metric(c)
	var by []string
	selector := []string{chosenJob}
	for _, l := range q.Of(queries.Label) {
		if l.Name == "segment" && !slices.ContainsFunc(matchers, func(m string) bool { return strings.HasPrefix(m, "segment=") }) {
			selector = append(selector, chosenSegments)
		}
		if !slices.ContainsFunc(matchers, func(m string) bool { return strings.HasPrefix(m, l.Name+"=") && !strings.HasPrefix(m, l.Name+"=~") }) {
			by = append(by, l.Name)
		}
	}
	if c.Kind == queries.Histogram {
		metric += "_bucket"
		by = append(by, "le")
	}
	return once(metric, by, append(selector, matchers...))
}

// own selects a metric of cskpi itself.
func own(metric string, by ...string) expr { return once(metric, by, []string{chosenJob}) }

func once(metric string, by, matchers []string) expr {
	return func(at string) string {
		grouping := ""
		if len(by) > 0 {
			grouping = " by (" + strings.Join(by, ", ") + ") "
		}
		return "max" + grouping + "(" + metric + "{" + strings.Join(matchers, ",") + "}" + at + ")"
	}
}

// write fills the placeholders %s of a template with expressions, all for the same time.
func write(template string, of ...expr) expr {
	return func(at string) string {
		filled := make([]any, len(of))
		for i, e := range of {
			filled[i] = e(at)
		}
		return fmt.Sprintf(template, filled...)
	}
}

func sum(e expr, by ...string) expr {
	if len(by) == 0 {
		return write("sum(%s)", e)
	}
	return write("sum by ("+strings.Join(by, ", ")+") (%s)", e)
}

// either is all of them; where two have the same labels, the first.
func either(of ...expr) expr { return write("%s"+strings.Repeat(" or %s", len(of)-1), of...) }

// over divides; nothing of nothing is no number.
func over(part, whole expr) expr { return write("%s / (%s > 0)", part, whole) }

// ratio is a ratio recomputed from its parts, in all or by labels, so that it is right for whatever is chosen.
func (k *kpis) ratio(part, whole string, by []string, matchers ...string) expr {
	return over(sum(k.of(part, matchers...), by...), sum(k.of(whole, matchers...), by...))
}

// change is by how much e differs from what it was.
func change(e expr, ago string) expr {
	return func(at string) string { return e(at) + " - (" + e(" offset "+ago) + ")" }
}

// growth is the same as a share.
func growth(e expr, ago string) expr {
	return func(at string) string { return e(at) + " / (" + e(" offset "+ago) + " > 0) - 1" }
}

// level is a level of the targets: target, warning or critical. Of a ratio, what the whole company aims for is what
// each part of it aims for; of an amount it is the company's alone. The target for one segment goes before it.
func (k *kpis) level(level, kpi string, additive bool) expr {
	company := `segment=""`
	if additive {
		company += "," + chosenSegments // no segment is one of them only where all are chosen
	}
	of := func(segment string) expr { return k.of("targets."+level, `kpi="`+kpi+`"`, segment) }
	return write("(%s or %s)", of(equals("segment", "segment")), of(company))
}

// bySegment is a level of the targets for each of the segments that are chosen.
func (k *kpis) bySegment(level, kpi string) expr {
	return k.of("targets."+level, `kpi="`+kpi+`"`, `segment!=""`)
}

// asOf is the day that the values of a KPI are about, as an instant on that day in UTC; there is none where the KPI was not computed or its values are too old.
func (k *kpis) asOf(name string) expr {
	k.query(name)
	of := func(metric string) expr {
		return once("cs_exporter_query_"+metric, nil, []string{chosenJob, `query="` + name + `"`})
	}
	// Noon is on the same day in UTC as in the reporting zone; an hour later it is so in New Zealand, too.
	return write("(%s + 13 * 3600 unless on () (%s > %s))", of("as_of_timestamp_seconds"), of("age_seconds"), of("max_age_seconds"))
}

// none is a series that says that nothing is listed, where that is known: 0, with the sentence as the only label. It is there as long as there is an
// instant as of which it is so, and a whole of which nothing is listed.
func none(listed, whole, at expr, label, sentence string) expr {
	digits := func(label string) expr {
		return ordered(write(`count_values("`+label+`", `+map[string]string{"m": "month", "d": "day_of_month"}[label]+`(%s))`, at), label)
	}
	day := write(`label_join(count_values("y", year(%s)) * on () group_left (m) %s * on () group_left (d) %s, "day", "-", "y", "m", "d")`, at, digits("m"), digits("d"))
	said := write(`label_join(count_values("n", %s > 0) * on () group_left (day) %s, "said", ";", "n", "day")`, whole, day)
	return write(`0 * max by (`+label+`) (label_replace(%s, "`+label+`", "@say(`+sentence+`)", "said", "(.*);(.*)")) unless on () (%s)`, said, listed)
}

// orNone is a list, or the series that says that it is empty.
func orNone(listed, whole, at expr, label, sentence string) expr {
	return write("%s or (%s)", listed, none(listed, whole, at, label, sentence))
}
