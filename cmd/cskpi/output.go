package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"
	"golang.org/x/term"
	"golang.org/x/text/width"
)

// table is a result in memory. Its values are nil, string, bool, int64, uint64, float64, decimal.Decimal, or for
// composite columns whatever the driver made of them.
type table struct {
	columns []string
	rows    [][]any
}

// readTable takes everything out of rows and closes them.
func readTable(rows driver.Rows) (table, error) {
	defer rows.Close()
	types := rows.ColumnTypes()
	t := table{columns: rows.Columns()}
	for rows.Next() {
		row := make([]any, len(types))
		for i, ct := range types {
			row[i] = reflect.New(ct.ScanType()).Interface()
		}
		if err := rows.Scan(row...); err != nil {
			return t, err
		}
		for i, ct := range types {
			row[i] = plain(reflect.ValueOf(row[i]), ct.DatabaseTypeName())
		}
		t.rows = append(t.rows, row)
	}
	return t, rows.Err()
}

// value is what row has in a column; nil if there is none.
func (t table) value(row []any, column string) any {
	if i := slices.Index(t.columns, column); i >= 0 {
		return row[i]
	}
	return nil
}

// pick is what row has in several columns.
func (t table) pick(row []any, columns []string) []any {
	values := make([]any, len(columns))
	for i, c := range columns {
		values[i] = t.value(row, c)
	}
	return values
}

// key names the set of labels of a row.
func (t table) key(row []any, labels []string) string {
	pairs := make([]string, len(labels))
	for i, l := range labels {
		pairs[i] = l + "=" + strconv.Quote(exact(t.value(row, l)))
	}
	return strings.Join(pairs, ", ")
}

// plain reduces a scanned value to the few types that a table holds.
func plain(v reflect.Value, dbType string) any {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch x := v.Interface().(type) {
	case time.Time:
		if strings.Contains(dbType, "Date(") || strings.HasSuffix(dbType, "Date)") || dbType == "Date" || strings.Contains(dbType, "Date32") {
			return x.Format(time.DateOnly)
		}
		return x.Format(time.RFC3339Nano)
	case decimal.Decimal:
		return x
	}
	switch {
	case v.CanInt():
		return v.Int()
	case v.CanUint():
		return v.Uint()
	case v.CanFloat():
		return v.Float()
	case v.Kind() == reflect.String:
		return v.String()
	}
	return v.Interface()
}

// write prints the table as table, csv or json. Only the first rounds.
func (t table) write(w io.Writer, format string) error {
	switch format {
	case "csv":
		return t.writeCSV(w)
	case "json":
		return t.writeJSON(w)
	}
	return t.writeText(w)
}

// writeCSV prints a header and the rows; null is an empty field.
func (t table) writeCSV(w io.Writer) error {
	cw := csv.NewWriter(w)
	if err := cw.Write(t.columns); err != nil {
		return err
	}
	fields := make([]string, len(t.columns))
	for _, row := range t.rows {
		for i, v := range row {
			fields[i] = exact(v)
		}
		if err := cw.Write(fields); err != nil {
			return err
		}
	}
	cw.Flush()
	return cw.Error()
}

// exact is the shortest text that reads back as v.
func exact(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case int64, uint64, bool, decimal.Decimal:
		return fmt.Sprint(x)
	default:
		b, err := json.Marshal(x)
		if err != nil {
			return fmt.Sprint(x)
		}
		return string(b)
	}
}

