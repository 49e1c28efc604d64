package intake

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/refresh"
	"cskpi/exporter/store"
	"cskpi/queries"
	"cskpi/queries/sqltext"
)

// What is to be erased: an account or a user.
type What struct {
	Account string // an account, with all facts about it
	User    string // a person, in whatever account, with the facts about them
	// UserKey is the key of the pseudonyms, if there are any. The user is looked for by both, as facts may be older than the key.
	UserKey []byte
	// Receipts takes the receipt before anything is erased, outside the database; nil: nothing does.
	Receipts *Receipts

	again  *KeptReceipt // of the erasure that is done again after a restore; nil: it is a new one
	stored []string     // ids that the database has for it
	linked []string     // other ids of the same user
}

func (w What) kind() string {
	if w.Account != "" {
		return "account"
	}
	return "user"
}

// ids are what the database may have for whom is to be erased.
func (w What) ids() []string {
	if w.again != nil {
		return w.stored
	}
	if w.Account != "" {
		return []string{w.Account}
	}
	return append(slices.Compact([]string{w.User, Pseudonym(w.UserKey, w.User)}), w.linked...)
}

// Receipt says what an erasure took away, without saying from whom. The table erasures keeps the same.
type Receipt struct {
	ID          string    `json:"erasure_id"`
	Erased      string    `json:"erased"`  // account or user
	IDHash      string    `json:"id_hash"` // SHA-256 of ID and the erased id, one behind the other, in hex
	RequestedAt time.Time `json:"requested_at"`
	FinishedAt  time.Time `json:"finished_at"`
	// Rows that were erased, by table of database cs, former versions and redeliveries included.
	Rows map[string]uint64 `json:"rows"`
	// KPIs of days from KPIsChangeOn on may be other ones than were told before; empty: there was no fact, and none is.
	KPIsChangeOn string `json:"kpis_change_on,omitempty"`
	LastFactOn   string `json:"last_fact_on,omitempty"` // the last day of an erased fact
}

// Erase removes what is known of an account or a user: facts, and what usage is rolled up to. When it returns, no table of the
// database has them, and the days of usage that were touched wait for the next roll-up. Facts that come afterwards are new
// ones and are stored: whoever erases must stop who sends. An erasure that was cut short is to be asked for again, and is then
// the same one. (On disk the rows stay for some minutes in files that are read no more.)
func Erase(ctx context.Context, conn driver.Conn, what What) (Receipt, error) {
	if (what.Account == "") == (what.User == "") {
		return Receipt{}, errors.New("name either an account or a user to erase")
	}
	e := erasure{
		what:    what,
		session: &session{im: &Importer{Conn: conn}, zone: time.UTC, at: time.Now().UTC()},
		receipt: Receipt{ID: rand.Text(), Erased: what.kind(), RequestedAt: time.Now().UTC().Truncate(time.Millisecond), Rows: map[string]uint64{}},
	}
	var replicated uint64
	if err := e.retry(ctx, func() error {
		return conn.QueryRow(ctx, "select count() from system.tables where database = currentDatabase() and engine like 'Replicated%'").Scan(&replicated)
	}); err != nil {
		return Receipt{}, fmt.Errorf("erase: %w (nothing is erased)", err)
	}
	if replicated > 0 {
		// The other replicas would look for the scratch tables by which rows are found, and find none.
		return Receipt{}, errors.New("erase: the database lies on a cluster, where this is not supported yet; nothing is erased")
	}
	// Past days are computed in the memory of a process, which would store what it had read before. They are waited for first, because
	// they themselves wait for usage to be rolled up.
	err := store.AloneInHistory(ctx, conn, func(ctx context.Context) error {
		return store.AloneInRefresh(ctx, conn, func(ctx context.Context) error { return store.Alone(ctx, conn, e.run) })
	})
	if err != nil {
		// A statement that goes on may still read the scratch tables. They go with a later import.
		return Receipt{}, fmt.Errorf("erase: %w (not all is erased; do it again)", err)
	}
	_ = e.dropScratch(ctx) // all is erased; what cannot be dropped now goes with a later import
	return e.receipt, nil
}

