package backup

// table says what a backup does with a table of the schema.
type table struct {
	name string
	why  string // it is in a backup, or is not
	by   string // for tables that may be large: the day of a row, by which the table is cut into files
	only string // condition for the rows that are in a backup, with {snapshot} for the database of its tables; empty: all
}

// expired is the condition for days of which usage events are no longer kept: what they were rolled up to cannot be computed again.
const expired = " <= (select max(kept_from) from {snapshot}.stored_usage_horizon where kept_from > toDate(0))"

// kept are the tables that a backup contains, in the order in which their snapshots are taken. What is written first where two
// tables are written one after the other comes last: a run of the history is recorded after its values are stored, so its
// snapshot is taken before theirs; a fact is stored after the note of what it touches, and that one is done with after the next is written.
var kept = []table{
	{name: "kpi_runs", why: "When a KPI was computed, from what and why: known only from here."},
	{name: "kpi_daily", why: "Former values of KPIs, which the facts of today no longer give.", by: "as_of"},
	{name: "stored_accounts", why: "Facts, with the versions that make them answerable as of a past day."},
	{name: "stored_contracts", why: "Facts."},
	{name: "stored_usage_events", why: "Facts.", by: "toDate(ts)"},
	{name: "stored_usage_horizon", why: "Since when usage events are kept."},
	{name: "stored_usage_user_days", why: "Of days whose usage events are no longer kept; others are rolled up again.", by: "day", only: "day" + expired},
	{name: "stored_usage_identities", why: "Index of usage events that are no longer kept; others are indexed again.", by: "day", only: "day" + expired},
	{name: "stored_usage_conflicts", why: "Which of several usage events of one id counts, where one is no longer kept; elsewhere it follows from the seniority of the events: the one that was stored first.",
		only: "(source, event_id) in (select source, event_id from {snapshot}.stored_usage_conflicts where toDate(ts)" + expired + ")"},
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
	{name: "stored_staff", why: "Our own people, with their versions."},
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
	{name: "stored_usage_account_days", why: "Rolled up from usage_user_days."},
	{name: "stored_usage_accounts", why: "Rolled up from usage_account_days."},
	{name: "stored_usage_people", why: "Follows from user_aliases, users and settings."},
	{name: "stored_usage_people_progress", why: "Which facts about users are applied here; a restored database begins anew."},
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
