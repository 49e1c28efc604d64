package queries

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"cskpi/queries/sqltext"
)

// Refused is a query file that is left out, and why.
type Refused struct {
	Name string // of the query
	File string // path inside its file system
	Err  error  // every problem of the file, as file:line: message
}

// LoadUsable is Load for a service that must go on: it leaves out the files that have problems and those that read them.
// If a file that replaces a built-in one has problems, the built-in file does not come back: a company that replaced a KPI
// must not get another number under its name.
// Without overlays every problem is an error.
func LoadUsable(overlays ...fs.FS) (Catalogue, []Refused, error) {
	files, err := readAll(append([]fs.FS{Builtin()}, overlays...)...)
	if err != nil {
		return nil, nil, err
	}
	var refused []Refused
	for {
		problems := check(files)
		if len(problems) == 0 {
			return assemble(files), refused, nil
		}
		if len(overlays) == 0 {
			return nil, nil, sqltext.Join(problems)
		}
		gone := unusable{}
		for len(problems) > 0 {
			found := byFile(problems)
			for _, file := range sortedNames(found) {
				s := files[file]
				refused = append(refused, Refused{s.Name, file, sqltext.Join(found[file])})
				gone.add(s.Query)
				delete(files, file)
			}
			problems = nil
			for _, s := range files {
				if p, found := gone.readBy(s.Query, s.tokens); found {
					problems = append(problems, p)
				}
			}
		}
	}
}

// Without leaves out the files of overlays that store.Install or store.Verify found unusable, and the files that read them. If err
// has any other cause, such as a server that cannot compute the built-in views, nothing is left out.
func (c Catalogue) Without(err error) (Catalogue, []Refused) {
	var problems []sqltext.Problem
	for _, e := range leaves(err) {
		var p sqltext.Problem
		if !errors.As(e, &p) {
			return c, nil
		}
		problems = append(problems, p)
	}
	found := byFile(problems)
	gone := unusable{}
	all := c
	var refused []Refused
	leave := func(q Query, err error) {
		gone.add(q)
		refused = append(refused, Refused{q.Name, q.File, err})
		c = slices.DeleteFunc(slices.Clone(c), func(other Query) bool { return other.File == q.File })
		delete(found, q.File)
	}
	for _, q := range c {
		if of := found[q.File]; q.Overlay && of != nil {
			leave(q, sqltext.Join(of))
		}
	}
	for changed := true; changed; {
		changed = false
		for _, q := range c {
			tokens, _ := sqltext.Lex(q.SQL) // of a file that could be read
			if p, reads := gone.readBy(q, tokens); reads {
				leave(q, sqltext.Join(append(found[q.File], p)))
				changed = true
				break
			}
		}
	}
	if len(found) > 0 { // in built-in files that read nothing of an overlay
		return all, nil
	}
	return c, refused
}

// leaves lists the errors that err joins.
func leaves(err error) []error {
	var joined interface{ Unwrap() []error }
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &joined):
		return []error{err}
	}
	var all []error
	for _, one := range joined.Unwrap() {
		all = append(all, leaves(one)...)
	}
	return all
}

func byFile(problems []sqltext.Problem) map[string][]sqltext.Problem {
	files := map[string][]sqltext.Problem{}
	for _, p := range problems {
		files[p.File] = append(files[p.File], p)
	}
	return files
}

// unusable has the files that are left out, by the name under which others read them.
type unusable map[string]string

func (u unusable) add(q Query) {
	if q.Function {
		u[q.Name+"("] = q.File
	} else {
		u[q.View()] = q.File
	}
}

// readBy finds out whether q reads any of them.
func (u unusable) readBy(q Query, tokens []sqltext.Token) (sqltext.Problem, bool) {
	for i, t := range tokens {
		name := t.Name()
		if i+1 < len(tokens) && tokens[i+1].Is("(") {
			name += "("
		} else if i == 0 || !tokens[i-1].Is("from") && !tokens[i-1].Is("join") {
			continue
		}
		if file, gone := u[name]; gone {
			return sqltext.Problem{File: q.File, Line: t.Line, Text: fmt.Sprintf("%s is not available, because %s has problems", strings.TrimSuffix(name, "("), file)}, true
		}
	}
	return sqltext.Problem{}, false
}
