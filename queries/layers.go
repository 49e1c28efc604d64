package queries

import (
	"context"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// StoredPrefix begins the names of tables as they are stored. The view of the name without it has what counts.
const StoredPrefix = "stored_"

// Layout is how the layers of a catalogue stand upon each other: tables that are computed from the facts, most of them by day.
type Layout struct {
	Layers    []Query // each behind what it reads
	Views     []Query // and the plain views over them, likewise
	catalogue Catalogue
	byName    map[string]Query
	distances map[string]map[string][]int
}

// Layout is that of the catalogue.
func (c Catalogue) Layout() Layout {
	l := Layout{catalogue: c, byName: map[string]Query{}, distances: map[string]map[string][]int{}}
	for _, q := range c.views() {
		l.byName[q.View()] = q
		l.distances[q.View()] = l.distancesOf(q)
		if q.Layer {
			l.Layers = append(l.Layers, q)
		} else {
			l.Views = append(l.Views, q)
		}
	}
	return l
}

// LoadLayout is the layout of the built-in queries.
func LoadLayout() (Layout, error) {
	c, err := Load()
	return c.Layout(), err
}

// Reads are the layers and views that a layer or view reads itself.
func (l Layout) Reads(name string) []string { return l.byName[name].reads }

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

func (l Layout) distancesOf(q Query) map[string][]int {
	found := map[string][]int{}
	for _, name := range q.reads {
		for layer, distances := range l.distances[name] {
			for _, before := range append([]int{0}, q.Back...) {
				for _, d := range distances {
					found[layer] = append(found[layer], before+d)
				}
			}
		}
	}
	if q.Layer {
		found[q.Name] = []int{0}
	}
	return ascending(found)
}

// Install makes tables, functions and views in an empty database.
func (l Layout) Install(ctx context.Context, conn driver.Conn) error {
	if err := Migrate(ctx, conn); err != nil {
		return err
	}
	return Install(ctx, conn, l.catalogue)
}
