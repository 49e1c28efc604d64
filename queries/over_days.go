package queries

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// DayColumn is the column, of type Date, by which a text for many days says which of them a row is about.
const DayColumn = "cs_day"

// overDays rewrites a flat text, which computes something for one day as_of, into one that computes it for all of days at once and has
// DayColumn as its last column. It is no second definition: whatever the text says of its day, the new one says of each. Planning is
// what a KPI costs most, and is done once then.
//
// Each SELECT that depends on the day gets a source of days, and
//
//   - what it joins that depends on the day, too, is joined on the day;
//   - what it groups, partitions or limits is grouped, partitioned or limited by the day as well;
//   - where it aggregates all its rows to one, there is one for each day, also for those without rows;
//   - what it looks up in a subquery, it looks up for its day.
//
// Tables whose names are in daily are read by the text that is given there, which has DayColumn already. What this does not know, such
// as a full join, is an error; the text is then to be computed day by day.
func overDays(flat string, days []time.Time, daily map[string]string) (string, error) {
	tokens, err := lex(strings.ReplaceAll(flat, asOfParameter, asOfWord))
	if err != nil {
		return "", err
	}
	tokens = slices.DeleteFunc(tokens, func(t token) bool { return t.kind == comment })
	l := &lifter{daily: daily, array: dayArray(days)}
	for _, d := range days {
		if l.first.IsZero() || d.Before(l.first) {
			l.first = d
		}
		if d.After(l.last) {
			l.last = d
		}
	}
	lifted, err := l.union(tokens, map[string]bool{}, true)
	if err != nil {
		return "", err
	}
	return lifted.text, nil
}

// asOfWord stands for asOfParameter while a text is taken apart.
const asOfWord = "cs_as_of"

// Marks in a text whose source of days is not known yet.
const (
	markDay       = "\x01" // the day
	markPartition = "\x02" // behind partition by: the day and a comma
	markWindow    = "\x03" // at the start of a window without a partition: partition by the day
	markStar      = "\x04" // behind a star: without the day
)

// lifter rewrites one text.
type lifter struct {
	daily map[string]string
	array string    // of the days
	first time.Time // of the days
	last  time.Time
	names int // that were made up
}

// lifted is a rewritten part of a text.
type lifted struct {
	text  string
	daily bool // it has the column DayColumn
}

func (l *lifter) name(prefix string) string {
	l.names++
	return fmt.Sprintf("%s%d", prefix, l.names)
}

// dayNumbers writes days as numbers since 1970.
func dayNumbers(days []time.Time) string {
	texts := make([]string, len(days))
	for i, d := range days {
		texts[i] = fmt.Sprint(d.Unix() / 86400)
	}
	return strings.Join(texts, ",")
}

// dayArray writes days as an array.
func dayArray(days []time.Time) string { return "CAST([" + dayNumbers(days) + "], 'Array(Date)')" }

// source is where days come from.
func (l *lifter) source() string {
	return "(select arrayJoin(" + l.array + ") as " + DayColumn + ")"
}

// union rewrites one SELECT, or several with UNION ALL between them. With force it depends on the day even where it does not.
func (l *lifter) union(tokens []token, ctes map[string]bool, force bool) (lifted, error) {
	for len(tokens) > 2 && tokens[0].is("(") && closes(tokens, 0) == len(tokens)-1 {
		tokens = tokens[1 : len(tokens)-1]
	}
	var parts [][]token
	for rest := tokens; ; {
		i := find(rest, "union", "intersect", "except")
		if i >= 0 && rest[i].is("except") && i > 0 && rest[i-1].is("*") {
			return lifted{}, errors.New("* except is not known")
		}
		if i < 0 {
			parts = append(parts, rest)
			break
		}
		if !rest[i].is("union") || i+1 >= len(rest) || !rest[i+1].is("all") {
			return lifted{}, errors.New("only UNION ALL is known")
		}
		parts = append(parts, rest[:i])
		rest = rest[i+2:]
	}
	for {
		out := lifted{}
		texts := make([]string, len(parts))
		own := maps.Clone(ctes) // what the first SELECT names the others know as well
		constant := false
		for i, part := range parts {
			one, err := l.selection(part, own, force)
			if err != nil {
				return lifted{}, err
			}
			texts[i] = one.text
			out.daily = out.daily || one.daily
			constant = constant || !one.daily
		}
		if out.daily && constant {
			force = true // all of them or none
			continue
		}
		out.text = strings.Join(texts, "\nunion all\n")
		return out, nil
	}
}

