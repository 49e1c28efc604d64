package dashboards

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// shown is a board as it is committed.
type shown struct {
	UID, Title, Description, Refresh string
	Tags                             []string
	SchemaVersion                    int
	ID                               *int
	Editable                         bool
	Links                            []struct{ Type, URL string }
	Templating                       struct{ List []shownVariable }
	Panels                           []shownPanel
}

type shownVariable struct {
	Name, Type, Label, AllValue string
	Refresh                     int
	IncludeAll                  bool
	Datasource                  struct{ UID string }
	Query                       json.RawMessage
}

type shownPanel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  struct{ H, W, X, Y int }
	Datasource               struct{ Type, UID string }
	Targets                  []shownTarget
	FieldConfig              struct {
		Defaults struct {
			Unit, NoValue string
			Decimals      *int
		}
		Overrides []struct {
			Matcher    struct{ ID, Options string }
			Properties []struct {
				ID    string
				Value json.RawMessage
			}
		}
	}
	Options struct{ Legend *struct{ ShowLegend bool } }
}

type shownTarget struct {
	RefID, Expr, RawSQL, LegendFormat string
	Datasource                        struct{ Type, UID string }
}

// eachShown calls f with all boards in both languages.
func eachShown(t *testing.T, f func(t *testing.T, language string, b shown)) {
	t.Helper()
	for _, language := range Languages() {
		boards, err := All(language)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range boards {
			t.Run(one.UID, func(t *testing.T) {
				var b shown
				if err := json.Unmarshal(one.JSON, &b); err != nil {
					t.Fatal(err)
				}
				if b.UID != one.UID || b.Title != one.Title || !strings.HasSuffix(string(one.JSON), "}\n") {
					t.Errorf("the board is %q %q, its JSON says %q %q", one.UID, one.Title, b.UID, b.Title)
				}
				f(t, language, b)
			})
		}
	}
}

// TestBoards: the UIDs, which links of people depend on, stay; there is nothing for another language.
func TestBoards(t *testing.T) {
	want := []string{"cs-executive", "cs-retention", "cs-onboarding", "cs-health", "cs-coverage", "cs-expansion", "cs-voice", "cs-account", "cs-exporter"}
	for _, language := range Languages() {
		boards, err := All(language)
		if err != nil {
			t.Fatal(err)
		}
		var uids, titles []string
		for _, b := range boards {
			uids, titles = append(uids, strings.TrimSuffix(b.UID, "-ja")), append(titles, b.Title)
			if strings.HasSuffix(b.UID, "-ja") != (language == Japanese) {
				t.Errorf("%s is among the boards in %s", b.UID, language)
			}
		}
		if !slices.Equal(uids, want) {
			t.Errorf("the boards are %q, want %q", uids, want)
		}
		slices.Sort(titles)
		if len(slices.Compact(titles)) != len(want) {
			t.Errorf("two boards have one title: %q", titles)
		}
	}
	if _, err := All("fr"); err == nil || !strings.Contains(err.Error(), `"fr"`) {
		t.Errorf("French: %v", err)
	}
	en, title := Folder(English)
	ja, titleJA := Folder(Japanese)
	if en != "cs" || ja != "cs-ja" || title == titleJA {
		t.Errorf("folders %s %q and %s %q", en, title, ja, titleJA)
	}
}

// TestLayout: panels lie on the grid, do not overlap, and leave no holes in a line; what executives read is one screen.
func TestLayout(t *testing.T) {
	eachShown(t, func(t *testing.T, _ string, b shown) {
		taken := map[[2]int]int{}
		ids := map[int]bool{}
		height := 0
		for _, p := range b.Panels {
			if ids[p.ID] {
				t.Errorf("two panels have the id %d", p.ID)
			}
			ids[p.ID] = true
			at := p.GridPos
			if at.W < 1 || at.H < 1 || at.X < 0 || at.Y < 0 || at.X+at.W > gridWidth {
				t.Errorf("%s leaves the grid: %+v", p.Title, at)
			}
			for x := at.X; x < at.X+at.W; x++ {
				for y := at.Y; y < at.Y+at.H; y++ {
					if other, found := taken[[2]int{x, y}]; found {
						t.Fatalf("%s lies on panel %d", p.Title, other)
					}
					taken[[2]int{x, y}] = p.ID
				}
			}
			height = max(height, at.Y+at.H)
		}
		if len(taken) != height*gridWidth {
			t.Errorf("of %d cells %d are taken", height*gridWidth, len(taken))
		}
		// A line of the grid is 38 pixels; Grafana's own bars take some 150 of a screen's 1080.
		if strings.HasPrefix(b.UID, "cs-executive") && height*38+150 > 1080 {
			t.Errorf("%d lines do not fit on a screen", height)
		}
		asked := 0
		for _, p := range b.Panels {
			asked += len(p.Targets)
		}
		if strings.HasPrefix(b.UID, "cs-executive") && asked > 50 {
			t.Errorf("it asks %d questions each time that it is opened", asked)
		}
	})
}

var counted = regexp.MustCompile(`sum( by \(\w+\) )?\((rate|increase)\(\w+_total\{.*?\}\[(\$__rate_interval|1d)\]\)\)`)

var japanese = regexp.MustCompile(`[ぁ-んァ-ヶ一-龠]`)

