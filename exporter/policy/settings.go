package policy

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/store"
	"cskpi/queries"
	"cskpi/queries/sqltext"
)

// Segments and Phases are what a setting may be limited to.
var (
	Segments = []string{"high", "low", "tech"}
	Phases   = []string{"onboarding", "adoption", "growth", "leaving"}
)

// Setting is a value of a setting, and for what and from when on it holds: a row of stored_settings, or a default.
type Setting struct {
	Name, Segment, Phase string    // empty: for all
	StartsOn             time.Time // first day; the zero time is since ever, like 1970-01-01
	Value                string
	Given                bool   // somebody set it; else it is the default
	Help                 string // what it does; of settings that are there

	// Which system said it and when, of settings to be stored; without a time it is said now, after all that is stored.
	Source    string
	ChangedAt time.Time

	storedAt time.Time
	fresh    bool // it is about to be stored
}

// Settings are the settings that there are, and what was set. What is in force is decided as in settings_in_force.
type Settings struct {
	definitions []definition
	given       []Setting // what each source said last
	measures    []string  // of the health score
	checks      []string  // of the data's quality
}

// definition is what setting_definitions says of a setting.
type definition struct {
	name, kind, scope, help string
	minimum, maximum        *float64
	defaults                []Setting
}

// InvalidSetting is why a setting is refused.
type InvalidSetting struct {
	Column string // of stored_settings: name, segment, phase, starts_on or value
	Value  string // what that is
	Reason string // completes "<column> <value> …"
}

func (e InvalidSetting) Error() string { return fmt.Sprintf("%s %q %s", e.Column, e.Value, e.Reason) }

// Scales are the highest scores of the scales on which CSAT is asked.
var Scales = []int64{3, 4, 5, 6, 7, 10}

// NoScale is the reason why another number is refused.
const NoScale = "is no scale; its highest score is 3, 4, 5, 6, 7 or 10"

// IsCurrency tells whether a text has the form of an ISO 4217 code.
func IsCurrency(text string) bool { return currencyCode.MatchString(text) }

// NoCurrency is the reason why another text is refused.
const NoCurrency = "is no ISO 4217 code, such as EUR"

// allDays is the scope of settings that hold for all days, also for those before they were set.
const allDays = "all days"

var sinceEver = time.Unix(0, 0).UTC()

// Load reads what is stored. The views must be installed.
func Load(ctx context.Context, conn driver.Conn) (*Settings, error) {
	s := &Settings{}
	if err := s.load(ctx, conn); err != nil {
		return nil, fmt.Errorf("read the settings: %w", store.Brief(err))
	}
	return s, nil
}

func (s *Settings) load(ctx context.Context, conn driver.Conn) error {
	rows, err := conn.Query(ctx, "select name, segment, value, kind, minimum, maximum, scope, help from setting_definitions")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var d definition
		var of Setting
		if err := rows.Scan(&d.name, &of.Segment, &of.Value, &d.kind, &d.minimum, &d.maximum, &d.scope, &d.help); err != nil {
			return err
		}
		of.Name, of.Help, of.StartsOn = d.name, d.help, sinceEver
		if known := s.definition(d.name); known != nil {
			known.defaults = append(known.defaults, of)
			continue
		}
		d.defaults = []Setting{of}
		s.definitions = append(s.definitions, d)
		if measure, ok := strings.CutPrefix(d.name, "health_weight_"); ok {
			s.measures = append(s.measures, measure)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if err := conn.QueryRow(ctx, "select arraySort(groupArray(check)) from quality_checks").Scan(&s.checks); err != nil {
		return err
	}
	given, err := conn.Query(ctx, `
		select toString(name), toString(segment), toString(phase), starts_on, toString(source), argMax(value, (updated_at, ingested_at)),
			toUnixTimestamp64Milli(max(updated_at)), toUnixTimestamp64Milli(argMax(ingested_at, (updated_at, ingested_at)))
		from stored_settings group by name, segment, phase, starts_on, source order by name, segment, phase, starts_on, source`)
	if err != nil {
		return err
	}
	defer given.Close()
	for given.Next() {
		of := Setting{Given: true}
		var changed, stored int64 // milliseconds: the driver's own instants end in 2262
		if err := given.Scan(&of.Name, &of.Segment, &of.Phase, &of.StartsOn, &of.Source, &of.Value, &changed, &stored); err != nil {
			return err
		}
		of.ChangedAt, of.storedAt = time.UnixMilli(changed), time.UnixMilli(stored)
		if d := s.definition(of.Name); d != nil {
			of.Help = d.help
		}
		s.given = append(s.given, of)
	}
	return given.Err()
}

func (s *Settings) definition(name string) *definition {
	for i := range s.definitions {
		if s.definitions[i].name == name {
			return &s.definitions[i]
		}
	}
	return nil
}

var (
	wholeNumber  = regexp.MustCompile(`^-?\d{1,15}$`)
	plainNumber  = regexp.MustCompile(`^-?\d{1,15}(\.\d+)?$`)
	currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)
)

