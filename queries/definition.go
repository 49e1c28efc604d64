package queries

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Definitions are hashes of what the KPIs and models compute, by name: of their texts and columns, and of the views and functions
// that they call, directly or not. Comments and the spaces between words play no part.
func (c Catalogue) Definitions() map[string]string {
	called := map[string]Query{} // by what stands in a text
	for _, q := range c.views() {
		called["cs."+q.View()] = q
	}
	for _, q := range c.functions() {
		called[q.Name] = q
	}
	done := map[string]string{} // by file
	var define func(q Query) string
	define = func(q Query) string {
		if hash, known := done[q.File]; known {
			return hash
		}
		done[q.File] = "" // for what calls itself, which is refused elsewhere
		var text strings.Builder
		for _, column := range q.Columns {
			text.WriteString(column.Name + " " + string(column.Kind) + "\n")
		}
		tokens, err := lex(q.SQL)
		if err != nil {
			text.WriteString(q.SQL)
		}
		before := [2]token{}
		for _, t := range tokens {
			if t.kind == comment {
				continue
			}
			text.WriteString(t.text + "\n")
			name := t.name()
			if before[0].name() == "cs" && before[1].is(".") {
				name = "cs." + name
			}
			if of, found := called[name]; found {
				text.WriteString(define(of) + "\n")
			}
			before = [2]token{before[1], t}
		}
		sum := sha256.Sum256([]byte(text.String()))
		done[q.File] = hex.EncodeToString(sum[:8])
		return done[q.File]
	}
	definitions := map[string]string{}
	for _, q := range c.views() {
		definitions[q.Name] = define(q)
	}
	return definitions
}
