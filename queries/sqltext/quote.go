// Package sqltext reads and writes SQL as text: it cuts statements into tokens, and writes texts, names and times as ClickHouse reads them.
package sqltext

import (
	"math"
	"strconv"
	"strings"
	"time"
)

var (
	textEscapes = strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", `\0`)
	nameEscapes = strings.NewReplacer(`\`, `\\`, "`", "\\`")
)

// Quote writes a text as a literal.
func Quote(text string) string { return "'" + textEscapes.Replace(text) + "'" }

// Quotes writes texts as literals with commas between them.
func Quotes(texts []string) string { return list(texts, Quote) }

// Array writes texts as an array: an expression, or the value of a parameter of the type Array(String) or Array(Date).
func Array(texts []string) string { return "[" + Quotes(texts) + "]" }

// Tuple writes texts as a tuple.
func Tuple(texts ...string) string { return "(" + Quotes(texts) + ")" }

// Name writes the name of a table, column or database, whatever characters it has.
func Name(name string) string { return "`" + nameEscapes.Replace(name) + "`" }

// Names writes names with commas between them.
func Names(names []string) string { return list(names, Name) }

// Day writes a date as an expression.
func Day(day time.Time) string { return "toDate('" + day.Format(time.DateOnly) + "')" }

// Days writes dates as expressions with commas between them.
func Days(days []time.Time) string { return list(days, Day) }

// DayArray writes dates as an array, by their numbers: ClickHouse takes a literal as it is, and plans each of thousands of expressions by itself. What
// a Date cannot hold is left out.
func DayArray(days []time.Time) string {
	var numbers []string
	for _, day := range days {
		if n := day.Unix() / (24 * 60 * 60); n >= 0 && n <= math.MaxUint16 {
			numbers = append(numbers, strconv.FormatInt(n, 10))
		}
	}
	return "cast([" + strings.Join(numbers, ",") + "], 'Array(Date)')"
}

// Instant writes a time as an expression, to the millisecond.
func Instant(at time.Time) string {
	return "toDateTime64('" + at.UTC().Format("2006-01-02 15:04:05.000") + "', 3, 'UTC')"
}

func list[T any](values []T, write func(T) string) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = write(v)
	}
	return strings.Join(texts, ", ")
}
