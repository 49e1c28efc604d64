package intake_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cskpi/exporter/refresh"
	"cskpi/exporter/store"
	"cskpi/queries"
)

// withViews is a fixture with the product's views, which settings are checked by.
func withViews(t *testing.T) *fixture {
	t.Helper()
	f := newFixture(t)
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Install(t.Context(), f.conn, catalogue); err != nil {
		t.Fatal(err)
	}
	f.days = refresh.NewDays(refresh.Options{Conn: f.conn, Layout: catalogue.Layout(), Now: func() time.Time { return f.now }})
	return f
}

// TestSettingsFile: bad rows are told with line and reason, the good rest is stored.
func TestSettingsFile(t *testing.T) {
	f := withViews(t)
	f.equal("summary", counts(f.imports(f.file("settings.csv", `name,segment,phase,starts_on,value
coverage_days,high,,2024-01-01,21
covrage_days,high,,2024-01-01,21
coverage_days,mid,,2024-01-01,21
coverage_days,high,growth,2024-01-01,21
coverage_days,high,,2024-02-01,soon
health_weight_touch,,,2024-01-01,0
health_yellow,low,,2024-01-01,85
grace_days,,,2024-01-01,10
health_green,low,,2024-01-01,80
segment_high_arr,,,2024-01-01,5000
segment_low_arr,,,2024-01-01,1000
`))), "settings read=11 stored=4 unchanged=0 superseded=0 rejected=7")
	f.equal("stored", f.query("name, segment, starts_on, value", "stored_settings order by name"), `coverage_days|high|2024-01-01|21
grace_days||2024-01-01|10
segment_high_arr||2024-01-01|5000
segment_low_arr||2024-01-01|1000`)

	s := f.imports(f.file("more/settings.ndjson", `{"name": "health_yellow", "segment": "low", "starts_on": "2024-01-01", "value": "85"}

{"name": "health_green", "segment": "low", "starts_on": "2024-01-01", "value": "80"}
{"name": "timezone", "value": "Tokyo"}
{"name": "health_measures", "value": "touch,dept"}
not json
{"name": "segment_low_arr", "starts_on": "2024-03-01", "value": "6000"}
{"name": "currency", "value": "JPY"}
`))
	f.equal("rejects", rejects(s), `settings.ndjson:1: value "85" does not go together with what is in force on 2024-01-01: health_yellow 85 (segment low, from 2024-01-01) must be below health_green 80 (segment low, from 2024-01-01)
settings.ndjson:3: value "80" does not go together with what is in force on 2024-01-01: health_yellow 85 (segment low, from 2024-01-01) must be below health_green 80 (segment low, from 2024-01-01)
settings.ndjson:4: value "Tokyo" is no time zone; it is an IANA name, such as Asia/Tokyo
settings.ndjson:5: value "touch,dept" has the unknown measure dept; did you mean depth?
settings.ndjson:6: is not a JSON object
settings.ndjson:7: value "6000" does not go together with what is in force on 2024-03-01: segment_low_arr 6000 (from 2024-03-01) must be below segment_high_arr 5000 (from 2024-01-01)`)
	day := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	if err := f.days.Compute(t.Context(), nil, day); err != nil {
		t.Fatal(err)
	}
	f.equal("in force", f.query("currency, segment_low_arr, timezone", "policy_days where day = '2024-06-01'"), "JPY|1000|UTC")
}

// TestSettingsWithoutOthers: what is left when rows are refused is looked at again.
func TestSettingsWithoutOthers(t *testing.T) {
	f := withViews(t)
	// The low threshold of March is above that of June: both go. Then April's high one has nothing but the default below it.
	s := f.imports(f.file("settings.csv", `name,starts_on,value
segment_low_arr,2024-03-01,2000
segment_high_arr,2024-04-01,5000
segment_low_arr,2024-06-01,7000
`))
	f.equal("summary", counts(s), "settings read=3 stored=1 unchanged=0 superseded=0 rejected=2")
	f.equal("stored", f.query("name, value", "stored_settings"), "segment_low_arr|2000")

	// Files of one import know of each other, and a file that is imported again changes nothing.
	a := f.file("a/settings.csv", "name,value\nhealth_yellow,20\n")
	b := f.file("b/settings.csv", "name,value\nhealth_green,30\n")
	f.equal("two files", counts(f.imports(a, b)), "settings read=2 stored=2 unchanged=0 superseded=0 rejected=0")
	f.equal("again", counts(f.imports(a, b)), "settings read=2 stored=0 unchanged=2 superseded=0 rejected=0")
}