// selectClauses begin the clauses of a SELECT, in their order.
var selectClauses = []string{"with", "select", "from", "prewhere", "where", "group", "having", "window", "qualify", "order", "limit", "settings"}

// selection rewrites one SELECT. It adds the names of its common table expressions to ctes.
func (l *lifter) selection(tokens []token, ctes map[string]bool, force bool) (lifted, error) {
	for len(tokens) > 2 && tokens[0].is("(") && closes(tokens, 0) == len(tokens)-1 {
		tokens = tokens[1 : len(tokens)-1]
	}
	clause := map[string][]token{}
	at, next := "", 0
	for rest := tokens; len(rest) > 0; {
		if i := slices.Index(selectClauses[next:], strings.ToLower(rest[0].text)); i >= 0 && beginsClause(tokens, len(tokens)-len(rest)) {
			at = selectClauses[next+i]
			next += i + 1
			rest = rest[1:]
			if at == "group" || at == "order" {
				rest = rest[1:]
			}
			clause[at] = []token{}
			continue
		}
		if at == "" {
			return lifted{}, fmt.Errorf("a SELECT begins with %q", rest[0].text)
		}
		end := group(rest)
		clause[at] = append(clause[at], rest[:end]...)
		rest = rest[end:]
	}
	for _, unknown := range []string{"prewhere", "qualify", "settings"} {
		if clause[unknown] != nil {
			return lifted{}, fmt.Errorf("%s is not known", unknown)
		}
	}

	var with []string
	for _, part := range splitAt(clause["with"], ",") {
		if len(part) > 3 && part[1].is("as") && part[2].is("(") && closes(part, 2) == len(part)-1 && isSelect(part[3]) {
			one, err := l.union(part[3:len(part)-1], ctes, false)
			if err != nil {
				return lifted{}, err
			}
			ctes[part[0].name()] = one.daily
			with = append(with, part[0].text+" as (\n"+one.text+"\n)")
			continue
		}
		text, err := l.expression(part, ctes, nil)
		if err != nil {
			return lifted{}, err
		}
		if strings.Contains(text, markDay) {
			return lifted{}, errors.New("an expression of the day in WITH is not known")
		}
		with = append(with, text)
	}

	from, err := l.sources(clause["from"], ctes)
	if err != nil {
		return lifted{}, err
	}
	distinct := ""
	items := clause["select"]
	if len(items) > 0 && items[0].is("distinct") {
		distinct, items = "distinct ", items[1:]
	}
	var found *extraction
	if clause["group"] == nil && aggregates(items) {
		found = &extraction{}
	}
	text := map[string]string{}
	for name, tokens := range clause {
		switch name {
		case "with", "from":
			continue
		case "select":
			text[name], err = l.expression(items, ctes, found)
		default:
			text[name], err = l.expression(tokens, ctes, nil)
		}
		if err != nil {
			return lifted{}, err
		}
	}
	var early []string
	if where := clause["where"]; where != nil && strings.Contains(text["where"], markDay) {
		if early, err = l.early(where, aliases(items), ctes); err != nil {
			return lifted{}, err
		}
		text["where"] += l.bounds(where)
	}
	daily := force || from.daily()
	for _, t := range text {
		daily = daily || strings.Contains(t, markDay)
	}
	if found != nil {
		daily = daily || strings.Contains(strings.Join(found.calls, ""), markDay)
	}

	var out strings.Builder
	clausesOf := func(day, head string) {
		if len(with) > 0 {
			out.WriteString("with\n" + strings.Join(with, ",\n") + "\n")
		}
		out.WriteString("select " + head)
		out.WriteString(from.text(day))
		add := func(keyword, name, more string) {
			if t, there := text[name]; there || more != "" {
				out.WriteString("\n" + keyword + " " + t)
				if there && more != "" {
					out.WriteString(", ")
				}
				out.WriteString(more)
			}
		}
		add("where", "where", "")
		if clause["group"] != nil || found != nil {
			add("group by", "group", day)
		}
		add("having", "having", "")
		if clause["window"] != nil {
			out.WriteString("\nwindow " + text["window"])
		}
		add("order by", "order", "")
		if clause["limit"] != nil {
			switch by := find(clause["limit"], "by"); {
			case day == "":
				out.WriteString("\nlimit " + text["limit"])
			case by < 0:
				out.WriteString("\nlimit " + text["limit"] + " by " + day)
			default:
				out.WriteString("\nlimit " + text["limit"] + ", " + day)
			}
		}
	}
	if !daily {
		head := text["select"]
		if found != nil {
			head = found.restore(head)
		}
		found = nil
		clausesOf("", distinct+head)
		return lifted{text: marked(out.String(), "")}, nil
	}
	day, err := from.provide(l, early)
	if err != nil {
		return lifted{}, err
	}
	if found == nil {
		clausesOf(day, distinct+text["select"]+", "+day+" as "+DayColumn)
		return lifted{marked(out.String(), day), true}, nil
	}
	// One row for each day: what is aggregated stands beside the days, and where there was no row, so do the defaults of the types, which
	// is what the functions of plainAggregates give for no rows.
	if clause["having"] != nil || clause["limit"] != nil || distinct != "" {
		return lifted{}, errors.New("HAVING, LIMIT or DISTINCT of a single row is not known")
	}
	if !found.plain {
		return lifted{}, errors.New("an aggregate function is not known that has another value than its type's default for no rows")
	}
	var calls []string
	for i, call := range found.calls {
		calls = append(calls, fmt.Sprintf("%s as cs_value%d", call, i+1))
	}
	delete(text, "order")
	clausesOf(day, strings.Join(append(calls, day+" as "+DayColumn), ", "))
	inner := marked(out.String(), day)
	g, d := l.name("cs_g"), l.name("cs_d")
	head := found.replace(text["select"], g)
	return lifted{marked("select "+head+", "+markDay+" as "+DayColumn+"\nfrom "+l.source()+" as "+d+"\nleft join (\n"+inner+"\n) as "+g+
		" on "+g+"."+DayColumn+" = "+markDay, d+"."+DayColumn), true}, nil
}

