package queries

import (
	"slices"
	"strings"
)

// StoredPrefix begins the names of tables as they are stored. The view of the name without it has what counts.
const StoredPrefix = "stored_"

// Layout is how the layers of a catalogue stand upon each other: tables that are computed from the facts, most of them by day.
type Layout struct {
	Layers    []Query // each behind what it reads
	Views     []Query // and the plain views over them, likewise
	byName    map[string]Query
	next      map[string]map[string][]int // the layers that a layer or view reads itself or by way of views, and how many days before its own
	distances map[string]map[string][]int // those that it stands on, itself included, likewise
	lags      map[string]map[string]int   // the facts that it stands on, and on which day after that of a fact it is touched first
	untilLast map[string]bool             // layers without days that go up to the last whole day
}

// Layout is that of the catalogue.
func (c Catalogue) Layout() Layout {
	l := Layout{byName: map[string]Query{}, next: map[string]map[string][]int{}, distances: map[string]map[string][]int{}, lags: map[string]map[string]int{}, untilLast: map[string]bool{}}
	for _, q := range c.Views() {
		l.byName[q.View()] = q
		l.link(q)
		if q.Layer {
			l.Layers = append(l.Layers, q)
		} else {
			l.Views = append(l.Views, q)
		}
	}
	return l
}

// Next are the layers that a layer or view reads itself or by way of views, and how many days before its own: 0 is the same day.
func (l Layout) Next(name string) map[string][]int { return l.next[name] }

// Lag is how many days after a fact it first counts in a layer or view; false: not at all.
func (l Layout) Lag(name, fact string) (int, bool) {
	days, found := l.lags[name][fact]
	return days, found
}

// IsUntilLast reports whether a layer without days covers facts up to the last whole day, itself or by way of others: it is the same until another day is
// over, whatever facts of the running day say.
func (l Layout) IsUntilLast(name string) bool { return l.untilLast[name] }

// Facts are the stored tables of facts that a layer or view reads, itself or by way of others, without stored_.
func (l Layout) Facts(name string) []string { return l.facts(l.byName[name].tables) }

// OwnFacts are those that it reads itself or by way of views, and not by way of layers.
func (l Layout) OwnFacts(name string) []string { return l.facts(l.byName[name].own) }

func (l Layout) facts(tables []string) (names []string) {
	for _, t := range tables {
		if name, stored := strings.CutPrefix(t, StoredPrefix); stored && !l.byName[name].Layer {
			names = append(names, name)
		}
	}
	return names
}

// Definition is a hash of what a layer or view says, down to the facts.
func (l Layout) Definition(name string) string { return l.byName[name].definition }

// Distances says of each layer that some layers and views stand on, themselves included, how many days before their own it is read, directly or by way
// of others, in ascending order: 0 is the same day.
func (l Layout) Distances(names ...string) map[string][]int {
	all := map[string][]int{}
	for _, name := range names {
		for layer, distances := range l.distances[name] {
			all[layer] = append(all[layer], distances...)
		}
	}
	return ascending(all)
}

func ascending(all map[string][]int) map[string][]int {
	for name := range all {
		slices.Sort(all[name])
		all[name] = slices.Compact(all[name])
	}
	return all
}

// link notes what a layer or view, which comes after all that it reads, is linked to.
func (l Layout) link(q Query) {
	next, distances, lags := map[string][]int{}, map[string][]int{}, map[string]int{}
	counts := func(fact string, after int) {
		if days, found := lags[fact]; !found || after < days {
			lags[fact] = after
		}
	}
	for _, name := range q.reads {
		backs := q.Back[name]
		if backs == nil {
			backs = []int{0}
		}
		add := func(to map[string][]int, all map[string][]int) {
			for layer, ds := range all {
				for _, before := range backs {
					for _, d := range ds {
						to[layer] = append(to[layer], before+d)
					}
				}
			}
		}
		add(distances, l.distances[name])
		if l.byName[name].Layer {
			next[name] = append(next[name], backs...)
		} else {
			add(next, l.next[name])
		}
		for fact, days := range l.lags[name] {
			counts(fact, days+slices.Min(backs))
		}
	}
	for _, fact := range l.facts(q.own) {
		counts(fact, 0)
	}
	if q.Layer {
		distances[q.View()] = []int{0}
	}
	l.untilLast[q.View()] = !(q.Layer && q.IsByDay()) && (strings.Contains(q.SQL, "{whole:Date}") || slices.ContainsFunc(q.reads, l.IsUntilLast))
	l.next[q.View()], l.distances[q.View()], l.lags[q.View()] = ascending(next), ascending(distances), lags
}
