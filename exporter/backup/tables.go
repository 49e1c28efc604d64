package backup

// table says what a backup does with a table of the schema.
type table struct {
	name string
	why  string // it is in a backup, or is not
	by   string // for tables that may be large: the day of a row, by which the table is cut into files
}

// kept are the tables that a backup contains, in the order in which their snapshots are taken. What is written first where two
// tables are written one after the other comes last: a run of the history is recorded after its values are stored, so its
// snapshot is taken before theirs; a fact is stored after the note of what it touches, and that one is done with after the next is written.
var kept = []table{
	{name: "kpi_runs", why: "When a KPI was computed, from what and why: known only from here."},
	{name: "kpi_daily", why: "Former values of KPIs, which the facts of today no longer give.", by: "as_of"},
	{name: "stored_accounts", why: "Facts, with the versions that make them answerable as of a past day."},
	{name: "stored_contracts", why: "Facts."},
	{name: "stored_usage_events", why: "Facts.", by: "toDate(ts)"},
	{name: "stored_touchpoints", why: "Facts."},
	{name: "stored_milestones", why: "Facts, with their versions."},
	{name: "stored_opportunities", why: "Facts, with their versions."},
	{name: "stored_risks", why: "Facts."},
	{name: "stored_health_overrides", why: "Facts."},
	{name: "stored_action_items", why: "Facts, with their versions."},
	{name: "stored_tickets", why: "Facts."},
	{name: "stored_surveys", why: "Facts."},
	{name: "stored_engagements", why: "Facts."},
	{name: "stored_feedback", why: "Facts."},
	{name: "stored_value_reviews", why: "Facts."},
	{name: "stored_targets", why: "What boards draw and alerts compare with."},
	{name: "stored_fx_rates", why: "Facts."},
	{name: "stored_settings", why: "Policy, and the reporting currency, time zone and fiscal year."},
	{name: "stored_user_accounts", why: "Which account a user belongs to, as clients reported it."},
	{name: "stored_user_aliases", why: "Which ids are the same user's, as clients reported it."},
	{name: "stored_users", why: "Who is no user of an account."},
	{name: "stored_unattributed_events", why: "Usage events of users whose account is not known yet."},
	{name: "stored_fact_changes", why: "Facts of which the history hears only when the layers have them."},
	{name: "fact_changes", why: "Facts that the layers had when, by which the history tells which of its days still hold."},
	{name: "erasures", why: "Receipts of erasures; those in a backup were carried out before it."},
}

// derived are the tables that a backup leaves out, since a restored database gets them from the others.
var derived = []table{
	{name: "schema_migrations", why: "The restore runs the migrations itself."},
	{name: "installed", why: "Views and functions are installed by the binary that restores."},
	{name: "dropped_tables", why: "Which tables of the original database were no loss."},
	{name: "stored_usage_user_days", why: "Rolled up from usage_events and settings."},
	{name: "stored_usage_account_days", why: "Rolled up from usage_events and settings."},
	{name: "stored_usage_accounts", why: "Rolled up from usage_events."},
	{name: "stored_usage_people", why: "Follows from user_aliases, users and settings."},
	{name: "stored_usage_people_progress", why: "Which facts about users are applied here; a restored database begins anew."},
	{name: "stored_usage_identities", why: "Index of usage_events."},
	{name: "stored_usage_conflicts", why: "Follows from usage_events, whose seniority is in the backup: the event that was stored first still counts."},
	{name: "stored_usage_ahead", why: "Follows from usage_events: ts, and when an event was stored."},
	{name: "stored_usage_progress", why: "How far usage is rolled up here; a restored database begins anew."},
	{name: "stored_usage_totals", why: "Which days are rolled up here, and by which settings."},
	{name: "usage_claims", why: "In memory: which process rolls up now."},
	{name: "history_claims", why: "In memory: which process computes past days now."},
	{name: "stored_layer_days", why: "Which days of which layers are computed here."},
	{name: "stored_days", why: "Which days are to be computed here."},
	{name: "refresh_claims", why: "In memory: which process computes layers now."},
	{name: "backups", why: "Backups of the original database; the restored one has none yet."},
}
