package intake

import "testing"

func TestRejectClass(t *testing.T) {
	for want, r := range map[string]Reject{
		"missing":        {Column: "ts", Reason: "is missing"},
		"unknown_column": {Column: "tss", Reason: "is not a column of usage_events; did you mean ts?"},
		"given_twice":    {Column: "ts", Reason: "is given twice"},
		"too_long":       {Reason: "is longer than 1048576 bytes"},
		"malformed":      {Reason: notJSON("{", 0, "a name is missing")},
		"out_of_range":   {Column: "seats", Reason: "is out of range; it must be 0 to 255"},
		"other_source":   {Column: "source", Reason: "is not crm" + otherSource},
		"invalid":        {Column: "ends_before", Reason: "is not after starts_on, 2024-01-01"},
	} {
		if got := r.Class(); got != want {
			t.Errorf("%s: got %s, want %s", r.Reason, got, want)
		}
	}
}
