package dashboards

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"cskpi/queries/sqltext"
)

// schemaVersion is that of Grafana 9.4, which is the oldest that boards are for; later ones bring them up to date by themselves.
const schemaVersion = 37

// firstWidth is how wide the first column of a table is at least. Grafana gives columns without a width what the others leave, which on a small screen
// was less than a word, so that rows ran into each other.
const firstWidth = 122

// gridWidth is how many columns Grafana's grid has.
const gridWidth = 24

// The types of the datasources, which are chosen by the variables prometheus and clickhouse.
var (
	fromPrometheus = datasource{"prometheus", "${prometheus}"}
	fromClickHouse = datasource{"grafana-clickhouse-datasource", "${clickhouse}"}
	builtin        = datasource{"grafana", "-- Grafana --"}
)

type datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

type boardJSON struct {
	UID           string      `json:"uid"`
	Title         string      `json:"title"`
	Description   string      `json:"description"`
	Tags          []string    `json:"tags"`
	SchemaVersion int         `json:"schemaVersion"`
	Version       int         `json:"version"`
	ID            *int        `json:"id"`
	Editable      bool        `json:"editable"`
	GraphTooltip  int         `json:"graphTooltip"`
	Refresh       string      `json:"refresh"`
	Timezone      string      `json:"timezone"`
	Time          timeJSON    `json:"time"`
	Timepicker    object      `json:"timepicker"`
	Links         []object    `json:"links"`
	Annotations   object      `json:"annotations"`
	Templating    object      `json:"templating"`
	Panels        []panelJSON `json:"panels"`
}

type timeJSON struct {
	From string `json:"from"`
	To   string `json:"to"`
}

type panelJSON struct {
	ID              int         `json:"id"`
	Type            string      `json:"type"`
	Title           string      `json:"title"`
	Description     string      `json:"description,omitempty"`
	GridPos         place       `json:"gridPos"`
	Datasource      *datasource `json:"datasource,omitempty"`
	Collapsed       *bool       `json:"collapsed,omitempty"` // of a row
	Panels          []panelJSON `json:"panels,omitempty"`    // of a row
	Interval        string      `json:"interval,omitempty"`
	TimeFrom        string      `json:"timeFrom,omitempty"`
	Targets         []object    `json:"targets,omitempty"`
	Transformations []object    `json:"transformations,omitempty"`
	FieldConfig     *fieldsJSON `json:"fieldConfig,omitempty"`
	Options         object      `json:"options,omitempty"`
}

type place struct {
	H int `json:"h"`
	W int `json:"w"`
	X int `json:"x"`
	Y int `json:"y"`
}

type fieldsJSON struct {
	Defaults  object         `json:"defaults"`
	Overrides []overrideJSON `json:"overrides"`
}

type overrideJSON struct {
	Matcher    matcherJSON `json:"matcher"`
	Properties []property  `json:"properties"`
}

type matcherJSON struct {
	ID      string `json:"id"`
	Options string `json:"options"`
}

type property struct {
	ID    string `json:"id"`
	Value any    `json:"value"`
}

