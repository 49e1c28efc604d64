package backup

// Kept and Derived are the names of the tables that are in a backup, and of those that are not.
func Kept() []string    { return list(kept) }
func Derived() []string { return list(derived) }

func list(tables []table) []string {
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = t.name
	}
	return names
}
