package policy

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/queries/sqltext"
)

// Reporting is how a company reports. The defaults are those of functions/cs_setting_defaults.sql.
type Reporting struct {
	Currency        string // ISO 4217
	Timezone        string // IANA name
	FiscalYearStart int    // month, 1 to 12
}

// Configure stores what r gives, that is what is not zero, in stored_settings as in force since ever, and returns what is in
// force today: rows of stored_settings that start later go before. The views must be installed.
func Configure(ctx context.Context, conn driver.Conn, r Reporting) (Reporting, error) {
	var given []Setting
	if r.Currency != "" {
		given = append(given, Setting{Name: "currency", Value: r.Currency})
	}
	if r.Timezone != "" {
		given = append(given, Setting{Name: "timezone", Value: r.Timezone})
	}
	if r.FiscalYearStart != 0 {
		given = append(given, Setting{Name: "fiscal_year_start", Value: strconv.Itoa(r.FiscalYearStart)})
	}
	if len(given) > 0 {
		settings, err := Load(ctx, conn)
		if err != nil {
			return Reporting{}, err
		}
		var errs []error
		for _, of := range given {
			var invalid InvalidSetting
			if errors.As(settings.Check(of), &invalid) {
				errs = append(errs, fmt.Errorf("%s %q %s", strings.ReplaceAll(of.Name, "_", " "), of.Value, invalid.Reason))
			}
		}
		if len(errs) > 0 {
			return Reporting{}, errors.Join(errs...)
		}
		if _, err := settings.Store(ctx, conn, "environment", given...); err != nil {
			return Reporting{}, err
		}
	}
	return reportingOn(ctx, conn, "today()")
}

// querier is what asks a database.
type querier interface {
	Query(ctx context.Context, query string, args ...any) (driver.Rows, error)
}

// ReportingOn is what was in force on a day.
func ReportingOn(ctx context.Context, db querier, day time.Time) (Reporting, error) {
	return reportingOn(ctx, db, sqltext.Day(day))
}

func reportingOn(ctx context.Context, db querier, day string) (Reporting, error) {
	var in Reporting
	var month uint8
	// As in layers/policy_days.sql, which is computed for days in the zone that this says.
	rows, err := db.Query(ctx, `
		select
			if(given['currency'] != '', given['currency'], cs_setting_defaults()['currency/']),
			if(given['timezone'] != '', given['timezone'], cs_setting_defaults()['timezone/']),
			toUInt8(if(given['fiscal_year_start'] != '', given['fiscal_year_start'], cs_setting_defaults()['fiscal_year_start/']))
		from (
			select mapFromArrays(groupArray(name), groupArray(value)) as given
			from (
				select toString(s.name) as name, argMax(s.value, (s.starts_on, s.updated_at, s.ingested_at)) as value
				from stored_settings as s final
				where s.segment = '' and s.phase = '' and s.starts_on <= `+day+` and s.name in ('currency', 'timezone', 'fiscal_year_start')
				group by name
			) as in_force
		) as settings`)
	if err == nil {
		if rows.Next() {
			err = rows.Scan(&in.Currency, &in.Timezone, &month)
		}
		err = errors.Join(err, rows.Err(), rows.Close())
	}
	if err != nil {
		return Reporting{}, fmt.Errorf("read the reporting settings in force: %w", err)
	}
	in.FiscalYearStart = int(month)
	return in, nil
}