// early are the parts of a condition by which the days of a row are chosen before the row is repeated for each of them: those that
// need nothing but the row.
func (l *lifter) early(where []token, aliases, ctes map[string]bool) ([]string, error) {
	if find(where, "or") >= 0 || find(where, "between") >= 0 {
		return nil, nil
	}
	var parts []string
	for _, part := range splitAt(where, "and") {
		if slices.ContainsFunc(part, func(t token) bool { return t.is("select") || t.is("over") || aliases[t.name()] }) {
			continue
		}
		text, err := l.expression(part, ctes, nil)
		if err != nil {
			return nil, err
		}
		if strings.Contains(text, markDay) {
			parts = append(parts, text)
		}
	}
	return parts, nil
}

// aliases are the names that a list of expressions gives to them.
func aliases(items []token) map[string]bool {
	names := map[string]bool{}
	for i, t := range items {
		if t.is("as") && i+1 < len(items) {
			names[items[i+1].name()] = true
		}
	}
	return names
}

// bounds are what a condition demands on the first and the last of the days, as far as it compares something with the day: the engine can
// then leave out what is of no day before it looks at each of them.
func (l *lifter) bounds(where []token) string {
	if find(where, "or") >= 0 {
		return ""
	}
	var out strings.Builder
	for _, part := range splitAt(where, "and") {
		for i := 1; i < len(part); i += group(part[i:]) {
			if !part[i].is("<") && !part[i].is(">") {
				continue
			}
			left, right, operator := part[:i], part[i+1:], part[i].text
			if len(right) > 0 && right[0].is("=") {
				right, operator = right[1:], operator+"="
			}
			if slices.ContainsFunc(left, func(t token) bool { return t.is(asOfWord) || t.is("select") }) || !risesWithDay(right) {
				break
			}
			day := l.first
			if operator[0] == '<' {
				day = l.last
			}
			out.WriteString("\n and " + spelt(left) + " " + operator + " " + strings.ReplaceAll(spelt(right), asOfWord, "toDate('"+day.Format(time.DateOnly)+"')"))
			break
		}
	}
	return out.String()
}

