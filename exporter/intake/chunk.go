package intake

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"cskpi/queries"
)

// block is a piece of a file, cut at a row's end, before its fields are checked: lines of JSON, or records.
type block struct {
	lines   string   // NDJSON
	line    int64    // number of the first line in lines
	records []record // CSV, Parquet, rows of a query
	columns []int    // of records: position in the table's columns; -1: not read
	rejects []Reject // rows that the reader could not even cut out
	more    []block  // what follows, of a source that is read as one block
}

// record is a row whose fields are already apart.
type record struct {
	file   string // if it is not the file that is read
	line   int64
	raw    string // as the file has it, for the rejects file
	fields []field
}

// chunk is a checked block: the values of its good rows by column, and its rejected rows.
type chunk struct {
	read    int64
	rows    int
	bytes   int // about what the values take in memory
	columns []vector
	stamped []bool // the row had an updated_at of its own
	rejects []Reject
}

// reset empties a chunk, but keeps its memory.
func (c *chunk) reset() {
	for i := range c.columns {
		v := &c.columns[i]
		clear(v.strings) // they hold the file's text
		*v = vector{strings: v.strings[:0], numbers: v.numbers[:0], floats: v.floats[:0], nulls: v.nulls[:0]}
	}
	*c = chunk{columns: c.columns, stamped: c.stamped[:0]}
}

// vector holds the values of one column; see value for what is where.
type vector struct {
	strings []string
	numbers []int64
	floats  []float64
	nulls   []bool
	given   bool // some row had this field
}

func (v *vector) append(c *column, x value, given bool) {
	v.given = v.given || given
	switch c.kind {
	case kindString, kindJSON, kindMap:
		v.strings = append(v.strings, x.s)
	case kindFloat:
		v.floats = append(v.floats, x.f)
	default:
		v.numbers = append(v.numbers, x.n)
	}
	if c.nullable {
		v.nulls = append(v.nulls, x.null)
	}
}

// appendTo hands the values to the driver, column by column, so that no value is boxed on its own.
func (v *vector) appendTo(c *column, to driver.BatchColumn) error {
	switch c.kind {
	case kindString, kindJSON:
		return sendAll(to, c, v.nulls, v.strings)
	case kindMap:
		return send(to, c, v.nulls, v.strings, textsOf)
	case kindFloat:
		return sendAll(to, c, v.nulls, v.floats)
	case kindTime:
		return sendAll(to, c, v.nulls, v.numbers)
	case kindEnum:
		return send(to, c, v.nulls, v.numbers, func(n int64) int8 { return int8(n) })
	case kindBool:
		return send(to, c, v.nulls, v.numbers, func(n int64) bool { return n != 0 })
	case kindDate:
		return send(to, c, v.nulls, v.numbers, func(n int64) time.Time { return time.Unix(n*24*60*60, 0).UTC() })
	case kindDecimal:
		return send(to, c, v.nulls, v.numbers, func(n int64) decimal.Decimal { return decimal.New(n, -int32(c.scale)) })
	case kindInt:
		switch c.bits {
		case 8:
			return send(to, c, v.nulls, v.numbers, func(n int64) int8 { return int8(n) })
		case 16:
			return send(to, c, v.nulls, v.numbers, func(n int64) int16 { return int16(n) })
		case 32:
			return send(to, c, v.nulls, v.numbers, func(n int64) int32 { return int32(n) })
		}
		return sendAll(to, c, v.nulls, v.numbers)
	case kindUint:
		switch c.bits {
		case 8:
			return send(to, c, v.nulls, v.numbers, func(n int64) uint8 { return uint8(n) })
		case 16:
			return send(to, c, v.nulls, v.numbers, func(n int64) uint16 { return uint16(n) })
		case 32:
			return send(to, c, v.nulls, v.numbers, func(n int64) uint32 { return uint32(n) })
		}
		return send(to, c, v.nulls, v.numbers, func(n int64) uint64 { return uint64(n) })
	}
	return fmt.Errorf("column %s: kind %d is not known", c.name, c.kind)
}

// send appends values as the slice type that the driver has a fast way for; nullable columns take pointers.
func send[S, T any](to driver.BatchColumn, c *column, nulls []bool, values []S, convert func(S) T) error {
	out := make([]T, len(values))
	for i, v := range values {
		out[i] = convert(v)
	}
	return sendAll(to, c, nulls, out)
}

func sendAll[T any](to driver.BatchColumn, c *column, nulls []bool, values []T) error {
	if !c.nullable {
		return to.Append(values)
	}
	pointers := make([]*T, len(values))
	for i := range values {
		if !nulls[i] {
			pointers[i] = &values[i]
		}
	}
	return to.Append(pointers)
}

// checker checks the rows of blocks against a table. Each worker has its own.
type checker struct {
	table   *table
	file    string
	zone    *time.Location
	maxLine int
	foreign bool // the table is a source table of a mapping: it also takes where a row stands

	fields []field // of the row at hand, by column
	seen   []bool
	values []value
	people pseudonyms // if the table has a key for them
	spare  *sync.Pool // of chunks whose values were sent; their memory is used again
	order  []int      // columns of the previous JSON row in their order: the next row most likely has the same

	// Of rows that are looked at together:
	row     int           // number of the row at hand, of those whose fields are good
	rows    [][]value     // those that were taken
	taken   []int         // and their numbers
	refused map[int]unfit // by number: those that do not go together with others
}

