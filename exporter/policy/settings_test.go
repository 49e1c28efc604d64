package policy_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/policy"
	"cskpi/exporter/store/storetest"
)

func settings(t *testing.T, c driver.Conn) *policy.Settings {
	t.Helper()
	s, err := policy.Load(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// on is a day; empty: since ever.
func on(t *testing.T, day string) time.Time {
	t.Helper()
	if day == "" {
		return time.Time{}
	}
	d, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// setting reads "name segment phase starts_on value", with - for what is empty.
func setting(t *testing.T, text string) policy.Setting {
	t.Helper()
	f := strings.SplitN(text, " ", 5)
	for i := range f {
		if f[i] == "-" {
			f[i] = ""
		}
	}
	return policy.Setting{Name: f[0], Segment: f[1], Phase: f[2], StartsOn: on(t, f[3]), Value: f[4]}
}

// TestSettingsCheck: what is wrong with a setting by itself.
func TestSettingsCheck(t *testing.T) {
	c, _ := storetest.Database(t)
	s := settings(t, c)
	f := func(text, want string) {
		t.Helper()
		got := ""
		if err := s.Check(setting(t, text)); err != nil {
			got = err.Error()
		}
		if want == "" && got != "" || want != "" && !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q in it", text, got, want)
		}
	}
	f("grace_days - - 2024-01-01 30", "")
	f("grace_days - - 1970-01-01 0", "")
	f("grace_day - - - 30", `name "grace_day" is no setting; did you mean grace_days?`)
	f("qqqqqqqqqqqqqqqqqqq - - - 30", `name "qqqqqqqqqqqqqqqqqqq" is no setting; cskpi settings list shows all`)
	f("grace_days - - 1969-12-31 30", `starts_on "1969-12-31" is no day from 1970`)
	f("grace_days - - - 30.5", `value "30.5" is no whole number`)
	f("grace_days - - - -", `value "" is no whole number`)
	f("grace_days - - - -1", `value "-1" is out of range: grace_days is from 0 to 365`)
	f("grace_days - - - 366", "is out of range")
	f("fiscal_year_start - - - 12", "")
	f("fiscal_year_start - - - 13", "is out of range: fiscal_year_start is from 1 to 12")
	f("segment_high_arr - - - 150000.50", "")
	for _, no := range []string{"1e5", "0x10", " 5", "5 ", "nan", "inf", "1,000", ".5", "1_000", "1234567890123456"} {
		f("segment_high_arr - - - "+no, "is no number")
	}
	f("segment_high_arr - - - -5", "is out of range: segment_high_arr is at least 0")

	f("coverage_days high - 2024-01-01 14", "")
	f("coverage_days mid - - 14", `segment "mid" is none of high, low, tech`)
	f("coverage_days high growth - 14", `phase "growth" cannot limit coverage_days`)
	f("grace_days high - - 14", `segment "high" cannot limit grace_days`)
	f("grace_days - growth - 14", `phase "growth" cannot limit grace_days`)
	f("health_green tech leaving - 80", "")
	f("health_green - gone - 80", `phase "gone" is none of onboarding, adoption, growth, leaving`)

	f("health_weight_touch high - - 0.001", "")
	f("health_weight_touch - - - 0", `value "0" is not above 0`)
	f("health_weight_touch - - - 0.000", "is not above 0")
	f("health_weight_touch - - - -1", "is not above 0")
	f("health_weight_touchs - - - 1", "did you mean health_weight_touch?")
	f("health_zero_touch - - - -3", "")
	f("health_max_age_touch - - - 1.5", "is no whole number")
	f("health_measures low - - touch,depth", "")
	f("health_measures - - - -", "")
	f("health_measures - - - touch,dept", `has the unknown measure dept; did you mean depth?`)
	f("health_measures - - - zzzzzzzz", "has the unknown measure zzzzzzzz; there are ")
	f("health_measures - - - touch,touch", "has touch twice")
	f("health_measures - - - touch, depth", "is no list")
	f("core_events - - - report_run,export", "")
	f("core_events - - - report_run,,export", "is no list")

	f("currency - - - EUR", "")
	for _, no := range []string{"eur", "EURO", "-", "€"} {
		f("currency - - - "+no, "is no ISO 4217 code")
	}
	f("timezone - - - Asia/Tokyo", "")
	for _, no := range []string{"Tokyo", "Local", "-", "../etc/passwd", "+09:00"} {
		f("timezone - - - "+no, "is no time zone")
	}
	f("department_property - - - team", "")
	f("department_property - - - -", "is no text")
	f("excluded_users - - - @vendor.example,monitor-*,kim", "")
	f("excluded_users - - - -", "")
	f("excluded_users - - - kim,*", "has *, which excludes everybody")
	f("excluded_users - - 2024-01-01 kim", `starts_on "2024-01-01" cannot limit excluded_users, which holds for all days`)
	f("excluded_users high - - kim", "cannot limit excluded_users")
	f("excluded_property - - - role=support", "")
	f("excluded_property - - - -", "")
	f("excluded_property - - - a,b", "is no property")
	f("excluded_property - - 2024-01-01 a", "which holds for all days")
	f("event_quantities - - 2024-01-01 errors=error_count,gigabytes=gb@sync,gigabytes=gb@upload", "")
	f("event_quantities - - - -", "")
	f("event_quantities - - - gb", "has gb, which is no quantity")
	f("event_quantities - - - GB=gb", "has GB=gb, which is no quantity")
	f("event_quantities - - - gb=a@sync,gb=b@sync", "has gb twice for the same event")
	f("event_quantities - - - gb=a@sync,gb=b", "has gb twice for the same event")
	f("health_quantity high - - gigabytes", "")
	f("health_quantity - - - GB", "is no name of a quantity")
	f("csat_scale - - 2024-01-01 10", "")
	f("csat_scale - - - 8", "is no scale")
}

// TestSettingsConflicts: settings that are good alone, but not together.
func TestSettingsConflicts(t *testing.T) {
	c, _ := storetest.Database(t)
	f := func(stored, more []string, want map[int]string) {
		t.Helper()
		s := settings(t, c)
		for _, text := range stored {
			s.Add(setting(t, text))
		}
		var given []policy.Setting
		for _, text := range more {
			given = append(given, setting(t, text))
		}
		got := s.Conflicts(given)
		if len(got) != len(want) {
			t.Errorf("%v after %v: got %v", more, stored, got)
		}
		for i, text := range want {
			if g, found := got[i]; !found || !strings.Contains(g.Error(), text) {
				t.Errorf("%v after %v: got %v, want %q in it", more, stored, got, text)
			}
		}
	}
	none := map[int]string{}
	// The defaults: 10000 and 100000, 40 and 70.
	f(nil, []string{"segment_high_arr - - 2024-01-01 5000"}, map[int]string{
		0: `value "5000" does not go together with what is in force on 2024-01-01: segment_low_arr 10000 (default) must be below segment_high_arr 5000 (from 2024-01-01)`})
	f(nil, []string{"segment_high_arr - - - 10000"}, map[int]string{0: "in force: segment_low_arr 10000 (default) must be below segment_high_arr 10000"})
	f(nil, []string{"segment_high_arr - - - 10000.01"}, none)
	f(nil, []string{"segment_high_arr - - - 5000", "segment_low_arr - - - 1000"}, none)
	f(nil, []string{"segment_low_arr - - - 1000", "segment_high_arr - - - 5000"}, none)
	// Stored ones, each from its day on.
	low := []string{"segment_low_arr - - 2024-06-01 1000"}
	f(low, []string{"segment_high_arr - - 2024-06-01 5000"}, none)
	f(low, []string{"segment_high_arr - - 2024-05-31 5000"}, map[int]string{0: "segment_low_arr 10000 (default) must be below"})
	// A start in between: the low one rises once more in 2025.
	low = append(low, "segment_low_arr - - 2025-01-01 6000")
	f(low, []string{"segment_high_arr - - 2024-06-01 5000"}, map[int]string{
		0: "on 2025-01-01: segment_low_arr 6000 (from 2025-01-01) must be below segment_high_arr 5000 (from 2024-06-01)"})
	f(low, []string{"segment_high_arr - - 2024-06-01 5000", "segment_high_arr - - 2025-01-01 7000"}, none)
	// Both ends of the file are told.
	f(nil, []string{"health_yellow - - 2024-01-01 80", "grace_days - - - 3", "health_green - - 2024-01-01 75"}, map[int]string{0: "health_yellow 80", 2: "health_green 75"})
	// What holds for a segment and phase goes before what holds for all.
	f(nil, []string{"health_yellow high - - 80"}, map[int]string{0: "health_yellow 80 (segment high) must be below health_green 70 (default)"})
	f([]string{"health_green high - - 90"}, []string{"health_yellow high - - 80"}, none)
	f([]string{"health_green high - - 90"}, []string{"health_yellow - - - 80"}, map[int]string{0: "health_green 70 (default)"})
	f([]string{"health_green high - - 90", "health_green high leaving - 60"}, []string{"health_yellow high - - 80"}, map[int]string{0: "health_green 60 (segment high, phase leaving)"})
	f([]string{"health_green - leaving - 60"}, []string{"health_yellow tech - - 65"}, map[int]string{0: "health_yellow 65 (segment tech) must be below health_green 60 (phase leaving)"})
	// A measure needs two ends. The defaults of touch: 2 is bad, 1 is good.
	f(nil, []string{"health_zero_touch - - - 1"}, map[int]string{0: "health_zero_touch 1 must not be equal to health_full_touch 1 (default)"})
	f(nil, []string{"health_zero_touch - - - 1.00"}, map[int]string{0: "must not be equal"})
	f(nil, []string{"health_zero_touch - - - 0.5"}, none)
	f(nil, []string{"health_full_touch low growth - 2"}, map[int]string{0: "health_full_touch 2 (segment low, phase growth)"})
	// The same file once more, after somebody else decided otherwise, says nothing new; and neither does an old version.
	s := settings(t, c)
	file := []policy.Setting{setting(t, "health_yellow - - - 60")}
	file[0].Source = "import"
	s.Add(file...)
	later := setting(t, "health_yellow - - - 30")
	later.Source = "cli"
	green := setting(t, "health_green - - - 50")
	s.Add(later)
	s.Add(green)
	if got := s.Conflicts(file); len(got) > 0 {
		t.Errorf("got %v", got)
	}
	file[0].Value, file[0].ChangedAt = "55", on(t, "2001-01-01")
	if got := s.Conflicts(file); len(got) > 0 {
		t.Errorf("got %v", got)
	}
	file[0].ChangedAt = time.Time{}
	if got := s.Conflicts(file); len(got) != 1 {
		t.Errorf("got %v", got)
	}
	// What is wrong already does not stand in the way of anything else.
	f([]string{"health_yellow - - - 90"}, []string{"grace_days - - - 1", "segment_high_arr - - - 20000"}, none)
}

// TestSettingsStore: what is stored wins over all sources, and nothing is stored twice or by halves.
func TestSettingsStore(t *testing.T) {
	c, layout := storetest.Database(t)
	inForce := func(as, name, segment string) string {
		t.Helper()
		on, err := time.Parse(time.DateOnly, as)
		if err != nil {
			t.Fatal(err)
		}
		storetest.NewComputer(c, layout).Compute(t, "policy_days", []time.Time{on}, on)
		if segment != "" {
			name += "['" + segment + "']"
		}
		return storetest.Scalar(t, c, "select "+name+" from policy_days where day = '"+as+"'")
	}
	store := func(want int, texts ...string) error {
		t.Helper()
		var more []policy.Setting
		for _, text := range texts {
			more = append(more, setting(t, text))
		}
		n, err := settings(t, c).Store(t.Context(), c, "cli", more...)
		if n != want {
			t.Errorf("%v: stored %d, want %d (%v)", texts, n, want, err)
		}
		return err
	}
	if err := store(2, "coverage_days high - 2024-01-01 21", "coverage_days high - 2024-06-01 14"); err != nil {
		t.Fatal(err)
	}
	for as, want := range map[string]string{"2023-12-31": "30", "2024-01-01": "21", "2024-05-31": "21", "2024-06-01": "14"} {
		if got := inForce(as, "coverage_days", "high"); got != want {
			t.Errorf("on %s %s days are in force, want %s", as, got, want)
		}
	}
	if err := store(0, "coverage_days high - 2024-01-01 21"); err != nil {
		t.Error(err)
	}
	if err := store(1, "coverage_days high - 2024-01-01 28"); err != nil {
		t.Error(err)
	}
	// Another source said something later; what is stored now is later still.
	storetest.Exec(t, c, "insert into stored_settings (name, segment, starts_on, value, source, updated_at) values ('coverage_days', 'high', '2024-01-01', '60', 'crm', '2199-01-01 00:00:00')")
	if got := inForce("2024-01-01", "coverage_days", "high"); got != "60" {
		t.Errorf("%s days are in force, want 60", got)
	}
	if err := store(1, "coverage_days high - 2024-01-01 28"); err != nil {
		t.Error(err)
	}
	if got := inForce("2024-01-01", "coverage_days", "high"); got != "28" {
		t.Errorf("%s days are in force, want 28", got)
	}
	// One bad setting, and none is stored.
	for _, bad := range []string{"grace_days - - - 400", "health_yellow - - - 75"} {
		err := store(0, "renewal_overdue_days - - - 45", bad)
		if _, ok := errors.AsType[policy.InvalidSetting](err); !ok {
			t.Errorf("%s: got the error %v", bad, err)
		}
	}
	if got := inForce("2024-01-01", "renewal_overdue_days", ""); got != "30" {
		t.Errorf("%s days are in force, want the default", got)
	}
	// It tells what comes next, and a text with quotes arrives as it is.
	s := settings(t, c)
	of, _ := s.InForce("coverage_days", "high", "", on(t, "2024-02-01"))
	if next, ok := s.Next(of); !ok || next.Value != "14" {
		t.Errorf("after %v comes %v", of, next)
	}
	if err := store(1, `department_property - - - it's \ "so"`); err != nil {
		t.Error(err)
	}
	if got, _ := settings(t, c).InForce("department_property", "", "", on(t, "2024-01-01")); got.Value != `it's \ "so"` {
		t.Errorf("the text became %s", got.Value)
	}
}

func TestConfigure(t *testing.T) {
	c, _ := storetest.Database(t)
	f := func(given, want policy.Reporting, writes bool) {
		t.Helper()
		const written = "select max(_block_number) from stored_settings"
		before := storetest.Scalar(t, c, written)
		got, err := policy.Configure(t.Context(), c, given)
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if after := storetest.Scalar(t, c, written); (after != before) != writes {
			t.Errorf("the last block was %s and is %s; want a change: %t", before, after, writes)
		}
	}
	f(policy.Reporting{}, policy.Reporting{Currency: "USD", Timezone: "UTC", FiscalYearStart: 1}, false)
	japan := policy.Reporting{Currency: "JPY", Timezone: "Asia/Tokyo", FiscalYearStart: 4}
	f(policy.Reporting{Currency: "JPY"}, policy.Reporting{Currency: "JPY", Timezone: "UTC", FiscalYearStart: 1}, true)
	f(japan, japan, true)
	f(japan, japan, false) // A start that changes nothing writes nothing.
	f(policy.Reporting{}, japan, false)
	f(policy.Reporting{Currency: "EUR"}, policy.Reporting{Currency: "EUR", Timezone: "Asia/Tokyo", FiscalYearStart: 4}, true)
	f(japan, japan, true) // And back again.

	// Also over a row that claims to be from the future.
	storetest.Exec(t, c, "insert into stored_settings (name, value, updated_at) select 'currency', 'GBP', '2299-01-01 00:00:00'")
	f(policy.Reporting{}, policy.Reporting{Currency: "GBP", Timezone: "Asia/Tokyo", FiscalYearStart: 4}, false)
	f(japan, japan, true)
	f(japan, japan, false)

	_, err := policy.Configure(t.Context(), c, policy.Reporting{Currency: "euro", Timezone: "Tokyo", FiscalYearStart: 13})
	storetest.WantProblems(t, err, `currency "euro" is no ISO 4217 code`, `timezone "Tokyo" is no time zone`, `fiscal year start "13" is out of range: fiscal_year_start is from 1 to 12`)
}