// risesWithDay tells that an expression is the day, or so many days or months before or after it.
func risesWithDay(tokens []token) bool {
	days := 0
	for _, t := range tokens {
		switch {
		case t.is(asOfWord):
			days++
		case t.kind == literal, t.is("("), t.is(")"), t.is(","), t.is("+"), t.is("-"), t.is("addmonths"), t.is("interval"), t.is("month"), t.is("day"):
		default:
			return false
		}
	}
	// What is taken off comes behind: 28 - day would fall.
	return days == 1 && !tokens[0].is("-") && tokens[0].kind != literal
}

// marked puts the day in place of the marks; empty: nothing depends on it.
func marked(text, day string) string {
	if day == "" {
		return strings.NewReplacer(markPartition, "", markWindow, "", markStar, "").Replace(text)
	}
	return strings.NewReplacer(markDay, day, markPartition, day+", ", markWindow, "partition by "+day+" ", markStar, " except ("+DayColumn+")").Replace(text)
}

// beginsClause tells the word of a clause from a name.
func beginsClause(tokens []token, i int) bool {
	if tokens[i].kind != word || i+1 < len(tokens) && tokens[i+1].is(".") || i > 0 && (tokens[i-1].is(".") || tokens[i-1].is("as") || tokens[i-1].is("distinct")) {
		return false
	}
	if tokens[i].is("window") {
		return i+3 < len(tokens) && tokens[i+2].is("as") && tokens[i+3].is("(")
	}
	return !tokens[i].is("group") && !tokens[i].is("order") || i+1 < len(tokens) && tokens[i+1].is("by")
}

// table is an element of the clause FROM.
type table struct {
	join  string // words before it, as in left join; empty: it is the first; array join: an expression
	text  string
	alias string // by which its columns are found
	on    string // condition; empty: none
	daily bool
}

// tables are a whole clause.
type tables struct{ all []table }

func (f *tables) daily() bool {
	return slices.ContainsFunc(f.all, func(t table) bool { return t.daily || strings.Contains(t.text+t.on, markDay) })
}

var joinWords = set(`left right inner full cross any all asof semi anti global join array outer paste`)

