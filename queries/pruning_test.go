package queries_test

import (
	"regexp"
	"slices"
	"strconv"
	"testing"

	"cskpi/queries"
)

var (
	tableRead = regexp.MustCompile(`ReadFromMergeTree \(\w+\.(stored_\w+)\)`)
	partsLeft = regexp.MustCompile(`Parts: (\d+)/(\d+)`)
)

// TestDayReachesTheKey: a question for one day reads that day of the layers, whatever the view does with them. Each of four days lies in a partition of its
// own, of which a question must not read all.
func TestDayReachesTheKey(t *testing.T) {
	t.Parallel()
	w := randomWorld(3, 4)
	c, layout, _ := laidOut(t, slices.Concat(w.facts(), w.otherFacts(3)), []day{date(2024, 1, 31), date(2024, 2, 28), date(2024, 6, 30), date(2024, 8, 30)}, "Asia/Tokyo")
	byDay := map[string]queries.Query{}
	for _, layer := range layout.Layers {
		if layer.IsByDay() {
			byDay[layer.Stored()] = layer
		}
	}
	for _, v := range slices.Concat(layout.Layers, layout.Views) {
		// Annotations of quarters go by the latest day that is computed; policy_days is small.
		if !v.IsByDay() && v.Day.Name == "" || v.Name == "annotations" {
			continue
		}
		rows, err := c.Query(t.Context(), "explain indexes = 1 select * from "+v.View()+" where day = '2024-08-30'")
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		table, read, all := "", 0, 0
		// done looks at what was read of a table; a view may look at two days of it.
		done := func() {
			if byDay[table].Name != "" && all >= 4 && read > 2 {
				t.Errorf("%s reads %d of %d days of %s", v.Name, read, all, table)
			}
		}
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			if m := tableRead.FindStringSubmatch(line); m != nil {
				done()
				table, read, all = m[1], 0, 0
			}
			if m := partsLeft.FindStringSubmatch(line); m != nil {
				// The first index says how many there are, the last one how many are left.
				read, _ = strconv.Atoi(m[1])
				n, _ := strconv.Atoi(m[2])
				all = max(all, n)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		done()
	}
}
