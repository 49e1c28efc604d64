package queries

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
)

// Definition is a hash of what q computes: of its text down to the tables, with the views that it reads written out, of the
// functions that are called, and of its columns. Comments and the spaces between words play no part.
func (c Catalogue) Definition(q Query) string {
	sum := sha256.New()
	for _, column := range q.Columns {
		fmt.Fprintf(sum, "%s %s\n", column.Name, column.Kind)
	}
	text := q.flat
	if text == "" {
		text = q.SQL
	}
	seen := map[string]bool{}
	c.define(sum, text, seen)
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// define adds a text and the functions that it calls, which call others.
func (c Catalogue) define(sum hash.Hash, text string, seen map[string]bool) {
	tokens, err := lex(text)
	if err != nil {
		fmt.Fprintln(sum, text)
		return
	}
	for _, t := range tokens {
		if t.kind == comment {
			continue
		}
		fmt.Fprintln(sum, t.text)
		name := t.name()
		if name == "" || seen[name] {
			continue
		}
		if f, found := c.Get(name); found && f.Function {
			seen[name] = true
			fmt.Fprintf(sum, "%s is\n", name)
			c.define(sum, f.SQL, seen)
		}
	}
}
