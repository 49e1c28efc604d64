package queries

import "slices"

// SQL is the body of a layer or view; empty: there is none of the name.
func (l Layout) SQL(name string) string {
	for _, q := range slices.Concat(l.Layers, l.Views) {
		if q.View() == name {
			return q.SQL
		}
	}
	return ""
}

// KPIs are the views that have a place in a group.
func (l Layout) KPIs() []Query {
	return slices.DeleteFunc(slices.Concat(l.Layers, l.Views), func(q Query) bool { return q.Model })
}
