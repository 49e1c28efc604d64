package intake

import (
	"strings"
	"testing"
	"time"

	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/store"
)

// TestLengths: no text column of any table takes a value of a megabyte, and each takes one of its greatest length.
func TestLengths(t *testing.T) {
	conn := enginetest.Conn(t)
	if err := store.Migrate(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	tables, err := loadTables(t.Context(), conn, nil)
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, of := range tables {
		for i := range of.columns {
			c := &of.columns[i]
			if c.kind != kindString && c.kind != kindJSON && c.kind != kindMap || c.spelling == ofCurrency { // a code is as long as it is
				continue
			}
			checked++
			text := func(n int) field {
				if c.kind != kindString {
					return field{text: `{"a":"` + strings.Repeat("x", n-8) + `"}`, kind: fieldText}
				}
				return field{text: strings.Repeat("x", n), kind: fieldText}
			}
			if _, reason := c.parse(text(c.longest), time.UTC); reason != "" {
				t.Errorf("%s.%s of %d bytes: %s", of.name, c.name, c.longest, reason)
			}
			for _, n := range []int{c.longest + 1, 1 << 20} {
				if _, reason := c.parse(text(n), time.UTC); !strings.HasPrefix(reason, "is longer than ") {
					t.Errorf("%s.%s of %d bytes: %q", of.name, c.name, n, reason)
				}
			}
		}
	}
	if checked < 50 {
		t.Errorf("only %d columns were checked", checked)
	}
}
