package queries

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"cskpi/queries/sqltext"
)

var groupName = regexp.MustCompile(`^\p{Lu}[\pL\pN &-]{0,39}$`)

var snakeCase = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// source is a query file with what only the lint needs to know of it.
type source struct {
	Query
	columnsLine int             // of "Columns:"
	backLine    int             // of "Back:"
	storedLine  int             // of "Stored:"
	tokens      []sqltext.Token // of the body, without comments
	misplaced   bool
	problems    []sqltext.Problem
}

func (s *source) fail(line int, format string, args ...any) {
	s.problems = append(s.problems, sqltext.Problem{File: s.File, Line: line, Text: fmt.Sprintf(format, args...)})
}

// parse reads one query file: the header comment, which runs up to the first line that is none, and the body. The name
// and the sort of the query (KPI, view, layer, function) are given by q.
func parse(q Query, text string) *source { return (&source{Query: q}).parse(text) }

func (s *source) parse(text string) *source {
	if !utf8.ValidString(text) {
		s.fail(1+strings.Count(text[:invalidUTF8(text)], "\n"), "the text is not valid UTF-8")
		return s
	}
	text = strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n")
	lines := strings.SplitAfter(text, "\n")
	header := 0
	for header < len(lines) && strings.HasPrefix(lines[header], "--") {
		header++
	}
	if header == 0 {
		s.fail(1, "the file must begin with a comment: the title sentence, then what the columns mean")
	} else {
		s.parseHeader(lines[:header])
	}
	if !s.Layer && len(s.Columns) > 0 && s.Columns[0].Name == DayColumn {
		s.Day, s.Columns = s.Columns[0], s.Columns[1:]
	}
	s.parseBody(strings.Join(lines[header:], ""), header)
	if s.storedLine > 0 {
		s.Layer, s.Key = true, []string{DayColumn}
		for _, c := range s.Of(Label) {
			s.Key = append(s.Key, c.Name)
		}
	}
	return s
}

func invalidUTF8(s string) int {
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd") {
			return i
		}
	}
	return len(s)
}

// headerLine is a comment line without its dashes.
type headerLine struct {
	text   string // trimmed
	indent int    // blanks between the dashes and the text
	number int
}

// parseHeader reads title, "ja:" line, prose in one or two languages, columns and directives, in this order.
func (s *source) parseHeader(raw []string) {
	lines := make([]headerLine, len(raw))
	for i, l := range raw {
		l = strings.TrimRight(l[len("--"):], " \t\n")
		text := strings.TrimLeft(l, " ")
		lines[i] = headerLine{text: text, indent: len(l) - len(text), number: i + 1}
		switch {
		case strings.Contains(l, "\t"):
			s.fail(i+1, "tab in the header; use blanks")
		case text != "" && lines[i].indent == 0:
			s.fail(i+1, "a blank must follow the dashes of a header line")
		}
	}

	title, rest := lines[0], lines[1:]
	s.Title = title.text
	switch {
	case s.Title == "":
		s.fail(title.number, "the title sentence is missing from the first line")
	case !sentence(s.Title):
		s.fail(title.number, "the title must end with a period")
	}
	if len(rest) > 0 && strings.HasPrefix(rest[0].text, "ja:") {
		s.TitleJA = strings.TrimSpace(rest[0].text[len("ja:"):])
		if s.TitleJA == "" {
			s.fail(rest[0].number, "the Japanese title after ja: is missing")
		}
		rest = rest[1:]
	}
	if len(rest) > 0 && rest[0].text != "" {
		s.fail(rest[0].number, "the title is one line, and an empty comment line must follow it")
	}

	columns := -1
	for i, l := range rest {
		if l.text == "Columns:" {
			columns = i
			break
		}
	}
	prose := rest
	if columns >= 0 {
		prose = rest[:columns]
		s.columnsLine = rest[columns].number
		if columns == 0 || rest[columns-1].text != "" {
			s.fail(s.columnsLine, "an empty comment line must stand before Columns:")
		}
	}
	s.parseProse(prose)
	switch {
	case s.Function && columns >= 0:
		s.fail(s.columnsLine, "a function has no columns")
	case s.Function:
	case columns < 0:
		s.fail(lines[len(lines)-1].number, "the header has no Columns: with a line for each result column: name, kind, help")
	default:
		s.parseColumns(rest[columns+1:])
	}
}