// TestSettingsOfManyBlocks: rows are looked at together however long the file is.
func TestSettingsOfManyBlocks(t *testing.T) {
	f := withViews(t)
	var b strings.Builder
	source := strings.Repeat("s", 400) // long rows, so that few make many blocks
	fmt.Fprintf(&b, "name,starts_on,value,source\nsegment_high_arr,2024-01-01,5000,%s\n", source)
	for i := range 4_000 {
		fmt.Fprintf(&b, "grace_days,%d-01-%02d,%d,%s\n", 1980+i%150, 1+i/150%28, i%100, source)
	}
	fmt.Fprintf(&b, "segment_low_arr,2024-01-01,1000,%s\n", source)
	s := f.imports(f.file("settings.csv", b.String()))
	if s.Rejected() != 0 {
		t.Errorf("%s\n%s", counts(s), rejects(s))
	}
}

// TestOverrides: a health band set by hand has a reason and an end.
func TestOverrides(t *testing.T) {
	f := newFixture(t)
	s := f.imports(f.file("health_overrides.csv", `override_id,account_id,csm,band,reason,starts_on,ends_before
o1,acme,ann,red,Their new owner reviews all suppliers.,2024-05-01,2024-08-01
o2,acme,ann,red,,2024-05-01,2024-08-01
o3,acme,ann,red,"  ",2024-05-01,2024-08-01
o4,acme,ann,red,Why not.,2024-05-01,2024-05-01
o5,acme,ann,red,Why not.,2024-05-01,2024-04-30
o6,acme,ann,red,Why not.,2024-05-01,
o7,acme,ann,purple,Why not.,2024-05-01,2024-08-01
o8,acme,ann,green,One day.,2024-05-01,2024-05-02
`))
	f.equal("rejects", rejects(s), `health_overrides.csv:3: reason is missing
health_overrides.csv:4: reason "  " is missing
health_overrides.csv:5: ends_before "2024-05-01" is not after starts_on, 2024-05-01
health_overrides.csv:6: ends_before "2024-04-30" is not after starts_on, 2024-05-01
health_overrides.csv:7: ends_before is missing
health_overrides.csv:8: band "purple" is not one of red, yellow, green`)
	f.equal("stored", f.query("override_id, account_id, csm, band, starts_on, ends_before", "stored_health_overrides order by override_id"),
		"o1|acme|ann|red|2024-05-01|2024-08-01\no8|acme|ann|green|2024-05-01|2024-05-02")
}

// TestScales: a score lies on the scale that its answer names. One that names none is read by a setting, which may change.
func TestScales(t *testing.T) {
	f := newFixture(t)
	s := f.imports(f.file("surveys.csv", `response_id,account_id,kind,score,scale,responded_at
s1,acme,csat,9,10,2024-05-01
s2,acme,csat,9,5,2024-05-01
s3,acme,csat,0,10,2024-05-01
s4,acme,csat,9,,2024-05-01
s5,acme,csat,3,8,2024-05-01
s6,acme,csat,11,,2024-05-01
s7,acme,nps,0,,2024-05-01
s8,acme,nps,11,,2024-05-01
s9,acme,nps,10,10,2024-05-01
s10,acme,nps,4,5,2024-05-01
`))
	f.equal("rejects", rejects(s), `surveys.csv:3: score "9" is out of scale: this answer is from 1 to 5
surveys.csv:4: score "0" is out of scale: this answer is from 1 to 10
surveys.csv:6: scale "8" is no scale; its highest score is 3, 4, 5, 6, 7 or 10
surveys.csv:7: score "11" is out of scale: csat is answered from 1 to at most 10
surveys.csv:9: score "11" is out of scale: nps is answered from 0 to 10
surveys.csv:11: scale "5" is not that of nps, which is answered from 0 to 10; leave it empty`)
	f.equal("stored", f.query("response_id, score, scale", "stored_surveys order by response_id"), "s1|9|10\ns4|9|0\ns7|0|0\ns9|10|10")
}

// TestOneOff: what is charged once is no trial and renews nothing.
func TestOneOff(t *testing.T) {
	f := newFixture(t)
	s := f.imports(f.file("contracts.csv", `contract_id,account_id,acv,starts_on,ends_before,renewed_from,is_trial,is_one_off
c1,acme,8000,2024-01-01,2025-01-01,,,true
c2,acme,8000,2024-01-01,2025-01-01,c1,,true
c3,acme,8000,2024-01-01,2025-01-01,,true,true
c4,acme,8000,2024-01-01,2025-01-01,c3,true,false
`))
	f.equal("rejects", rejects(s), `contracts.csv:3: renewed_from "c1" is given, but is_one_off is true: an amount that is charged once renews no contract
contracts.csv:4: is_one_off "true" and is_trial are both true: a trial costs nothing`)
	f.equal("stored", f.query("contract_id, is_one_off", "stored_contracts order by contract_id"), "c1|true\nc4|false")
}

// TestAddressPseudonym: where ids are pseudonyms, of an address its domain alone is stored.
func TestAddressPseudonym(t *testing.T) {
	f := newFixture(t)
	f.UserKey = []byte("a key that nobody guesses")
	f.clean(f.file("users.csv", "user_id,email\nkim,Kim@elder.example\nlee,no address\n"))
	f.equal("stored", f.query("email, length(user_id)", "stored_users order by email"), "|32\n@elder.example|32")
}
