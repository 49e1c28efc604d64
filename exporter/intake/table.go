package intake

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/queries"
)

// table is a fact table as the database describes it; nothing about single tables is written down in Go.
type table struct {
	name     string
	stored   string // table that holds it
	meaning  string
	columns  []column       // what is written, in the table's order; without ingested_at
	index    map[string]int // name to position in columns
	identity []string       // what makes two rows versions of the same fact; includes source
	facts    int            // number of columns before source: the width of a file without header
	ignored  []string       // columns that input may carry, but that only the database fills
	versions bool           // all versions are kept, and not just the last
	events   bool           // append-only: redeliveries collapse in the table's own merges
	rules    []rule         // for each row
	together together       // for the rows of a file as a whole; nil: there is nothing to look at
	horizon  *horizon       // of tables of usage events; nil: of others
	userKey  []byte         // makes pseudonyms of the ids of people; empty: they are stored as they come
}

type kind uint8

const (
	kindString kind = iota
	kindJSON        // String that holds a JSON object
	kindMap         // Map(String, String), held as a JSON object of texts
	kindEnum
	kindBool
	kindDate
	kindTime
	kindDecimal
	kindInt
	kindUint
	kindFloat
)

// column says how the text of one field becomes a value.
type column struct {
	name     string
	meaning  string
	wire     string // ClickHouse type under which values are sent
	kind     kind
	nullable bool
	person   bool  // names a person
	address  bool  // is the e-mail address of a person
	required bool  // there is no default: it must be given, and not be empty
	fallback value // what stands in for a field that is not given
	longest  int   // bytes of a String
	spelling spelling

	enum      map[string]int8
	enumNames []string // as the table lists them, without the empty one
	precision int      // of a Decimal
	scale     int
	bits      int // of an integer
}

// Most bytes of a text. Ids and labels are short in every system that we know; a long one is a mistake of an export, and
// would be carried through every KPI, metric and page.
const (
	longestName  = 512
	longestProse = 64 << 10
)

// proseColumns hold sentences and documents, and are neither ids nor labels.
var proseColumns = []string{"note", "outcome", "reason", "title", "value", "properties", "attributes"}

// eventsSuffix ends the names of the tables of usage events.
const eventsSuffix = "_events"

// tableStaff has our own people, whose addresses are how other facts name them and never pseudonyms.
const tableStaff = "staff"

// Columns that every fact table has; only the last is never read from input.
const (
	columnSource   = "source"
	columnUpdated  = "updated_at"
	columnIngested = "ingested_at"
)

// notRead are columns that no row can say yet: from when on a change holds, and that a source took a fact back.
var notRead = []string{"valid_from", "is_withdrawn"}

// loadTables reads the tables of facts: those with a source, updated_at and ingested_at.
func loadTables(ctx context.Context, conn driver.Conn, userKey []byte) (map[string]*table, error) {
	rows, err := conn.Query(ctx, `
		select c.table, c.name, c.type, c.default_kind, c.default_expression, c.comment, t.sorting_key, t.comment
		from system.columns as c
		inner join system.tables as t on t.database = c.database and t.name = c.table
		where c.database = currentDatabase() and t.engine like '%MergeTree' and c.table in (
			select table from system.columns
			where database = currentDatabase() and name in ('source', 'updated_at', 'ingested_at')
			group by table having count() = 3) and startsWith(c.table, 'stored_')
		order by c.table, c.position`)
	if err != nil {
		return nil, fmt.Errorf("read the tables of facts: %w", err)
	}
	defer rows.Close()

	type definition struct{ name, typ, defaultKind, defaultExpr, meaning string }
	columns := map[string][]definition{}
	keys, meanings := map[string]string{}, map[string]string{}
	for rows.Next() {
		var t, key, meaning string
		var d definition
		if err := rows.Scan(&t, &d.name, &d.typ, &d.defaultKind, &d.defaultExpr, &d.meaning, &key, &meaning); err != nil {
			return nil, fmt.Errorf("read the tables of facts: %w", err)
		}
		columns[t] = append(columns[t], d)
		keys[t], meanings[t] = key, meaning
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the tables of facts: %w", err)
	}

	kept := &horizon{}
	if err := kept.refresh(ctx, conn); err != nil {
		return nil, fmt.Errorf("read since when usage events are kept: %w", err)
	}
	tables := map[string]*table{}
	var exprs []string // constant defaults, for the database to evaluate
	var owners []*column
	for stored, described := range columns {
		name := strings.TrimPrefix(stored, queries.StoredPrefix)
		t := &table{name: name, stored: stored, meaning: meanings[stored], index: map[string]int{}, userKey: userKey}
		for _, d := range described {
			switch {
			case slices.Contains(notRead, d.name):
				continue
			case d.name == columnIngested || d.defaultKind == "MATERIALIZED" || d.defaultKind == "ALIAS":
				t.ignored = append(t.ignored, d.name)
				continue
			case d.name == columnSource:
				t.facts = len(t.columns)
			}
			c, err := newColumn(d.name, d.typ)
			if err != nil {
				return nil, fmt.Errorf("table %s: %w", stored, err)
			}
			c.meaning = d.meaning
			if strings.HasSuffix(name, eventsSuffix) && d.name == "properties" {
				c.kind = kindJSON
			}
			if c.longest = longestName; slices.Contains(proseColumns, d.name) {
				c.longest = longestProse
			}
			c.spelling = spellingOf(d.name)
			c.person = c.kind == kindString && !c.nullable && slices.Contains(personColumns, d.name)
			c.address = c.kind == kindString && !c.nullable && d.name == addressColumn && name != tableStaff
			c.required = d.defaultKind == "" && !c.nullable && c.kind != kindMap
			c.fallback.null = c.nullable
			t.index[d.name] = len(t.columns)
			t.columns = append(t.columns, c)
		}
		for i := range t.columns {
			d := described[slices.IndexFunc(described, func(d definition) bool { return d.name == t.columns[i].name })]
			if d.defaultKind == "DEFAULT" && d.name != columnUpdated {
				exprs = append(exprs, "toString("+d.defaultExpr+")")
				owners = append(owners, &t.columns[i])
			}
		}
		t.events = slices.Contains(t.ignored, "payload_hash")
		if t.events {
			t.identity = []string{"event_id", columnSource}
		} else {
			for key := range strings.SplitSeq(keys[stored], ", ") {
				_, given := t.index[key]
				switch {
				case key == "valid_from":
					t.versions = slices.ContainsFunc(described, func(d definition) bool { return d.name == key && d.defaultExpr == columnUpdated })
				case !given:
					return nil, fmt.Errorf("table %s: sorting key %q is not a column", stored, key)
				default:
					t.identity = append(t.identity, key)
				}
			}
		}
		t.rules = rulesOf(t)
		if strings.HasSuffix(name, eventsSuffix) {
			t.horizon = kept
			t.rules = append(t.rules, kept.rule(t))
		}
		tables[name] = t
	}
	if len(tables) == 0 {
		return nil, fmt.Errorf("the database has no tables of facts; install the schema first")
	}

	var defaults []string
	if err := conn.QueryRow(ctx, "select ["+strings.Join(exprs, ", ")+"]").Scan(&defaults); err != nil {
		return nil, fmt.Errorf("evaluate the defaults of columns: %w", err)
	}
	for i, text := range defaults {
		v, reason := owners[i].parse(field{text: text, kind: fieldText}, time.UTC)
		if reason != "" {
			return nil, fmt.Errorf("default of column %s: %q %s", owners[i].name, text, reason)
		}
		owners[i].fallback = v
	}
	return tables, nil
}

