package engine

import (
	"strconv"
	"strings"
)

// A reader's statement is judged before the engine sees more of it than its syntax, since
// analysis alone has effects: it calls functions on constants and opens table functions.
//
// What is judged, and then run, is the text that the engine's own formatter made of the
// statement: no comments, one way to quote, syntax such as CASE or EXTRACT written as functions.
// Every name that can call something stands there in the open. The engine's syntax tree
// is the second check: it tells table functions from functions, and whether the statement
// consists of nothing but what is known here.

// judge holds what a judgement needs to know.
type judge struct {
	role      role
	unknown   map[string]bool // Functions of the engine that names.txt does not mention, in lower case.
	databases map[string]bool // For the role kpi: all databases,
	views     map[string]bool // and what it may read in the database of the facts.
}

func denied(format string, args ...any) error {
	return refuse(codeAccessDenied, "ACCESS_DENIED", "default: Not enough privileges. "+format+"; see \"What readers may run\" in queries/README.md", args...)
}

func notReading(what string) error {
	return refuse(codeReadonly, "READONLY", "Cannot execute query in readonly mode: %s is not available to readers of this engine; they may run SELECT, SHOW, DESCRIBE, EXPLAIN and EXISTS", what)
}

// beforeParenthesis are the words of the formatter behind which an opening parenthesis calls nothing.
var beforeParenthesis = set("ALL AND ANY AS ASC AST BETWEEN BY COLUMNS DESC DISTINCT DIV ELSE EXCEPT EXISTS EXPLAIN FILL FROM GLOBAL HAVING IN INTERPOLATE INTERSECT IS JOIN LIKE ILIKE LIMIT " +
	"MATERIALIZED MOD NOT OFFSET ON OR OVER PIPELINE PLAN PREWHERE QUALIFY RANGE REPLACE ROWS GROUPS SAMPLE SELECT SETS STALENESS STEP SYNTAX TABLE THEN TO TREE UNION USING VALUES WHEN WHERE WITH")

func set(words string) map[string]bool {
	s := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		s[word] = true
	}
	return s
}

// text judges the names of the statement.
func (j judge) text(query string) error {
	tokens, err := tokensOf(query)
	if err != nil {
		return err
	}
	l := lexer{text: query}
	at := func(i int) token {
		if i < 0 || i >= len(tokens) {
			return token{}
		}
		return tokens[i]
	}
	isName := func(t token) bool { return t.kind == word || t.kind == quotedName }
	switch verb := at(0); {
	case verb.kind == word && set("SELECT WITH SHOW DESCRIBE EXPLAIN EXISTS")[strings.ToUpper(query[verb.start:verb.end])], l.is(verb, "("):
	default:
		return notReading(strings.ToUpper(query[verb.start:verb.end]))
	}
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		switch {
		case l.is(t, ";"):
			return refuse(codeSyntaxError, "SYNTAX_ERROR", "Syntax error (Multi-statements are not allowed)")
		case l.is(t, "INTO") && l.is(at(i+1), "OUTFILE"):
			return notReading("INTO OUTFILE")
		case l.is(t, "PARALLEL") && l.is(at(i+1), "WITH"):
			return notReading("PARALLEL WITH")
		case t.kind == word && l.is(t, "SETTINGS") && isName(at(i+1)) && l.is(at(i+2), "="):
			return refuse(codeReadonly, "READONLY", "Cannot modify '%s' setting in readonly mode: readers of this engine give settings with the request, as in /?max_threads=1, or at the end of the whole query, as in SETTINGS max_threads = 1", l.name(at(i+1)))
		case !isName(t):
			continue
		}
		// A name with its dots. In a call of a view the formatter puts both parts into one pair of quotes.
		chain := strings.Split(l.name(t), ".")
		for l.is(at(i+1), ".") && isName(at(i+2)) {
			i += 2
			chain = append(chain, l.name(tokens[i]))
		}
		calls := l.is(at(i+1), "(")
		switch name := chain[0]; {
		case len(chain) > 1:
			if err := j.table(chain[0], chain[1]); err != nil {
				return err
			}
		case calls && t.kind == word && beforeParenthesis[name]:
		case calls:
			if err := j.call(name); err != nil {
				return err
			}
		case t.kind == word && name == "APPLY":
			// APPLY takes a function by its name alone, or a lambda.
			if next := at(i + 1); isName(next) && !l.is(at(i+2), "-") && !permitted.function(l.name(next)) {
				return j.call(l.name(next))
			}
		case l.is(at(i-1), "."):
		default:
			// Functions that take a lambda take another function's name for it.
			if why := j.refusal(name); why != "" {
				return denied("The function %s is not available to readers of this engine (%s); write a column of that name with its table, as in t.%s", name, why, name)
			}
		}
	}
	return nil
}

func tokensOf(query string) ([]token, error) {
	var tokens []token
	for l := (lexer{text: query}); ; {
		switch t := l.next(); t.kind {
		case endOfText:
			if len(tokens) == 0 {
				return nil, refuse(codeSyntaxError, "SYNTAX_ERROR", "Syntax error: Empty query")
			}
			return tokens, nil
		case unfinished:
			return nil, notReading("a statement that cannot be read")
		default:
			tokens = append(tokens, t)
		}
	}
}

