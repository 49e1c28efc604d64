package history

import (
	"context"
	"fmt"
	"time"

	"cskpi/exporter/store"
	"cskpi/queries/sqltext"
)

// change is facts of a table that arrived, or changed, at an instant and touch days that had closed by then.
type change struct {
	at      time.Time
	rows    uint64
	firstOn time.Time // first day that they touch
	lastOn  time.Time
}

// changes are what has changed in each table, in order of time. What touches all tables stands under the empty name.
type changes map[string][]change

// changesSince finds the facts that the layers have had since an instant and that touch days that had closed by then. Facts of the day on
// which they arrive are none: that day is computed when it has closed, if they were there by then. Settings are none of this: see settingsOf.
func (h *History) changesSince(ctx context.Context, since time.Time) (changes, error) {
	rows, err := h.o.Conn.Query(ctx, `
		select table, at, sum(rows), min(first_on) as first_on, max(last_on)
		from (
			select toString(table) as table, changed_at as at, rows, first_on, last_on from fact_changes where changed_at > `+sqltext.Instant(since)+` and table != 'settings'
			union all
			select '' as table, updated_at as at, arraySum(mapValues(rows)) as rows, assumeNotNull(first_on) as first_on, assumeNotNull(last_on) as last_on
			from erasures final where updated_at > `+sqltext.Instant(since)+` and first_on is not null and last_on is not null
		) as arrived
		group by table, at
		having first_on < toDate(at, `+sqltext.Quote(h.o.Zone.String())+`)
		order by at`)
	if err != nil {
		return nil, fmt.Errorf("look for facts that arrived: %w", store.Brief(err))
	}
	defer rows.Close()
	found := changes{}
	for rows.Next() {
		var table string
		var c change
		if err := rows.Scan(&table, &c.at, &c.rows, &c.firstOn, &c.lastOn); err != nil {
			return nil, err
		}
		c.at, c.firstOn, c.lastOn = c.at.UTC(), c.firstOn.UTC(), c.lastOn.UTC()
		found[table] = append(found[table], c)
	}
	return found, rows.Err()
}
