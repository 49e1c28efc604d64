package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cskpi/exporter/policy"
)

// A rule is what a row must keep to beyond its single fields. It returns the column and what is wrong with it, which
// completes the sentence "<column> <value> …"; an empty reason: nothing.
type rule func(row []value) (column, reason string)

// rulesOf says what the rows of a table must keep to: an interval that must have an end must have a day.
func rulesOf(t *table) []rule {
	switch t.name {
	case "contracts":
		return []rule{oneOff(t)}
	case "surveys":
		return []rule{onScale(t)}
	}
	start, hasStart := t.index["starts_on"]
	end, hasEnd := t.index["ends_before"]
	if !hasStart || !hasEnd || !t.columns[end].required {
		return nil
	}
	return []rule{func(row []value) (string, string) {
		if row[end].n > row[start].n {
			return "", ""
		}
		return "ends_before", "is not after starts_on, " + time.Unix(row[start].n*24*60*60, 0).UTC().Format(time.DateOnly)
	}}
}

// oneOff refuses what cannot be said of an amount that is charged once.
func oneOff(t *table) rule {
	once, trial, renewed := t.index["is_one_off"], t.index["is_trial"], t.index["renewed_from"]
	return func(row []value) (string, string) {
		switch {
		case row[once].n == 0:
		case row[trial].n != 0:
			return "is_one_off", "and is_trial are both true: a trial costs nothing"
		case row[renewed].s != "":
			return "renewed_from", "is given, but is_one_off is true: an amount that is charged once renews no contract"
		}
		return "", ""
	}
}

// onScale refuses answers outside of the scale that they name. Those that name none are read by the setting csat_scale of their day, which may change.
func onScale(t *table) rule {
	kind, score, scale := t.index["kind"], t.index["score"], t.index["scale"]
	isNPS := int64(t.columns[kind].enum["nps"])
	return func(row []value) (string, string) {
		highest := row[scale].n
		if row[kind].n == isNPS {
			switch {
			case highest != 0 && highest != 10:
				return "scale", "is not that of nps, which is answered from 0 to 10; leave it empty"
			case row[score].n > 10:
				return "score", "is out of scale: nps is answered from 0 to 10"
			}
			return "", ""
		}
		switch {
		case highest != 0 && !slices.Contains(policy.Scales, highest):
			return "scale", policy.NoScale
		case highest != 0 && (row[score].n < 1 || row[score].n > highest):
			return "score", fmt.Sprintf("is out of scale: this answer is from 1 to %d", highest)
		case row[score].n < 1 || row[score].n > 10:
			return "score", "is out of scale: csat is answered from 1 to at most 10"
		}
		return "", ""
	}
}

// together is what the rows of a file must keep to as a whole. It gets the rows that are good by themselves, in the order of
// the file, and returns, by position, those that are not; with none it takes them as stored.
type together func(rows [][]value) map[int]unfit

// unfit is why a row is refused.
type unfit struct{ column, reason string }

// watchSettings makes the table of settings keep to what package queries knows of them.
func (s *session) watchSettings(ctx context.Context, t *table) error {
	if t.name != "settings" || t.together != nil {
		return nil
	}
	var known *policy.Settings
	err := s.retry(ctx, func() (err error) {
		known, err = policy.Load(ctx, s.im.Conn)
		return err
	})
	if err != nil {
		return err
	}
	setting := func(row []value) policy.Setting {
		text := func(column string) string { return row[t.index[column]].s }
		of := policy.Setting{
			Name: text("name"), Segment: text("segment"), Phase: text("phase"), Value: text("value"), Source: text(columnSource),
			StartsOn: time.Unix(row[t.index["starts_on"]].n*24*60*60, 0).UTC(),
		}
		if at := row[t.index[columnUpdated]].n; at != s.at.UnixMilli() { // else the row has no time of its own
			of.ChangedAt = time.UnixMilli(at)
		}
		return of
	}
	t.rules = append(t.rules, func(row []value) (string, string) {
		if invalid, ok := errors.AsType[policy.InvalidSetting](known.Check(setting(row))); ok {
			return invalid.Column, invalid.Reason
		}
		return "", ""
	})
	t.together = func(rows [][]value) map[int]unfit {
		settings := make([]policy.Setting, len(rows))
		for i, row := range rows {
			settings[i] = setting(row)
		}
		conflicts := map[int]unfit{}
		for i, c := range known.Conflicts(settings) {
			conflicts[i] = unfit{c.Column, c.Reason}
		}
		if len(conflicts) == 0 {
			known.Add(settings...)
		}
		return conflicts
	}
	return nil
}

// whole reads a source as one block, for tables whose rows are looked at together. These are small.
type whole struct{ source }

func (w whole) next() (block, error) {
	const most = 100 // blocks, some 50 MB
	var all block
	for {
		b, err := w.source.next()
		all.more = append(all.more, b)
		if err != nil {
			return all, err
		}
		if len(all.more) > most {
			return block{}, errors.New("is too large for a table whose rows are looked at together; split it")
		}
	}
}

// checkTogether checks a block again and again, without the rows that do not go together with the others, until the rest
// does.
func (k *checker) checkTogether(b block) *chunk {
	k.refused = map[int]unfit{}
	for {
		k.row, k.taken, k.rows = 0, nil, nil
		c := k.checkBlock(b)
		bad := k.table.together(k.rows)
		if len(bad) == 0 {
			return c
		}
		for i, why := range bad {
			k.refused[k.taken[i]] = why
		}
		c.reset()
	}
}

// look holds the values of a row against the rules.
func (k *checker) look() (column, reason string) {
	for _, r := range k.table.rules {
		if column, reason := r(k.values); reason != "" {
			return column, reason
		}
	}
	if k.table.together == nil {
		return "", ""
	}
	k.row++
	if why, found := k.refused[k.row]; found {
		return why.column, why.reason
	}
	k.taken = append(k.taken, k.row)
	k.rows = append(k.rows, slices.Clone(k.values))
	return "", ""
}
