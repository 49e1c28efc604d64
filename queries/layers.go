package queries

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

//go:embed tables/*.sql layers/*.sql views/*.sql
var byDay embed.FS

// Layout is what the product knows of its database when the day is a column: tables that are computed from the facts, most of them by day,
// and plain views over them. Both are in an order in which each stands behind what it reads.
type Layout struct {
	Layers, Views []Query
	reads         map[string][]string // layers and views that each reads
	own, facts    map[string][]string // stored tables of facts that each reads itself, and also by way of others
	definitions   map[string]string
	functions     Catalogue
}

// StoredPrefix begins the names of tables as they are stored. The view of the name without it has what counts.
const StoredPrefix = "stored_"

// Stored is the name of the table in which a layer lies.
func (q Query) Stored() string { return StoredPrefix + q.Name }

// IsByDay tells whether a layer has rows of its own for each day.
func (q Query) IsByDay() bool { return len(q.Key) > 0 && q.Key[0] == "day" }

// IsByAccount tells whether each row of a layer is about one account.
func (q Query) IsByAccount() bool { return slices.Contains(q.Key, "account_id") }

// LoadLayout reads the layers and the plain views.
func LoadLayout() (Layout, error) {
	d := Layout{reads: map[string][]string{}, own: map[string][]string{}, facts: map[string][]string{}, definitions: map[string]string{}}
	catalogue, err := Load()
	if err != nil {
		return d, err
	}
	d.functions = catalogue.functions()
	functions := sha256.New()
	for _, f := range d.functions {
		fmt.Fprintln(functions, f.Name, f.SQL)
	}
	files := map[string]*source{}
	var problems []problem
	for _, dir := range []string{"layers", "views"} {
		names, err := fs.Glob(byDay, dir+"/*.sql")
		if err != nil {
			return d, err
		}
		for _, file := range names {
			text, err := fs.ReadFile(byDay, file)
			if err != nil {
				return d, err
			}
			name := strings.TrimSuffix(path.Base(file), ".sql")
			// KPIs are the views that have a place in a group.
			s := &source{Query: Query{Name: name, File: file, Model: !strings.Contains(string(text), "\n-- Group: ")}, byDay: true, layer: dir == "layers"}
			s.parse(string(text))
			if s.layer && len(s.Key) == 0 {
				s.fail(1, "a layer has a Key: in its header")
			}
			if other := files[name]; other != nil {
				s.fail(1, "%s has the name already", other.File)
			}
			files[name] = s
			problems = append(problems, s.problems...)
		}
	}
	if len(problems) > 0 {
		return d, join(problems)
	}
	for name, s := range files {
		d.reads[name], d.own[name] = s.sources(files)
	}
	done := map[string]int{} // 1: being placed, 2: placed
	var place func(name string) error
	place = func(name string) error {
		switch done[name] {
		case 1:
			return fmt.Errorf("%s: it reads itself, by way of what it reads", files[name].File)
		case 2:
			return nil
		}
		done[name] = 1
		for _, other := range d.reads[name] {
			if err := place(other); err != nil {
				return err
			}
		}
		done[name] = 2
		hash := sha256.New()
		fmt.Fprintln(hash, files[name].SQL, functions.Sum(nil))
		d.facts[name] = slices.Clone(d.own[name])
		for _, other := range d.reads[name] {
			fmt.Fprintln(hash, other, d.definitions[other])
			d.facts[name] = append(d.facts[name], d.facts[other]...)
			if !files[other].layer {
				d.own[name] = append(d.own[name], d.own[other]...)
			}
		}
		for _, tables := range []map[string][]string{d.own, d.facts} {
			slices.Sort(tables[name])
			tables[name] = slices.Compact(tables[name])
		}
		d.definitions[name] = hex.EncodeToString(hash.Sum(nil)[:8])
		if files[name].layer {
			d.Layers = append(d.Layers, files[name].Query)
		} else {
			d.Views = append(d.Views, files[name].Query)
		}
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := place(name); err != nil {
			return d, err
		}
	}
	return d, nil
}

// sources are the layers and views that the body reads, and the tables of facts.
func (s *source) sources(files map[string]*source) (read, facts []string) {
	ctes := map[string]bool{}
	for i, t := range s.tokens {
		if t.name() != "" && s.at(i+1).is("as") && s.at(i+2).is("(") {
			ctes[t.name()] = true
		}
	}
	for i, t := range s.tokens {
		name := s.at(i + 1).name()
		fact, stored := strings.CutPrefix(name, StoredPrefix)
		switch {
		case !t.is("from") && !t.is("join"):
		case files[name] != nil && !ctes[name]:
			read = append(read, name)
		case stored:
			facts = append(facts, fact)
		}
	}
	slices.Sort(read)
	return slices.Compact(read), facts
}

