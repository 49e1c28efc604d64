package queries

import (
	"strings"
	"time"
)

// QuoteText writes a text as a literal of SQL.
func QuoteText(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", `\0`).Replace(s) + "'"
}

// QuoteName writes the name of a table or column as SQL reads any name.
func QuoteName(s string) string {
	return "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`").Replace(s) + "`"
}

// QuoteDay writes a date as an expression of SQL.
func QuoteDay(day time.Time) string { return "toDate('" + day.Format(time.DateOnly) + "')" }
