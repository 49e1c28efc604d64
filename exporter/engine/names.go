package engine

import (
	_ "embed"
	"strings"
)

//go:embed names.txt
var namesText string

// permitted is what readers may name; see names.txt.
var permitted = readNames(namesText)

// names are the headings of names.txt with the names below them.
type names struct {
	functions, aggregates, suffixes, tableFunctions, formats, types, settings map[string]bool
	systemTables, systemTablesOfReaders                                       map[string]bool
	anyCase                                                                   map[string]bool   // Functions and aggregates in lower case.
	refused                                                                   map[string]string // Functions in lower case, and why.
}

func readNames(text string) names {
	n := names{anyCase: map[string]bool{}, refused: map[string]string{}}
	kinds := map[string]*map[string]bool{
		"function": &n.functions, "aggregate": &n.aggregates, "aggregate suffix": &n.suffixes, "table function": &n.tableFunctions,
		"format": &n.formats, "type": &n.types, "setting": &n.settings,
		"system table": &n.systemTables, "system table of the reader role": &n.systemTablesOfReaders,
	}
	for _, set := range kinds {
		*set = map[string]bool{}
	}
	kind, group := "", ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if heading, ok := strings.CutPrefix(line, "["); ok {
			kind, group, _ = strings.Cut(strings.TrimSuffix(heading, "]"), ": ")
			continue
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		for name := range strings.FieldsSeq(line) {
			if kind == "refused function" {
				n.refused[strings.ToLower(name)] = group
				continue
			}
			(*kinds[kind])[name] = true // A heading of no such kind is a mistake that every test meets.
			if kind == "function" || kind == "aggregate" {
				n.anyCase[strings.ToLower(name)] = true
			}
		}
	}
	return n
}

// function tells whether readers may call the function: one of the list, in any case where no
// other function has the name in another case, or an aggregate function with combinators.
func (n names) function(name string) bool {
	if n.functions[name] || n.anyCase[strings.ToLower(name)] && n.refused[strings.ToLower(name)] == "" || strings.HasPrefix(name, installedPrefix) {
		return true
	}
	return n.aggregate(name)
}

func (n names) aggregate(name string) bool {
	if n.aggregates[name] {
		return true
	}
	for suffix := range n.suffixes {
		if base, ok := strings.CutSuffix(name, suffix); ok && base != "" && (n.aggregate(base) || n.aggregates[strings.ToLower(base)]) {
			return true
		}
	}
	return false
}

// systemTable tells whether the role may read the table of the database system.
func (n names) systemTable(r role, table string) bool {
	return n.systemTables[table] || r == roleReader && n.systemTablesOfReaders[table]
}

// installedPrefix begins the names of the functions that cskpi itself installs.
const installedPrefix = "cs_"
