package dashboards

// segments is the choice of segments, which most boards have.
func segments() variable {
	v := variable{name: "segment", label: text{"Segment", "セグメント"}, several: true}
	for _, w := range vocabulary["segment"][:3] {
		v.choices = append(v.choices, choice{w.value, w.text})
	}
	return v
}

// currency is that of the company, for the heads of columns.
func currency() variable {
	return variable{name: "currency", label: text{"Currency", "通貨"}, prom: `label_values(cs_reporting_info{job="$job"}, currency)`, hidden: true}
}

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
	share     bool   // its change is told as a share of what it was
	note      text
	width     int
}

// ago is how far back changes are told.
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
// Exactly one of the questions for the number has an answer.
func (k *kpis) judged(of key) panel {
	p := panel{
		title: of.title, about: of.about, note: of.note, width: of.width, look: tile, unit: of.unit,
		empty: text{"nothing to tell yet", "まだデータがありません"},
	}
	say := func(e expr, name text, color string) {
		p.ask = append(p.ask, target{prom: e, name: name, color: color, over: latest})
	}
	better, worse := ">=", "<"
	if of.side == below {
		better, worse = "<=", ">"
	}
	strictly := map[string]string{">=": ">", "<=": "<"}[better]
	goal, warn, critical := k.goals(of)
	value := func(condition string, with ...expr) expr {
		return write("(%s) "+condition, append([]expr{of.value}, with...)...)
	}
	switch {
	case goal == nil:
		say(of.value, text{"now", "現在"}, blue)
	case warn == nil:
		say(value(better+" %s", goal), text{"✓ on target", "✓ 目標達成"}, good)
		say(value(worse+" %s", goal), text{"! below target", "! 目標未達"}, warning)
		say(value("unless %s", goal), text{"now", "現在"}, blue)
	default:
		// What misses a target that has no other levels is worth a warning.
		beyond := write("(%s or %s "+map[string]string{">=": "-", "<=": "+"}[better]+" Inf)", critical, goal)
		from := write("(%s or %s)", warn, goal)
		say(value(better+" %s", goal), text{"✓ on target", "✓ 目標達成"}, good)
		say(value(worse+" %s "+strictly+" %s", goal, from), text{"≈ near target", "≈ 目標に近い"}, near)
		say(value(worse+" %s "+map[string]string{">": "<=", "<": ">="}[strictly]+" %s "+strictly+" %s", goal, from, beyond), text{"! warning", "! 注意"}, warning)
		say(value(worse+" %s "+map[string]string{">": "<=", "<": ">="}[strictly]+" %s", goal, beyond), text{"‼ critical", "‼ 危険"}, bad)
		say(value("unless %s", goal), text{"now", "現在"}, blue)
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
	p.ask = append(p.ask,
		target{prom: write("(%s) == 0", moved), name: text{"= in 90 days", "= 90日間"}, color: grey, over: latest, unit: &unit},
		target{prom: write("(%s) > 0", moved), name: text{"▲ in 90 days", "▲ 90日間"}, color: up, over: latest, unit: &unit},
		target{prom: write("(%s) < 0", moved), name: text{"▼ in 90 days", "▼ 90日間"}, color: down, over: latest, unit: &unit})
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

// each asks for the latest number of each of the values, in their order.
func each(values []string, of func(value string) expr) []target {
	var all []target
	for _, v := range values {
		all = append(all, target{prom: of(v), legend: v, over: latest})
	}
	return all
}
