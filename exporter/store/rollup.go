package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	mathrand "math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/queries"
	"cskpi/queries/sqltext"
)

// RollUpProgress tells how far a roll-up is.
type RollUpProgress struct {
	Days, Total int // days of usage that are done, and that are known to be to do
}

// RollUp brings the daily usage tables (schema/003_usage.sql) up to date with stored_usage_events and the settings, and tells
// progress how far it is; progress may be nil. It computes again just the days that events touched that were stored since
// the last time, and the days that were rolled up by other settings than those in force; if there are none, it takes two
// small queries. Every step may be repeated, so that one that is cut short is made up for by the next. While another one
// is at work on the database, it waits for that.
func RollUp(ctx context.Context, conn driver.Conn, progress func(RollUpProgress)) (err error) {
	r := newRollUp(conn, progress)
	parts, stale, lost, err := r.plan(ctx)
	if err != nil || len(parts) == 0 && len(stale) == 0 && !lost && !r.attributable && !r.who.pending() {
		return err
	}
	r.so.Total = len(parts) + len(stale) // at least
	r.report()
	ctx, done, err := usageTurns.reserve(ctx, conn)
	if err != nil {
		return fmt.Errorf("roll up usage: see to it that nobody else does: %w", err)
	}
	defer func() {
		if err != nil && errors.Is(context.Cause(ctx), usageTurns.lost) {
			err = fmt.Errorf("roll up usage: %w", usageTurns.lost)
		}
		done()
	}()
	return r.run(ctx)
}

func newRollUp(conn driver.Conn, progress func(RollUpProgress)) *rollUp {
	return &rollUp{conn: conn, tell: progress, months: map[string]int{}}
}

// run does what there is to do, which was planned, while nobody else is at it.
func (r *rollUp) run(ctx context.Context) error {
	if r.unbounded {
		if err := r.exec(ctx, "adopt", r.with(map[string]string{"names": eventNames})); err != nil {
			return err
		}
	}
	// Who is the same comes before whose accounts are known, and that before what is new.
	parts, stale, lost, err := r.plan(ctx)
	if err == nil && r.who.pending() {
		if err = r.people(ctx); err != nil {
			return fmt.Errorf("roll up usage: apply what is said of users: %w", err)
		}
		parts, stale, lost, err = r.plan(ctx)
	}
	if err != nil {
		return err
	}
	if r.attributable {
		same, err := rollUpStatement("same_users", nil)
		if err != nil {
			return err
		}
		for _, statement := range []string{"attribute", "attributed"} {
			if err := r.exec(ctx, statement, r.with(map[string]string{"same_users": same})); err != nil {
				return fmt.Errorf("roll up usage: attribute events to accounts: %w", err)
			}
		}
		if parts, stale, lost, err = r.plan(ctx); err != nil {
			return err
		}
	}
	if lost {
		if err := r.forget(ctx); err != nil {
			return err
		}
		if parts, stale, _, err = r.plan(ctx); err != nil {
			return err
		}
	}
	r.so.Total = 0
	batches, err := r.batches(ctx, parts)
	if err != nil {
		return fmt.Errorf("roll up usage: find the days of what is new: %w", err)
	}
	for _, b := range batches {
		r.so.Total += len(b.days)
		for day := range b.days {
			delete(stale, day) // it will be rolled up by the settings in force anyway
		}
	}
	r.so.Total += len(stale)
	r.report()
	for _, b := range batches {
		if err := r.batch(ctx, b); err != nil {
			return fmt.Errorf("roll up usage events of the partitions %s: %w", strings.Join(b.ids(), ", "), err)
		}
	}
	if len(stale) > 0 {
		if err := r.days(ctx, stale, nil); err != nil {
			return fmt.Errorf("roll up usage by the settings in force: %w", err)
		}
	}
	r.merge(ctx)
	return nil
}

