package dashboards

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDaysOfTheCompany: a day on a board is the company's, wherever the board is looked at. Grafana writes the days of a time range, and shows instants
// as days, by the clock of the reader's browser, so nothing may depend on that.
func TestDaysOfTheCompany(t *testing.T) {
	w := theWorld(t)
	for name, zone := range map[string]*time.Location{"UTC": time.UTC, "Asia/Tokyo": time.FixedZone("", 9*3600), "America/New_York": time.FixedZone("", -4*3600)} {
		for hour := range 24 {
			at := time.Date(2024, 6, 30, hour, 30, 0, 0, time.UTC)
			asked := strings.NewReplacer("reporting_zone", "(select '"+name+"' as zone) as z", "${__to}", fmt.Sprint(at.UnixMilli())).Replace("select toString(" + asOf + ") as day")
			if got, want := fmt.Sprint(w.rows(t, name, asked).values), "[["+at.In(zone).Format(time.DateOnly)+"]]"; got != want {
				t.Errorf("a time range that ends at %s is as of %s in %s, want %s", at, got, name, want)
			}
		}
	}
	files, err := filepath.Glob("*/cs-*.json")
	if err != nil || len(files) < 18 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		clock := `"timezone": "utc"`
		if strings.Contains(file, "cs-exporter") {
			clock = `"timezone": "browser"`
		}
		if !strings.Contains(string(text), clock) {
			t.Errorf("%s has not %s", file, clock)
		}
		for _, readers := range []string{"${__to:date", "${__from:date", "time:YYYY", "today()"} {
			if strings.Contains(string(text), readers) {
				t.Errorf("%s has %s, which is a day of the reader's browser or of Greenwich", file, readers)
			}
		}
	}
}