func newChecker(t *table, file string, zone *time.Location, maxLine int, spare *sync.Pool) *checker {
	n := len(t.columns)
	k := &checker{table: t, file: file, zone: zone, maxLine: maxLine, fields: make([]field, n), seen: make([]bool, n), values: make([]value, n), spare: spare}
	if len(t.userKey) > 0 {
		k.people.mac = hmac.New(sha256.New, t.userKey)
	}
	return k
}

func (k *checker) check(b block) *chunk {
	if k.table.together != nil {
		return k.checkTogether(b)
	}
	return k.checkBlock(b)
}

func (k *checker) checkBlock(b block) *chunk {
	c, ok := k.spare.Get().(*chunk)
	if !ok {
		c = &chunk{columns: make([]vector, len(k.table.columns))}
	}
	cutOut := false
	for _, b := range append([]block{b}, b.more...) {
		cutOut = cutOut || len(b.rejects) > 0
		c.rejects = append(c.rejects, b.rejects...)
		c.read += int64(len(b.rejects))
		line := b.line
		for rest := b.lines; rest != ""; line++ {
			var text string
			text, rest, _ = strings.Cut(rest, "\n")
			if scanSpace(text, 0) == len(text) {
				continue
			}
			c.read++
			k.checkLine(c, text, line)
		}
		for _, r := range b.records {
			c.read++
			k.checkRecord(c, r, b.columns)
		}
	}
	if cutOut {
		slices.SortStableFunc(c.rejects, func(x, y Reject) int { return cmp.Compare(x.Line, y.Line) })
	}
	return c
}

func (k *checker) checkLine(c *chunk, text string, line int64) {
	if len(text) > k.maxLine {
		c.rejects = append(c.rejects, longLine(k.table.name, k.file, line, text, k.maxLine))
		return
	}
	clear(k.fields)
	clear(k.seen)
	position, column, bad := 0, "", ""
	reason := scanRow(text, func(name string, f field) string {
		i := -1
		if position < len(k.order) && k.table.columns[k.order[position]].name == name {
			i = k.order[position]
		} else if found, ok := k.table.index[name]; ok {
			i = found
			k.order = append(k.order[:min(position, len(k.order))], i)
		}
		if i < 0 {
			if slices.Contains(k.table.ignored, name) {
				return ""
			}
			column, bad = name, f.text
			return unknownColumn(k.table, name)
		}
		if k.seen[i] {
			column, bad = name, f.text
			return "is given twice"
		}
		k.seen[i] = true
		k.fields[i] = f
		position++
		return ""
	})
	if reason != "" {
		if column == "" {
			bad = text
		}
		c.rejects = append(c.rejects, Reject{Table: k.table.name, File: k.file, Line: line, Column: column, Value: cut(bad), Reason: reason, raw: text})
		return
	}
	k.checkRow(c, k.file, line, text)
}

func (k *checker) checkRecord(c *chunk, r record, columns []int) {
	file := k.file
	if r.file != "" {
		file = r.file
	}
	if len(r.fields) != len(columns) {
		c.rejects = append(c.rejects, Reject{Table: k.table.name, File: file, Line: r.line, Value: cut(r.raw), raw: r.raw,
			Reason: fmt.Sprintf("has %d fields where %d are expected", len(r.fields), len(columns))})
		return
	}
	clear(k.fields)
	for i, at := range columns {
		if at >= 0 {
			k.fields[at] = r.fields[i]
		}
	}
	k.checkRow(c, file, r.line, r.raw)
}

// checkRow turns k.fields into values; a row with a bad field leaves none behind.
func (k *checker) checkRow(c *chunk, file string, line int64, raw string) {
	size := 0
	if k.foreign {
		for i := range k.fields {
			k.fields[i].kind = min(k.fields[i].kind, fieldText)
		}
		k.fields[k.table.index[columnFile]] = field{text: file, kind: fieldText}
		k.fields[k.table.index[columnLine]] = field{text: strconv.FormatInt(line, 10), kind: fieldText}
	}
	for i := range k.table.columns {
		col := &k.table.columns[i]
		var reason string
		if k.values[i], reason = col.parse(k.fields[i], k.zone); reason != "" {
			c.rejects = append(c.rejects, Reject{Table: k.table.name, File: file, Line: line, Column: col.name, Value: cut(k.fields[i].text), Reason: reason, raw: raw})
			return
		}
		if col.person && k.people.mac != nil {
			k.values[i].s = k.people.of(k.values[i].s)
		}
		if col.address && k.people.mac != nil {
			k.values[i].s = domainOf(k.values[i].s)
		}
		size += 8 + len(k.values[i].s)
	}
	if column, reason := k.look(); reason != "" {
		c.rejects = append(c.rejects, Reject{Table: k.table.name, File: file, Line: line, Column: column, Value: cut(k.fields[k.table.index[column]].text), Reason: reason, raw: raw})
		return
	}
	for i := range k.table.columns {
		c.columns[i].append(&k.table.columns[i], k.values[i], k.fields[i].kind != fieldAbsent)
	}
	if at, ok := k.table.index[columnUpdated]; ok {
		c.stamped = append(c.stamped, k.fields[at].kind != fieldAbsent && k.fields[at].text != "")
	}
	c.rows++
	c.bytes += size
}

func unknownColumn(t *table, name string) string {
	reason := "is not a column of " + t.name
	if near := queries.Nearest(name, t.names()); near != "" {
		reason += "; did you mean " + near + "?"
	}
	return reason
}

func longLine(table, file string, line int64, start string, limit int) Reject {
	return Reject{Table: table, File: file, Line: line, Value: cut(start), Reason: fmt.Sprintf("is longer than %d bytes", limit), raw: cut(start)}
}