// Check reports what is wrong with a setting by itself, as an InvalidSetting.
func (s *Settings) Check(of Setting) error {
	if err := s.CheckName(of); err != nil {
		return err
	}
	if of.StartsOn.Before(sinceEver) && !of.StartsOn.IsZero() || of.StartsOn.Year() > 2148 {
		return InvalidSetting{"starts_on", of.StartsOn.Format(time.DateOnly), "is no day from 1970 to 2148"}
	}
	if s.definition(of.Name).scope == allDays && of.StartsOn.After(sinceEver) {
		return InvalidSetting{"starts_on", of.StartsOn.Format(time.DateOnly), "cannot limit " + of.Name + ", which holds for all days; leave it empty"}
	}
	if reason := s.fault(s.definition(of.Name), of.Value); reason != "" {
		return InvalidSetting{"value", of.Value, reason}
	}
	return nil
}

// CheckName reports, as an InvalidSetting, if there is no such setting or it cannot be limited so.
func (s *Settings) CheckName(of Setting) error {
	d := s.definition(of.Name)
	if d == nil {
		names := make([]string, len(s.definitions))
		for i := range s.definitions {
			names[i] = s.definitions[i].name
		}
		reason := "is no setting; cskpi settings list shows all"
		if near := queries.Nearest(of.Name, names); near != "" {
			reason = "is no setting; did you mean " + near + "?"
		}
		return InvalidSetting{"name", of.Name, reason}
	}
	for _, limit := range []struct {
		column, value string
		known         []string
	}{{"segment", of.Segment, Segments}, {"phase", of.Phase, Phases}} {
		switch {
		case limit.value == "":
		case !slices.Contains(limit.known, limit.value):
			return InvalidSetting{limit.column, limit.value, "is none of " + strings.Join(limit.known, ", ")}
		case !strings.Contains(d.scope, limit.column):
			return InvalidSetting{limit.column, limit.value, fmt.Sprintf("cannot limit %s, which holds for every %s alike", of.Name, limit.column)}
		}
	}
	return nil
}