// json writes the board as Grafana takes it.
func (b board) json(k *kpis, language string) ([]byte, error) {
	out := boardJSON{
		UID: b.uidIn(language), Title: b.title.in(language), Description: b.about.in(language), Tags: []string{Tag, Tag + "-" + language},
		SchemaVersion: schemaVersion, Version: 1, GraphTooltip: 1, Refresh: "5m", Timezone: cmp.Or(b.clock, "utc"),
		Time: timeJSON{cmp.Or(b.from, "now-1y"), "now"}, Timepicker: object{},
		Links:       b.links(language),
		Annotations: object{"list": b.marks(language)},
		Templating:  object{"list": b.variablesJSON(language)},
	}
	y, id := 0, 0
	for _, r := range b.rows {
		if r.title != (text{}) {
			id++
			open := false
			out.Panels = append(out.Panels, panelJSON{ID: id, Type: "row", Title: r.title.in(language), GridPos: place{1, gridWidth, 0, y}, Collapsed: &open})
			y++
		}
		x := 0
		for _, p := range r.panels {
			id++
			drawn, err := p.json(k, language)
			if err != nil {
				return nil, fmt.Errorf("panel %q: %w", p.title.en, err)
			}
			drawn.ID, drawn.GridPos = id, place{r.height, p.width, x, y}
			out.Panels = append(out.Panels, drawn)
			x += p.width
		}
		if x != gridWidth {
			return nil, fmt.Errorf("the row at %d is %d wide, not %d", y, x, gridWidth)
		}
		y += r.height
	}
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(out); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

// marks are what the board marks on its time axis.
func (b board) marks(language string) []object {
	list := []object{{
		"builtIn": 1, "datasource": builtin, "enable": true, "hide": true, "iconColor": sky,
		"name": text{"Annotations & Alerts", "注釈とアラート"}.in(language), "type": "dashboard",
	}}
	if !b.clickhouse {
		return list
	}
	for _, m := range marks {
		list = append(list, object{
			"datasource": fromClickHouse, "enable": m.on, "hide": false, "iconColor": m.color, "name": m.name.in(language),
			"target": target{sql: m.sql}.json("marks", language),
		})
	}
	return list
}

// links lead to the other boards in the language, and to this one in the other.
func (b board) links(language string) []object {
	other, name := Japanese, "日本語"
	if language == Japanese {
		other, name = English, "English"
	}
	return []object{
		{
			"type": "dashboards", "title": text{"Boards", "ボード一覧"}.in(language), "tags": []string{Tag + "-" + language}, "asDropdown": true,
			"includeVars": true, "keepTime": true, "targetBlank": false, "icon": "external link", "tooltip": "", "url": "",
		},
		{
			"type": "link", "title": name, "url": "/d/" + b.uidIn(other), "tags": []string{}, "asDropdown": false,
			"includeVars": true, "keepTime": true, "targetBlank": false, "icon": "doc", "tooltip": "",
		},
	}
}

func (b board) variablesJSON(language string) []object {
	all := b.variables
	source := func(name string, label text, of datasource) variable {
		return variable{name: name, label: label, initial: of.Type}
	}
	var list []object
	for _, v := range all {
		list = append(list, v.json(language))
	}
	datasources := []object{}
	if b.asks(func(t target) bool { return t.prom != nil }) {
		datasources = append(datasources, source("prometheus", same("Prometheus"), fromPrometheus).datasource(language), variable{
			name: "job", label: text{"Job", "ジョブ"}, initial: "cskpi",
			prom: labelValues("cs_reporting_info", "job"), pattern: labelPattern("job"),
		}.json(language))
	}
	if b.clickhouse {
		datasources = append(datasources, source("clickhouse", same("ClickHouse"), fromClickHouse).datasource(language))
	}
	// Choices come from datasources, which must be known before, but people see what they choose often first.
	return append(list, datasources...)
}

// asks reports whether a question of the board is of the kind.
func (b board) asks(of func(target) bool) bool {
	return slices.ContainsFunc(b.rows, func(r row) bool {
		return slices.ContainsFunc(r.panels, func(p panel) bool { return slices.ContainsFunc(p.ask, of) })
	})
}

// datasource is a variable that chooses one.
func (v variable) datasource(language string) object {
	return object{
		"type": "datasource", "name": v.name, "label": v.label.in(language), "query": v.initial, "regex": "", "refresh": 1,
		"multi": false, "includeAll": false, "hide": 0, "skipUrlSync": false, "options": []object{}, "current": object{},
	}
}

func (v variable) json(language string) object {
	hide := 0
	if v.hidden {
		hide = 2
	}
	out := object{
		"name": v.name, "label": v.label.in(language), "multi": v.several, "includeAll": v.several, "hide": hide, "skipUrlSync": false,
		"options": []object{}, "current": object{},
	}
	if v.about != (text{}) {
		out["description"] = v.about.in(language)
	}
	if v.several {
		// All of them is a pattern and not the list of the choices: values that are not among these, such as those of the past, belong to it, too.
		out["allValue"] = ".*"
		out["current"] = object{"selected": true, "text": []string{"All"}, "value": []string{"$__all"}}
	} else if v.initial != "" {
		out["current"] = object{"selected": false, "text": v.initial, "value": v.initial}
	}
	switch {
	case v.choices != nil:
		out["type"] = "custom"
		var query []string
		options := []object{}
		if v.several {
			options = append(options, object{"selected": true, "text": "All", "value": "$__all"})
		}
		for _, c := range v.choices {
			query = append(query, c.label.in(language)+" : "+c.value)
			options = append(options, object{"selected": !v.several && c.value == v.initial, "text": c.label.in(language), "value": c.value})
			if !v.several && c.value == v.initial {
				out["current"] = object{"selected": true, "text": c.label.in(language), "value": c.value}
			}
		}
		out["query"], out["options"] = strings.Join(query, ", "), options
	case v.prom != "":
		out["type"], out["datasource"], out["definition"] = "query", fromPrometheus, v.prom
		out["query"] = object{"query": v.prom, "refId": "StandardVariableQuery"}
		out["refresh"], out["sort"], out["regex"] = 2, 1, v.pattern
	default:
		out["type"], out["datasource"], out["definition"] = "query", fromClickHouse, v.sql
		out["query"] = object{"rawSql": v.sql, "queryType": "sql", "format": 1, "refId": v.name}
		out["refresh"], out["sort"], out["regex"] = 2, 1, v.pattern
	}
	return out
}

// json draws the panel; its place is the board's business.
func (p panel) json(k *kpis, language string) (panelJSON, error) {
	out := panelJSON{Type: string(p.look), Title: p.title.in(language), Description: p.description(k, language)}
	if p.look == prose {
		out.Options = object{"mode": "markdown", "content": p.note.in(language)}
		return out, nil
	}
	if len(p.ask) == 0 {
		return out, fmt.Errorf("it asks nothing")
	}
	source := fromPrometheus
	if p.ask[0].sql != "" {
		source = fromClickHouse
	}
	out.Datasource = &source
	out.Transformations, out.TimeFrom = slices.Clone(p.change), p.back
	overrides := []overrideJSON{}
	if p.look != tile {
		// The text for a panel without data would else stand in every empty cell, and on axes between whole numbers. What is shown
		// in its place must be no number: Grafana takes an empty text for 0, and would draw gaps as zeros.
		overrides = append(overrides, overrideJSON{matcherJSON{"byRegexp", "/.*/"}, []property{{"noValue", map[bool]string{true: "–", false: "\u200b"}[p.look == table]}}})
	}
	for i, t := range p.ask {
		id := string(rune('A' + i))
		out.Targets = append(out.Targets, t.json(id, language))
		if t.prom != nil && t.over == lines && !p.live {
			out.Interval = "1d" // KPIs are of days
		}
		if properties := t.properties(language); len(properties) > 0 {
			// By its name, and not by the question: the transformation that sets the unit of money forgets whose answer it is.
			overrides = append(overrides, overrideJSON{matcherJSON{"byName", t.name.en}, properties})
		}
	}
	if missing, merged := p.missing(); merged {
		out.Targets = append(out.Targets, missing.json(missingQuery, language))
		out.Transformations = leaveOut(out.Transformations, "Value #"+missingQuery)
	}
	if p.unit.money && source == fromPrometheus {
		currency := write(`label_replace(%s, "unit", "currency:$1 ", "currency", "(.+)")`, own("cs_reporting_info", "currency"))
		if p.look == trend {
			// Alone, it would be drawn itself, and nobody would be told that there is no data.
			currency = write("%s and on () last_over_time((%s)[$__range:1d])", currency, p.ask[0].prom)
		}
		out.Targets = append(out.Targets, target{prom: currency, over: listed}.json(currencyQuery, language))
		out.Transformations = append([]object{{"id": "configFromData", "options": object{
			"configRefId": currencyQuery,
			"mappings":    []object{{"fieldName": "unit", "handlerKey": "unit"}, {"fieldName": "Value", "handlerKey": "__ignore"}, {"fieldName": "currency", "handlerKey": "__ignore"}, {"fieldName": "Time", "handlerKey": "__ignore"}},
		}}}, out.Transformations...)
	}
	narrow := p.look == table // until there is a column that can be seen; it says what the row is about
	for _, o := range p.fields {
		if narrow && !o.hidden {
			narrow = false
			if o.width == 0 && o.custom["custom.width"] == nil && o.custom["custom.minWidth"] == nil {
				o.custom = merged(object{"custom.minWidth": firstWidth}, o.custom)
			}
		}
		overrides = append(overrides, overrideJSON{matcherJSON{"byName", o.field}, o.properties(language)})
	}
	// Names last, since Grafana finds a field by the name that it is shown by.
	for _, label := range p.labels {
		for _, w := range vocabulary[label] {
			o := override{name: w.text, color: w.color}
			overrides = append(overrides, overrideJSON{matcherJSON{"byName", w.value}, o.properties(language)})
		}
	}
	defaults := object{
		"unit": p.unit.of.in(language), "decimals": p.unit.decimals, "noValue": p.nothing(language),
		"color": object{"mode": "fixed", "fixedColor": blue}, "mappings": []object{}, "links": p.links(language),
		"thresholds": object{"mode": "absolute", "steps": []object{{"color": blue, "value": nil}}},
		"custom":     merged(p.look.custom(), p.custom),
	}
	if p.look == trend && p.unit.money {
		delete(defaults, "decimals") // Grafana takes as many as the steps of the axis need; with one, 1.25M and 1.75M would be 1.3M and 1.8M.
	}
	if p.palette {
		defaults["color"] = object{"mode": "palette-classic"}
	}
	if p.shades {
		defaults["color"], defaults["thresholds"] = object{"mode": "thresholds"}, object{"mode": "percentage", "steps": blues}
	}
	if p.min != nil {
		defaults["min"] = *p.min
	}
	if p.max != nil {
		defaults["max"] = *p.max
	}
	out.FieldConfig = &fieldsJSON{defaults, overrides}
	out.Options = merged(p.look.options(), p.option)
	return out, nil
}

// missing says that there is no data, in a table that merges the answers to several questions: without any answer,
// Grafana shows the heads of its columns and nothing else, which reads as if there were nothing to list.
func (p panel) missing() (target, bool) {
	if !slices.ContainsFunc(p.change, func(c object) bool { return c["id"] == "merge" }) {
		return target{}, false
	}
	var asked []expr
	for _, t := range p.ask {
		asked = append(asked, t.prom)
	}
	shown := p.fields[slices.IndexFunc(p.fields, func(o override) bool { return !o.hidden && !strings.HasPrefix(o.field, "Value") })]
	either := write(strings.Repeat("(%s) or ", len(asked)-1)+"(%s)", asked...)
	return target{prom: write(`label_replace(vector(0) unless on () (%s), "`+shown.field+`", "@say(no data)", "", "")`, either), over: listed}, true
}

// leaveOut is without, on top of the fields that the transformations leave out already.
func leaveOut(changes []object, field string) []object {
	i := slices.IndexFunc(changes, func(c object) bool { return c["id"] == "organize" })
	options := changes[i]["options"].(object)
	more := merged(options["excludeByName"].(object), object{field: true})
	return slices.Replace(slices.Clone(changes), i, i+1, object{"id": "organize", "options": merged(options, object{"excludeByName": more})})
}

// links lead to the board that tells more.
func (p panel) links(language string) []object {
	if p.leads == "" {
		return []object{}
	}
	return []object{{
		"title": text{"What is behind it", "詳しく見る"}.in(language),
		"url":   "/d/" + board{uid: p.leads}.uidIn(language) + "?${segment:queryparam}&${job:queryparam}&${prometheus:queryparam}&${__url_time_range}",
	}}
}

// blues are the darker, the more. Grafana writes in white on what is darker than a brightness of 180, so none is only a little darker.
var blues = []object{
	{"color": "#F2F7FC", "value": nil}, {"color": "#DDEBF8", "value": 20}, {"color": "#BDD9F2", "value": 40}, {"color": "#A3CBEC", "value": 60}, {"color": "#2C6FB0", "value": 80},
}

const (
	currencyQuery = "currency" // the question for the currency of the company, which makes the unit of money
	missingQuery  = "missing"  // the question whether all others of a table are without an answer
)

// description is what the headers of the query files tell, and what they do not.
func (p panel) description(k *kpis, language string) string {
	var parts []string
	for _, name := range p.about {
		q := k.query(name)
		if language == Japanese {
			parts = append(parts, "**"+q.TitleJA+"**", q.DocJA)
		} else {
			parts = append(parts, "**"+strings.TrimSuffix(q.Title, ".")+"**", q.Doc)
		}
	}
	if p.note != (text{}) && p.look != prose {
		parts = append(parts, p.note.in(language))
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "\n\n")
}

func (p panel) nothing(language string) string {
	switch {
	case p.empty != (text{}):
		return p.empty.in(language)
	case p.look == tile:
		return tileEmpty.in(language)
	case p.look == ranking:
		return lineEmpty.in(language)
	case (p.look == trend || p.look == density) && !p.live:
		return dailyEmpty.in(language)
	}
	return usualEmpty.in(language)
}

func (t target) json(id, language string) object {
	if t.sql != "" {
		format := 1 // a table
		if t.series {
			format = 0
		}
		return object{
			"refId": id, "datasource": fromClickHouse, "rawSql": worded(t.sql, language), "queryType": "sql", "format": format, "selectedFormat": format,
			"meta": object{"builderOptions": object{"fields": []string{}, "limit": 100, "mode": "list"}},
		}
	}
	out := object{
		"refId": id, "datasource": fromPrometheus, "expr": said(t.prom(t.at), language), "editorMode": "code",
		"legendFormat": cmp.Or(t.legend, t.name.en, "__auto"), "range": true, "instant": false, "format": "time_series",
	}
	switch t.over {
	case latest:
		out["range"], out["instant"] = false, true
	case listed:
		out["range"], out["instant"], out["format"] = false, true, "table"
	case buckets:
		out["format"] = "heatmap"
	}
	return out
}

var wordsAsked, sentenceAsked = regexp.MustCompile(`@words\(([a-z ]+)\)`), regexp.MustCompile(`@say\(([a-z0-9 ]+)\)`)

// said fills in the sentences that an expression of PromQL asks for, in a replacement whose groups are n and day.
func said(prom, language string) string {
	return sentenceAsked.ReplaceAllStringFunc(prom, func(asked string) string {
		return strings.NewReplacer("{n}", "${1}", "{day}", "${2}").Replace(sentences[sentenceAsked.FindStringSubmatch(asked)[1]].in(language))
	})
}

// worded fills in the words that a query asks for, as transform takes them: the values, and what is shown for each; and sentences about
// what listing.sql knows of the whole.
func worded(sql, language string) string {
	sql = sentenceAsked.ReplaceAllStringFunc(sql, func(asked string) string {
		return "replaceAll(replaceAll(" + sqltext.Quote(sentences[sentenceAsked.FindStringSubmatch(asked)[1]].in(language)) + ", '{n}', toString(whole_n)), '{day}', toString(whole_day))"
	})
	return wordsAsked.ReplaceAllStringFunc(sql, func(asked string) string {
		var values, shown []string
		for _, w := range vocabulary[wordsAsked.FindStringSubmatch(asked)[1]] {
			values, shown = append(values, w.value), append(shown, w.text.in(language))
		}
		return sqltext.Array(values) + ", " + sqltext.Array(shown)
	})
}

// properties are how the one series of the question is shown.
func (t target) properties(language string) []property { return t.override().properties(language) }

func (t target) override() override {
	o := override{name: t.name, color: t.color, unit: t.unit}
	if t.dashed {
		o.custom = object{
			"custom.lineStyle": object{"fill": "dash", "dash": []int{8, 6}}, "custom.fillOpacity": 0, "custom.lineWidth": 1,
			"custom.stacking": object{"mode": "none", "group": "B"}, "custom.drawStyle": "line",
		}
	}
	return o
}

func (o override) properties(language string) []property {
	var all []property
	add := func(id string, value any) { all = append(all, property{id, value}) }
	if o.name != (text{}) {
		add("displayName", o.name.in(language))
	}
	if o.color != "" {
		add("color", object{"mode": "fixed", "fixedColor": o.color})
	}
	if o.unit != nil {
		add("unit", o.unit.of.in(language))
		add("decimals", o.unit.decimals)
	}
	if o.words != "" {
		options := object{}
		for i, w := range vocabulary[o.words] {
			shown := object{"index": i, "text": w.text.in(language)}
			if w.color != "" {
				shown["color"] = w.color
			}
			options[w.value] = shown
		}
		add("mappings", []object{{"type": "value", "options": options}})
	}
	if o.account != "" {
		add("links", []object{{"title": text{"Open the account", "顧客ボードを開く"}.in(language), "url": accountURL(o.account, language)}})
	}
	if o.width > 0 {
		add("custom.width", o.width)
	}
	if o.hidden {
		add("custom.hidden", true)
	}
	for _, name := range slices.Sorted(maps.Keys(o.custom)) {
		add(name, o.custom[name])
	}
	return all
}

// accountURL leads to the board of the account that a field of a table has.
func accountURL(field, language string) string {
	return "/d/" + board{uid: "cs-account"}.uidIn(language) + `?var-account=${__data.fields.` + field + `:percentencode}&${clickhouse:queryparam}&${prometheus:queryparam}&${job:queryparam}&${__url_time_range}`
}

// merged is a with what b has in its place.
func merged(a, b object) object {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}
