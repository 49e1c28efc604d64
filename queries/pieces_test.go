package queries_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"cskpi/exporter/refresh"
	"cskpi/queries"
)

// TestPieces: what is computed piece by piece, today first and then as many days at a time as are cheap, is what is computed all at once. What one query
// needs is computed alone, is a part of that, and is not computed again with the rest.
func TestPieces(t *testing.T) {
	t.Parallel()
	w := randomWorld(12, 3)
	facts := slices.Concat(w.facts(), w.otherFacts(12))
	today := date(2024, 12, 5).time()
	c, layout := withFacts(t, facts)
	kpi := func(name string) queries.Query {
		return layout.KPIs()[slices.IndexFunc(layout.KPIs(), func(q queries.Query) bool { return q.Name == name })]
	}
	health, signals, freshness := kpi("health_changes"), kpi("expansion_signals"), kpi("freshness")
	layout.Layers = slices.DeleteFunc(slices.Clone(layout.Layers), func(layer queries.Query) bool { // the others would take long
		return !slices.ContainsFunc([]queries.Query{health, signals, freshness}, func(q queries.Query) bool { return q.ReadsTable(layer.Stored()) })
	})
	days := func(bunch int) *refresh.Days {
		return refresh.NewDays(refresh.Options{
			Conn: c, Layout: layout, Bunch: bunch,
			From: func(today time.Time) time.Time { return today.AddDate(0, 0, -40) },
			Now:  func() time.Time { return today.Add(12 * time.Hour) },
		})
	}
	alone := days(0)
	done, err := alone.Read(t.Context(), []queries.Query{health}, today)
	if err != nil {
		t.Fatal(err)
	}
	done()
	if n := column(t, c, "select toString(uniqExact(day)) from health_days"); n[0] != "2" {
		t.Errorf("health_changes compares today with 28 days ago, and health_days has %s days", n[0])
	}
	if n := column(t, c, "select toString(count()) from stored_signal_days"); n[0] != "0" {
		t.Errorf("a layer that was not asked for has %s rows", n[0])
	}
	if computed, err := alone.Computed(t.Context(), health, today); err != nil || !computed {
		t.Errorf("health_changes is computed: %t, %v", computed, err)
	}
	before := column(t, c, "select toString(groupArray(computed_at)) from (select computed_at from stored_layer_days where layer = 'health_days' order by day)")[0]

	pieces := 0
	accounts, _ := strconv.Atoi(column(t, c, "select toString(uniq(account_id)) from stored_accounts")[0])
	step := days(25 * accounts) // 25 days at a time
	for left := 1; left > 0; pieces++ {
		if left, err = step.Update(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	metrics := prometheus.NewPedanticRegistry()
	metrics.MustRegister(step)
	families, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	is := map[string]float64{}
	for _, f := range families {
		is[f.GetName()] = f.GetMetric()[0].GetGauge().GetValue() + f.GetMetric()[0].GetCounter().GetValue()
	}
	if is["cs_layers_missing"] != 0 || is["cs_layers_broken"] != 0 || is["cs_layers_failures_total"] != 0 || is["cs_layers_last_success_timestamp_seconds"] != float64(today.Unix())+43200 ||
		is["cs_layers_computed_total"] < 41*float64(len(layout.Layers)/2) || is["cs_layers_seconds_total"] <= 0 {
		t.Errorf("the metrics are %v", is)
	}
	if pieces < 4 {
		t.Errorf("it took %d pieces", pieces)
	}
	if after := column(t, c, "select toString(groupArray(computed_at)) from (select computed_at from stored_layer_days where layer = 'health_days' and day in ('2024-12-05', '2024-11-07') order by day)")[0]; after != before {
		t.Errorf("what was computed is computed again: at %s, and then at %s", before, after)
	}
	got := layerRows(t, c, layout)
	if n := column(t, c, "select toString(count()) from signal_days where previous_users > 0"); n[0] == "0" {
		t.Error("no usage is looked back on")
	}
	if states := column(t, c, "select concat(state, ' ', toString(count())) from days where day > '2024-10-01' group by state order by state"); !slices.Equal(states, []string{"stored 41", "support 24"}) {
		t.Errorf("of the days since October there are: %v", states)
	}

	// From nothing, each layer on the days that it has.
	on := make(map[string][]time.Time)
	for _, layer := range layout.Layers {
		if !layer.IsByDay() {
			on[layer.View()] = []time.Time{{}}
			continue
		}
		for _, text := range column(t, c, "select toString(day) from stored_layer_days final where layer = '"+layer.View()+"' order by day") {
			day, err := time.Parse(time.DateOnly, text)
			if err != nil {
				t.Fatal(err)
			}
			on[layer.View()] = append(on[layer.View()], day)
		}
	}
	for _, layer := range layout.Layers {
		exec(t, c, "truncate table "+layer.Stored())
	}
	for _, layer := range layout.Layers {
		one := layout
		one.Layers = []queries.Query{layer}
		if err := (&refresh.Refresher{Conn: c, Layout: one, AtOnce: 1000}).Days(t.Context(), on[layer.View()], nil, "UTC", today.AddDate(0, 0, -1)); err != nil {
			t.Fatal(err)
		}
	}
	same(t, "computing in pieces what was computed at once", layerRows(t, c, layout), got)
}
