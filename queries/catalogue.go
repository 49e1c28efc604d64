package queries

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"cskpi/queries/sqltext"
)

// Catalogue is a set of queries, sorted by name.
type Catalogue []Query

// Get returns the query of that name.
func (c Catalogue) Get(name string) (Query, bool) {
	i, found := slices.BinarySearchFunc(c, name, func(q Query, name string) int { return strings.Compare(q.Name, name) })
	if !found {
		return Query{}, false
	}
	return c[i], true
}

// KPIs returns the queries that are exported.
func (c Catalogue) KPIs() []Query {
	return c.filter(func(q Query) bool { return !q.Model })
}

// Group is a chapter of KPIs.
type Group struct {
	Name string
	KPIs []Query
}

// groups are the chapters of our own KPIs, in the order in which people read them. A company's own come after them, and
// last the KPIs that name none.
var groups = []string{"Revenue", "Customers", "Growth and voice", "Targets and data"}

const otherGroup = "Other"

// Groups returns the KPIs by chapter, in the order in which people read them: those with a place in their group, then the
// others by name.
func (c Catalogue) Groups() []Group {
	all := map[string][]Query{}
	for _, q := range c.KPIs() {
		name := cmp.Or(q.Group, otherGroup)
		all[name] = append(all[name], q)
	}
	names := sortedNames(all)
	rank := func(name string) int {
		switch i := slices.Index(groups, name); {
		case name == otherGroup:
			return len(groups) + 1
		case i >= 0:
			return i
		}
		return len(groups)
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	var ordered []Group
	for _, name := range names {
		of := all[name]
		slices.SortStableFunc(of, func(a, b Query) int {
			if (a.Place == 0) != (b.Place == 0) {
				return cmp.Compare(b.Place, a.Place) // the one without a place comes last
			}
			return cmp.Or(cmp.Compare(a.Place, b.Place), strings.Compare(a.Name, b.Name))
		})
		ordered = append(ordered, Group{name, of})
	}
	return ordered
}

// Views returns all but the functions: KPIs, details, what they share, and layers, each behind what it reads.
func (c Catalogue) Views() []Query {
	var ordered []Query
	placed := map[string]bool{}
	var place func(q Query)
	place = func(q Query) {
		if placed[q.View()] {
			return
		}
		placed[q.View()] = true
		for _, name := range q.reads {
			place(c.view(name))
		}
		ordered = append(ordered, q)
	}
	for _, q := range c.filter(func(q Query) bool { return !q.Function }) {
		place(q)
	}
	return ordered
}

// view is the query whose view has that name.
func (c Catalogue) view(name string) Query {
	i := slices.IndexFunc(c, func(q Query) bool { return !q.Function && q.View() == name })
	return c[i]
}

// Functions returns the SQL functions.
func (c Catalogue) Functions() []Query {
	return c.filter(func(q Query) bool { return q.Function })
}

func (c Catalogue) filter(keep func(Query) bool) []Query {
	var qs []Query
	for _, q := range c {
		if keep(q) {
			qs = append(qs, q)
		}
	}
	return qs
}

// Load reads the built-in queries and the overlays, which are laid out alike: KPIs at the top, views/, layers/ and functions/
// below. A file of an overlay replaces the one of the same path before it. The error joins every problem of every file
// as file:line: message, in the order of the files.
func Load(overlays ...fs.FS) (Catalogue, error) {
	return LoadFrom(append([]fs.FS{Builtin()}, overlays...)...)
}

// LoadFrom is Load with other files, the first ones, in the place of the built-in queries. They alone may have a schema.
func LoadFrom(layers ...fs.FS) (Catalogue, error) {
	files, err := readAll(layers...)
	if err != nil {
		return nil, err
	}
	if problems := check(files); len(problems) > 0 {
		return nil, sqltext.Join(problems)
	}
	return assemble(files), nil
}

// readAll parses the files of all layers, by path; a later layer replaces files of an earlier one.
func readAll(layers ...fs.FS) (map[string]*source, error) {
	files := map[string]*source{}
	for i, fsys := range layers {
		if err := read(fsys, i > 0, files); err != nil {
			return nil, err
		}
	}
	for _, s := range files {
		s.Shadowed = IsFact(s.Name) && !s.Function && !s.misplaced
	}
	return files, nil
}

// read parses the query files of one file system.
func read(fsys fs.FS, overlay bool, files map[string]*source) error {
	return fs.WalkDir(fsys, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("read the query files: %w", err)
		}
		dir, base := path.Split(file)
		if d.IsDir() {
			if base == "testdata" || base != "." && strings.HasPrefix(base, ".") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(base, ".sql") || strings.HasPrefix(base, ".") || (dir == "schema/" || dir == "tables/" || dir == "rollup/") && !overlay {
			return nil
		}
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			return fmt.Errorf("read the query files: %w", err)
		}
		q := Query{Name: strings.TrimSuffix(base, ".sql"), File: file, Model: dir != "", Layer: dir == "layers/", Function: dir == "functions/", Overlay: overlay}
		switch dir {
		case "", "views/", "layers/", "functions/":
			files[file] = parse(q, string(text))
		case "models/":
			files[file] = misplaced(q, "the folder models/ is called views/ now, and a view has no parameter: the day is its first column")
		case "schema/":
			files[file] = misplaced(q, "an overlay has no schema; create tables of your own in another database")
		default:
			files[file] = misplaced(q, "a query file lies at the top, in views/, in layers/ or in functions/")
		}
		return nil
	})
}