// Reads are the layers and views that a layer or view reads itself.
func (l Layout) Reads(name string) []string { return l.reads[name] }

// Facts are the stored tables of facts that a layer or view reads, itself or by way of others, without stored_.
func (l Layout) Facts(name string) []string { return l.facts[name] }

// OwnFacts are those that it reads itself or by way of views, and not by way of layers.
func (l Layout) OwnFacts(name string) []string { return l.own[name] }

// Definition is a hash of what a layer or view says, down to the facts.
func (l Layout) Definition(name string) string { return l.definitions[name] }

// Install makes the tables and views in the database of conn.
func (l Layout) Install(ctx context.Context, conn driver.Conn) error {
	files, err := fs.Glob(byDay, "tables/*.sql")
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := fs.ReadFile(byDay, file)
		if err != nil {
			return err
		}
		statements, err := split(string(text))
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		for _, s := range statements {
			if err := conn.Exec(ctx, s.text); err != nil {
				return fmt.Errorf("%s:%d: %w", file, s.line, err)
			}
		}
	}
	if err := installFacts(ctx, conn); err != nil {
		return err
	}
	if err := InstallFunctions(ctx, conn, l.functions); err != nil {
		return err
	}
	layers := map[string]bool{}
	for _, q := range l.Layers {
		layers[q.Name] = true
	}
	done := map[string]bool{}
	var install func(q Query) error
	install = func(q Query) error {
		if done[q.Name] {
			return nil
		}
		done[q.Name] = true
		for _, name := range l.reads[q.Name] {
			if err := install(l.get(name)); err != nil {
				return err
			}
		}
		if layers[q.Name] {
			return l.installLayer(ctx, conn, q)
		}
		return l.installView(ctx, conn, q)
	}
	for _, q := range slices.Concat(l.Layers, l.Views) {
		if err := install(q); err != nil {
			return fmt.Errorf("%s: %w", q.File, err)
		}
	}
	return nil
}

func (l Layout) get(name string) Query {
	all := slices.Concat(l.Layers, l.Views)
	return all[slices.IndexFunc(all, func(q Query) bool { return q.Name == name })]
}

// layerColumns are the columns that a layer's SELECT gives, by its definition: to find them the engine plans the whole of it.
var layerColumns sync.Map

// installLayer makes the table, with the columns that the body gives, and the view of the rows that count.
func (l Layout) installLayer(ctx context.Context, conn driver.Conn, q Query) error {
	partition := ""
	if q.IsByDay() {
		partition = " partition by toYYYYMM(day)"
	}
	options := " engine = ReplacingMergeTree(version, is_gone)" + partition + " order by (" + strings.Join(q.Key, ", ") + ") settings default_compression_codec = 'ZSTD(1)'"
	definition := l.definitions[q.Name]
	if columns, known := layerColumns.Load(definition); known {
		if err := conn.Exec(ctx, "create table if not exists "+q.Stored()+" ("+columns.(string)+")"+options); err != nil {
			return err
		}
	} else {
		asked := clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{
			"days": "['2000-01-01']", "accounts": "[]", "zone": "UTC", "whole": "2000-01-01",
		}))
		if err := conn.Exec(asked, "create table if not exists "+q.Stored()+options+" as select *, toUInt64(0) as version, toUInt8(0) as is_gone from (\n"+q.SQL+"\n) limit 0"); err != nil {
			return err
		}
		var columns string
		if err := conn.QueryRow(ctx, "select arrayStringConcat(groupArray(concat('`', name, '` ', type)), ', ') from (select name, type from system.columns where database = currentDatabase() and table = "+
			QuoteText(q.Stored())+" order by position)").Scan(&columns); err != nil {
			return err
		}
		layerColumns.Store(definition, columns)
	}
	return conn.Exec(ctx, "create or replace view "+q.Name+" as select * except (version, is_gone) from "+q.Stored()+" final")
}

func (l Layout) installView(ctx context.Context, conn driver.Conn, q Query) error {
	return conn.Exec(ctx, "create or replace view "+q.Name+" as (\n"+q.SQL+"\n) comment "+QuoteText(q.Title))
}
