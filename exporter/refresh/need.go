package refresh

import (
	"maps"
	"slices"
	"time"

	"cskpi/queries"
)

// Need says which days of which layers are wanted. Days are dates at midnight UTC; a layer that is not by day has one, the zero one.
type Need map[string]map[time.Time]bool

// reach says, of each layer that some queries stand on, how many days before their own they read it: 0 is the same day.
type reach map[string][]int

func reachOf(layout queries.Layout, asked []queries.Query) reach {
	names := make([]string, len(asked))
	for i, q := range asked {
		names[i] = q.View()
	}
	all := reach(layout.Distances(names...))
	for _, layer := range layout.Layers {
		if _, reached := all[layer.View()]; reached && !layer.IsByDay() {
			all[layer.View()] = nil
		}
	}
	return all
}

// from is what is needed on some days: the layers on these days and on those that are looked back on, unless these lie before first, the first day of
// facts.
func (r reach) from(days []time.Time, first time.Time) Need {
	n := Need{}
	for layer, distances := range r {
		if distances == nil {
			n.add(layer, time.Time{})
		}
		for _, distance := range distances {
			for _, day := range days {
				if before := day.AddDate(0, 0, -distance); distance == 0 || !before.Before(first) {
					n.add(layer, before)
				}
			}
		}
	}
	return n
}

// Everything is all layers on some days, and nothing that they look back on.
func Everything(layout queries.Layout, days ...time.Time) Need {
	n := Need{}
	for _, layer := range layout.Layers {
		if !layer.IsByDay() {
			n.add(layer.View(), time.Time{})
			continue
		}
		for _, day := range days {
			n.add(layer.View(), day)
		}
	}
	return n
}

func (n Need) add(layer string, day time.Time) {
	if n[layer] == nil {
		n[layer] = map[time.Time]bool{}
	}
	n[layer][day] = true
}

// Days are all days of any layer, the latest first.
func (n Need) Days() []time.Time {
	all := map[time.Time]bool{}
	for _, days := range n {
		maps.Copy(all, days)
	}
	delete(all, time.Time{})
	return latestFirst(maps.Keys(all))
}

// without is what is in n and not in other.
func (n Need) without(other Need) Need {
	return n.where(func(layer string, day time.Time) bool { return !other[layer][day] })
}

// also is what is in both.
func (n Need) also(other Need) Need {
	return n.where(func(layer string, day time.Time) bool { return other[layer][day] })
}

func (n Need) where(holds func(layer string, day time.Time) bool) Need {
	left := Need{}
	for layer, days := range n {
		for day := range days {
			if holds(layer, day) {
				left.add(layer, day)
			}
		}
	}
	return left
}

func latestFirst(days func(yield func(time.Time) bool)) []time.Time {
	return slices.SortedFunc(days, func(a, b time.Time) int { return b.Compare(a) })
}
