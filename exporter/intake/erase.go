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
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/queries"
)

// What is to be erased: an account or a user.
type What struct {
	Account string // an account, with all facts about it
	User    string // a person, in whatever account, with the facts about them
	// UserKey is the key of the pseudonyms, if there are any. The user is looked for by both, as facts may be older than the key.
	UserKey []byte
}

func (w What) kind() string {
	if w.Account != "" {
		return "account"
	}
	return "user"
}

// ids are what the database may have for whom is to be erased.
func (w What) ids() []string {
	if w.Account != "" {
		return []string{w.Account}
	}
	return slices.Compact([]string{w.User, Pseudonym(w.UserKey, w.User)})
}

// Receipt says what an erasure took away, without saying from whom. The table cs.erasures keeps the same.
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
		return conn.QueryRow(ctx, "select count() from system.tables where database = 'cs' and engine like 'Replicated%'").Scan(&replicated)
	}); err != nil {
		return Receipt{}, fmt.Errorf("erase: %w (nothing is erased)", err)
	}
	if replicated > 0 {
		// The other replicas would look for the scratch tables by which rows are found, and find none.
		return Receipt{}, errors.New("erase: the database lies on a cluster, where this is not supported yet; nothing is erased")
	}
	err := queries.Alone(ctx, conn, e.run)
	if err != nil {
		// A statement that goes on may still read the scratch tables. They go with a later import.
		return Receipt{}, fmt.Errorf("erase: %w (not all is erased; do it again)", err)
	}
	_ = e.dropScratch(ctx) // all is erased; what cannot be dropped now goes with a later import
	return e.receipt, nil
}

// Erase is the function of this name, on the writer's database and with its key.
func (w *Writer) Erase(ctx context.Context, what What) (Receipt, error) {
	what.UserKey = w.o.UserKey
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
}

// holder is a table that may hold rows of whom is to be erased.
type holder struct {
	name    string
	columns []string // in which they would stand
	days    []string // expressions for the days of a fact, null where there is none
}

const usageEvents = "usage_events"

func (e *erasure) run(ctx context.Context) error {
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
	resumed, err := e.resume(ctx)
	if err != nil {
		return err
	}
	if err := e.makeScratch(ctx); err != nil {
		return err
	}
	conditions := map[string]string{}
	for _, h := range holders {
		if conditions[h.name], err = e.condition(ctx, h); err != nil {
			return err
		}
		if err := e.count(ctx, h, conditions[h.name]); err != nil {
			return err
		}
	}
	if err := e.findEvents(ctx, conditions[usageEvents]); err != nil {
		return err
	}
	if err := e.record(ctx); err != nil {
		return err
	}
	if err := e.promote(ctx); err != nil {
		return err
	}
	if err := e.outdate(ctx, resumed); err != nil {
		return err
	}
	// By the events the other rows are found that are theirs, so they go last.
	slices.SortStableFunc(holders, func(a, b holder) int { return cmp.Compare(bit(a.name == usageEvents), bit(b.name == usageEvents)) })
	for _, table := range []string{"usage_conflicts", "usage_ahead"} {
		if err := e.delete(ctx, table, "(source, event_id, payload_hash) in (select source, event_id, payload_hash from "+e.events+")"); err != nil {
			return err
		}
	}
	if err := e.delete(ctx, "usage_identities", "(id, payload_hash) in (select sipHash64(source, event_id), payload_hash from "+e.events+")"); err != nil {
		return err
	}
	for _, h := range holders {
		if err := e.delete(ctx, h.name, conditions[h.name]); err != nil {
			return err
		}
	}
	if e.what.Account != "" {
		// What was told of past days names the accounts that were at risk.
		if err := e.delete(ctx, "kpi_daily", "labels['account'] in ("+literals(e.what.ids())+")"); err != nil {
			return err
		}
		own := "parent_account_id = " + literal(e.what.Account)
		if err := e.change(ctx, "accounts", "update parent_account_id = '' where "+own, own); err != nil {
			return err
		}
	}
	if err := e.outdate(ctx, resumed); err != nil {
		return err
	}
	if err := e.recede(ctx); err != nil {
		return err
	}
	e.receipt.FinishedAt = time.Now().UTC().Truncate(time.Millisecond)
	return e.record(ctx)
}

