package intake_test

import (
	"strings"
	"testing"
	"time"
)

const contracts = `contract_id,account_id,product,acv,starts_on,ends_before,is_trial,kind
c1,a1,Suite,1200.50,2024-01-01,2025-01-01,no,new
c2,a1,,0,2024-02-01,,TRUE,
c3,a2,"Suite, large",1e3,2024-03-01T00:00:00Z,,f,upsell
`

func TestCSVIsStoredOnce(t *testing.T) {
	f := newFixture(t)
	path := f.file("contracts.csv", contracts)
	f.equal("first import", counts(f.imports(path)), "contracts read=3 stored=3 unchanged=0 superseded=0 rejected=0")
	const columns = "contract_id, account_id, product, kind, acv, starts_on, ends_before, is_trial, source, updated_at"
	want := `c1|a1|Suite|new|1200.5|2024-01-01|2025-01-01|false|import|2024-06-15 12:00:00.000
c2|a1|||0|2024-02-01|NULL|true|import|2024-06-15 12:00:00.000
c3|a2|Suite, large|upsell|1000|2024-03-01|NULL|false|import|2024-06-15 12:00:00.000`
	f.equal("stored", f.query(columns, "stored_contracts order by contract_id"), want)

	f.now = noon.Add(time.Hour)
	f.equal("second import", counts(f.imports(path)), "contracts read=3 stored=0 unchanged=3 superseded=0 rejected=0")
	f.equal("stored after the second import", f.query(columns, "stored_contracts order by contract_id"), want)

	corrected := f.file("contracts-corrected.csv", strings.Replace(contracts, "1200.50", "1300", 1))
	f.equal("corrected file", counts(f.imports(corrected)), "contracts read=3 stored=1 unchanged=2 superseded=0 rejected=0")
	f.equal("versions", f.query("acv, updated_at", "stored_contracts where contract_id = 'c1' order by updated_at"),
		"1200.5|2024-06-15 12:00:00.000\n1300|2024-06-15 13:00:00.000")

	// Going back to the first content is a change again, even if the clock went backwards.
	f.now = noon
	f.equal("first file again", counts(f.imports(path)), "contracts read=3 stored=1 unchanged=2 superseded=0 rejected=0")
	f.equal("last version", f.query("acv", "stored_contracts where contract_id = 'c1' order by updated_at desc, ingested_at desc limit 1"), "1200.5")
}

func TestNDJSON(t *testing.T) {
	f := newFixture(t)
	path := f.file("usage_events.ndjson", `{"event_id":"e1","account_id":"a1","user_id":"u1","event":"open","ts":"2024-01-01T09:00:00+09:00","properties":{"n": 1, "t": [true, null]}}

{"event":"close","event_id":"e2","account_id":"a1","ts":1704067200,"properties":"{\"n\": 2}"}
{"event_id":"e3","account_id":"日本\u00e9\ud83d\ude00","event":"x","ts":1704067200123,"user_id":null}
{"event_id":"e4","account_id":"a'); drop table stored_contracts; --","event":"x","ts":"2024-01-01 00:00:00.5"}`)
	f.equal("import", counts(f.imports(path)), "usage_events read=4 stored=4 unchanged=0 superseded=0 rejected=0")
	f.equal("stored", f.query("event_id, account_id, user_id, event, ts, properties, source", "stored_usage_events order by event_id"),
		`e1|a1|u1|open|2024-01-01 00:00:00.000|{"n":1,"t":[true,null]}|import
e2|a1||close|2024-01-01 00:00:00.000|{"n":2}|import
e3|日本é😀||x|2024-01-01 00:00:00.123||import
e4|a'); drop table stored_contracts; --||x|2024-01-01 00:00:00.500||import`)
	f.imports(path)
	f.equal("after the second import", f.query("count()", "stored_usage_events final"), "4")
}
