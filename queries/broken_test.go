package queries_test

import (
	"errors"
	"slices"
	"testing"

	"cskpi/exporter/refresh"
	"cskpi/queries"
)

// TestBrokenLayer: a layer that cannot be computed stops what stands on it, and nothing else; when it can be computed again, it has what changed meanwhile.
func TestBrokenLayer(t *testing.T) {
	t.Parallel()
	c, layout := database(t)
	exec(t, c, "insert into stored_contracts (contract_id, account_id, acv, starts_on) values ('c', 'a', 50000, '2024-01-10')")
	day := date(2024, 6, 30).time()
	failing := layout
	failing.Layers = slices.Clone(layout.Layers)
	i := slices.IndexFunc(failing.Layers, func(q queries.Query) bool { return q.Name == "health_days" })
	failing.Layers[i].SQL = "select throwIf(1, 'no health today')"
	_, err := (&refresh.Refresher{Conn: c, Layout: failing}).Refresh(t.Context(), refresh.Everything(layout, day), "UTC", day)
	broken, is := errors.AsType[refresh.Broken](err)
	if !is || broken["health_days"] == nil || broken["risk_days"] == nil || broken["account_days"] != nil || broken["touch_days"] != nil {
		t.Fatalf("got the error %v", err)
	}
	if got := table(t, c, []string{"toString(arr)"}, "account_days"); len(got) != 1 || got[0][0] != "50000" {
		t.Errorf("account_days: got %v", got)
	}
	if got := table(t, c, []string{"count()"}, "health_days"); got[0][0] != "0" {
		t.Errorf("health_days has %s rows", got[0][0])
	}
	if _, err := (&refresh.Refresher{Conn: c, Layout: layout}).Refresh(t.Context(), refresh.Everything(layout, day), "UTC", day); err != nil {
		t.Fatal(err)
	}
	if got := table(t, c, []string{"band"}, "health_days"); len(got) != 1 {
		t.Errorf("health_days: got %v", got)
	}
}