// parseProse joins the lines of each paragraph: first those in English, then those in Japanese, which begin with ja:.
func (s *source) parseProse(lines []headerLine) {
	var english, japanese []string
	begun := false
	for _, l := range lines {
		if l.text == "" {
			begun = false
			continue
		}
		if text, found := strings.CutPrefix(l.text, "ja:"); found {
			text = strings.TrimSpace(text)
			switch {
			case text == "":
				s.fail(l.number, "the Japanese text after ja: is missing")
			case len(japanese) == 0 && begun:
				s.fail(l.number, "an empty comment line must stand between the text and its ja: lines")
			}
			japanese, begun = addLine(japanese, begun && len(japanese) > 0, "", text), true
			continue
		}
		switch word, _, _ := strings.Cut(l.text, " "); {
		case strings.EqualFold(word, "Columns:") || word == "Every:" || word == "Timeout:" || word == "Group:":
			s.fail(l.number, "%s stands in the wrong place or is not written as it should be; the order is title, ja:, text, ja:, Columns:, then Group:, Every:, Timeout:", word)
		case len(japanese) > 0:
			s.fail(l.number, "the text stands before its ja: lines, each of which begins so")
		}
		english, begun = addLine(english, begun, " ", l.text), true
	}
	s.Doc, s.DocJA = strings.Join(english, "\n\n"), strings.Join(japanese, "\n\n")
}

// addLine adds a line to the last paragraph, or begins one.
func addLine(paragraphs []string, begun bool, space, line string) []string {
	if !begun {
		return append(paragraphs, line)
	}
	paragraphs[len(paragraphs)-1] += space + line
	return paragraphs
}

// parseColumns reads the column table and the directives after it. What is indented more deeply than the first column
// continues a help text; what is not indented is a directive.
func (s *source) parseColumns(lines []headerLine) {
	indent := 0
	directives := false // a directive has been seen: columns are at an end
	for _, l := range lines {
		switch {
		case l.text == "":
		case l.indent <= 1:
			directives = true
			s.parseDirective(l)
		case directives:
			s.fail(l.number, "columns stand before Group:, Every: and Timeout:")
		case indent > 0 && l.indent > indent:
			c := &s.Columns[len(s.Columns)-1]
			c.Help = strings.TrimSpace(c.Help + " " + l.text)
		case indent > 0 && l.indent < indent:
			s.fail(l.number, "the column is indented less than the one before it")
		default:
			indent = l.indent
			name, after, _ := strings.Cut(l.text, " ")
			kind, help, _ := strings.Cut(strings.TrimLeft(after, " "), " ")
			s.Columns = append(s.Columns, Column{Name: name, Kind: Kind(kind), Help: strings.TrimSpace(help), Line: l.number})
		}
	}
	if len(s.Columns) == 0 {
		s.fail(s.columnsLine, "no column is listed below Columns:, each on a line indented by three blanks: name, kind, help")
	}
}

func (s *source) parseDirective(l headerLine) {
	name, value, found := strings.Cut(l.text, ":")
	var target *time.Duration
	switch {
	case !found, strings.Contains(name, " "):
		s.fail(l.number, "unexpected text after Columns:; columns are indented by three blanks, directives are Group:, Every: and Timeout:, and an empty line ends the header")
		return
	case name == "Group":
		s.parseGroup(l, strings.TrimSpace(value))
		return
	case name == "Back":
		s.parseBack(l, strings.TrimSpace(value))
		return
	case name == "Key":
		s.parseKey(l, strings.TrimSpace(value))
		return
	case name == "Stored":
		s.parseStored(l, strings.TrimSpace(value))
		return
	case name == "Every":
		target = &s.Every
	case name == "Timeout":
		target = &s.Timeout
	default:
		s.fail(l.number, "unknown directive %s:; known are Group:, Every:, Timeout:, Stored: and Back:, and for layers Key:", name)
		return
	}
	value = strings.TrimSpace(value)
	d, err := time.ParseDuration(value)
	switch {
	case err != nil || d < time.Second:
		s.fail(l.number, "%s: wants a duration of at least a second, such as 5m or 1h30m, and not %q", name, value)
	case *target != 0:
		s.fail(l.number, "%s: is given twice", name)
	case s.Model:
		s.fail(l.number, "%s: has no effect on what is no KPI and not exported", name)
	default:
		*target = d
	}
}