// misplaced is a file that is in no folder for queries, so that nothing else of it is looked at.
func misplaced(q Query, text string) *source {
	s := &source{Query: q, misplaced: true}
	s.fail(1, "%s", text)
	return s
}

// check looks at the files one by one and then at how they fit together.
func check(files map[string]*source) []sqltext.Problem {
	views, byName := index(files)
	for _, s := range files {
		if s.misplaced || byName[s.Name] != s {
			continue
		}
		s.checkName()
		s.checkColumns()
		s.checkDay()
		s.checkReferences(views)
		s.checkBare(views)
		s.checkBack(views)
		if s.IsDetail() {
			s.checkDetail(byName[strings.TrimSuffix(s.Name, "_detail")])
		}
	}
	checkCycles(views)
	checkMetrics(views)

	var problems []sqltext.Problem
	for _, s := range files {
		problems = append(problems, s.problems...)
	}
	return problems
}

// index finds the files by the names of their views, functions excluded, and by their own. Where two have the same name,
// the one that comes later has the problem; the built-in files come first.
func index(files map[string]*source) (views, byName map[string]*source) {
	views, byName = map[string]*source{}, map[string]*source{}
	for _, s := range inOrder(files) {
		if s.misplaced {
			continue
		}
		if first := byName[s.Name]; first != nil {
			s.fail(1, "%s defines %s already; names are shared by all folders", first.File, s.Name)
			continue
		}
		byName[s.Name] = s
		if !s.Function {
			views[s.View()] = s
		}
	}
	return views, byName
}

// inOrder lists built-in files before those of overlays, each by path.
func inOrder(files map[string]*source) []*source {
	return slices.SortedFunc(maps.Values(files), func(a, b *source) int {
		if a.Overlay != b.Overlay {
			if b.Overlay {
				return -1
			}
			return 1
		}
		return strings.Compare(a.File, b.File)
	})
}

// assemble makes a catalogue of files without problems.
func assemble(files map[string]*source) Catalogue {
	views, byName := index(files)
	done := map[string]bool{}
	var resolve func(s *source)
	resolve = func(s *source) {
		if done[s.File] {
			return
		}
		done[s.File] = true
		var own []string
		s.reads, own = s.sources(views)
		s.own, s.tables = slices.Clone(own), own
		hash := sha256.New()
		fmt.Fprintln(hash, s.said())
		for _, name := range sortedNames(s.functions(byName)) { // which the engine copies into the view
			fmt.Fprintln(hash, name, byName[name].said())
		}
		for _, name := range own {
			fmt.Fprintln(hash, tableColumns(name))
		}
		for _, name := range s.reads {
			of := views[name]
			resolve(of)
			fmt.Fprintln(hash, name, of.definition)
			s.tables = append(s.tables, of.tables...)
			if of.Layer {
				s.tables = append(s.tables, of.Stored())
			} else {
				s.own = append(s.own, of.own...)
			}
		}
		for _, tables := range []*[]string{&s.own, &s.tables} {
			slices.Sort(*tables)
			*tables = slices.Compact(*tables)
		}
		s.definition = hex.EncodeToString(hash.Sum(nil)[:8])
	}
	var c Catalogue
	for _, name := range sortedNames(byName) {
		if s := byName[name]; !s.Function {
			resolve(s)
		}
		c = append(c, byName[name].Query)
	}
	return c
}