// fault is why a setting cannot have the value; empty: it can.
func (s *Settings) fault(d *definition, value string) string {
	switch d.kind {
	case "integer", "number":
		form, what := plainNumber, "number, such as 0.5 or 12000"
		if d.kind == "integer" {
			form, what = wholeNumber, "whole number"
		}
		if !form.MatchString(value) {
			return "is no " + what
		}
		number, _ := strconv.ParseFloat(value, 64) // it has the form of one
		switch {
		case strings.HasPrefix(d.name, "health_weight_") && number <= 0:
			return "is not above 0, as a weight must be; a measure is left out by the setting health_measures"
		case d.minimum != nil && number < *d.minimum, d.maximum != nil && number > *d.maximum:
			return "is out of range: " + d.name + " is " + between(d.minimum, d.maximum)
		}
	case "currency":
		if !IsCurrency(value) {
			return NoCurrency
		}
	case "timezone":
		if _, err := time.LoadLocation(value); err != nil || value == "" || value == "Local" {
			return "is no time zone; it is an IANA name, such as Asia/Tokyo"
		}
	case "list":
		if value == "" {
			return ""
		}
		seen := map[string]bool{}
		for item := range strings.SplitSeq(value, ",") {
			switch {
			case item == "" || strings.TrimSpace(item) != item:
				return "is no list; its items are separated by commas, without blanks"
			case seen[item]:
				return "has " + item + " twice"
			case d.name == "excluded_users" && strings.Trim(item, "*@.") == "":
				return "has " + item + ", which excludes everybody"
			case d.name == "health_measures" && !slices.Contains(s.measures, item):
				if near := queries.Nearest(item, s.measures); near != "" {
					return "has the unknown measure " + item + "; did you mean " + near + "?"
				}
				return "has the unknown measure " + item + "; there are " + strings.Join(s.measures, ", ")
			case d.name == "quality_exceptions":
				// A check, or a row of one: check/id.
				check, _, _ := strings.Cut(item, "/")
				if slices.Contains(s.checks, check) {
					break
				}
				if near := queries.Nearest(check, s.checks); near != "" {
					return "has the unknown check " + check + "; did you mean " + near + "?"
				}
				return "has the unknown check " + check + "; there are " + strings.Join(s.checks, ", ")
			}
			seen[item] = true
		}
	case "property":
		if strings.ContainsAny(value, ",|") || strings.HasPrefix(value, "=") {
			return "is no property; write it as impersonated or role=support"
		}
	case "quantities":
		if value == "" {
			return ""
		}
		events := map[string][]string{} // by quantity
		for item := range strings.SplitSeq(value, ",") {
			parts := quantity.FindStringSubmatch(item)
			if parts == nil {
				return "has " + item + ", which is no quantity; write it as errors=error_count or gigabytes=gb@sync, the name in small letters, digits and _"
			}
			name, event := parts[1], parts[2]
			if other := events[name]; len(other) > 0 && (event == "" || slices.Contains(other, "") || slices.Contains(other, event)) {
				return "has " + name + " twice for the same event"
			}
			events[name] = append(events[name], event)
		}
		if len(events) > mostQuantities {
			return fmt.Sprintf("has %d quantities; at most %d are kept", len(events), mostQuantities)
		}
	case "quantity":
		if value != "" && !quantity.MatchString(value+"=x") {
			return "is no name of a quantity, such as gigabytes"
		}
	case "scale":
		if !slices.ContainsFunc(Scales, func(highest int64) bool { return strconv.FormatInt(highest, 10) == value }) {
			return NoScale
		}
	case "text":
		if value == "" {
			return "is no text"
		}
	}
	return ""
}

// quantity is one of event_quantities: name, property and event. Each costs a number for each user and day.
var quantity = regexp.MustCompile(`^([a-z][a-z0-9_]{0,39})=[^,=@|\s][^,=@|]*(?:@([^,|]+))?$`)

const mostQuantities = 20

func between(minimum, maximum *float64) string {
	text := func(f *float64) string { return strconv.FormatFloat(*f, 'f', -1, 64) }
	switch {
	case maximum == nil:
		return "at least " + text(minimum)
	case minimum == nil:
		return "at most " + text(maximum)
	}
	return "from " + text(minimum) + " to " + text(maximum)
}

// relation is what two settings must be to each other wherever and whenever both are in force.
type relation struct {
	low, high string
	differ    bool // it is enough that they differ; else low is below high
	health    bool // it is asked of every segment and phase; else once
}

func (s *Settings) relations() []relation {
	all := []relation{{low: "segment_low_arr", high: "segment_high_arr"}, {low: "health_yellow", high: "health_green", health: true}}
	for _, m := range s.measures {
		all = append(all, relation{low: "health_zero_" + m, high: "health_full_" + m, differ: true, health: true})
	}
	return all
}