// TestPanels: every panel says what it shows, in what unit, from where, and what it means when it is empty.
func TestPanels(t *testing.T) {
	eachShown(t, func(t *testing.T, language string, b shown) {
		titles := map[string]bool{}
		for _, p := range b.Panels {
			if p.Title == "" || titles[p.Title] && p.Type != "row" {
				t.Errorf("panel %d has the title %q, or another one has it, too", p.ID, p.Title)
			}
			titles[p.Title] = true
			if p.Type == "row" {
				continue
			}
			fail := func(format string, args ...any) {
				t.Helper()
				t.Errorf("%s: %s", p.Title, fmt.Sprintf(format, args...))
			}
			if len(p.Description) < 20 {
				fail("its description is %q", p.Description)
			}
			if language == Japanese && !japanese.MatchString(p.Description) {
				fail("its description is not in Japanese: %q", p.Description)
			}
			if language == English && (japanese.MatchString(p.Description) || japanese.MatchString(p.Title)) {
				fail("it is not in English: %q", p.Description)
			}
			if len(p.Targets) == 0 {
				fail("it asks nothing")
			}
			d := p.FieldConfig.Defaults
			steps := p.Type == "timeseries" && d.Unit == money.of.en // the axis says how many decimals
			if d.Unit == "" || d.NoValue == "" || (d.Decimals == nil) != steps {
				fail("unit %q, text without data %q, decimals %v", d.Unit, d.NoValue, d.Decimals)
			}
			if p.Type == "timeseries" && (p.Options.Legend == nil || !p.Options.Legend.ShowLegend) {
				fail("it has no legend")
			}
			for _, o := range p.FieldConfig.Overrides {
				for _, property := range o.Properties {
					// Grafana turns it into a number if it can, which null and blanks are as well, and draws gaps there.
					if shown := strings.TrimSpace(strings.Trim(string(property.Value), `"`)); property.ID == "noValue" && (shown == "" || shown == "null" || regexp.MustCompile(`^[\d.]+$`).MatchString(shown)) {
						fail("gaps are drawn at %s", property.Value)
					}
					if property.ID == "" || len(property.Value) == 0 {
						fail("an override of %s says nothing", o.Matcher.Options)
					}
				}
				if len(o.Properties) == 0 {
					fail("an override of %s says nothing", o.Matcher.Options)
				}
			}
			refs := map[string]bool{}
			for _, a := range p.Targets {
				if refs[a.RefID] || a.RefID == "" {
					fail("two questions have the name %q", a.RefID)
				}
				refs[a.RefID] = true
				want := map[string]string{"prometheus": "${prometheus}", "grafana-clickhouse-datasource": "${clickhouse}"}[a.Datasource.Type]
				if want == "" || a.Datasource.UID != want || p.Datasource.UID != want {
					fail("its datasource is %+v, that of its question %+v", p.Datasource, a.Datasource)
				}
				if (a.Expr == "") == (a.RawSQL == "") || (a.Expr != "") != (want == "${prometheus}") {
					fail("question %s asks %q and %q", a.RefID, a.Expr, a.RawSQL)
				}
				if strings.Contains(a.Expr, "_total") && !counted.MatchString(a.Expr) {
					fail("a counter is not counted over $__rate_interval or a day: %s", a.Expr)
				}
			}
		}
	})
}

// TestVariables: datasources are chosen by variables, and every variable that a board uses is one of its own.
func TestVariables(t *testing.T) {
	used := regexp.MustCompile(`\$\{?([a-z_]\w*)`)
	eachShown(t, func(t *testing.T, _ string, b shown) {
		own := []string{}
		for _, v := range b.Templating.List {
			own = append(own, v.Name)
			if v.Label == "" {
				t.Errorf("variable %s has no label", v.Name)
			}
			if v.Type == "query" && (v.Refresh != 2 || v.Datasource.UID != "${prometheus}" && v.Datasource.UID != "${clickhouse}") {
				t.Errorf("variable %s asks %s at %d", v.Name, v.Datasource.UID, v.Refresh)
			}
			if v.IncludeAll && v.AllValue != ".*" {
				t.Errorf("all of variable %s is %q", v.Name, v.AllValue)
			}
		}
		boards, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range used.FindAllStringSubmatch(string(boards), -1) {
			if !slices.Contains(own, m[1]) && !strings.HasPrefix(m[1], "__") {
				t.Errorf("there is no variable %s", m[1])
			}
		}
		for _, name := range own {
			if !strings.Contains(string(boards), "$"+name) && !strings.Contains(string(boards), "${"+name) {
				t.Errorf("variable %s is for nothing", name)
			}
		}
	})
}

// TestBoardProperties are the rules for a board as a whole: it is nobody's, cannot be edited in place, and leads to the others.
func TestBoardProperties(t *testing.T) {
	eachShown(t, func(t *testing.T, language string, b shown) {
		if b.ID != nil || b.Editable || b.SchemaVersion != schemaVersion || b.Refresh == "" || b.Description == "" {
			t.Errorf("id %v, editable %t, schema %d, refresh %q, description %q", b.ID, b.Editable, b.SchemaVersion, b.Refresh, b.Description)
		}
		if !slices.Equal(b.Tags, []string{Tag, Tag + "-" + language}) {
			t.Errorf("tags %q", b.Tags)
		}
		other := strings.TrimSuffix(b.UID, "-ja")
		if language == English {
			other += "-ja"
		}
		if len(b.Links) != 2 || b.Links[0].Type != "dashboards" || b.Links[1].URL != "/d/"+other {
			t.Errorf("links %+v", b.Links)
		}
	})
}