// plan finds what there is to do, as readWork does, by the settings in force.
func (r *rollUp) plan(ctx context.Context) (parts []newPart, stale map[time.Time]uint64, lost bool, err error) {
	if err := r.readSettings(ctx); err != nil {
		return nil, nil, false, fmt.Errorf("roll up usage: read the settings: %w", err)
	}
	if err := r.sync(ctx); err != nil {
		return nil, nil, false, fmt.Errorf("roll up usage: fetch what other replicas have: %w", err)
	}
	if parts, stale, lost, err = r.readWork(ctx); err != nil {
		return nil, nil, false, fmt.Errorf("roll up usage: find what is new: %w", err)
	}
	if parts, err = r.settled(ctx, parts); err != nil {
		return nil, nil, false, fmt.Errorf("roll up usage: find what other replicas are storing: %w", err)
	}
	return parts, stale, lost, nil
}

// sync waits until this replica has what the others have stored, if there are any.
func (r *rollUp) sync(ctx context.Context) error {
	if r.keeper == "" {
		return nil
	}
	for _, table := range []string{"stored_usage_events", "stored_usage_progress", "stored_usage_totals", "stored_user_aliases", "stored_users", "stored_usage_people", "stored_usage_people_progress"} {
		if err := r.conn.Exec(ctx, "system sync replica "+table+" lightweight"); err != nil {
			return err
		}
	}
	return nil
}