// sources takes the clause FROM apart.
func (l *lifter) sources(tokens []token, ctes map[string]bool) (*tables, error) {
	f := &tables{}
	for len(tokens) > 0 {
		t := table{}
		var words []string
		if tokens[0].is(",") {
			words, tokens = []string{"cross join"}, tokens[1:]
		}
		for len(tokens) > 0 && tokens[0].kind == word && joinWords[strings.ToLower(tokens[0].text)] {
			words = append(words, strings.ToLower(tokens[0].text))
			tokens = tokens[1:]
		}
		t.join = strings.Join(words, " ")
		end := 0 // of this element, its condition included
		for end < len(tokens) && !tokens[end].is(",") && !(tokens[end].kind == word && joinWords[strings.ToLower(tokens[end].text)] && !called(tokens, end)) {
			end += group(tokens[end:])
		}
		var err error
		if strings.HasSuffix(t.join, "array join") {
			// Its elements have commas between them.
			for end < len(tokens) && tokens[end].is(",") {
				end++
				for end < len(tokens) && !tokens[end].is(",") && !(tokens[end].kind == word && joinWords[strings.ToLower(tokens[end].text)] && !called(tokens, end)) {
					end += group(tokens[end:])
				}
			}
			t.text, err = l.expression(tokens[:end], ctes, nil)
		} else {
			err = l.table(&t, tokens[:end], ctes)
		}
		if err != nil {
			return nil, err
		}
		f.all = append(f.all, t)
		tokens = tokens[end:]
	}
	return f, nil
}

// called tells a function such as any(…) from the word of a join.
func called(tokens []token, i int) bool {
	return i+1 < len(tokens) && tokens[i+1].is("(") && !tokens[i].is("join")
}

// table takes one element apart: what it reads, its name, and its condition.
func (l *lifter) table(t *table, tokens []token, ctes map[string]bool) error {
	if on := find(tokens, "on"); on >= 0 {
		var err error
		if t.on, err = l.expression(tokens[on+1:], ctes, nil); err != nil {
			return err
		}
		tokens = tokens[:on]
	}
	if find(tokens, "using") >= 0 {
		return errors.New("USING is not known")
	}
	if len(tokens) == 0 {
		return errors.New("a table is missing")
	}
	if as := find(tokens, "as"); as >= 0 && as+1 < len(tokens) {
		t.alias = tokens[as+1].text
	}
	switch {
	case tokens[0].is("("):
		end := closes(tokens, 0)
		one, err := l.union(tokens[1:end], ctes, false)
		if err != nil {
			return err
		}
		t.text, t.daily = "(\n"+one.text+"\n)", one.daily
		if t.alias == "" {
			t.alias = l.name("cs_t")
		}
		t.text += " as " + t.alias
		return nil
	case len(tokens) > 2 && tokens[1].is("."):
		if t.alias == "" {
			t.alias = tokens[2].text
		}
		if read := l.daily[tokens[2].name()]; read != "" {
			t.text, t.daily = "(\n"+read+"\n) as "+t.alias, true
			return nil
		}
	case len(tokens) > 1 && tokens[1].is("("):
		for _, x := range tokens {
			if x.is(asOfWord) {
				return errors.New("a table function of the day is not known")
			}
		}
		if t.alias == "" {
			t.alias = l.name("cs_t")
			t.text = spelt(tokens) + " as " + t.alias
			return nil
		}
	default:
		t.daily = ctes[tokens[0].name()]
		if t.alias == "" {
			t.alias = tokens[0].text
		}
	}
	t.text = spelt(tokens)
	return nil
}

// provide decides where the day of a row comes from, and names it.
func (f *tables) provide(l *lifter, early []string) (string, error) {
	for i, t := range f.all {
		if strings.Contains(t.join, "right") {
			if i != 1 || len(f.all) != 2 || !t.daily {
				return "", errors.New("a right join of this kind is not known")
			}
			return t.alias + "." + DayColumn, nil
		}
		for _, unknown := range []string{"full", "asof", "global", "paste"} {
			if strings.Contains(t.join, unknown) {
				return "", fmt.Errorf("a %s is not known", t.join)
			}
		}
	}
	if len(f.all) > 0 && f.all[0].daily {
		return f.all[0].alias + "." + DayColumn, nil
	}
	days := l.name("cs_d")
	if len(f.all) == 0 {
		f.all = []table{{text: l.source() + " as " + days}}
		return days + "." + DayColumn, nil
	}
	// (A cross join repeats rows much slower.)
	array := l.array
	if len(f.all) == 1 && len(early) > 0 {
		array = "arrayFilter(cs_x -> " + marked(strings.Join(early, " and "), "cs_x") + ", " + array + ")"
	}
	f.all = slices.Insert(f.all, 1, table{join: "array join", text: array + " as " + days})
	return days, nil
}

