package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/queries/sqltext"
)

// link says that two ids belong to the same user.
type link struct {
	alias, user string
	weak        bool // alias is the id of a browser or device, on which several users may log in
}

// person is who an id stands for.
type person struct {
	id       string
	excluded bool
}

// samePeople finds who each id of the links stands for: of all ids that are linked, directly or by way of others, the least that is a user's in a link.
// Neither order nor repetition of the links matters. A weak link never makes one user of two: an id whose weak links lead to several users, as that of
// a browser at which several of them log in, belongs to none.
func samePeople(links []link) map[string]string {
	parent := map[string]string{}
	root := func(id string) string {
		if _, known := parent[id]; !known {
			parent[id] = id
		}
		for parent[id] != id {
			parent[id] = parent[parent[id]]
			id = parent[id]
		}
		return id
	}
	join := func(a, b string) { parent[root(a)] = root(b) }
	users, strong := map[string]bool{}, map[string]bool{}
	weak := map[string][]string{}
	for _, l := range links {
		users[l.user] = true
		if l.weak {
			weak[l.alias] = append(weak[l.alias], l.user)
			continue
		}
		strong[l.alias], strong[l.user] = true, true
		join(l.alias, l.user)
	}
	// That an id leads to one user only may be known once other ids are joined.
	for again := true; again; {
		again = false
		for id, of := range weak {
			if strong[id] {
				of = append(slices.Clip(of), id)
			}
			to := root(of[0])
			if root(id) != to && !slices.ContainsFunc(of, func(user string) bool { return root(user) != to }) {
				join(id, to)
				again = true
			}
		}
	}
	least := map[string]string{}
	for id := range users {
		if r := root(id); least[r] == "" || id < least[r] {
			least[r] = id
		}
	}
	all := map[string]string{}
	for id := range parent {
		if person := least[root(id)]; person != "" {
			all[id] = person
		}
	}
	return all
}

// peopleWork is what facts about users say, and up to where they are applied.
type peopleWork struct {
	facts, pattern  string // as they are
	taken, excluded string // as they are applied
	since           uint64 // the roll-up that applied them
}

func (w peopleWork) pending() bool { return w.facts != w.taken || w.pattern != w.excluded }

// peopleState is a query for what a peopleWork has, by name. Names of parts say whether facts have changed: they differ once rows are stored or deleted,
// and sometimes when nothing has changed, which costs a comparison.
const peopleState = `
	select concat('people ', x.1) as name, toDate(0) as starts_on, x.2 as value
	from (
		select arrayJoin([
			('facts', (select concat(toString(count()), ' ', toString(groupBitXor(cityHash64(table, name)))) from system.parts
				where database = currentDatabase() and table in ('stored_user_aliases', 'stored_users') and active and rows > 0)),
			('pattern', (select cs_excluded_pattern(argMax(value, (updated_at, ingested_at))) from stored_settings final where name = 'excluded_users' and segment = '' and phase = '')),
			-- A database without facts about users needs no record that they are applied.
			('taken', if(max(version) = 0, '0 0', argMax(facts, version))), ('excluded', if(max(version) = 0, cs_excluded_pattern(''), argMax(pattern, version))),
			('since', toString(max(version)))]) as x
		from stored_usage_people_progress
	) as state`

// take reads a row of peopleState.
func (w *peopleWork) take(name, value string) {
	switch name {
	case "people facts":
		w.facts = value
	case "people pattern":
		w.pattern = value
	case "people taken":
		w.taken = value
	case "people excluded":
		w.excluded = value
	case "people since":
		w.since, _ = strconv.ParseUint(value, 10, 64) // the database wrote it
	}
}

// people applies facts about users to usage: who is the same, and who counts nowhere. It needs no events, but what they were rolled up to, so that it
// reaches days whose events are no longer stored. Cut short, it is done again from where it was last complete.
func (r *rollUp) people(ctx context.Context) error {
	w := r.who
	if err := r.storePeople(ctx, w); err != nil {
		return err
	}
	values := r.with(map[string]string{
		"excluded": sqltext.Quote(w.pattern),
		"changed": fmt.Sprintf("(user_id in (select user_id from stored_usage_people where version > %d) or match(lowerUTF8(user_id), %s) != match(lowerUTF8(user_id), %s))",
			w.since, sqltext.Quote(w.excluded), sqltext.Quote(w.pattern)),
		"batch": strconv.FormatUint(mathrand.Uint64(), 10),
	})
	if w.excluded == w.pattern {
		values["changed"] = fmt.Sprintf("user_id in (select user_id from stored_usage_people where version > %d)", w.since)
	}
	if err := r.exec(ctx, "people_changes", values); err != nil {
		return err
	}
	var days []time.Time
	if err := r.queryDays(ctx, "people_touched", values, &days); err != nil {
		return err
	}
	for some := range slices.Chunk(days, chunkDays) {
		r.version++
		theirs := "account_id in (select account_id from stored_usage_user_days where day in " + sqltext.DayArray(some) + " and " + values["changed"] + ")"
		values["days"], values["theirs"] = sqltext.DayArray(some), theirs
		if err := r.exec(ctx, "people_days", r.with(values)); err != nil {
			return err
		}
		if err := r.accounts(ctx, some, theirs, func(day time.Time) string { return r.under[day] }); err != nil {
			return err
		}
	}
	r.version++
	return r.conn.Exec(ctx, fmt.Sprintf("insert into stored_usage_people_progress (one, facts, pattern, version) values (1, %s, %s, %d)", sqltext.Quote(w.facts), sqltext.Quote(w.pattern), r.version))
}

