package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Options say which company is generated. The same Options give the same bytes.
type Options struct {
	Seed     uint64
	Accounts int       // Rows of accounts, 400 by default.
	Years    int       // Years of history that end with Until, 3 by default.
	Events   int       // Approximate number of usage events; 0: what the users naturally do; negative: none.
	Until    time.Time // The last day with facts: its year, month and day are taken as they stand. Required.
	Currency string    // Reporting currency, ISO 4217, USD by default.

	// FiscalYearStart is the month, 1 to 12, in which the fiscal years of the targets begin; 1 by default.
	FiscalYearStart int
	// Zone is the reporting time zone, in which days begin and people work; UTC by default.
	Zone *time.Location
}

// Company is a generated company. Its story is told once, by New; each table is written from it without
// changing it, so tables may be written in any order, repeatedly and concurrently.
type Company struct {
	o        Options
	zone     *time.Location
	calendar calendar
	first    day // First day with operational facts; contracts may be older.
	last     day
	founding day // No account is older.
	money    money
	staff    staff
	accounts []*account

	leaving, winning [3]tally // By segment.
}

// New tells the story of the company that o describes. The error says which option is wrong.
func New(o Options) (*Company, error) {
	if o.Accounts == 0 {
		o.Accounts = 400
	}
	if o.Years == 0 {
		o.Years = 3
	}
	if o.Currency == "" {
		o.Currency = "USD"
	}
	if o.FiscalYearStart == 0 {
		o.FiscalYearStart = 1
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	switch {
	case o.Until.IsZero():
		return nil, errors.New("demo company: the last day of its facts is missing: set Until")
	case o.Until.Year() < 1980 || o.Until.Year() > 2120:
		return nil, fmt.Errorf("demo company: year %d is out of range: take one from 1980 to 2120", o.Until.Year())
	case o.Accounts < 0 || o.Accounts > 1_000_000:
		return nil, fmt.Errorf("demo company: %d accounts: take 1 to 1000000", o.Accounts)
	case o.Years < 0 || o.Years > 5 && o.Years > o.Until.Year()-1975:
		return nil, fmt.Errorf("demo company: %d years: take at least 1, and none before 1975", o.Years)
	case o.FiscalYearStart < 0 || o.FiscalYearStart > 12:
		return nil, fmt.Errorf("demo company: fiscal year starting in month %d: take 1 to 12", o.FiscalYearStart)
	case len(o.Currency) != 3:
		return nil, fmt.Errorf("demo company: currency %q: take an ISO 4217 code such as USD", o.Currency)
	}
	c := &Company{o: o, zone: o.Zone, last: dayOf(o.Until)}
	c.first = c.last.addMonths(-12*o.Years) + 1
	c.founding = c.first - prehistory
	c.calendar = newCalendar(c.zone, c.founding-400, c.last+2)
	c.money = newMoney(o, c.founding, c.last)
	c.found()
	c.live()
	return c, nil
}

// writers has the writer of each table, in an order in which what is referred to comes first.
var writers = []struct {
	table string
	write func(*Company, context.Context, *rows) error
}{
	{"settings", (*Company).writeSettings},
	{"fx_rates", (*Company).writeRates},
	{"targets", (*Company).writeTargets},
	{"staff", (*Company).writeStaff},
	{"accounts", (*Company).writeAccounts},
	{"contracts", (*Company).writeContracts},
	{"milestones", (*Company).writeMilestones},
	{"touchpoints", (*Company).writeTouchpoints},
	{"risks", (*Company).writeRisks},
	{"health_overrides", (*Company).writeOverrides},
	{"action_items", (*Company).writeActions},
	{"value_reviews", (*Company).writeReviews},
	{"opportunities", (*Company).writeOpportunities},
	{"tickets", (*Company).writeTickets},
	{"surveys", (*Company).writeSurveys},
	{"engagements", (*Company).writeEngagements},
	{"feedback", (*Company).writeFeedback},
	{"usage_events", (*Company).writeUsage},
}

// Tables names the tables that the company has facts for, without their database.
func (c *Company) Tables() []string {
	names := make([]string, 0, len(writers))
	for _, w := range writers {
		names = append(names, w.table)
	}
	return names
}

// Write writes the facts of one table as NDJSON, a row per line with the canonical columns of cs.<table>.
// Instants are RFC 3339 in UTC. Rows are streamed: memory does not grow with their number. It ends early with
// the error of ctx or of w.
func (c *Company) Write(ctx context.Context, table string, w io.Writer) error {
	for _, t := range writers {
		if t.table != table {
			continue
		}
		r := newRows(w)
		if err := t.write(c, ctx, r); err != nil {
			return fmt.Errorf("write demo %s: %w", table, err)
		}
		if err := r.flush(); err != nil {
			return fmt.Errorf("write demo %s: %w", table, err)
		}
		return nil
	}
	return fmt.Errorf("demo company has no table %q: take one of %v", table, slices.Sorted(slices.Values(c.Tables())))
}

// eachAccount calls f for each account in order, until ctx ends or a write fails.
func (c *Company) eachAccount(ctx context.Context, r *rows, f func(*account)) error {
	for _, a := range c.accounts {
		if err := ctx.Err(); err != nil {
			return err
		}
		f(a)
		if r.err != nil {
			return r.err
		}
	}
	return nil
}