// Erase is the function of this name, on the writer's database and with its key.
func (w *Writer) Erase(ctx context.Context, what What) (Receipt, error) {
	what.UserKey, what.Receipts = w.o.UserKey, w.o.Receipts
	r, err := Erase(ctx, w.o.Conn, what)
	if isDatabase(err) {
		err = StoreError{err}
	}
	return r, err
}

// erasure is the state of one call of Erase. Its steps may be repeated; what others are found by goes last.
type erasure struct {
	*session
	what    What
	receipt Receipt
	first   time.Time // day of the first fact; zero: there is none
	last    time.Time
	version uint64
	events  string // table of the events to be erased: source, event_id, payload_hash, day
	batch   uint64 // of the announcement to the layers
}

// holder is a table that may hold rows of whom is to be erased.
type holder struct {
	name    string
	columns []string // in which they would stand
	days    []string // expressions for the days of a fact, null where there is none
	goes    string   // condition for the rows that go
}

const (
	usageEvents    = queries.StoredPrefix + "usage_events"
	usageUserDays  = queries.StoredPrefix + "usage_user_days"
	userAliases    = queries.StoredPrefix + "user_aliases"
	usageConflicts = queries.StoredPrefix + "usage_conflicts"
	factChanges    = queries.StoredPrefix + "fact_changes"
)

// table is the table of facts that a table of the database holds; nil: none.
func (e *erasure) table(stored string) *table {
	name, found := strings.CutPrefix(stored, queries.StoredPrefix)
	if !found {
		return nil
	}
	return e.tables[name]
}

func (e *erasure) run(ctx context.Context) error {
	if err := CompleteAlone(ctx, e.im.Conn); err != nil {
		return err
	}
	if err := e.waitForWriters(ctx); err != nil { // such as those of an import that was killed
		return err
	}
	var err error
	if err = e.retry(ctx, func() (err error) {
		e.tables, err = loadTables(ctx, e.im.Conn, nil)
		return err
	}); err != nil {
		return err
	}
	var holders []holder
	if err = e.retry(ctx, func() (err error) {
		holders, err = e.holders(ctx)
		return err
	}); err != nil {
		return err
	}
	if e.what.User != "" && e.what.again == nil {
		if err := e.retry(ctx, func() (err error) {
			e.what.linked = nil
			e.what.linked, err = store.OtherIDs(ctx, e.im.Conn, e.what.ids())
			return err
		}); err != nil {
			return err
		}
	}
	resumed, err := e.resume(ctx)
	if err != nil {
		return err
	}
	if err := e.keep(); err != nil {
		return err
	}
	// A backup that is being written reads a snapshot that still has what is to be erased.
	if err := e.retry(ctx, func() error { return store.DropSnapshots(ctx, e.im.Conn) }); err != nil {
		return err
	}
	if len(e.what.ids()) == 0 { // an erasure that is done again and finds nothing
		return e.end(ctx)
	}
	if err := e.makeScratch(ctx); err != nil {
		return err
	}
	if holders, err = e.look(ctx, holders); err != nil {
		return err
	}
	if err := e.findEvents(ctx, holders); err != nil {
		return err
	}
	if err := e.record(ctx); err != nil {
		return err
	}
	if err := e.announce(ctx, holders); err != nil {
		return err
	}
	if err := e.promote(ctx); err != nil {
		return err
	}
	if err := e.outdate(ctx, resumed); err != nil {
		return err
	}
	if e.what.Account != "" && !slices.ContainsFunc(holders, func(h holder) bool { return h.name == factChanges }) {
		h := holder{name: factChanges, columns: []string{"account_id"}} // which announce has filled
		h.goes = e.theirs(h)
		holders = append(holders, h)
	}
	if err := e.remove(ctx, holders); err != nil {
		return err
	}
	if err := e.removeDerived(ctx); err != nil {
		return err
	}
	if err := e.outdate(ctx, resumed); err != nil {
		return err
	}
	if err := e.retry(ctx, func() error { return store.Recede(ctx, e.im.Conn, e.version) }); err != nil {
		return err
	}
	// Of attempts that were cut short, too.
	if err := e.exec(ctx, fmt.Sprintf("insert into stored_fact_changes (batch, table, account_id, first_on, last_on, rows, step) "+
		"select batch, table, account_id, first_on, last_on, rows, 2 from stored_fact_changes final where step = 1 and batch in (select batch from stored_fact_changes where account_id = %s)",
		sqltext.Quote(nobody))); err != nil {
		return err
	}
	return e.end(ctx)
}