// call judges a name that an opening parenthesis follows.
func (j judge) call(name string) error {
	switch why := j.refusal(name); {
	case why != "":
		return denied("The function %s is not available to readers of this engine (%s)", name, why)
	case permitted.function(name), permitted.tableFunctions[name], permitted.types[name]:
		return nil
	default:
		return denied("The function %s is not available to readers of this engine", name)
	}
}

// refusal says why readers may not call the function; empty if nothing is known against it.
func (j judge) refusal(name string) string {
	lower := strings.ToLower(name)
	if why := permitted.refused[lower]; why != "" {
		return why
	}
	if j.unknown[lower] {
		return "this version of cskpi does not know it"
	}
	return ""
}

// table judges two names with a dot between them, which are a table if the first is a database's name.
func (j judge) table(database, table string) error {
	switch lower := strings.ToLower(database); {
	case lower == "information_schema":
		return nil
	case lower == "system":
		if permitted.systemTable(j.role, table) {
			return nil
		}
		return denied("The table system.%s is not available to readers of this engine", table)
	case lower == "default":
		return denied("The database default is not available to readers of this engine: its tables are files; the tables and views are in the database %s", factsDatabase)
	case j.role != roleKPI || !j.databases[database]:
		return nil
	case database == factsDatabase && j.views[table]:
		return nil
	}
	return denied("%s.%s is not available to this user, who may read KPI views without account rows and %s.%s, which lists them", database, table, factsDatabase, catalogueView)
}

// treeNodes are the parts that a statement of a reader may have, as EXPLAIN AST names them.
var treeNodes = set("SelectWithUnionQuery SelectIntersectExceptQuery SelectQuery ExpressionList Function Identifier TableIdentifier Literal Subquery WithElement " +
	"TablesInSelectQuery TablesInSelectQueryElement TableExpression TableJoin ArrayJoin SampleRatio Set OrderByElement InterpolateElement WindowDefinition WindowListElement " +
	"Asterisk QualifiedAsterisk ColumnsRegexpMatcher ColumnsListMatcher QualifiedColumnsRegexpMatcher QualifiedColumnsListMatcher ColumnsTransformerList ColumnsApplyTransformer " +
	"ColumnsExceptTransformer ColumnsReplaceTransformer ColumnsReplaceTransformer::Replacement QueryParameter StorageOrderByElement " +
	"Explain DescribeQuery ShowTables ShowColumns ShowIndexes ShowFunctions ShowSetting ShowEngineQuery ShowCreateTableQuery ShowCreateViewQuery ShowCreateDatabaseQuery " +
	"ExistsTableQuery ExistsViewQuery ExistsDatabaseQuery")

// tree judges the statement's syntax tree: one node a line, indented by its depth.
func (j judge) tree(query, tree string) error {
	subqueries, above := 0, []string{}
	for line := range strings.Lines(strings.TrimRight(tree, "\n")) {
		node := strings.TrimLeft(line, " ")
		depth := len(line) - len(node)
		kind, rest, _ := strings.Cut(strings.TrimSpace(node), " ")
		if !treeNodes[kind] || depth > len(above) {
			return notReading(kind)
		}
		above = append(above[:depth], kind)
		switch kind {
		case "SelectQuery":
			subqueries++
		case "Function":
			name, _, _ := strings.Cut(rest, " ")
			switch inFrom := depth > 0 && above[depth-1] == "TableExpression"; {
			case inFrom && !permitted.tableFunctions[name] && !strings.Contains(name, "."):
				return denied("The table function %s is not available to readers of this engine", name)
			case !inFrom && (j.refusal(name) != "" || !permitted.function(name)):
				return j.call(name)
			}
		}
	}
	// The tree leaves out what stands in a WINDOW clause or behind APPLY.
	tokens, err := tokensOf(query)
	if err != nil {
		return err
	}
	l := lexer{text: query}
	for _, t := range tokens {
		if l.is(t, "SELECT") {
			subqueries--
		}
	}
	if subqueries != 0 {
		return notReading("a subquery in a WINDOW clause or behind APPLY, or a column named select,")
	}
	return nil
}

// identifiers replaces the statement's parameters of the type Identifier by their values, so
// that they are judged like names that stand in the text. What it returns must be formatted again.
func identifiers(query string, params []pair) (string, bool) {
	values := map[string]string{}
	for _, p := range params {
		values[p.name] = p.value
	}
	tokens, err := tokensOf(query)
	if err != nil {
		return query, false
	}
	l := lexer{text: query}
	var b strings.Builder
	done := 0
	for i := 0; i+4 < len(tokens); i++ {
		if !l.is(tokens[i], "{") || !l.is(tokens[i+2], ":") || !l.is(tokens[i+3], "Identifier") || !l.is(tokens[i+4], "}") {
			continue
		}
		value, ok := values[l.name(tokens[i+1])]
		if !ok {
			continue // The engine says that it is missing.
		}
		b.WriteString(query[done:tokens[i].start] + quoteName(unescapeTab(value)))
		done = tokens[i+4].end
	}
	return b.String() + query[done:], done > 0
}

// unescapeTab reads a parameter's value, which is escaped as in the format TabSeparated.
func unescapeTab(s string) string {
	if unquoted, err := strconv.Unquote(`"` + strings.NewReplacer(`"`, `\"`, `\'`, `'`).Replace(s) + `"`); err == nil {
		return unquoted
	}
	return s
}