// Conflicts looks at settings, each of which is good by itself, together with each other and with what is stored, on every
// day on which one of them begins. It returns, by position in more, why some of them cannot be stored.
func (s *Settings) Conflicts(more []Setting) map[int]InvalidSetting {
	next := s.with(more)
	conflicts := map[int]InvalidSetting{}
	for _, r := range s.relations() {
		days := []time.Time{sinceEver}
		touched := false
		for _, of := range next.given {
			if of.Name == r.low || of.Name == r.high {
				days = append(days, of.StartsOn)
				touched = touched || of.fresh
			}
		}
		if !touched {
			continue
		}
		segments, phases := []string{""}, []string{""}
		if r.health {
			segments, phases = Segments, Phases
		}
		for _, day := range days {
			for _, segment := range segments {
				for _, phase := range phases {
					low, lowOK := next.InForce(r.low, segment, phase, day)
					high, highOK := next.InForce(r.high, segment, phase, day)
					a, err1 := strconv.ParseFloat(low.Value, 64)
					b, err2 := strconv.ParseFloat(high.Value, 64)
					if !lowOK || !highOK || err1 != nil || err2 != nil || a < b || r.differ && a != b {
						continue
					}
					must := "must be below"
					if r.differ {
						must = "must not be equal to"
					}
					for i := range more {
						for _, side := range []Setting{low, high} {
							if side.fresh && side.same(more[i]) {
								if _, known := conflicts[i]; !known {
									conflicts[i] = InvalidSetting{"value", more[i].Value, fmt.Sprintf("does not go together with what is in force%s: %s %s %s", with(" on ", day), low, must, high)}
								}
							}
						}
					}
				}
			}
		}
	}
	return conflicts
}

// same reports whether two settings are the same but for the value and who said it.
func (of Setting) same(as Setting) bool {
	return of.Name == as.Name && of.Segment == as.Segment && of.Phase == as.Phase && day(of.StartsOn).Equal(day(as.StartsOn))
}

func day(t time.Time) time.Time {
	if t.Before(sinceEver) {
		return sinceEver
	}
	return t
}

func with(word string, t time.Time) string {
	if !t.After(sinceEver) {
		return ""
	}
	return word + t.Format(time.DateOnly)
}

// String names the setting with its value, and for what and since when it holds.
func (of Setting) String() string {
	var limits []string
	if of.Segment != "" {
		limits = append(limits, "segment "+of.Segment)
	}
	if of.Phase != "" {
		limits = append(limits, "phase "+of.Phase)
	}
	switch {
	case !of.Given:
		limits = append(limits, "default")
	case of.StartsOn.After(sinceEver):
		limits = append(limits, "from "+of.StartsOn.Format(time.DateOnly))
	}
	text := of.Name + " " + of.Value
	if len(limits) > 0 {
		text += " (" + strings.Join(limits, ", ") + ")"
	}
	return text
}

// with is s with more settings stored, as far as their sources did not say the same, or something later, before.
func (s *Settings) with(more []Setting) *Settings {
	next := *s
	next.given = slices.Clone(s.given)
	last := time.Now()
	for _, of := range s.given {
		if of.ChangedAt.After(last) {
			last = of.ChangedAt
		}
	}
	for _, of := range more {
		of.Given, of.fresh, of.StartsOn = true, true, day(of.StartsOn)
		if d := s.definition(of.Name); d != nil {
			of.Help = d.help
		}
		i := slices.IndexFunc(next.given, func(x Setting) bool { return x.same(of) && x.Source == of.Source })
		if i >= 0 && of.ChangedAt.IsZero() && next.given[i].Value == of.Value || i >= 0 && !of.ChangedAt.IsZero() && of.ChangedAt.Before(next.given[i].ChangedAt) {
			continue
		}
		if of.ChangedAt.IsZero() {
			last = last.Add(time.Millisecond)
			of.ChangedAt = last
		}
		of.storedAt = last
		if i >= 0 {
			next.given[i] = of
		} else {
			next.given = append(next.given, of)
		}
	}
	return &next
}

// Add takes settings as stored.
func (s *Settings) Add(more ...Setting) {
	s.given = s.with(more).given
	for i := range s.given {
		s.given[i].fresh = false
	}
}

// InForce is the setting that holds at the end of a day, for a segment and phase or, where these are empty, without one.
func (s *Settings) InForce(name, segment, phase string, at time.Time) (Setting, bool) {
	d := s.definition(name)
	if d == nil {
		return Setting{}, false
	}
	var best Setting
	found := false
	for _, of := range slices.Concat(d.defaults, s.given) {
		if of.Name != name || of.StartsOn.After(day(at)) || of.Segment != "" && of.Segment != segment || of.Phase != "" && of.Phase != phase {
			continue
		}
		if !found || of.before(best) > 0 {
			best, found = of, true
		}
	}
	return best, found
}