// settled narrows what is new to what is final. An insert into a replicated table takes its block number before it is
// stored, so that a higher one may be there first, and may be stored at another replica. Numbers that are taken stand in
// the Keeper until the insert is over: below the least of them nothing comes any more.
func (r *rollUp) settled(ctx context.Context, parts []newPart) ([]newPart, error) {
	if r.keeper == "" || len(parts) == 0 {
		return parts, nil
	}
	paths := make([]string, len(parts))
	for i, p := range parts {
		paths[i] = r.keeper + "/block_numbers/" + p.id
	}
	rows, err := r.conn.Query(ctx, `
		select path, min(toUInt64OrZero(substring(name, 7))) as number
		from system.zookeeper
		where path in (`+sqltext.Quotes(paths)+`) and startsWith(name, 'block-')
		group by path`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	taken := map[string]uint64{}
	for rows.Next() {
		var path string
		var number uint64
		if err := rows.Scan(&path, &number); err != nil {
			return nil, err
		}
		taken[path[strings.LastIndexByte(path, '/')+1:]] = number
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	var final []newPart
	for _, p := range parts {
		if number, found := taken[p.id]; found && number <= p.until {
			p.until = max(number, 1) - 1
		}
		if p.until > p.after {
			final = append(final, p)
		}
	}
	// What was stored at another replica before we asked the Keeper.
	return final, r.sync(ctx)
}

func (r *rollUp) report() {
	if r.tell != nil {
		r.tell(r.so)
	}
}

type rollUp struct {
	conn    driver.Conn
	tell    func(RollUpProgress)
	so      RollUpProgress
	periods []usagePeriod
	version uint64
	stored  map[time.Time]uint64 // events by day, of those that are rolled up
	under   map[time.Time]string // by which settings these are
	months  map[string]int       // days that were rolled up, by partition of the daily tables
	horizon Horizon
	keeper  string // path of stored_usage_events in the Keeper; empty: the table is not replicated

	attributable bool // the account of an event that waits for it is known
	unbounded    bool // days were rolled up before names of events were bounded
	who          peopleWork
}

// usagePeriod is a time of unchanged settings.
type usagePeriod struct {
	from                       time.Time // first day; zero: since ever
	zone, core, departmentName string
	names                      string // how many names of events are kept apart on a day
	excluded                   string // property of events that count nowhere; empty: none
	quantities                 string // properties that are added up; empty: none
}

// sameUse tells that the events of a day are counted alike in two periods.
func (p usagePeriod) sameUse(q usagePeriod) bool {
	return p.core == q.core && p.departmentName == q.departmentName && p.names == q.names && p.excluded == q.excluded && p.quantities == q.quantities
}

// eventNames is the setting event_names that held before there was one: its default.
const eventNames = "1000"

// newPart is what a partition of stored_usage_events has that is not rolled up yet: blocks in (after, until].
type newPart struct {
	id           string
	after, until uint64
}

// batch is what is new in some partitions, and its days with their numbers of new events.
type batch struct {
	parts []newPart
	days  map[time.Time]uint64
	ahead bool // some events were stored before they happened
}

func (b batch) ids() []string {
	ids := make([]string, len(b.parts))
	for i, p := range b.parts {
		ids[i] = p.id
	}
	return ids
}

// The largest piece of work for one statement, which bounds its memory and its text.
const (
	chunkDays   = 1500
	chunkEvents = 4_000_000
	wholeMonth  = 14 // days of a month that count as all of it, since merging costs as much as rolling up a few
)

// readSettings finds the settings that say what a day of usage is, over time, and since when usage events are kept.
func (r *rollUp) readSettings(ctx context.Context) error {
	rows, err := r.conn.Query(ctx, `
		select name, starts_on, value
		from (
			select name, starts_on, argMax(value, is_given_at) as value
			from (
				select toString(s.name) as name, s.starts_on as starts_on, s.value as value, (1, s.updated_at) as is_given_at
				from stored_settings as s
				where s.segment = '' and s.phase = ''
				union all
				select d.name, toDate(0), cs_setting_defaults()[concat(d.name, '/')], (0, toDateTime64(0, 3, 'UTC'))
				from (select arrayJoin(['timezone', 'core_events', 'event_names', 'department_property', 'excluded_property', 'event_quantities']) as name) as d
			)
			where name in ('timezone', 'core_events', 'event_names', 'department_property', 'excluded_property', 'event_quantities')
			group by name, starts_on
			union all
			select 'keeper', toDate(0), zookeeper_path from system.replicas where database = currentDatabase() and table = 'stored_usage_events'
			union all
			select 'refused', toDate(0), toString(max(refused_before)) from stored_usage_horizon
			union all
			select 'kept', toDate(0), toString(max(kept_from)) from stored_usage_horizon
			union all`+peopleState+`
		) as found
		order by starts_on`)
	if err != nil {
		return err
	}
	defer rows.Close()
	r.periods, r.who = nil, peopleWork{}
	var now usagePeriod
	for rows.Next() {
		var name, value string
		var from time.Time
		if err := rows.Scan(&name, &from, &value); err != nil {
			return err
		}
		if strings.HasPrefix(name, "people ") {
			r.who.take(name, value)
			continue
		}
		switch name {
		case "keeper":
			r.keeper = value
			continue
		case "refused", "kept":
			day, err := time.Parse(time.DateOnly, value)
			if err != nil {
				return err
			}
			if name == "kept" {
				r.horizon.KeptFrom = day
			} else {
				r.horizon.RefusedBefore = day
			}
			continue
		case "timezone":
			now.zone = value
		case "core_events":
			now.core = value
		case "event_names":
			now.names = value
		case "department_property":
			now.departmentName = value
		case "excluded_property":
			now.excluded = value
		case "event_quantities":
			now.quantities = value
		}
		if n := len(r.periods); n > 0 && r.periods[n-1].from.Equal(from) {
			r.periods = r.periods[:n-1]
		}
		now.from = from
		r.periods = append(r.periods, now)
	}
	return rows.Err()
}

// on is the period that day is in.
func (r *rollUp) on(day time.Time) usagePeriod {
	at, found := slices.BinarySearchFunc(r.periods, day, func(p usagePeriod, d time.Time) int { return p.from.Compare(d) })
	if !found {
		at--
	}
	return r.periods[max(at, 0)]
}

// settingsOf says by what settings a day is rolled up: events of the UTC days around it may belong to it.
func (r *rollUp) settingsOf(day time.Time) string {
	if r.horizon.froze(day) {
		return "names=kept" // by the settings of when there were events
	}
	p := r.on(day)
	zones := p.zone
	if before, after := r.on(day.AddDate(0, 0, -1)).zone, r.on(day.AddDate(0, 0, 1)).zone; before != zones || after != zones {
		zones = before + ">" + zones + ">" + after
	}
	settings := "names=" + p.names + "|" + zones + "|" + p.core + "|" + p.departmentName
	if p.excluded != "" {
		settings += "|without " + p.excluded
	}
	if p.quantities != "" {
		settings += "|with " + p.quantities
	}
	return settings
}

// dayOf is the expression for the day of an event: by the zone in force on its UTC day, so that each event has just one.
func (r *rollUp) dayOf() string {
	expression := ""
	for i, p := range slices.Backward(r.periods) {
		if i > 0 && p.zone == r.periods[i-1].zone {
			continue
		}
		day := "toDate(ts, " + sqltext.Quote(p.zone) + ")"
		if i > 0 {
			day = "toDate(ts) >= " + sqltext.Day(p.from) + ", " + day + ", "
		}
		expression += day
	}
	if strings.Contains(expression, " >= ") {
		return "multiIf(" + expression + ")"
	}
	return expression
}

// readWork finds the partitions with new events, the latest first, and the days, with their numbers of events, that were
// rolled up by settings that no longer hold. It reports whether events, or rows made of them, were lost that were there before.
func (r *rollUp) readWork(ctx context.Context) (parts []newPart, stale map[time.Time]uint64, lost bool, err error) {
	same, err := rollUpStatement("same_users", nil)
	if err != nil {
		return nil, nil, false, err
	}
	// A version is an instant where it can be, so that it is above all that was written before some tables were emptied.
	rows, err := r.conn.Query(ctx, `
		select 'part' as kind, partition as what, toDate(0) as day, max(done) as after, max(stored) as until
		from (
			select partition_id as partition, toUInt64(0) as done, toUInt64(max_block_number) as stored
			from system.parts
			where database = currentDatabase() and table = 'stored_usage_events' and active and rows > 0
			union all
			select partition, block_number, 0 from stored_usage_progress final
		) as progress
		group by partition
		having until != after
		union all
		select 'day', settings, day, events, 0 from stored_usage_totals final
		union all
		select 'emptied', '', toDate(0), 0, 0
		from system.tables
		where database = currentDatabase() and name in ('stored_usage_user_days', 'stored_usage_account_days', 'stored_usage_accounts', 'stored_usage_identities', 'stored_usage_progress', 'stored_usage_totals', 'stored_usage_events')
		having countIf(name = 'stored_usage_events' and total_rows > 0) = 1 and countIf(total_rows = 0) between 1 and 5
		union all
		select 'attributable', '', toDate(0), 0, 0
		from stored_user_accounts final
		where user_id in (select other_id from (`+same+`) as ids)
		having count() > 0
		union all
		select 'version', '', toDate(0),
			greatest((select max(version) from stored_usage_totals), (select max(version) from stored_usage_progress), (select max(version) from stored_usage_people_progress), toUInt64(toUnixTimestamp64Milli(now64(3)))), 0`)
	if err != nil {
		return nil, nil, false, err
	}
	defer rows.Close()
	stale, r.stored, r.under, r.attributable, r.unbounded = map[time.Time]uint64{}, map[time.Time]uint64{}, map[time.Time]string{}, false, false
	for rows.Next() {
		var kind, what string
		var day time.Time
		var a, b uint64
		if err := rows.Scan(&kind, &what, &day, &a, &b); err != nil {
			return nil, nil, false, err
		}
		switch kind {
		case "part":
			lost = lost || b < a // dropped, or restored from an older copy
			parts = append(parts, newPart{what, a, b})
		case "day":
			r.stored[day], r.under[day] = a, what
			r.unbounded = r.unbounded || what != "" && !strings.HasPrefix(what, "names=")
			switch {
			case r.horizon.froze(day):
				if what == "" { // as after an erasure
					stale[day] = a
				}
			case what != r.settingsOf(day):
				stale[day] = a
				// Events may move to and from days nearby: from one end of the world's clocks to the other are 26 hours.
				for away := -2; away <= 2; away++ {
					if near := day.AddDate(0, 0, away); !r.horizon.froze(near) {
						stale[near] += 0
					}
				}
			}
		case "emptied":
			lost = true
		case "attributable":
			r.attributable = true
		case "version":
			r.version = a + 1
		}
	}
	slices.SortFunc(parts, func(a, b newPart) int { return cmp.Compare(b.id, a.id) })
	return parts, stale, lost, rows.Err()
}

// forget lets all be computed again, where more is gone than new events tell: days are as if rolled up by other settings,
// and the progress, last, as if there were none. What is served stays until it is replaced.
func (r *rollUp) forget(ctx context.Context) error {
	for _, statement := range []string{"forget_conflicts", "forget_ahead", "forget_days", "forget_progress"} {
		if err := r.exec(ctx, statement, r.with(map[string]string{})); err != nil {
			return err
		}
	}
	return nil
}

// batches finds the days of what is new, and takes partitions together, since what a statement costs by itself is much where they are many.
func (r *rollUp) batches(ctx context.Context, parts []newPart) (all []batch, err error) {
	if len(parts) == 0 {
		return nil, nil
	}
	days := map[string]map[time.Time]uint64{}
	ahead := false
	if err := r.query(ctx, "days", r.with(batch{parts: parts}.values(r.horizon)), func(rows driver.Rows) error {
		var partition string
		var day time.Time
		var events uint64
		var isAhead uint8
		err := rows.Scan(&partition, &day, &events, &isAhead)
		ahead = ahead || isAhead > 0
		if days[partition] == nil {
			days[partition] = map[time.Time]uint64{}
		}
		if !r.horizon.froze(day) {
			days[partition][day] = events
		}
		return err
	}); err != nil {
		return nil, err
	}
	var events uint64
	for _, p := range parts {
		var own uint64
		for _, n := range days[p.id] {
			own += n
		}
		if events += own; len(all) == 0 || events > chunkEvents {
			all, events = append(all, batch{days: map[time.Time]uint64{}, ahead: ahead}), own
		}
		last := &all[len(all)-1]
		last.parts = append(last.parts, p)
		for day, n := range days[p.id] {
			last.days[day] += n
		}
	}
	return all, nil
}

// batch rolls up what is new in some partitions and touches those days.
func (r *rollUp) batch(ctx context.Context, b batch) error {
	statements := []string{"identities"}
	if b.ahead {
		statements = append(statements, "ahead")
	}
	for _, statement := range statements {
		if err := r.exec(ctx, statement, b.values(r.horizon)); err != nil {
			return err
		}
	}
	var fresh, stored uint64
	for _, n := range b.days {
		fresh += n
	}
	for _, n := range r.stored {
		stored += n
	}
	values := b.values(r.horizon)
	values["all"] = "0"
	if fresh > stored/4 {
		values["all"] = "1"
	}
	var conflicting []time.Time
	if err := r.queryDays(ctx, "conflicting", values, &conflicting); err != nil {
		return err
	}
	if len(conflicting) > 0 {
		values := r.with(b.values(r.horizon))
		values["utc_days"] = sqltext.DayArray(conflicting)
		counted, err := rollUpStatement("counted", values)
		if err != nil {
			return err
		}
		values["counted"] = counted
		if err := r.exec(ctx, "conflicts", values); err != nil {
			return err
		}
		known := len(b.days)
		for _, day := range conflicting {
			for _, d := range around(day) {
				if !r.horizon.froze(d) {
					b.days[d] = max(b.days[d], 0)
				}
			}
		}
		r.so.Total += len(b.days) - known
	}
	return r.days(ctx, b.days, b.parts)
}

// days rolls up those days from all their events, the latest first, and then marks what is new in partitions as done.
func (r *rollUp) days(ctx context.Context, days map[time.Time]uint64, parts []newPart) error {
	order := slices.SortedFunc(maps.Keys(days), func(a, b time.Time) int { return b.Compare(a) })
	for len(order) > 0 {
		n, events := 0, uint64(0)
		period := r.on(order[0])
		for n < len(order) && n < chunkDays && r.on(order[n]).sameUse(period) && r.horizon.froze(order[n]) == r.horizon.froze(order[0]) {
			if events += r.stored[order[n]] + days[order[n]]; events > chunkEvents && n > 0 {
				break
			}
			n++
		}
		if err := r.chunk(ctx, order[:n], period); err != nil {
			return err
		}
		for _, day := range order[:n] {
			r.months[day.Format("200601")]++
		}
		order = order[n:]
		r.so.Days += n
		r.report()
	}
	if len(parts) == 0 {
		return nil
	}
	done := make([]string, len(parts))
	for i, p := range parts {
		done[i] = fmt.Sprintf("(%s, %d, %d)", sqltext.Quote(p.id), p.until, r.version)
	}
	return r.conn.Exec(ctx, "insert into stored_usage_progress (partition, block_number, version) select * from values('partition String, block_number UInt64, version UInt64', "+strings.Join(done, ", ")+")")
}

// merge merges the months that were rolled up anew as a whole: reading the latest rows (final) costs nothing where a month is
// in one part, and several times as much where each of its rows has two versions, which the engine may keep for long. Where it
// fails, numbers take longer and are no less right.
func (r *rollUp) merge(ctx context.Context) {
	var months []string
	for month, days := range r.months {
		if days >= wholeMonth {
			months = append(months, month)
		}
	}
	if len(months) == 0 {
		return
	}
	var statements []string
	_ = r.conn.QueryRow(ctx, `
		select groupArray(concat('optimize table ', table, ' partition ', partition_id, ' final'))
		from (
			select table, partition_id
			from system.parts
			where database = currentDatabase() and table in ('stored_usage_user_days', 'stored_usage_account_days') and active and partition_id in (`+sqltext.Quotes(months)+`)
			group by table, partition_id
			having count() > 1
			order by partition_id
		) as several`).Scan(&statements)
	for _, statement := range statements {
		_ = r.conn.Exec(ctx, statement)
	}
}

// chunk rolls up days of one period. Its version is its own, since a day may be in several chunks of one roll-up: what it does not find again is what
// has an earlier one.
func (r *rollUp) chunk(ctx context.Context, days []time.Time, period usagePeriod) error {
	r.version++
	utc := days
	if r.dayOf() != "toDate(ts, 'UTC')" {
		utc = nil
		for _, d := range days {
			utc = append(utc, around(d)...)
		}
		slices.SortFunc(utc, time.Time.Compare)
		utc = slices.CompactFunc(utc, time.Time.Equal)
	}
	var core []string
	for name := range strings.SplitSeq(period.core, ",") {
		if name = strings.TrimSpace(name); name != "" {
			core = append(core, name)
		}
	}
	values := r.with(map[string]string{
		"days":       sqltext.DayArray(days),
		"utc_days":   sqltext.DayArray(utc),
		"core":       "cast(" + sqltext.Array(core) + ", 'Array(String)')",
		"department": sqltext.Quote(period.departmentName),
		"names":      period.names,
		"feature":    "event",
		"excluded":   sqltext.Quote(r.who.pattern),
		"quantities": quantities(period.quantities),
	})
	statements := []string{"user_days", "user_days_gone"}
	property, value, _ := strings.Cut(period.excluded, "=")
	values["property"], values["property_value"] = sqltext.Quote(property), sqltext.Quote(value)
	var many []time.Time
	if r.horizon.froze(days[0]) { // what users did is what is left of the events
		statements = statements[2:]
	} else if err := r.queryDays(ctx, "many_names", values, &many); err != nil {
		return err
	}
	if len(many) > 0 {
		kept, err := rollUpStatement("kept_names", values)
		if err != nil {
			return err
		}
		values["feature"] = "if((" + values["day"] + ", event) in (\n" + kept + "\n), event, '(other)')"
	}
	for _, statement := range statements {
		if err := r.exec(ctx, statement, values); err != nil {
			return err
		}
	}
	return r.accounts(ctx, days, "true", r.settingsOf)
}

// quantities is the array of what the setting event_quantities lists, name=property or name=property@event: names, properties and events.
func quantities(list string) string {
	var all []string
	for each := range strings.SplitSeq(list, ",") {
		name, property, found := strings.Cut(each, "=")
		property, event, _ := strings.Cut(property, "@")
		if name, property = strings.TrimSpace(name), strings.TrimSpace(property); found && name != "" && property != "" {
			all = append(all, "("+sqltext.Quote(name)+", "+sqltext.Quote(property)+", "+sqltext.Quote(strings.TrimSpace(event))+")")
		}
	}
	return "cast([" + strings.Join(all, ", ") + "], 'Array(Tuple(name String, property String, event String))')"
}

// accounts rolls up what users did on those days to what accounts did: of all accounts, or of those for which theirs is true. By says by what settings
// a day is rolled up then.
func (r *rollUp) accounts(ctx context.Context, days []time.Time, theirs string, by func(time.Time) string) error {
	values := r.with(map[string]string{"days": sqltext.DayArray(days), "theirs": theirs})
	for _, statement := range []string{"account_days", "account_days_gone", "accounts"} {
		if err := r.exec(ctx, statement, values); err != nil {
			return err
		}
	}
	// Before the days are done: a roll-up that is cut short tells it again.
	values["batch"] = strconv.FormatUint(mathrand.Uint64(), 10)
	if err := r.exec(ctx, "changes", values); err != nil {
		return err
	}
	alike := map[string][]time.Time{}
	for _, d := range days {
		alike[by(d)] = append(alike[by(d)], d)
	}
	for _, settings := range slices.Sorted(maps.Keys(alike)) {
		values["settings"], values["days"] = sqltext.Quote(settings), sqltext.DayArray(alike[settings])
		if err := r.exec(ctx, "done", values); err != nil {
			return err
		}
	}
	return nil
}

// values has the condition that is true of the events that are new. The list of partitions lets the engine leave out all others.
func (b batch) values(h Horizon) map[string]string {
	blocks := make([]string, len(b.parts))
	for i, p := range b.parts {
		blocks[i] = fmt.Sprintf("_partition_id = %s and _block_number > %d and _block_number <= %d", sqltext.Quote(p.id), p.after, p.until)
	}
	return map[string]string{"new": "toDate(ts) >= " + sqltext.Day(h.KeptFrom) + " and _partition_id in (" + sqltext.Quotes(b.ids()) + ") and (" + strings.Join(blocks, " or ") + ")"}
}

// with adds what is the same in all of a roll-up.
func (r *rollUp) with(values map[string]string) map[string]string {
	values["version"] = strconv.FormatUint(r.version, 10)
	values["kept"], values["refused"] = sqltext.Day(r.horizon.KeptFrom), sqltext.Day(r.horizon.RefusedBefore)
	values["day"] = r.dayOf()
	return values
}

func around(day time.Time) []time.Time {
	return []time.Time{day.AddDate(0, 0, -1), day, day.AddDate(0, 0, 1)}
}

// exec runs a statement of rollup/ with its parameters, {name} or {name:Type}, written in.
func (r *rollUp) exec(ctx context.Context, name string, values map[string]string) error {
	sql, err := rollUpStatement(name, values)
	if err != nil {
		return err
	}
	if err := r.conn.Exec(ctx, sql); err != nil {
		return fmt.Errorf("rollup/%s.sql: %w", name, err)
	}
	return nil
}

func (r *rollUp) query(ctx context.Context, name string, values map[string]string, scan func(driver.Rows) error) error {
	sql, err := rollUpStatement(name, values)
	if err != nil {
		return err
	}
	rows, err := r.conn.Query(ctx, sql)
	if err != nil {
		return fmt.Errorf("rollup/%s.sql: %w", name, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("rollup/%s.sql: %w", name, err)
		}
	}
	return rows.Err()
}

// queryDays appends the days that a statement finds.
func (r *rollUp) queryDays(ctx context.Context, name string, values map[string]string, days *[]time.Time) error {
	return r.query(ctx, name, values, func(rows driver.Rows) error {
		var day time.Time
		err := rows.Scan(&day)
		*days = append(*days, day)
		return err
	})
}

func rollUpStatement(name string, values map[string]string) (string, error) {
	text, err := fs.ReadFile(queries.Builtin(), "rollup/"+name+".sql")
	if err != nil {
		return "", err
	}
	var out strings.Builder
	rest := string(text)
	for {
		before, after, found := strings.Cut(rest, "{")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		parameter, tail, _ := strings.Cut(after, "}")
		key, _, _ := strings.Cut(parameter, ":")
		value, given := values[key]
		if !given {
			return "", fmt.Errorf("rollup/%s.sql: no value for {%s}", name, parameter)
		}
		out.WriteString(value)
		rest = tail
	}
}