// newColumn reads a ClickHouse type.
func newColumn(name, typ string) (column, error) {
	c := column{name: name}
	if inner, ok := unwrap(typ, "LowCardinality"); ok {
		// It is sent as its plain type: the server builds the dictionary, faster than the client would.
		typ = inner
	}
	if inner, ok := unwrap(typ, "Nullable"); ok {
		c.nullable = true
		typ = inner
	}
	c.wire = typ
	if c.nullable {
		c.wire = "Nullable(" + typ + ")"
	}
	base, args, _ := strings.Cut(strings.TrimSuffix(typ, ")"), "(")
	switch base {
	case "String":
		c.kind = kindString
	case "Enum8":
		c.kind = kindEnum
		names, err := enumValues(args)
		if err != nil {
			return c, fmt.Errorf("column %s: type %s: %w", name, typ, err)
		}
		c.enum = names
		for n := range names {
			if n != "" {
				c.enumNames = append(c.enumNames, n)
			}
		}
		slices.SortFunc(c.enumNames, func(a, b string) int { return int(names[a]) - int(names[b]) })
	case "Bool":
		c.kind = kindBool
	case "Date":
		c.kind = kindDate
	case "DateTime64":
		c.kind = kindTime
	case "Decimal":
		c.kind = kindDecimal
		p, s, _ := strings.Cut(args, ",")
		var err1, err2 error
		c.precision, err1 = strconv.Atoi(strings.TrimSpace(p))
		c.scale, err2 = strconv.Atoi(strings.TrimSpace(s))
		if err1 != nil || err2 != nil || c.precision > 18 {
			return c, fmt.Errorf("column %s: type %s cannot be imported", name, typ)
		}
	case "Int8", "Int16", "Int32", "Int64":
		c.kind = kindInt
		c.bits, _ = strconv.Atoi(base[3:])
	case "UInt8", "UInt16", "UInt32", "UInt64":
		c.kind = kindUint
		c.bits, _ = strconv.Atoi(base[4:])
	case "Float64":
		c.kind = kindFloat
	case "Map":
		if args != "LowCardinality(String), String" {
			return c, fmt.Errorf("column %s: type %s cannot be imported", name, typ)
		}
		c.kind, c.wire = kindMap, "Map(String, String)"
	default:
		return c, fmt.Errorf("column %s: type %s cannot be imported", name, typ)
	}
	return c, nil
}

func unwrap(typ, wrapper string) (string, bool) {
	inner, ok := strings.CutPrefix(typ, wrapper+"(")
	if !ok {
		return typ, false
	}
	return strings.TrimSuffix(inner, ")"), true
}

// enumValues reads the inside of Enum8('new' = 1, …).
func enumValues(list string) (map[string]int8, error) {
	values := map[string]int8{}
	for item := range strings.SplitSeq(list, ", ") {
		name, number, ok := strings.Cut(item, "' = ")
		n, err := strconv.ParseInt(number, 10, 8)
		if !ok || err != nil || !strings.HasPrefix(name, "'") {
			return nil, fmt.Errorf("%q is not an enum item", item)
		}
		values[name[1:]] = int8(n)
	}
	return values, nil
}

func (t *table) names() []string {
	names := make([]string, len(t.columns))
	for i := range t.columns {
		names[i] = t.columns[i].name
	}
	return names
}
