package dashboards

import "strings"

// segments is the choice of segments, which most boards have.
func segments() variable {
	v := variable{name: "segment", label: text{"Segment", "セグメント"}, several: true}
	for _, w := range vocabulary["segment"][:3] {
		v.choices = append(v.choices, choice{w.value, w.text})
	}
	return v
}

// csms is the choice of owners, for what boards tell of each of them.
func csms() variable {
	return variable{
		name: "csm", label: text{"CSM", "CSM"}, prom: labelValues(`cs_csm_load_accounts{job="$job"}`, "csm"), several: true,
		pattern: labelPattern("csm"),
		about:   text{"Applies to lists of accounts and to numbers by CSM", "顧客の一覧とCSM別の表示に適用"},
	}
}

// Matchers of PromQL that compare a label with the choice of a variable. A choice stands in backquotes, in which PromQL knows no escapes, and in
// a format of Grafana's own: what the datasource writes without one differs between its versions, and breaks at a quote.
var (
	chosenJob      = equals("job", "job")
	chosenWindow   = equals("window", "window")
	chosenSegments = among("segment", "segment")
	ofCSMs         = among("csm", "csm")
)

// equals compares with a variable of which one value is chosen.
func equals(label, variable string) string { return label + "=`${" + variable + ":raw}`" }

// among compares with a variable of which several values may be chosen, or all.
func among(label, variable string) string { return label + "=~`${" + variable + ":regex}`" }

// currency is that of the company, for the heads of columns.
func currency() variable {
	return variable{
		name: "currency", label: text{"Currency", "通貨"}, hidden: true,
		prom: labelValues(`cs_reporting_info{job="$job"}`, "currency"), pattern: labelPattern("currency"),
	}
}

// labelValues asks for the values of a label in the time range of the board, as rows of which labelPattern takes the value.
// Grafana's label_values would be shorter, but Prometheus answers it without the samples of past days that came by remote
// write in the last hours.
func labelValues(series, label string) string {
	return "query_result(count by (" + label + ") (last_over_time(" + series + "[$__range])))"
}

// labelPattern leaves out values with a backquote, which would end the string in which PromQL has them.
func labelPattern(label string) string { return "/^\\{" + label + "=\"([^`]+)\"\\} /" }

// side is on which side of a target things are well.
type side int

const (
	above side = iota
	below
	neither // more is neither better nor worse
)

// key is a number that is judged by its target.
type key struct {
	title     text
	about     []string
	value     expr
	side      side
	goal      string // KPI as the targets name it; empty: none
	additive  bool   // an amount: what the company aims for is not what each part of it aims for
	otherGoal expr   // a goal where there is no target for it
	unit      unit
	factor    string // what targets are multiplied by, as value is; empty: nothing
	share     bool   // its change is shown as a share of its former value
	note      text
	width     int
	leads     string // UID of the board that tells more
}

// ago is how far back changes are shown.
const ago = "90d"

func (k *kpis) goals(of key) (target, warn, critical expr) {
	if of.goal == "" {
		if of.otherGoal == nil {
			return nil, nil, nil
		}
		return of.otherGoal, nil, nil
	}
	level := func(name string) expr {
		e := k.level(name, of.goal, of.additive)
		if of.factor != "" {
			e = write("%s"+of.factor, e)
		}
		return e
	}
	target = level("target")
	if of.otherGoal != nil {
		target = write("(%s or %s)", target, of.otherGoal)
	}
	return target, level("warning"), level("critical")
}

// judged is the number now, in the colour and with the words of how it stands to its target, beside how it changed.
// Exactly one of the ways in which it may stand is so.
func (k *kpis) judged(of key) panel {
	p := panel{
		title: of.title, about: of.about, note: of.note, width: of.width, look: tile, unit: of.unit, leads: of.leads,
		labels: []string{"standing", "change"},
	}
	named := func(label, is string, e expr) expr {
		return write(`label_replace(%s, "`+label+`", "`+is+`", "", "")`, e)
	}
	better, worse := ">=", "<"
	if of.side == below {
		better, worse = "<=", ">"
	}
	strictly := map[string]string{">=": ">", "<=": "<"}[better]
	loosely := map[string]string{">": "<=", "<": ">="}[strictly]
	goal, warn, critical := k.goals(of)
	value := func(is, condition string, with ...expr) expr {
		return named("standing", is, write("(%s) "+condition, append([]expr{of.value}, with...)...))
	}
	var standing []expr
	switch {
	case goal == nil:
		standing = []expr{named("standing", "now", of.value)}
	case warn == nil:
		standing = []expr{value("on_target", better+" %s", goal), value("below_target", worse+" %s", goal), value("now", "unless %s", goal)}
	default:
		// What misses a target that has no other levels is worth a warning.
		beyond := write("(%s or %s "+map[string]string{">=": "-", "<=": "+"}[better]+" Inf)", critical, goal)
		from := write("(%s or %s)", warn, goal)
		standing = []expr{
			value("on_target", better+" %s", goal), value("near_target", worse+" %s "+strictly+" %s", goal, from),
			value("warning", worse+" %s "+loosely+" %s "+strictly+" %s", goal, from, beyond), value("critical", worse+" %s "+loosely+" %s", goal, beyond),
			value("now", "unless %s", goal),
		}
	}
	moved, unit := write("round(100 * (%s), 0.1)", change(of.value, ago)), ppoints
	if of.share {
		moved, unit = write("round(%s, 0.001)", growth(of.value, ago)), percent
	} else if of.unit != percent {
		moved, unit = change(of.value, ago), of.unit
		if unit == days {
			unit.decimals = 1
		}
	}
	up, down := good, bad
	switch of.side {
	case below:
		up, down = bad, good
	case neither:
		up, down = grey, grey
	}
	if of.unit.money {
		p.option = object{"text": object{"titleSize": 12, "valueSize": 20}} // fits beside its currency on a small screen
	}
	p.fields = []override{{field: "same", unit: &unit}, {field: "up", unit: &unit, color: up}, {field: "down", unit: &unit, color: down}, {field: "none", words: "no past"}}
	p.ask = []target{
		{prom: either(standing...), legend: "{{standing}}", over: latest},
		{prom: either(named("change", "same", write("(%s) == 0", moved)), named("change", "up", write("(%s) > 0", moved)), named("change", "down", write("(%s) < 0", moved)),
			named("change", "none", write("0 * (%s) unless (%s)", of.value, moved))), legend: "{{change}}", over: latest},
	}
	return p
}