// holders finds the tables with a column of accounts or of people, whoever made them.
func (e *erasure) holders(ctx context.Context) ([]holder, error) {
	columns := []string{"account_id"}
	if e.what.User != "" {
		columns = personColumns
	}
	rows, err := e.im.Conn.Query(ctx, `
		select c.table, groupArray(c.name)
		from system.columns as c
		inner join system.tables as t on t.database = c.database and t.name = c.table
		where c.database = 'cs' and t.engine like '%MergeTree' and c.name in (`+literals(columns)+`)
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
		if t := e.tables[h.name]; t != nil {
			for i := range t.columns {
				if c := &t.columns[i]; (c.kind == kindDate || c.kind == kindTime) && c.name != columnUpdated {
					h.days = append(h.days, "toDate("+quote(c.name)+")")
				}
			}
		}
		found = append(found, h)
	}
	return found, rows.Err()
}

// theirs is the condition for rows that name them.
func (e *erasure) theirs(h holder) string {
	var parts []string
	for _, c := range h.columns {
		parts = append(parts, quote(c)+" in ("+literals(e.what.ids())+")")
	}
	return strings.Join(parts, " or ")
}

// condition says which rows of a table go: those that name them, and former versions of facts whose latest version does, which
// would else come back to whom they belonged before.
func (e *erasure) condition(ctx context.Context, h holder) (string, error) {
	t := e.tables[h.name]
	theirs := e.theirs(h)
	if t == nil || t.events || !slices.ContainsFunc(h.columns, func(c string) bool { return !slices.Contains(t.identity, c) }) {
		return theirs, nil
	}
	identity := strings.Join(quoteAll(t.identity), ", ")
	keys := e.scratch + "." + quote("keys_"+h.name)
	err := e.retry(ctx, func() error {
		if err := e.dropTable(ctx, keys); err != nil {
			return err
		}
		return e.im.Conn.Exec(ctx, fmt.Sprintf(`
			create table %s engine = MergeTree order by tuple() as
			select %s from cs.%s
			where (%[2]s) in (select %[2]s from cs.%[3]s where %[4]s)
			group by %[2]s
			having argMax(%[4]s, (updated_at, ingested_at)) settings max_execution_time = 0`, keys, identity, quote(h.name), theirs))
	})
	return theirs + " or (" + identity + ") in (select " + identity + " from " + keys + ")", err
}

// count takes down how many rows of a table there are, and the days of the facts among them.
func (e *erasure) count(ctx context.Context, h holder, condition string) error {
	firsts, lasts := []string{"toDate(0)"}, []string{"toDate(0)"}
	for _, day := range h.days {
		firsts = append(firsts, "minIf(assumeNotNull("+day+"), "+day+" > toDate(0))")
		lasts = append(lasts, "maxIf(assumeNotNull("+day+"), "+day+" > toDate(0))")
	}
	var n uint64
	var days, ends []time.Time
	err := e.retry(ctx, func() error {
		return e.im.Conn.QueryRow(ctx, "select count(), ["+strings.Join(firsts, ", ")+"], ["+strings.Join(lasts, ", ")+"] from cs."+quote(h.name)+" where "+condition).
			Scan(&n, &days, &ends)
	})
	if isGone(err) {
		return nil
	}
	e.took(h.name, n)
	for _, d := range slices.Concat(days, ends) {
		e.touch(d)
	}
	return err
}

// took adds to the receipt. What is kept for a pass over the KPIs (queries.Keeper) is gone in a minute anyway.
func (e *erasure) took(table string, rows uint64) {
	if rows > 0 && !strings.HasPrefix(table, "kept_") {
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
func (e *erasure) findEvents(ctx context.Context, condition string) error {
	e.events = e.scratch + ".events"
	err := e.retry(ctx, func() error {
		if err := e.dropTable(ctx, e.events); err != nil {
			return err
		}
		return e.im.Conn.Exec(ctx, "create table "+e.events+" engine = MergeTree order by (event_id, source) as "+
			"select distinct toString(source) as source, event_id, payload_hash, toDate(ts) as day from cs.usage_events where "+condition+" settings max_execution_time = 0")
	})
	if err != nil {
		return err
	}
	return e.retry(ctx, func() error {
		return e.im.Conn.QueryRow(ctx, `select 1 + greatest((select max(version) from cs.usage_days), (select max(version) from cs.usage_progress),
			(select max(version) from cs.usage_conflicts), toUInt64(toUnixTimestamp64Milli(now64(3))))`).Scan(&e.version)
	})
}

// promote lets the next payload of an id count where the one that counted goes.
func (e *erasure) promote(ctx context.Context) error {
	return e.exec(ctx, fmt.Sprintf(`
		insert into cs.usage_conflicts (source, event_id, payload_hash, account_id, event, ts, is_kept, version)
		select
			source, event_id, payload_hash, account_id, event, ts,
			row_number() over (partition by source, event_id order by seniority desc, _block_number, payload_hash) = 1 as is_kept, %[1]d as version
		from cs.usage_events final
		where toDate(ts) in (select toDate(ts) from cs.usage_conflicts where (source, event_id) in (select source, event_id from %[2]s))
			and (source, event_id) in (select source, event_id from cs.usage_conflicts where (source, event_id) in (select source, event_id from %[2]s))
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
				select toDate(ts) as day from cs.usage_conflicts where (source, event_id) in (select source, event_id from %[1]s)
			) as days)`, e.events)
	if resumed && !e.first.IsZero() {
		touched += " or day >= toDate(" + literal(e.first.AddDate(0, 0, -1).Format(time.DateOnly)) + ") and day <= toDate(" + literal(e.last.AddDate(0, 0, 1).Format(time.DateOnly)) + ")"
	}
	return e.exec(ctx, fmt.Sprintf("insert into cs.usage_days (day, settings, events, version) select day, '' as settings, events, %d as version from cs.usage_days final where %s",
		e.version, touched))
}

// recede takes back how far usage is rolled up where the latest blocks of events are gone, which would else look like a loss.
func (e *erasure) recede(ctx context.Context) error {
	return e.exec(ctx, fmt.Sprintf(`
		insert into cs.usage_progress (partition, block_number, version)
		select p.partition, least(p.block_number, s.stored) as block_number, %d as version
		from (select partition, block_number from cs.usage_progress final) as p
		left join (
			select partition_id as partition, toUInt64(max(max_block_number)) as stored
			from system.parts
			where database = 'cs' and table = 'usage_events' and active and rows > 0
			group by partition
		) as s on s.partition = p.partition
		where s.stored < p.block_number
		settings join_use_nulls = 0`, e.version))
}

// delete removes rows for good, and returns when they are gone.
func (e *erasure) delete(ctx context.Context, table, condition string) error {
	return e.change(ctx, table, "delete where "+condition, condition)
}

// change does so if there is such a row.
func (e *erasure) change(ctx context.Context, table, command, condition string) error {
	err := e.retry(ctx, func() error {
		var n uint64
		if err := e.im.Conn.QueryRow(ctx, "select count() from cs."+quote(table)+" where "+condition).Scan(&n); err != nil || n == 0 {
			return err
		}
		e.took(table, n)
		return e.im.Conn.Exec(ctx, "alter table cs."+quote(table)+" "+command+" settings mutations_sync = 2, allow_nondeterministic_mutations = 1, max_execution_time = 0")
	})
	if isGone(err) {
		return nil // what is kept for a pass over the KPIs comes and goes
	}
	return err
}

// isGone tells that a table is no longer there.
func isGone(err error) bool {
	var exception *clickhouse.Exception
	return errors.As(err, &exception) && (exception.Code == 60 || exception.Code == 218) // UNKNOWN_TABLE, TABLE_IS_DROPPED
}

func (e *erasure) hash() string {
	id := e.what.Account + e.what.User // one of them is empty
	sum := sha256.Sum256([]byte(e.receipt.ID + id))
	return hex.EncodeToString(sum[:])
}

// resume takes up an erasure of the same that was cut short.
func (e *erasure) resume(ctx context.Context) (found bool, err error) {
	err = e.retry(ctx, func() error {
		rows, err := e.im.Conn.Query(ctx, "select erasure_id, id_hash, requested_at, rows, first_on, last_on from cs.erasures final where finished_at is null and kind = "+literal(e.what.kind()))
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
		pairs = append(pairs, fmt.Sprintf("%s, %d", literal(table), r.Rows[table]))
	}
	instant := func(t time.Time) string {
		if t.IsZero() {
			return "null"
		}
		return fmt.Sprintf("fromUnixTimestamp64Milli(toInt64(%d), 'UTC')", t.UnixMilli())
	}
	date := func(text string) string {
		if text == "" {
			return "null"
		}
		return "toDate(" + literal(text) + ")"
	}
	return e.exec(ctx, fmt.Sprintf(`insert into cs.erasures (erasure_id, kind, id_hash, requested_at, finished_at, rows, first_on, last_on)
		select %s, %s, %s, %s, %s, cast(map(%s), 'Map(String, UInt64)'), %s, %s`,
		literal(r.ID), literal(r.Erased), literal(r.IDHash), instant(r.RequestedAt), instant(r.FinishedAt), strings.Join(pairs, ", "), date(r.KPIsChangeOn), date(r.LastFactOn)))
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// literal is a string in SQL.
func literal(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", `\0`).Replace(s) + "'"
}

func literals(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = literal(v)
	}
	return strings.Join(quoted, ", ")
}