// before orders settings by which of them wins: the one that was given, then the one that says more of what it is for,
// then the one that starts later, then the one that was said later.
func (of Setting) before(other Setting) int {
	precedence := func(x Setting) int {
		n := 0
		if x.Given {
			n += 4
		}
		if x.Segment != "" {
			n += 2
		}
		if x.Phase != "" {
			n++
		}
		return n
	}
	return cmp.Or(cmp.Compare(precedence(of), precedence(other)), of.StartsOn.Compare(other.StartsOn),
		of.ChangedAt.Compare(other.ChangedAt), of.storedAt.Compare(other.storedAt))
}

// List is every setting that holds at the end of a day for some segment and phase, in the order of the definitions.
func (s *Settings) List(at time.Time) []Setting {
	var all []Setting
	for _, d := range s.definitions {
		var of []Setting
		for _, segment := range append([]string{""}, Segments...) {
			for _, phase := range append([]string{""}, Phases...) {
				if x, ok := s.InForce(d.name, segment, phase, at); ok && !slices.ContainsFunc(of, x.same) {
					of = append(of, x)
				}
			}
		}
		slices.SortFunc(of, func(a, b Setting) int {
			return cmp.Or(cmp.Compare(a.Segment, b.Segment), cmp.Compare(slices.Index(Phases, a.Phase), slices.Index(Phases, b.Phase)))
		})
		all = append(all, of...)
	}
	return all
}

// Next is the first setting after a day that replaces of.
func (s *Settings) Next(of Setting) (Setting, bool) {
	var next Setting
	found := false
	for _, x := range s.given {
		if x.Name == of.Name && x.Segment == of.Segment && x.Phase == of.Phase && x.StartsOn.After(day(of.StartsOn)) && (!found || x.StartsOn.Before(next.StartsOn) || x.same(next) && x.before(next) > 0) {
			next, found = x, true
		}
	}
	return next, found
}

// Store checks settings and stores those that say something new, all or none. Whatever was stored before, these win.
func (s *Settings) Store(ctx context.Context, conn driver.Conn, source string, more ...Setting) (stored int, err error) {
	more = slices.Clone(more)
	for i := range more {
		if err := s.Check(more[i]); err != nil {
			return 0, err
		}
		more[i].Source, more[i].ChangedAt = source, time.Time{}
	}
	conflicts := s.Conflicts(more)
	for i := range more {
		if conflict, found := conflicts[i]; found {
			return 0, conflict
		}
	}
	var values []string
	var news []Setting
	for _, of := range more {
		of.StartsOn = day(of.StartsOn)
		var last Setting
		for _, x := range s.given {
			if x.same(of) && (!last.Given || x.before(last) > 0) {
				last = x
			}
		}
		if last.Given && last.Value == of.Value {
			continue
		}
		values = append(values, sqltext.Tuple(of.Name, of.Segment, of.Phase, of.StartsOn.Format(time.DateOnly), of.Value))
		news = append(news, of)
	}
	if len(values) == 0 {
		return 0, nil
	}
	// It is later than the last one whatever that one claims to be.
	err = conn.Exec(ctx, `
		insert into stored_settings (name, segment, phase, starts_on, value, source, updated_at)
		select new.name, new.segment, new.phase, new.starts_on, new.value, `+sqltext.Quote(source)+`, greatest(now64(3), stored.last_change + interval 1 millisecond)
		from values('name String, segment String, phase String, starts_on Date, value String', `+strings.Join(values, ", ")+`) as new
		left join (
			select name, segment, phase, starts_on, max(updated_at) as last_change
			from stored_settings
			group by name, segment, phase, starts_on
		) as stored on stored.name = new.name and stored.segment = new.segment and stored.phase = new.phase and stored.starts_on = new.starts_on`)
	if err != nil {
		return 0, fmt.Errorf("store the settings: %w", err)
	}
	s.Add(news...)
	return len(values), nil
}

// AlwaysInForce reports whether a setting holds for all days, whenever it is set.
func (s *Settings) AlwaysInForce(name string) bool {
	d := s.definition(name)
	return d != nil && d.scope == allDays
}
