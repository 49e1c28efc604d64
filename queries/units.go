package queries

import (
	"regexp"
	"strings"
)

// ownCurrency finds amounts beside which a column names the currency.
var ownCurrency = regexp.MustCompile(`\bin ((its|its own|the contract) )?currency\b|\bin (created_currency|the currency that)\b`)

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
	case ends("seconds"), number && strings.HasPrefix(c.Help, "Seconds "):
		return "seconds"
	case ownCurrency.MatchString(c.Help):
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