func (e *erasure) end(ctx context.Context) error {
	e.receipt.FinishedAt = time.Now().UTC().Truncate(time.Millisecond)
	return e.record(ctx)
}

// keep writes the receipt outside the database, where a restore does not reach it.
func (e *erasure) keep() error {
	if e.what.Receipts == nil {
		return nil
	}
	if e.what.again != nil {
		return e.what.Receipts.Add(*e.what.again)
	}
	kept := KeptReceipt{ID: e.receipt.ID, Erased: e.receipt.Erased, RequestedAt: e.receipt.RequestedAt}
	for _, id := range e.what.ids() {
		kept.IDHashes = append(kept.IDHashes, hashID(e.receipt.ID, id))
	}
	return e.what.Receipts.Add(kept)
}

// holders finds the tables with a column of accounts or of people, whoever made them.
func (e *erasure) holders(ctx context.Context) ([]holder, error) {
	columns := []string{"account_id", "account"} // the label of KPIs whose results are stored
	if e.what.User != "" {
		columns = personColumns
	}
	rows, err := e.im.Conn.Query(ctx, `
		select c.table, groupArray(c.name)
		from system.columns as c
		inner join system.tables as t on t.database = c.database and t.name = c.table
		where c.database = currentDatabase() and t.engine like '%MergeTree' and c.name in (`+sqltext.Quotes(columns)+`)
		group by c.table
		order by c.table`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []holder
	for rows.Next() {
		var h holder
		if err := rows.Scan(&h.name, &h.columns); err != nil {
			return nil, err
		}
		slices.Sort(h.columns)
		if t := e.table(h.name); t != nil {
			for i := range t.columns {
				if c := &t.columns[i]; (c.kind == kindDate || c.kind == kindTime) && c.name != columnUpdated {
					h.days = append(h.days, "toDate("+sqltext.Name(c.name)+")")
				}
			}
		}
		if h.name == usageUserDays { // all that is left of events that are no longer kept
			h.days = []string{"day"}
		}
		found = append(found, h)
	}
	return found, rows.Err()
}

// theirs is the condition for rows that name them.
func (e *erasure) theirs(h holder) string {
	var parts []string
	for _, c := range h.columns {
		parts = append(parts, sqltext.Name(c)+" in ("+sqltext.Quotes(e.what.ids())+")")
	}
	return strings.Join(parts, " or ")
}

// look returns the tables that have rows to be erased, and records the number of rows and the days of the facts among them.
func (e *erasure) look(ctx context.Context, holders []holder) ([]holder, error) {
	var found []holder
	for _, h := range holders {
		h.goes = e.theirs(h)
		found = append(found, h)
	}
	found, err := e.count(ctx, found)
	if err != nil {
		return nil, err
	}
	former, err := e.formerVersions(ctx, found)
	if err != nil || len(former) == 0 {
		return found, err
	}
	for i, h := range found {
		if keys := former[h.name]; keys != "" {
			found[i].goes += " or " + keys
		}
	}
	return e.count(ctx, found)
}

// count records how many rows go and the days of the facts among them. It leaves out tables without such rows.
func (e *erasure) count(ctx context.Context, holders []holder) (found []holder, err error) {
	var parts []string
	for i, h := range holders {
		days := []string{"toDate(0)"}
		for _, day := range h.days {
			days = append(days, "minIf(assumeNotNull("+day+"), "+day+" > toDate(0))", "maxIf(assumeNotNull("+day+"), "+day+" > toDate(0))")
		}
		parts = append(parts, fmt.Sprintf("select toUInt64(%d) as i, count() as n, [%s] as days from %s where %s", i, strings.Join(days, ", "), sqltext.Name(h.name), h.goes))
	}
	err = e.retry(ctx, func() error {
		rows, err := e.im.Conn.Query(ctx, "select i, n, days from (\n"+strings.Join(parts, "\nunion all\n")+"\n) as counted where n > 0 order by i")
		if err != nil {
			return err
		}
		defer rows.Close()
		found = nil
		for rows.Next() {
			var i, n uint64
			var days []time.Time
			if err := rows.Scan(&i, &n, &days); err != nil {
				return err
			}
			found = append(found, holders[i])
			e.took(holders[i].name, n)
			for _, d := range days {
				e.touch(d)
			}
		}
		return rows.Err()
	})
	return found, err
}

// formerVersions returns conditions, by table, for versions of facts that name somebody else while the latest version names whom is to be erased.
// If they stayed, the fact would return to its former owner.
func (e *erasure) formerVersions(ctx context.Context, holders []holder) (map[string]string, error) {
	texts, counts := map[string]string{}, []string{"select '' as table, toUInt64(0) as n"}
	for _, h := range holders {
		t := e.table(h.name)
		if t == nil || t.events || !slices.ContainsFunc(h.columns, func(c string) bool { return !slices.Contains(t.identity, c) }) {
			continue
		}
		texts[h.name] = fmt.Sprintf(`
			select %[1]s from %[2]s
			where (%[1]s) in (select %[1]s from %[2]s where %[3]s)
			group by %[1]s
			having argMax(%[3]s, (updated_at, ingested_at)) and not min(%[3]s)`, sqltext.Names(t.identity), sqltext.Name(h.name), h.goes)
		counts = append(counts, "select "+sqltext.Quote(h.name)+" as table, count() as n from ("+texts[h.name]+"\n) as former")
	}
	var tables []string
	if err := e.retry(ctx, func() error {
		return e.im.Conn.QueryRow(ctx, "select groupArray(table) from (\n"+strings.Join(counts, "\nunion all\n")+"\n) as counted where n > 0").Scan(&tables)
	}); err != nil {
		return nil, err
	}
	conditions := map[string]string{}
	for _, table := range tables {
		keys := e.scratch + "." + sqltext.Name("keys_"+table)
		if err := e.retry(ctx, func() error {
			if err := e.dropTable(ctx, keys); err != nil {
				return err
			}
			return e.im.Conn.Exec(ctx, "create table "+keys+" engine = MergeTree order by tuple() as "+texts[table]+" settings max_execution_time = 0")
		}); err != nil {
			return nil, err
		}
		identity := sqltext.Names(e.table(table).identity)
		conditions[table] = "(" + identity + ") in (select " + identity + " from " + keys + ")"
	}
	return conditions, nil
}

// took adds to the receipt.
func (e *erasure) took(table string, rows uint64) {
	table = strings.TrimPrefix(table, queries.StoredPrefix)
	if rows > 0 {
		e.receipt.Rows[table] = max(e.receipt.Rows[table], rows)
	}
}

func (e *erasure) touch(day time.Time) {
	if day.Unix() <= 0 {
		return
	}
	if e.first.IsZero() || day.Before(e.first) {
		e.first = day
	}
	if day.After(e.last) {
		e.last = day
	}
}

// findEvents makes a list of the usage events.
func (e *erasure) findEvents(ctx context.Context, holders []holder) error {
	condition, users, conflicts := "false", "false", "false"
	for _, h := range holders {
		switch h.name {
		case usageEvents:
			condition = h.goes
		case usageUserDays:
			users = h.goes
		case usageConflicts:
			conflicts = h.goes
		}
	}
	e.events = e.scratch + ".events"
	err := e.retry(ctx, func() error {
		if err := e.dropTable(ctx, e.events); err != nil {
			return err
		}
		return e.im.Conn.Exec(ctx, "create table "+e.events+" engine = MergeTree order by (event_id, source) as "+
			"select distinct toString(source) as source, event_id, payload_hash, toDate(ts) as day from stored_usage_events where "+condition+" union all "+
			// Of events that are no longer kept, days and conflicts are left.
			"select distinct '' as source, '' as event_id, toUInt64(0) as payload_hash, day from stored_usage_user_days where ("+users+") and day <= (select max(kept_from) from stored_usage_horizon) union all "+
			"select toString(source) as source, event_id, payload_hash, toDate(ts) as day from stored_usage_conflicts where ("+conflicts+") and toDate(ts) < (select max(kept_from) from stored_usage_horizon) settings max_execution_time = 0")
	})
	if err != nil {
		return err
	}
	return e.retry(ctx, func() error {
		return e.im.Conn.QueryRow(ctx, `select 1 + greatest((select max(version) from stored_usage_totals), (select max(version) from stored_usage_progress),
			(select max(version) from stored_usage_conflicts), toUInt64(toUnixTimestamp64Milli(now64(3))))`).Scan(&e.version)
	})
}

// promote lets the next payload of an id count where the one that counted goes.
func (e *erasure) promote(ctx context.Context) error {
	return e.exec(ctx, fmt.Sprintf(`
		insert into stored_usage_conflicts (source, event_id, payload_hash, account_id, event, ts, is_kept, version)
		select
			source, event_id, payload_hash, account_id, event, ts,
			row_number() over (partition by source, event_id order by seniority desc, _block_number, payload_hash) = 1 as is_kept, %[1]d as version
		from stored_usage_events final
		where toDate(ts) in (select toDate(ts) from stored_usage_conflicts where (source, event_id) in (select source, event_id from %[2]s))
			and (source, event_id) in (select source, event_id from stored_usage_conflicts where (source, event_id) in (select source, event_id from %[2]s))
			and (source, event_id, payload_hash) not in (select source, event_id, payload_hash from %[2]s)
		settings max_execution_time = 0`, e.version, e.events))
}

// outdate has the touched days rolled up again, as if by other settings. Of an erasure that was cut short all days between its first and
// last are taken for touched.
func (e *erasure) outdate(ctx context.Context, resumed bool) error {
	touched := fmt.Sprintf(`day in (
			select arrayJoin([day - 1, day, day + 1])
			from (
				select day from %[1]s
				union all
				select toDate(ts) as day from stored_usage_conflicts where (source, event_id) in (select source, event_id from %[1]s)
			) as days)`, e.events)
	if resumed && !e.first.IsZero() {
		touched += " or day >= " + sqltext.Day(e.first.AddDate(0, 0, -1)) + " and day <= " + sqltext.Day(e.last.AddDate(0, 0, 1))
	}
	return e.exec(ctx, fmt.Sprintf("insert into stored_usage_totals (day, settings, events, version) select day, '' as settings, events, %d as version from stored_usage_totals final where %s",
		e.version, touched))
}

// nobody stands for whom is erased where it is announced to the layers what has changed: of layers by account the rows of nobody are computed again, of others
// whole days. No account has this name.
const nobody = "\x00erased"

// announce tells the layers what they do not have any more: which accounts the facts were about, from which day on. It names nobody who is erased.
// Done before anything is removed, it is done for good: of an erasure that is cut short, too, the layers hear in the end.
func (e *erasure) announce(ctx context.Context, holders []holder) error {
	e.batch = mathrand.Uint64()
	for _, h := range holders {
		t := e.table(h.name)
		if t == nil || t.events {
			continue
		}
		going := e.scratch + "." + sqltext.Name("going_"+t.name)
		if err := e.retry(ctx, func() error {
			if err := e.dropTable(ctx, going); err != nil {
				return err
			}
			return e.im.Conn.Exec(ctx, "create table "+going+" engine = MergeTree order by tuple() as select * from "+sqltext.Name(h.name)+" where "+h.goes+" settings max_execution_time = 0")
		}); err != nil {
			return err
		}
		if err := e.retry(ctx, func() error {
			return refresh.Announce(ctx, e.im.Conn, e.batch, t.name, e.scratch+".going_"+t.name, e.zone.String())
		}); err != nil {
			return err
		}
	}
	// The days of usage are announced when they are rolled up again, if anybody else has any.
	usage := fmt.Sprintf("select t as table, %s as account_id, min(day) - 1 as first_on, max(day) + 1 as last_on, count() as rows from %s array join "+
		"['usage_user_days', 'usage_account_days', 'usage_accounts', 'usage_totals', 'usage_conflicts', 'usage_ahead'] as t group by t", sqltext.Quote(nobody), e.events)
	for _, found := range []string{
		usage,
		fmt.Sprintf("select toString(table) as table, %s as account_id, min(first_on) as first_on, max(last_on) as last_on, sum(rows) as rows from stored_fact_changes final where batch = %d or step < 3 and account_id in (%s) group by table",
			sqltext.Quote(nobody), e.batch, sqltext.Quotes(e.what.ids())),
	} {
		if err := e.exec(ctx, fmt.Sprintf("insert into stored_fact_changes (batch, table, account_id, first_on, last_on, rows, step) select %d, table, account_id, first_on, last_on, rows, 1 from (%s) as touched", e.batch, found)); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes the rows from all tables and returns when they are gone. The engine deletes in the background, part by part and behind its merges,
// so the deletions of all tables are queued at once and waited for together. A queued deletion survives the death of the engine. The events
// are queued last, because an erasure that is cut short finds the rows of other tables by them, and after them the other ids of the user, by which it
// finds the events.
func (e *erasure) remove(ctx context.Context, holders []holder) error {
	events := "(select source, event_id, payload_hash from " + e.events + ")"
	for _, c := range []change{
		deletion("stored_usage_conflicts", "(source, event_id, payload_hash) in "+events),
		deletion("stored_usage_ahead", "(source, event_id, payload_hash) in "+events),
		deletion("stored_usage_identities", "(id, payload_hash) in (select sipHash64(source, event_id), payload_hash from "+e.events+")"),
	} {
		if err := e.askIfAny(ctx, c); err != nil {
			return err
		}
	}
	if e.what.Account != "" {
		// Stored KPI values of past days name the accounts that were at risk.
		if err := e.askIfAny(ctx, deletion("kpi_daily", "labels['account'] in ("+sqltext.Quotes(e.what.ids())+")")); err != nil {
			return err
		}
		own := "parent_account_id in (" + sqltext.Quotes(e.what.ids()) + ")"
		var tables []string // of facts, and layers that have it from there
		if err := e.retry(ctx, func() error {
			return e.im.Conn.QueryRow(ctx, `
				select groupArray(c.table)
				from system.columns as c
				inner join system.tables as t on t.database = c.database and t.name = c.table
				where c.database = currentDatabase() and t.engine like '%MergeTree' and c.name = 'parent_account_id'`).Scan(&tables)
		}); err != nil {
			return err
		}
		for _, table := range tables {
			if err := e.askIfAny(ctx, change{table, "update parent_account_id = '' where " + own, own}); err != nil {
				return err
			}
		}
	}
	last := []string{usageEvents, userAliases}
	slices.SortStableFunc(holders, func(a, b holder) int { return cmp.Compare(slices.Index(last, a.name), slices.Index(last, b.name)) })
	for _, h := range holders {
		if err := e.ask(ctx, deletion(h.name, h.goes)); err != nil {
			return err
		}
	}
	return e.changed(ctx)
}

// removeDerived deletes what others have made meanwhile of facts that are gone now: rows of statements that read the facts before, and
// rows that were made of such rows.
func (e *erasure) removeDerived(ctx context.Context) error {
	for {
		if err := e.waitForWriters(ctx); err != nil {
			return err
		}
		var holders []holder
		if err := e.retry(ctx, func() (err error) {
			holders, err = e.holders(ctx)
			return err
		}); err != nil {
			return err
		}
		left := false
		for _, h := range holders {
			if e.table(h.name) != nil {
				continue // a fact that came meanwhile is a new one
			}
			c := deletion(h.name, e.theirs(h))
			n, err := e.countRows(ctx, c)
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			left = true
			if err := e.ask(ctx, c); err != nil {
				return err
			}
		}
		if !left {
			return nil
		}
		if err := e.changed(ctx); err != nil {
			return err
		}
	}
}

// waitForWriters waits until the statements have ended that are writing to the database now.
func (e *erasure) waitForWriters(ctx context.Context) error {
	const writers = "from system.processes where query_kind in ('Insert', 'Create') and current_database = currentDatabase() and is_initial_query"
	var running []string
	if err := e.retry(ctx, func() error {
		return e.im.Conn.QueryRow(ctx, "select groupArray(query_id) "+writers).Scan(&running)
	}); err != nil || len(running) == 0 {
		return err
	}
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		var left uint64
		if err := e.retry(ctx, func() error {
			return e.im.Conn.QueryRow(ctx, "select count() "+writers+" and query_id in ("+sqltext.Quotes(running)+")").Scan(&left)
		}); err != nil || left == 0 {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// change is a change of the rows of a table that a condition finds.
type change struct{ table, command, condition string }

func deletion(table, condition string) change {
	return change{table, "delete where " + condition, condition}
}

// askIfAny queues a change if there is a row to change.
func (e *erasure) askIfAny(ctx context.Context, c change) error {
	n, err := e.countRows(ctx, c)
	if err != nil || n == 0 {
		return err
	}
	e.took(c.table, n)
	return e.ask(ctx, c)
}

// countRows counts the rows that a change is about.
func (e *erasure) countRows(ctx context.Context, c change) (n uint64, err error) {
	err = e.retry(ctx, func() error {
		err := e.im.Conn.QueryRow(ctx, "select count() from "+sqltext.Name(c.table)+" where "+c.condition).Scan(&n)
		if isGone(err) {
			return nil // somebody has dropped it
		}
		return err
	})
	return n, err
}

// ask queues a change.
func (e *erasure) ask(ctx context.Context, c change) error {
	err := e.exec(ctx, "alter table "+sqltext.Name(c.table)+" "+c.command+" settings mutations_sync = 0, allow_nondeterministic_mutations = 1, max_execution_time = 0")
	if isGone(err) {
		return nil // somebody has dropped it
	}
	return err
}

// changed waits until the engine has made all changes. When the engine's few background threads are busy, it pauses a table's work for up to a
// second before it takes the next parts, so that a table with a part for each month takes several seconds. Waking it shortens the pause.
//
// Only a failure from now on counts: the engine tries a change again that failed, for want of disk space for example, and names the old failure
// until it has.
func (e *erasure) changed(ctx context.Context) error {
	var since time.Time
	if err := e.retry(ctx, func() error { return e.im.Conn.QueryRow(ctx, "select now('UTC')").Scan(&since) }); err != nil {
		return err
	}
	for wait := 20 * time.Millisecond; ; wait = min(wait+wait/20, time.Second) {
		var left []string
		var failed string
		err := e.retry(ctx, func() error {
			return e.im.Conn.QueryRow(ctx, `
				select groupUniqArray(table), maxIf(concat(table, ': ', latest_fail_reason), latest_fail_reason != '' and toUnixTimestamp(latest_fail_time) > ?)
				from system.mutations
				where database = currentDatabase() and not is_done`, since.Unix()).Scan(&left, &failed)
		})
		switch {
		case err != nil || len(left) == 0:
			return err
		case failed != "":
			return databaseError{fmt.Errorf("the database could not delete rows of %s", failed)}
		}
		for _, table := range left {
			_ = e.im.Conn.Exec(ctx, "system start merges "+sqltext.Name(table)) // nothing has stopped them; a user without the right just waits longer
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// isGone tells that a table is no longer there.
func isGone(err error) bool {
	var exception *clickhouse.Exception
	return errors.As(err, &exception) && (exception.Code == 60 || exception.Code == 218) // UNKNOWN_TABLE, TABLE_IS_DROPPED
}

func (e *erasure) hash() string {
	return hashID(e.receipt.ID, e.what.Account+e.what.User) // one of them is empty
}

func hashID(receipt, id string) string {
	sum := sha256.Sum256([]byte(receipt + id))
	return hex.EncodeToString(sum[:])
}

// resume takes up an erasure of the same that was cut short.
func (e *erasure) resume(ctx context.Context) (found bool, err error) {
	if again := e.what.again; again != nil {
		e.receipt.ID, e.receipt.RequestedAt, e.receipt.IDHash = again.ID, again.RequestedAt, again.IDHashes[0]
		return false, nil
	}
	err = e.retry(ctx, func() error {
		rows, err := e.im.Conn.Query(ctx, "select erasure_id, id_hash, requested_at, rows, first_on, last_on from erasures final where finished_at is null and kind = "+sqltext.Quote(e.what.kind()))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			before := Receipt{Erased: e.receipt.Erased, Rows: map[string]uint64{}}
			var first, last *time.Time
			if err := rows.Scan(&before.ID, &before.IDHash, &before.RequestedAt, &before.Rows, &first, &last); err != nil {
				return err
			}
			if (&erasure{what: e.what, receipt: before}).hash() != before.IDHash {
				continue
			}
			found, e.receipt = true, before
			if first != nil && last != nil {
				e.touch(*first)
				e.touch(*last)
			}
		}
		return rows.Err()
	})
	e.receipt.IDHash = e.hash()
	return found, err
}

// record writes down how far this is.
func (e *erasure) record(ctx context.Context) error {
	r := &e.receipt
	day := func(d time.Time) string {
		if d.IsZero() {
			return ""
		}
		return d.Format(time.DateOnly)
	}
	r.KPIsChangeOn, r.LastFactOn = day(e.first), day(e.last)
	var pairs []string
	for _, table := range slices.Sorted(maps.Keys(r.Rows)) {
		pairs = append(pairs, fmt.Sprintf("%s, %d", sqltext.Quote(table), r.Rows[table]))
	}
	instant := func(t time.Time) string {
		if t.IsZero() {
			return "null"
		}
		return sqltext.Instant(t)
	}
	date := func(text string) string {
		if text == "" {
			return "null"
		}
		return "toDate(" + sqltext.Quote(text) + ")"
	}
	return e.exec(ctx, fmt.Sprintf(`insert into erasures (erasure_id, kind, id_hash, requested_at, finished_at, rows, first_on, last_on)
		select %s, %s, %s, %s, %s, cast(map(%s), 'Map(String, UInt64)'), %s, %s`,
		sqltext.Quote(r.ID), sqltext.Quote(r.Erased), sqltext.Quote(r.IDHash), instant(r.RequestedAt), instant(r.FinishedAt), strings.Join(pairs, ", "), date(r.KPIsChangeOn), date(r.LastFactOn)))
}