// text is the clause; day is where the day comes from, empty where nothing depends on it.
func (f *tables) text(day string) string {
	var out strings.Builder
	for i, t := range f.all {
		if i == 0 {
			out.WriteString("\nfrom ")
		} else {
			out.WriteString("\n")
		}
		join, on := t.join, t.on
		own := t.alias + "." + DayColumn
		if strings.Contains(join, "right") && f.all[0].daily {
			own = f.all[0].alias + "." + DayColumn
		} else if strings.Contains(join, "right") {
			own = day
		}
		if day != "" && i > 0 && t.daily && own != day {
			if join == "cross join" {
				join = "inner join"
			}
			if on == "" {
				on = own + " = " + day
			} else {
				on = "(" + on + ") and " + own + " = " + day
			}
		}
		if join != "" {
			out.WriteString(join + " ")
		}
		out.WriteString(t.text)
		if on != "" {
			out.WriteString(" on " + on)
		}
	}
	return out.String()
}

// extraction takes the calls of aggregate functions out of an expression.
type extraction struct {
	calls []string
	plain bool
}

func (x *extraction) placeholder(i int) string { return fmt.Sprintf("\x05%d\x06", i) }

func (x *extraction) replace(text, from string) string {
	for i := range x.calls {
		text = strings.ReplaceAll(text, x.placeholder(i), fmt.Sprintf("%s.cs_value%d", from, i+1))
	}
	return text
}

func (x *extraction) restore(text string) string {
	for i, call := range x.calls {
		text = strings.ReplaceAll(text, x.placeholder(i), call)
	}
	return text
}

// plainAggregates give the default of their type for no rows; so do they with If, Array and Distinct behind their names.
var plainAggregates = set(`count sum min max any anylast argmin argmax grouparray groupuniqarray uniq uniqexact sumwithoverflow grouparraysorted countdistinct grouparrayarray`)

// otherAggregates do not.
var otherAggregates = set(`avg median quantile quantiles quantileexact quantilesexact quantileexactinclusive quantileexactexclusive quantilesexactinclusive
	quantilesexactexclusive stddevpop stddevsamp varpop varsamp corr`)

// aggregate tells whether a name is one of an aggregate function, and whether it gives its type's default for no rows.
func aggregate(name string) (is, plain bool) {
	name = strings.ToLower(name)
	for {
		switch {
		case plainAggregates[name]:
			return true, true
		case otherAggregates[name]:
			return true, false
		}
		short := name
		for _, suffix := range []string{"if", "array", "distinct", "foreach"} {
			if s, found := strings.CutSuffix(name, suffix); found {
				short = s
				break
			}
		}
		if short == name {
			return false, false
		}
		name = short
	}
}

// aggregates tells whether an expression aggregates rows, other than in a subquery or over a window.
func aggregates(tokens []token) bool {
	for i := 0; i < len(tokens); i++ {
		if tokens[i].is("(") && i+1 < len(tokens) && isSelect(tokens[i+1]) {
			i = closes(tokens, i)
			continue
		}
		if end := call(tokens, i); end > 0 {
			if is, _ := aggregate(tokens[i].name()); is && !(end < len(tokens) && tokens[end].is("over")) {
				return true
			}
		}
	}
	return false
}

// call is the end of a call of a function that begins at i, as in f(x) or f(p)(x); 0 if there is none.
func call(tokens []token, i int) int {
	if tokens[i].kind != word || i+1 >= len(tokens) || !tokens[i+1].is("(") || i > 0 && tokens[i-1].is(".") {
		return 0
	}
	end := closes(tokens, i+1) + 1
	if end < len(tokens) && tokens[end].is("(") {
		end = closes(tokens, end) + 1
	}
	return end
}