// functions are the SQL functions that a file calls, and those that these call.
func (s *source) functions(byName map[string]*source) map[string]bool {
	found := map[string]bool{}
	var look func(s *source)
	look = func(s *source) {
		for _, t := range s.tokens {
			if of := byName[t.Text]; of != nil && of.Function && !found[t.Text] {
				found[t.Text] = true
				look(of)
			}
		}
	}
	look(s)
	return found
}

// said is what a file computes: its columns and its text, without comments and layout.
func (s *source) said() string {
	var text strings.Builder
	for _, c := range s.Columns {
		text.WriteString(c.Name + " " + string(c.Kind) + "\n")
	}
	for _, t := range s.tokens {
		text.WriteString(t.Text + "\n")
	}
	return text.String()
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func (s *source) checkName() {
	switch {
	case !snakeCase.MatchString(s.Name):
		s.fail(1, "file name %q is not in snake_case", s.Name)
	case s.Function && !strings.HasPrefix(s.Name, "cs_"):
		s.fail(1, "the name of a function must begin with cs_, since ClickHouse has one set of functions for all databases")
	case !s.Model && (s.Name == "exporter" || strings.HasPrefix(s.Name, "exporter_")):
		s.fail(1, "the name clashes with the exporter's own metrics, cs_exporter_*")
	case !s.Model && (s.Name == "intake" || strings.HasPrefix(s.Name, "intake_")):
		s.fail(1, "the name clashes with the metrics of intake, cs_intake_*")
	case s.Name == CatalogueView:
		s.fail(1, "%s is the view that lists all others", CatalogueView)
	case !s.Model && strings.HasSuffix(s.Name, "_detail"):
		s.fail(1, "a detail belongs in views/")
	}
}

// checkDetail makes sure that the rows of a detail can be summed to the numbers of its KPI.
func (s *source) checkDetail(kpi *source) {
	if kpi == nil || kpi.Model {
		s.fail(1, "there is no KPI %s that this could be the detail of", strings.TrimSuffix(s.Name, "_detail"))
		return
	}
	if len(s.Columns) == 0 {
		return
	}
	for _, c := range kpi.Of(Label) {
		if !slices.ContainsFunc(s.Of(Label), func(d Column) bool { return d.Name == c.Name }) {
			s.fail(s.columnsLine, "the label %s of %s is missing, so that rows cannot be summed to its numbers", c.Name, kpi.Name)
		}
	}
	for _, c := range s.Of(Part) {
		if !slices.ContainsFunc(kpi.Of(Gauge), func(d Column) bool { return d.Name == c.Name }) {
			s.fail(c.Line, "part %s has no gauge of that name in %s", c.Name, kpi.Name)
		}
	}
	if len(s.Of(Key)) == 0 {
		s.fail(s.columnsLine, "a detail needs a key: the account or contract that a row is about")
	}
}

// checkMetrics finds two columns that would become the same metric: cs_arr_movements_amount may come from arr or from
// arr_movements.
func checkMetrics(views map[string]*source) {
	seen := map[string]string{}
	for _, s := range inOrder(views) {
		if s.Model {
			continue
		}
		for _, c := range s.Of(Gauge, Histogram) {
			names := []string{s.Metric(c)}
			if c.Kind == Histogram {
				names = append(names, s.Metric(c)+"_bucket", s.Metric(c)+"_count", s.Metric(c)+"_sum")
			}
			for _, name := range names {
				if other := seen[name]; other != "" && other != s.File {
					s.fail(c.Line, "metric %s comes from %s, too", name, other)
				}
				seen[name] = s.File
			}
		}
	}
}
