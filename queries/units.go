package queries

import "strings"

// Unit is what the values of c are counted in, as its name and help tell: every name that means a unit says so, since
// metrics have no other place for it. Empty: no number, or one whose unit another column names.
func (c Column) Unit() string {
	ends := func(suffixes ...string) bool {
		for _, s := range suffixes {
			if c.Name == s || strings.HasSuffix(c.Name, "_"+s) {
				return true
			}
		}
		return false
	}
	number := c.Kind == Gauge || c.Kind == Part || c.Kind == Histogram
	switch {
	case c.Kind == Label || c.Kind == Key:
		return ""
	case ends("ratio", "ratio_lower", "ratio_upper"):
		return "ratio"
	case ends("seconds"):
		return "seconds"
	case strings.Contains(c.Help, "contract currency"), strings.Contains(c.Help, "in its own currency"):
		return "its own currency"
	case ends("arr", "amount"), strings.HasPrefix(c.Help, "ARR "), number && strings.Contains(c.Help, "reporting currency"):
		return "reporting currency"
	case strings.Contains(c.Help, "in the unit of"):
		return ""
	case ends("score"):
		return "points"
	case ends("days"):
		return "days"
	case ends("on", "before"):
		return "date"
	case ends("at"):
		return "time"
	case number:
		return "count"
	}
	return ""
}