// expression rewrites an expression, or a list of them. With found, calls of aggregate functions are taken out.
func (l *lifter) expression(tokens []token, ctes map[string]bool, found *extraction) (string, error) {
	var out []string // tokens, with groups in parentheses as one
	for i := 0; i < len(tokens); {
		t := tokens[i]
		switch {
		case t.is(asOfWord):
			out = append(out, markDay)
			i++
		case t.is("*") && isStar(tokens, i):
			out = append(out, "*"+markStar)
			i++
		case t.is("over") && i+1 < len(tokens) && tokens[i+1].is("("), t.is("as") && i+1 < len(tokens) && tokens[i+1].is("(") && i > 0:
			// Of the clause WINDOW the second: name as (…).
			end := closes(tokens, i+1)
			window, err := l.window(tokens[i+2:end], ctes)
			if err != nil {
				return "", err
			}
			out = append(out, t.text, "("+window+")")
			i = end + 1
		case t.is("(") && i+1 < len(tokens) && isSelect(tokens[i+1]):
			end := closes(tokens, i)
			sub, err := l.union(tokens[i+1:end], ctes, false)
			if err != nil {
				return "", err
			}
			isIn := i > 0 && tokens[i-1].is("in")
			switch {
			case !sub.daily:
				out = append(out, "(\n"+sub.text+"\n)")
			case isIn:
				if out, err = inDay(out); err != nil {
					return "", err
				}
				out = append(out, "(\n"+sub.text+"\n)")
			case strings.EqualFold(spelt(tokens[i+1:min(i+4, end)]), "select timezone from"):
				// A zone must be a constant; where it changes, days are computed one by one.
				out = append(out, "(select any(cs_row.1) from (select tuple(*) as cs_row from (\n"+sub.text+"\n)) having throwIf(uniqExact(cs_row.1) > 1, 'the zone changes') = 0)")
			default:
				out = append(out, "(select mapFromArrays(groupArray(cs_row.2), groupArray(cs_row.1)) from (select tuple(*) as cs_row from (\n"+sub.text+"\n)))["+markDay+"]")
			}
			i = end + 1
		case t.is("("):
			end := closes(tokens, i)
			inner, err := l.expression(tokens[i+1:end], ctes, found)
			if err != nil {
				return "", err
			}
			out = append(out, "("+inner+")")
			i = end + 1
		default:
			if end := call(tokens, i); found != nil && end > 0 && !(end < len(tokens) && tokens[end].is("over")) {
				if is, plain := aggregate(t.name()); is {
					text, err := l.expression(tokens[i:end], ctes, nil)
					if err != nil {
						return "", err
					}
					found.plain = plain && (found.plain || len(found.calls) == 0)
					out = append(out, found.placeholder(len(found.calls)))
					found.calls = append(found.calls, text)
					i = end
					continue
				}
			}
			if t.is("in") && i+1 < len(tokens) && ctes[tokens[i+1].name()] {
				return "", errors.New("IN of a common table expression is not known")
			}
			out = append(out, t.text)
			i++
		}
	}
	return glued(out), nil
}

// window rewrites what stands in the parentheses of a window.
func (l *lifter) window(tokens []token, ctes map[string]bool) (string, error) {
	mark := ""
	switch {
	case len(tokens) > 1 && tokens[0].is("partition"):
		text, err := l.expression(tokens[2:], ctes, nil)
		return "partition by " + markPartition + text, err
	case len(tokens) == 0, tokens[0].is("order"), tokens[0].is("rows"), tokens[0].is("range"):
		mark = markWindow
	}
	text, err := l.expression(tokens, ctes, nil)
	return mark + text, err
}