// writeJSON prints an array of objects whose keys are the columns, in their order, an object per line.
func (t table) writeJSON(w io.Writer) error {
	var b bytes.Buffer
	b.WriteByte('[')
	for n, row := range t.rows {
		if n > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n {")
		for i, v := range row {
			if i > 0 {
				b.WriteString(", ")
			}
			b.Write(jsonValue(t.columns[i]))
			b.WriteString(": ")
			b.Write(jsonValue(v))
		}
		b.WriteByte('}')
	}
	if len(t.rows) > 0 {
		b.WriteByte('\n')
	}
	b.WriteString("]\n")
	_, err := w.Write(b.Bytes())
	return err
}

// jsonValue keeps every digit; what JSON has no number for (NaN, infinity) is null, like an undefined ratio.
func jsonValue(v any) []byte {
	switch x := v.(type) {
	case decimal.Decimal:
		return []byte(x.String())
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return []byte("null")
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return jsonValue(fmt.Sprint(v))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// writeText prints aligned columns for people: numbers to the right, thousands apart, undefined as a dash.
func (t table) writeText(w io.Writer) error {
	cells := make([][]string, 0, len(t.rows)+1)
	cells = append(cells, t.columns)
	right := make([]bool, len(t.columns))
	for _, row := range t.rows {
		line := make([]string, len(row))
		for i, v := range row {
			line[i] = escaped(human(t.columns[i], v))
			right[i] = right[i] || isNumber(v)
		}
		cells = append(cells, line)
	}
	widths := make([]int, len(t.columns))
	for _, line := range cells {
		for i, cell := range line {
			widths[i] = max(widths[i], columnsOf(cell))
		}
	}
	var b strings.Builder
	for _, line := range cells {
		var l strings.Builder
		for i, cell := range line {
			if i > 0 {
				l.WriteString("  ")
			}
			pad := strings.Repeat(" ", widths[i]-columnsOf(cell))
			if right[i] {
				l.WriteString(pad + cell)
			} else {
				l.WriteString(cell + pad)
			}
		}
		b.WriteString(strings.TrimRight(l.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// columnsOf is how wide s is on a terminal; Japanese names take two columns a character.
func columnsOf(s string) int {
	n := utf8.RuneCountInString(s)
	for _, r := range s {
		if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
			n++
		}
	}
	return n
}

func isNumber(v any) bool {
	switch v.(type) {
	case int64, uint64, float64, decimal.Decimal:
		return true
	}
	return false
}

// human is v for people who read the column. Decimals stay whole; floats are rounded to what the column means.
func human(column string, v any) string {
	switch x := v.(type) {
	case nil:
		return "-"
	case string:
		return strings.Join(strings.Fields(x), " ")
	case float64:
		switch {
		case math.IsNaN(x) || math.IsInf(x, 0):
			return fmt.Sprint(x)
		case strings.HasSuffix(column, "timestamp_seconds"):
			return time.Unix(int64(x), 0).UTC().Format(time.RFC3339)
		case strings.Contains(column, "ratio"):
			return strconv.FormatFloat(x, 'f', 4, 64)
		case x == math.Trunc(x):
			return thousands(strconv.FormatFloat(x, 'f', 0, 64))
		}
		return thousands(strconv.FormatFloat(x, 'f', 2, 64))
	case int64, uint64, decimal.Decimal:
		return thousands(fmt.Sprint(x))
	}
	return exact(v)
}

// thousands sets commas into the digits before the point.
func thousands(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	var groups []string
	for len(whole) > 3 {
		groups = append([]string{whole[len(whole)-3:]}, groups...)
		whole = whole[:len(whole)-3]
	}
	s = sign + strings.Join(append([]string{whole}, groups...), ",")
	if fraction != "" {
		s += "." + fraction
	}
	return s
}

// visible writes text for people: control characters and marks of direction, by which a name in the data could move the cursor, rewrite what stands on
// the terminal or order it otherwise, become escapes that are seen. Line ends and tabs stay.
type visible struct {
	w    io.Writer
	mu   sync.Mutex
	rest []byte // of a character that came in part
}

func (v *visible) Write(p []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	text := append(v.rest, p...)
	whole := len(text)
	for back := 1; back < utf8.UTFMax && back <= len(text); back++ {
		if start := len(text) - back; utf8.RuneStart(text[start]) {
			if !utf8.FullRune(text[start:]) {
				whole = start
			}
			break
		}
	}
	v.rest = bytes.Clone(text[whole:])
	if _, err := io.WriteString(v.w, escaped(string(text[:whole]))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// terminal returns the terminal behind a writer, by whose own writer a line may be written over; nil if there is none.
func terminal(w io.Writer) *os.File {
	if v, ok := w.(*visible); ok {
		w = v.w
	}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}

// escaped is s with escapes for what visible does not let through.
func escaped(s string) string {
	hidden := func(r rune) bool {
		switch {
		case r == '\n' || r == '\t':
			return false
		case r == utf8.RuneError, unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return true
		}
		return unicode.Is(unicode.Bidi_Control, r)
	}
	if strings.IndexFunc(s, hidden) < 0 {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case r != utf8.RuneError && hidden(r):
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteString(s[:size])
		}
		s = s[size:]
	}
	return b.String()
}
