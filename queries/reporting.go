package queries

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Reporting is how a company reports. The defaults are those of the view cs.policy.
type Reporting struct {
	Currency        string // ISO 4217
	Timezone        string // IANA name
	FiscalYearStart int    // month, 1 to 12
}

var currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)

// Configure stores what r gives, that is what is not zero, in cs.settings as in force since ever, and returns what is in
// force today: rows of cs.settings that start later go before. The views must be installed.
func Configure(ctx context.Context, conn driver.Conn, r Reporting) (Reporting, error) {
	given := map[string]string{}
	var errs []error
	if r.Currency != "" {
		given["currency"] = r.Currency
		if !currencyCode.MatchString(r.Currency) {
			errs = append(errs, fmt.Errorf("currency %q is no ISO 4217 code, such as EUR", r.Currency))
		}
	}
	if r.Timezone != "" {
		given["timezone"] = r.Timezone
		if _, err := time.LoadLocation(r.Timezone); err != nil || r.Timezone == "Local" {
			errs = append(errs, fmt.Errorf("time zone %q is unknown; it is an IANA name, such as Asia/Tokyo", r.Timezone))
		}
	}
	if r.FiscalYearStart != 0 {
		given["fiscal_year_start"] = strconv.Itoa(r.FiscalYearStart)
		if r.FiscalYearStart < 1 || r.FiscalYearStart > 12 {
			errs = append(errs, fmt.Errorf("fiscal year start %d is no month from 1 to 12", r.FiscalYearStart))
		}
	}
	if len(errs) > 0 {
		return Reporting{}, errors.Join(errs...)
	}
	if len(given) > 0 {
		if err := conn.Exec(ctx, storeSettings(given)); err != nil {
			return Reporting{}, fmt.Errorf("store the reporting settings: %w", err)
		}
	}
	var in Reporting
	var month uint8
	err := conn.QueryRow(ctx, "select currency, timezone, toMonth(fiscal_year_starts_on) from cs.policy(as_of = today())").Scan(&in.Currency, &in.Timezone, &month)
	if err != nil {
		return Reporting{}, fmt.Errorf("read the reporting settings in force: %w", err)
	}
	in.FiscalYearStart = int(month)
	return in, nil
}

// storeSettings adds a version of those settings alone that have another value, so that a start that changes nothing
// writes nothing. It is later than the last one whatever that one claims to be.
func storeSettings(given map[string]string) string {
	values := make([]string, 0, len(given))
	for _, name := range sortedNames(given) {
		values = append(values, "("+quote(name)+", "+quote(given[name])+")")
	}
	return `
		insert into cs.settings (name, value, source, updated_at)
		select given.name, given.value, 'environment', greatest(now64(3), stored.last_change + interval 1 millisecond)
		from values('name String, value String', ` + strings.Join(values, ", ") + `) as given
		left join (
			select name, argMax(value, (updated_at, ingested_at)) as last_value, max(updated_at) as last_change
			from cs.settings
			where segment = '' and starts_on = '1970-01-01'
			group by name
		) as stored on stored.name = given.name
		where stored.last_value != given.value`
}
