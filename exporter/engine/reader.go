package engine

import (
	"math"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// What readers may take, all of them together or each query, so that they never stand in
// the way of the service: neither on the disk nor in memory nor on the processors.
const (
	readerThreads   = 64        // The most threads that a reader may ask for.
	readerBlock     = 1 << 20   // Rows in a block.
	readerSpool     = 256 << 20 // Bytes of a result that wait_end_of_query keeps on disk.
	readerSpools    = 1 << 30   // The same of all readers' results.
	readerResult    = 8 << 30   // Bytes of a result, uncompressed.
	readerTemporary = 1 << 30   // Bytes that a query may move from memory to disk.
)

const (
	factsDatabase = "cs"        // Where the facts and views are.
	catalogueView = "catalogue" // The view that lists the views.
	emptyDatabase = "information_schema"
)

// checkReaderSettings refuses settings that readers do not need, and values beyond
// what the engine grants: seconds for a query and bytes of memory.
func checkReaderSettings(settings []pair, seconds float64, memory uint64) error {
	for _, s := range settings {
		if !permitted.settings[s.name] {
			return refuse(codeReadonly, "READONLY", "Cannot modify '%s' setting in readonly mode: the setting %s is not available to readers of this engine; leave it out (\"What readers may run\" in queries/README.md says which are)", s.name, s.name)
		}
		limit := math.Inf(1)
		switch s.name {
		case "max_execution_time":
			limit = seconds
		case "max_memory_usage":
			limit = float64(memory)
		case "max_threads":
			limit = readerThreads
		case "max_block_size":
			limit = readerBlock
		case "readonly":
			if s.value != "1" && s.value != "2" {
				return refuse(codeReadonly, "READONLY", "Cannot modify 'readonly' setting in readonly mode: readers of this engine only read; leave it out or set it to 1 or 2")
			}
		}
		// Zero means no limit at all.
		if n, err := strconv.ParseFloat(s.value, 64); !math.IsInf(limit, 1) && err == nil && (n > limit || n <= 0 || math.IsNaN(n)) {
			return refuse(codeConstraint, "SETTING_CONSTRAINT_VIOLATION", "Setting %s shouldn't be greater than %s", s.name, strconv.FormatFloat(limit, 'f', -1, 64))
		} else if !math.IsInf(limit, 1) && err != nil {
			return refuse(codeConstraint, "SETTING_CONSTRAINT_VIOLATION", "Setting %s must be a plain number, at most %s", s.name, strconv.FormatFloat(limit, 'f', -1, 64))
		}
	}
	return nil
}

// readerSettings are in force for readers unless they ask for less.
func readerSettings() []pair {
	number := func(n int) string { return strconv.Itoa(n) }
	return []pair{
		{"max_threads", number(max(1, runtime.NumCPU()/2))},
		{"max_temporary_data_on_disk_size_for_query", number(readerTemporary)},
		// While a query of priority 1 runs, which the service's KPIs have, queries of a lower priority pause.
		{"priority", "2"},
		// When the whole engine's memory runs out, a reader's query is ended before one of the service.
		{"memory_overcommit_ratio_denominator", number(1 << 20)},
	}
}

// readerLimits bounds what one reader's result takes. Nil bounds nothing.
type readerLimits struct {
	spools          *atomic.Int64 // Of all readers.
	written, onDisk int64
}

// result counts n more bytes of the result.
func (l *readerLimits) result(n int) error {
	if l == nil {
		return nil
	}
	if l.written += int64(n); l.written > readerResult {
		return refuse(codeResultTooLarge, "TOO_MANY_ROWS_OR_BYTES", "Limit for result exceeded: readers of this engine may fetch %d GiB with one query; select less, or in parts", readerResult>>30)
	}
	return nil
}

// spool counts n more bytes of the result that are kept on disk until the query has ended.
func (l *readerLimits) spool(n int) error {
	if l == nil {
		return nil
	}
	l.onDisk += int64(n)
	switch all := l.spools.Add(int64(n)); {
	case l.onDisk > readerSpool:
		return refuse(codeResultTooLarge, "TOO_MANY_ROWS_OR_BYTES", "Limit for result exceeded: with wait_end_of_query a result of a reader may have %d MiB; leave wait_end_of_query out to fetch more", readerSpool>>20)
	case all > readerSpools:
		return refuse(codeTooManyQueries, "TOO_MANY_SIMULTANEOUS_QUERIES", "The results that readers' queries with wait_end_of_query keep on disk have reached %d MiB; try again later, or leave wait_end_of_query out", readerSpools>>20)
	}
	return nil
}

// release gives the place on disk back.
func (l *readerLimits) release() {
	if l != nil {
		l.spools.Add(-l.onDisk)
		l.onDisk = 0
	}
}

// kpiViews is the list of what the role kpi may read, a few seconds old at most.
type kpiViews struct {
	sync.Mutex
	until            time.Time
	databases, views map[string]bool
}

const kpiViewsAge = 5 * time.Second