// course is the number over time, with its target.
func (k *kpis) course(of key, title text) panel {
	p := panel{
		title: title, about: of.about, note: of.note, width: of.width, look: trend, unit: of.unit,
		ask: []target{{prom: of.value, name: text{"Actual", "実績"}, color: blue}},
	}
	if goal, _, _ := k.goals(of); goal != nil {
		p.ask = append(p.ask, target{prom: goal, name: targetWord, color: grey, dashed: true})
	}
	return p
}

// bySegments is a number over time for each segment, with the targets of the segments in their colours; where no segment has one
// of its own, with the company's. The factor is what targets are multiplied by.
func (k *kpis) bySegments(p panel, value expr, goal, factor string) panel {
	p.look, p.labels = trend, []string{"segment"}
	own, company := k.bySegment("target", goal), k.level("target", goal, false)
	p.ask = []target{
		{prom: value, legend: "{{segment}}"},
		{prom: write(`(%s or label_replace(%s unless on () count(%s), "segment", "company", "", ""))`+factor, own, company, own), legend: "{{segment}} target"},
	}
	o := target{name: targetWord, color: grey, dashed: true}.override()
	o.field = "company target"
	p.fields = []override{o}
	for _, w := range vocabulary["segment"][:3] {
		o := target{name: text{w.text.en + ": target", w.text.ja + "の目標"}, color: w.color, dashed: true}.override()
		o.field, o.custom["custom.hideFrom"] = w.value+" target", object{"legend": true, "tooltip": false, "viz": false}
		p.fields = append(p.fields, o)
	}
	p.note = text{strings.TrimSpace(p.note.en + " Dashed: the target, in the segment's colour where it has one of its own."), p.note.ja + "破線は目標(セグメント別の目標はセグメントの色)。"}
	return p
}

// The data parts that are missing or damaged in all tables, and when that was last checked, as an instant. A check that is older than the second number
// of seconds gives no all-clear; CSDataUnchecked alerts then.
var (
	damagedParts = sum(own("cs_exporter_damaged_parts", "table"))
	partsChecked = own("cs_exporter_parts_checked_timestamp_seconds")
)

const checkHolds = "3600"

// banner says on every board whether the data behind it is damaged.
func banner() row {
	is := func(state, template string, of ...expr) expr {
		return write(`label_replace(%s, "state", "`+state+`", "", "")`, write(template, of...))
	}
	state := either(
		is("damaged", "%s > 0", damagedParts),
		is("whole", "1000 * (%s > time() - "+checkHolds+") and on () %s == 0", partsChecked, damagedParts),
		is("unchecked", "1000 * (%s <= time() - "+checkHolds+") and on () %s == 0", partsChecked, damagedParts),
		is("unknown", "1000 * (time() - min(%s)) unless on () %s", own("cs_exporter_query_age_seconds", "query"), damagedParts),
	)
	return row{height: 2, panels: []panel{{
		title: text{"Stored data", "保存データ"}, width: gridWidth, look: tile, unit: count, live: true,
		note: text{
			"Whether data parts that should exist are missing or damaged. KPIs that depend on such a table keep their last good values. The board “cskpi itself” and the runbook (CSDataDamaged) say more.",
			"存在すべきデータパートの欠落・破損の有無。該当する表に依存するKPIは直近の正しい値を保つ。詳細はボード「cskpiの稼働状況」と対応手順(CSDataDamaged)を参照。",
		},
		empty: text{
			"No data: it is unknown whether stored data is damaged. The board “cskpi itself” shows what is missing.",
			"データがありません:保存データの破損の有無は不明です。ボード「cskpiの稼働状況」で確認できます。",
		},
		labels: []string{"data state"},
		ask:    []target{{prom: state, legend: "{{state}}", over: latest}},
		fields: []override{{field: "whole", unit: &instant}, {field: "unchecked", unit: &instant}, {field: "unknown", unit: &instant}},
		option: object{"orientation": "horizontal", "justifyMode": "auto", "text": object{"titleSize": 14, "valueSize": 14}},
	}}}
}

// each asks for the latest number of each of the values, in their order.
func each(values []string, of func(value string) expr) []target {
	var all []target
	for _, v := range values {
		all = append(all, target{prom: of(v), legend: v, over: latest})
	}
	return all
}
