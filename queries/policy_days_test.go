package queries_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"cskpi/exporter/policy"
)

// TestSettingsInForce compares the policy of some days with a plain reading of random settings: what names more goes before what names less, then
// the latest start in force, then the last change.
func TestSettingsInForce(t *testing.T) {
	t.Parallel()
	c, layout := database(t)
	dice := rand.New(rand.NewPCG(5, 7))
	pick := func(of ...string) string { return of[dice.IntN(len(of))] }
	phases := append([]string{""}, policy.Phases...)
	days := []string{"1970-01-01", "2024-01-01", "2024-02-01", "2024-03-01"}
	latest := map[string]int{} // change, by name, scope and start
	var b wellbeing
	var rows []string
	for change := range 500 {
		name := pick("health_green", "health_weight_touch", "coverage_days", "onboarding_days", "grace_days", "unheard_of")
		segment, phase := "", ""
		if name != "grace_days" {
			segment = pick(append([]string{""}, segments...)...)
		}
		if strings.HasPrefix(name, "health_") {
			phase = pick(phases...)
		}
		starts, value := pick(days...), fmt.Sprint(1+dice.IntN(300))
		at := dice.IntN(1e6)*1000 + change // no two at once
		rows = append(rows, fmt.Sprintf("('%s', '%s', '%s', '%s', '%s', '%s', toDateTime64('2024-01-01 00:00:00', 3, 'UTC') + interval %d millisecond)",
			name, segment, phase, starts, value, pick("cli", "crm", "environment"), at))
		if key := fmt.Sprint(name, segment, phase, starts); at >= latest[key] {
			latest[key] = at
			r := rule{name, segment, phase, dayNamed(t, starts), value}
			b.settings = slices.DeleteFunc(b.settings, func(s rule) bool {
				return s.name == r.name && s.segment == r.segment && s.phase == r.phase && s.starts == r.starts
			})
			b.settings = append(b.settings, r)
		}
	}
	exec(t, c, "insert into stored_settings (name, segment, phase, starts_on, value, source, updated_at) values "+strings.Join(rows, ", "))
	for _, text := range append(days, "1999-12-31", "2024-02-15", "2030-01-01") {
		d := dayNamed(t, text)
		newComputer(c, layout).Compute(t, "policy_days", []time.Time{d.time()}, d.time())
		got := func(expression string) string {
			return table(t, c, []string{expression}, "policy_days where day = '"+text+"'")[0][0]
		}
		check := func(what, expression, want string) {
			t.Helper()
			if got := got(expression); got != want {
				t.Errorf("%s on %s is %s, want %s", what, text, got, want)
			}
		}
		check("grace_days", "grace_days", b.inForce("grace_days", "", "", "0", d))
		for _, segment := range segments {
			check("coverage_days of "+segment, "coverage_days['"+segment+"']", b.inForce("coverage_days", segment, "", fmt.Sprint(int(coverageDays[segment])), d))
			check("onboarding_days of "+segment, "onboarding_days['"+segment+"']", b.inForce("onboarding_days", segment, "", "90", d))
			for _, phase := range policy.Phases {
				profile := "profiles['" + segment + "/" + phase + "']"
				check("health_green of "+segment+"/"+phase, profile+".3", b.inForce("health_green", segment, phase, "70", d))
				check("health_weight_touch of "+segment+"/"+phase, "arrayFirst(m -> m.1 = 'touch', "+profile+".1).3", b.inForce("health_weight_touch", segment, phase, "2", d))
			}
		}
	}
}

func dayNamed(t *testing.T, text string) day {
	t.Helper()
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return dayOf(d)
}
