package queries_test

import (
	"flag"
	"fmt"
	"maps"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"
)

var update = flag.Bool("update", false, "rewrite testdata/*.reference with what the queries return")

// answers are what the selects of a script returned, and the selects.
type answers struct{ text, asked string }

// rowsOf is the result of a select in ClickHouse's format TSVWithNames.
func rowsOf(t testing.TB, c driver.Conn, sql string) (string, error) {
	t.Helper()
	rows, err := c.Query(t.Context(), sql)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	types := rows.ColumnTypes()
	var b strings.Builder
	b.WriteString(strings.Join(rows.Columns(), "\t") + "\n")
	n := 0
	for ; rows.Next(); n++ {
		fields := make([]any, len(types))
		for i, typ := range types {
			fields[i] = reflect.New(typ.ScanType()).Interface()
		}
		if err := rows.Scan(fields...); err != nil {
			return "", err
		}
		for i, f := range fields {
			if i > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(cell(reflect.ValueOf(f).Elem(), types[i].DatabaseTypeName(), false))
		}
		b.WriteByte('\n')
	}
	if err := rows.Err(); err != nil {
		return "", err
	}
	if n > 1 && !strings.Contains(strings.ToLower(sql), "order by") {
		return "", fmt.Errorf("the select returns %d rows and has no order by, so they may come in any order", n)
	}
	return b.String(), nil
}

// cell writes a value as ClickHouse does in TSV; within arrays, tuples and maps strings and dates are quoted.
func cell(v reflect.Value, typ string, nested bool) string {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			if nested {
				return "NULL"
			}
			return `\N`
		}
		v = v.Elem()
	}
	text := ""
	switch x := v.Interface().(type) {
	case time.Time:
		text = x.Format(time.DateOnly)
		if strings.Contains(typ, "DateTime") {
			text = x.Format("2006-01-02 15:04:05.999999999")
		}
	case decimal.Decimal:
		return x.String()
	case big.Int:
		return x.String()
	case fmt.Stringer: // UUID, IP
		text = x.String()
	case string:
		text = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`).Replace(x)
		if nested {
			text = strings.ReplaceAll(text, `'`, `\'`)
		}
	default:
		return composite(v, typ)
	}
	if nested {
		return "'" + text + "'"
	}
	return text
}

func composite(v reflect.Value, typ string) string {
	switch v.Kind() {
	case reflect.Float32:
		return number(v.Float(), 32)
	case reflect.Float64:
		return number(v.Float(), 64)
	case reflect.Slice, reflect.Array:
		items := make([]string, v.Len())
		for i := range items {
			items[i] = cell(v.Index(i), typ, true)
		}
		if v.Type().Elem().Kind() == reflect.Interface { // The driver scans unnamed tuples so.
			return "(" + strings.Join(items, ",") + ")"
		}
		return "[" + strings.Join(items, ",") + "]"
	case reflect.Map:
		items := map[string]string{}
		for _, k := range v.MapKeys() {
			items[cell(k, typ, true)] = cell(v.MapIndex(k), typ, true)
		}
		var pairs []string
		for _, k := range slices.Sorted(maps.Keys(items)) {
			pairs = append(pairs, k+":"+items[k])
		}
		return "{" + strings.Join(pairs, ",") + "}"
	}
	return fmt.Sprint(v.Interface())
}

// number is the shortest text that gives the same float.
func number(f float64, bits int) string {
	switch a := math.Abs(f); {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 0):
		return strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(f, 'f', -1, bits)), "+")
	case a != 0 && (a < 1e-6 || a >= 1e21):
		return strconv.FormatFloat(f, 'e', -1, bits)
	}
	return strconv.FormatFloat(f, 'f', -1, bits)
}
