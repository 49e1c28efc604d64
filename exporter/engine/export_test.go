package engine

import "time"

// ReaderFunction tells whether readers may call the function, and whether names.txt mentions it at all.
func ReaderFunction(name string) (permittedToReaders, mentioned bool) {
	why := judge{}.refusal(name)
	return why == "" && permitted.function(name), why != "" || permitted.functions[name] || permitted.aggregates[name]
}

// ReaderSetting tells whether readers may give the setting.
func ReaderSetting(name string) bool { return permitted.settings[name] }

// ReaderSystemTable tells whether readers may read the table of the database system.
func ReaderSystemTable(name string) bool { return permitted.systemTable(roleReader, name) }

// SetHeartbeat sets how often the child is asked for a sign of life.
func SetHeartbeat(o *Options, d time.Duration) { o.heartbeat = d }