// parseGroup reads the chapter of a KPI, and its place in it if one is given: "Revenue" or "Revenue, 2".
func (s *source) parseGroup(l headerLine, value string) {
	name, place, placed := strings.Cut(value, ", ")
	number, err := strconv.Atoi(place)
	switch {
	case s.Group != "":
		s.fail(l.number, "Group: is given twice")
	case s.Model:
		s.fail(l.number, "Group: is for KPIs; nothing else is in a list of them")
	case !groupName.MatchString(name) || placed && (err != nil || number < 1):
		s.fail(l.number, "Group: wants a name that begins with a capital letter, such as Revenue, and may give a place in it, as in Revenue, 2; it is %q", value)
	default:
		s.Group, s.Place = name, number
	}
}

// parseKey reads the columns by which the table of a layer is ordered.
func (s *source) parseKey(l headerLine, value string) {
	switch {
	case s.Key != nil:
		s.fail(l.number, "Key: is given twice")
	case !s.Layer:
		s.fail(l.number, "Key: is for layers")
	default:
		for column := range strings.SplitSeq(value, ",") {
			column = strings.TrimSpace(column)
			if !slices.ContainsFunc(s.Columns, func(c Column) bool { return c.Name == column }) {
				s.fail(l.number, "Key: names %q, which is none of the columns", column)
			}
			s.Key = append(s.Key, column)
		}
	}
}

// parseStored reads that the result of a KPI is stored, so that years of it are read at once. It is computed for each day with the layers.
func (s *source) parseStored(l headerLine, value string) {
	switch {
	case s.storedLine > 0:
		s.fail(l.number, "Stored: is given twice")
	case s.Model:
		s.fail(l.number, "Stored: is for KPIs; a table of anything else is a layer")
	case value != "by day":
		s.fail(l.number, "Stored: wants by day, and not %q", value)
	default:
		s.storedLine = l.number
	}
}

// parseBack reads how many days before its own a layer or view reads others, as in "health_days 90, 180; account_days 0, 90".
func (s *source) parseBack(l headerLine, value string) {
	if s.Back != nil {
		s.fail(l.number, "Back: is given twice")
	}
	s.Back, s.backLine = map[string][]int{}, l.number
	for part := range strings.SplitSeq(value, ";") {
		name, list, _ := strings.Cut(strings.TrimSpace(part), " ")
		for text := range strings.SplitSeq(list, ",") {
			n, err := strconv.Atoi(strings.TrimSpace(text))
			if err != nil || n < 0 || n > 3660 || !snakeCase.MatchString(name) {
				s.fail(l.number, "Back: wants layers or views, each with the days before its own, as in health_days 0, 28; account_days 28, and not %q", value)
				return
			}
			s.Back[name] = append(s.Back[name], n)
		}
	}
}

// checkBack finds distances to what is not read.
func (s *source) checkBack(views map[string]*source) {
	reads, _ := s.sources(views)
	for _, name := range slices.Sorted(maps.Keys(s.Back)) {
		if !slices.Contains(reads, name) {
			s.fail(s.backLine, "Back: names %s, which is no layer or view that is read here", name)
		}
	}
}

// sentence reports whether text ends as one; Japanese has a period of its own.
func sentence(text string) bool {
	return strings.HasSuffix(text, ".") || strings.HasSuffix(text, "。")
}
