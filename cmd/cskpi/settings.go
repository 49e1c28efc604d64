package main

import (
	"context"
	"fmt"
	"time"

	"cskpi/exporter/policy"
	"cskpi/exporter/service"
)

type settingsCmd struct {
	List settingsListCmd `cmd:"" help:"Print what is in force."`
	Get  settingsGetCmd  `cmd:"" help:"Print the value of one setting."`
	Set  settingsSetCmd  `cmd:"" help:"Store a value that holds from a day on."`
}

// limits is what a setting is asked for, or holds for.
type limits struct {
	Segment string `placeholder:"SEGMENT" help:"For this segment: high, low or tech."`
	Phase   string `placeholder:"PHASE" help:"For this lifecycle phase: onboarding, adoption, growth or leaving."`
}

type settingsListCmd struct {
	AsOf   date   `name:"as-of" placeholder:"DAY" help:"What is in force at the end of this day (YYYY-MM-DD); today if not given."`
	Format string `enum:"table,csv,json" default:"table" help:"table, csv or json."`
}

// Help is the longer text of cskpi settings list --help.
func (settingsListCmd) Help() string {
	return "A row that names a segment and a phase goes before one that names the segment, that before one that names the phase, " +
		"and that before one that names neither. What somebody set goes before the defaults."
}

// Run prints all settings.
func (c *settingsListCmd) Run(ctx context.Context, a *app) error {
	d, s, asOf, err := a.openSettings(ctx, c.AsOf)
	if err != nil {
		return err
	}
	defer d.Close()
	return settingsTable(s.List(asOf)...).write(a.out, c.Format)
}

type settingsGetCmd struct {
	Name string `arg:"" help:"Setting, as in health_green."`
	limits
	AsOf   date   `name:"as-of" placeholder:"DAY" help:"What is in force at the end of this day (YYYY-MM-DD); today if not given."`
	Format string `enum:"table,csv,json" default:"table" help:"table, csv or json."`
}

// Run prints the setting that holds.
func (c *settingsGetCmd) Run(ctx context.Context, a *app) error {
	d, s, asOf, err := a.openSettings(ctx, c.AsOf)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := s.CheckName(policy.Setting{Name: c.Name, Segment: c.Segment, Phase: c.Phase}); err != nil {
		return usage("%w", err)
	}
	of, found := s.InForce(c.Name, c.Segment, c.Phase, asOf)
	if !found { // it has a default for each segment alone
		return usage("%s differs by segment; name one with --segment: high, low or tech", c.Name)
	}
	return settingsTable(of).write(a.out, c.Format)
}

type settingsSetCmd struct {
	Name  string `arg:"" help:"Setting, as in health_green; cskpi settings list shows all."`
	Value string `arg:"" help:"Its value; numbers without thousands separators, lists separated by commas."`
	From  date   `placeholder:"DAY" help:"First day (YYYY-MM-DD) on which it holds; today if not given. A setting that says who is no user holds for all days."`
	limits
}

// Help is the longer text of cskpi settings set --help.
func (settingsSetCmd) Help() string {
	return "Numbers as of days before --from stay what they were. A value for the same setting, segment, phase and day replaces the one before it. " +
		"What does not go together with what is in force then or later is refused, such as a green band below the yellow one. " +
		"A negative number follows two dashes: cskpi settings set --from 2026-01-01 -- health_zero_touch -1."
}

// Run stores one setting.
func (c *settingsSetCmd) Run(ctx context.Context, a *app) error {
	d, s, from, err := a.openSettings(ctx, c.From)
	if err != nil {
		return err
	}
	defer d.Close()
	always := c.From.IsZero() && s.AlwaysInForce(c.Name)
	if always {
		from = time.Unix(0, 0).UTC()
	}
	of := policy.Setting{Name: c.Name, Segment: c.Segment, Phase: c.Phase, StartsOn: from, Value: c.Value}
	if err := s.Check(of); err != nil {
		return usage("%w", err)
	}
	stored, err := s.Store(ctx, d.Conn, "cli", of)
	if err != nil {
		return err
	}
	of.Given = true
	day := from.Format(time.DateOnly)
	if stored == 0 {
		_, err = fmt.Fprintf(a.out, "%s is stored already; nothing changes\n", of)
		return err
	}
	until := ""
	if next, found := s.Next(of); found {
		until = fmt.Sprintf(" and holds until %s, when %s follows", next.StartsOn.AddDate(0, 0, -1).Format(time.DateOnly), next)
	}
	effect := fmt.Sprintf("takes effect on %s%s; numbers as of earlier days stay", day, until)
	if always {
		effect = "holds for all days"
	}
	if _, err = fmt.Fprintf(a.out, "%s\n%s\n", of, effect); err != nil {
		return err
	}
	days, err := a.rollUp(ctx, d)
	if err == nil && days > 0 {
		_, err = fmt.Fprintf(a.out, "usage of %d days is rolled up by it\n", days)
	}
	return err
}

// openSettings opens the database for a question about the settings of a day.
func (a *app) openSettings(ctx context.Context, on date) (*service.Database, *policy.Settings, time.Time, error) {
	catalogue, err := a.Load()
	if err != nil {
		return nil, nil, time.Time{}, err
	}
	d, asOf, err := a.openAt(ctx, catalogue, on)
	if err != nil {
		return nil, nil, time.Time{}, err
	}
	s, err := policy.Load(ctx, d.Conn)
	if err != nil {
		_ = d.Close() // the other error is the cause
		return nil, nil, time.Time{}, err
	}
	return d, s, asOf, nil
}

func settingsTable(settings ...policy.Setting) table {
	t := table{columns: []string{"name", "segment", "phase", "value", "since", "origin", "help"}}
	for _, of := range settings {
		var since any // ever
		if of.StartsOn.Unix() > 0 {
			since = of.StartsOn.Format(time.DateOnly)
		}
		origin := "default"
		if of.Given {
			origin = "set"
		}
		t.rows = append(t.rows, []any{of.Name, of.Segment, of.Phase, of.Value, since, origin, of.Help})
	}
	return t
}
