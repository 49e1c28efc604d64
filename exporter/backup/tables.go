package backup

// table says what a backup does with a table of the schema.
type table struct {
	name string
	why  string // it is in a backup, or is not
	by   string // for tables that may be large: the day of a row, by which the table is cut into files
}

// kept are the tables that a backup contains, in the order in which their snapshots are taken. What is written first where two
// tables are written one after the other comes last: a run of the history is recorded after its values are stored, so its
// snapshot is taken before theirs, and a fact is stored after the note of what it changes.
var kept = []table{
	{name: "kpi_runs", why: "When a KPI was computed, from what and why: known only from here."},
	{name: "kpi_daily", why: "Former values of KPIs, which the facts of today no longer give.", by: "as_of"},
	{name: "accounts", why: "Facts, with the versions that make them answerable as of a past day."},
	{name: "contracts", why: "Facts."},
	{name: "usage_events", why: "Facts.", by: "toDate(ts)"},
	{name: "touchpoints", why: "Facts."},
	{name: "milestones", why: "Facts, with their versions."},
	{name: "opportunities", why: "Facts, with their versions."},
	{name: "risks", why: "Facts."},
	{name: "health_overrides", why: "Facts."},
	{name: "action_items", why: "Facts, with their versions."},
	{name: "tickets", why: "Facts."},
	{name: "surveys", why: "Facts."},
	{name: "engagements", why: "Facts."},
	{name: "feedback", why: "Facts."},
	{name: "value_reviews", why: "Facts."},
	{name: "targets", why: "What boards draw and alerts compare with."},
	{name: "fx_rates", why: "Facts."},
	{name: "settings", why: "Policy, and the reporting currency, time zone and fiscal year."},
	{name: "user_accounts", why: "Which account a user belongs to, as clients reported it."},
	{name: "fact_changes", why: "Days that replaced facts touched; the replaced rows are gone."},
	{name: "erasures", why: "Receipts of erasures; those in a backup were carried out before it."},
}

// derived are the tables that a backup leaves out, since a restored database gets them from the others.
var derived = []table{
	{name: "schema_migrations", why: "The restore runs the migrations itself."},
	{name: "installed", why: "Views and functions are installed by the binary that restores."},
	{name: "usage_user_days", why: "Rolled up from usage_events and settings."},
	{name: "usage_account_days", why: "Rolled up from usage_events and settings."},
	{name: "usage_accounts", why: "Rolled up from usage_events."},
	{name: "usage_identities", why: "Index of usage_events."},
	{name: "usage_conflicts", why: "Follows from usage_events, whose seniority is in the backup: the event that was stored first still counts."},
	{name: "usage_ahead", why: "Follows from usage_events: ts, and when an event was stored."},
	{name: "usage_progress", why: "How far usage is rolled up here; a restored database begins anew."},
	{name: "usage_days", why: "Which days are rolled up here, and by which settings."},
	{name: "usage_claims", why: "In memory: which process rolls up now."},
	{name: "history_claims", why: "In memory: which process computes past days now."},
	{name: "account_days", why: "Computed again from facts by serve, or by cskpi backfill at once; runs of such models are left out of kpi_runs."},
	{name: "backups", why: "Backups of the original database; the restored one has none yet."},
}