// inDay adds the day to what stands before IN, the last element.
func inDay(out []string) ([]string, error) {
	at := len(out) - 1
	not := ""
	if at > 0 && strings.EqualFold(out[at-1], "not") {
		at--
		not = "not "
	}
	begin := at - 1
	if begin < 0 {
		return nil, errors.New("there is nothing before IN")
	}
	if strings.HasPrefix(out[begin], "(") {
		if begin == 0 || !isName(out[begin-1]) || isKeyword(out[begin-1]) {
			return append(out[:begin], strings.TrimSuffix(out[begin], ")")+", "+markDay+")", not+"in"), nil
		}
		begin--
	}
	for begin >= 2 && out[begin-1] == "." {
		begin -= 2
	}
	return append(out[:begin:begin], "("+glued(out[begin:at])+", "+markDay+")", not+"in"), nil
}

func isName(text string) bool {
	tokens, err := lex(text)
	return err == nil && len(tokens) == 1 && tokens[0].name() != ""
}

func isKeyword(text string) bool { return wordsBefore[strings.ToLower(text)] }

// wordsBefore stand before an expression in parentheses and are no functions.
var wordsBefore = set(`and or not where having on when then else case select between in by`)

func isSelect(t token) bool { return t.is("select") || t.is("with") }

// isStar tells the star of all columns from a product.
func isStar(tokens []token, i int) bool {
	before := i == 0 || tokens[i-1].is("(") || tokens[i-1].is(",") || tokens[i-1].is(".") || tokens[i-1].is("select") || tokens[i-1].is("distinct")
	after := i+1 == len(tokens) || tokens[i+1].is(")") || tokens[i+1].is(",") || tokens[i+1].is("from") || tokens[i+1].is("replace")
	return before && after
}

// closes is the index of the parenthesis that closes the one at i; the last index if none does.
func closes(tokens []token, i int) int {
	depth := 0
	for ; i < len(tokens); i++ {
		switch {
		case tokens[i].is("(") || tokens[i].is("[") || tokens[i].is("{"):
			depth++
		case tokens[i].is(")") || tokens[i].is("]") || tokens[i].is("}"):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(tokens) - 1
}

// group is how many tokens belong together at the beginning: a whole group in parentheses, or one.
func group(tokens []token) int {
	if tokens[0].is("(") || tokens[0].is("[") || tokens[0].is("{") {
		return closes(tokens, 0) + 1
	}
	return 1
}

// find is the index of the first of the words outside of parentheses; -1 if there is none.
func find(tokens []token, words ...string) int {
	for i := 0; i < len(tokens); i += group(tokens[i:]) {
		if slices.ContainsFunc(words, tokens[i].is) {
			return i
		}
	}
	return -1
}

// splitAt cuts tokens at a symbol outside of parentheses.
func splitAt(tokens []token, at string) [][]token {
	if len(tokens) == 0 {
		return nil
	}
	var parts [][]token
	for {
		i := find(tokens, at)
		if i < 0 {
			return append(parts, tokens)
		}
		parts = append(parts, tokens[:i])
		tokens = tokens[i+1:]
	}
}

func spelt(tokens []token) string {
	texts := make([]string, len(tokens))
	for i, t := range tokens {
		texts[i] = t.text
	}
	return glued(texts)
}

// glued writes tokens behind one another. A space between any two changes nothing but for operators of more than one character, numbers
// and what is qualified.
func glued(texts []string) string {
	var out strings.Builder
	for i, t := range texts {
		if i > 0 && !tight(texts[i-1], t) {
			out.WriteByte(' ')
		}
		out.WriteString(t)
	}
	return out.String()
}

const operators = "<>=!|-:"

// tight tells that no space may stand between two tokens.
func tight(a, b string) bool {
	if a == "." || b == "." || b == "," {
		return true
	}
	return len(a) == 1 && len(b) == 1 && strings.Contains(operators, a) && strings.Contains("=>|:", b)
}
