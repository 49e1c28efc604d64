package backup

import (
	"slices"
	"strings"

	"cskpi/queries"
)

// Kept and Derived are the names of the tables that are in a backup, and of those that are not.
func Kept() []string { return list(kept) }

// Only is the condition for the rows of a table that a backup has, as a clause.
func Only(name string) string {
	for _, t := range kept {
		if t.name == name {
			return clause(strings.ReplaceAll(t.only, "{snapshot}", queries.Database))
		}
	}
	return ""
}

func Derived() []string { return list(derived) }

func list(tables []table) []string {
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = t.name
	}
	return names
}

// AsFormer lets do write backups as a program of version 9 of the schema did, where tables of facts had other names and no layers were.
func AsFormer(do func()) {
	now := kept
	defer func() { kept = now }()
	kept = nil
	for _, t := range now {
		if !slices.Contains([]string{"stored_fact_changes", "stored_unattributed_events", "stored_usage_horizon", "stored_user_aliases", "stored_users", "stored_staff"}, t.name) && t.only == "" {
			t.name = strings.TrimPrefix(t.name, queries.StoredPrefix)
			kept = append(kept, t)
		}
	}
	do()
}