// OtherIDs are the other ids of the users who have some ids.
func OtherIDs(ctx context.Context, conn driver.Conn, ids []string) ([]string, error) {
	links, err := (&rollUp{conn: conn}).links(ctx, anybodys)
	if err != nil {
		return nil, fmt.Errorf("find the other ids of a user: %w", err)
	}
	same := samePeople(links)
	theirs := map[string]bool{}
	for _, id := range ids {
		theirs[same[id]] = same[id] != ""
	}
	var others []string
	for id, person := range same {
		if theirs[person] && !slices.Contains(ids, id) {
			others = append(others, id)
		}
	}
	slices.Sort(others)
	return others, nil
}

// links reads which ids belong to the same user, of those for which theirs is true.
func (r *rollUp) links(ctx context.Context, theirs func(columns ...string) string) (links []link, err error) {
	err = r.query(ctx, "linked_ids", map[string]string{"theirs": theirs("alias_id", "user_id")}, func(rows driver.Rows) error {
		var aliases, users []string
		var weak []bool
		err := rows.Scan(&aliases, &users, &weak)
		for i := range aliases {
			links = append(links, link{aliases[i], users[i], weak[i]})
		}
		return err
	})
	return links, err
}

// anybodys is a condition that is true of all ids.
func anybodys(...string) string { return "true" }

// fewIDs is the most ids that a statement names; of more, all are read.
const fewIDs = 10_000

// storePeople stores whom ids stand for where that is not what is stored. It looks at the ids of users of whom something else is said than was applied.
func (r *rollUp) storePeople(ctx context.Context, w peopleWork) error {
	out, err := rollUpStatement("excluded_ids", map[string]string{"excluded": sqltext.Quote(w.pattern)})
	if err != nil {
		return err
	}
	var ids, others []string
	if err := r.query(ctx, "unsettled_ids", map[string]string{"excluded_ids": out}, func(rows driver.Rows) error { return rows.Scan(&ids) }); err != nil || len(ids) == 0 {
		return err
	}
	theirs := anybodys
	if len(ids) <= fewIDs {
		if err := r.conn.QueryRow(ctx, "select groupArray(user_id) from stored_usage_people final where person_id in (select person_id from stored_usage_people final where user_id in ("+
			sqltext.Quotes(ids)+"))").Scan(&others); err != nil {
			return err
		}
		ids = append(ids, others...)
	}
	if len(ids) <= fewIDs {
		theirs = func(columns ...string) string {
			var in []string
			for _, c := range columns {
				in = append(in, c+" in ("+sqltext.Quotes(ids)+")")
			}
			return "(" + strings.Join(in, " or ") + ")"
		}
	}
	links, err := r.links(ctx, theirs)
	if err != nil {
		return err
	}
	var excluded []string
	if err := r.conn.QueryRow(ctx, "select groupArray(id) from ("+out+") as excluded where "+theirs("id")).Scan(&excluded); err != nil {
		return err
	}
	same := samePeople(links)
	isOut := map[string]bool{} // people of whom an id is excluded
	for _, id := range excluded {
		isOut[cmp.Or(same[id], id)] = true
	}
	wanted := map[string]person{}
	for id, is := range same {
		wanted[id] = person{is, isOut[is]}
	}
	for _, id := range excluded {
		if same[id] == "" {
			wanted[id] = person{id, true}
		}
	}
	var known, are []string
	var areOut []uint8
	if err := r.conn.QueryRow(ctx, "select groupArray(user_id), groupArray(person_id), groupArray(is_excluded) from stored_usage_people final where "+theirs("user_id")).Scan(&known, &are, &areOut); err != nil {
		return err
	}
	var gone []string
	for i, id := range known {
		if want, found := wanted[id]; !found {
			gone = append(gone, id)
		} else if want == (person{are[i], areOut[i] == 1}) {
			delete(wanted, id)
		}
	}
	if len(wanted)+len(gone) == 0 {
		return nil
	}
	batch, err := r.conn.PrepareBatch(ctx, "insert into stored_usage_people (user_id, person_id, is_excluded, version, is_gone)")
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(wanted)) {
		if err := batch.Append(id, wanted[id].id, bit(wanted[id].excluded), r.version, uint8(0)); err != nil {
			return err
		}
	}
	for _, id := range gone {
		if err := batch.Append(id, id, uint8(0), r.version, uint8(1)); err != nil {
			return err
		}
	}
	return batch.Send()
}

func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}
