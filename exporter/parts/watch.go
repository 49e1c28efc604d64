package parts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"

	"cskpi/exporter/store"
	"cskpi/queries"
)

const (
	// every is the pause between checks. It is also how long a new part is not yet in the record, so it is short; a check reads
	// no data, only sizes of files.
	every = time.Minute
	// restartedEvery is how often the engine is asked whether it was started again.
	restartedEvery = time.Second
)

// DamageError says that a table that is to be read is damaged.
type DamageError struct {
	Problems []Problem
}

// Is implements errors.Is: the error is a [store.ErrDamaged].
func (DamageError) Is(target error) bool { return target == store.ErrDamaged }

func (e DamageError) Error() string {
	text := "stored data is damaged: " + e.Problems[0].String()
	if n := len(e.Problems) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	return text + "; repair it, or accept the loss: see Damaged data in the runbook"
}

// Run checks until ctx ends: every minute, and soon after the engine was started again. After each check it verifies some of the data.
func (w *Watch) Run(ctx context.Context) {
	tick := time.NewTicker(restartedEvery)
	defer tick.Stop()
	failing := false
	var last time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if time.Since(last) < every && w.o.Generation() == w.snapshot().generation {
			continue
		}
		err := w.Check(ctx)
		if ctx.Err() != nil {
			return
		}
		last = time.Now()
		if err == nil {
			if err := w.Verify(ctx, verifyBytes); err != nil && ctx.Err() == nil {
				w.o.Log.Debug("the stored data cannot be verified", "err", err)
			}
		}
		if err != nil && !failing {
			w.o.Log.Warn("the stored data cannot be checked for damage; trying again", "err", err, "retry_seconds", every.Seconds())
		}
		failing = err != nil
	}
}

// Whole returns nil if these tables of cs, and all that the queries read, directly or not, are whole: a [DamageError] if one is not,
// another error if that is not known, because the engine was started and could not be checked since.
func (w *Watch) Whole(ctx context.Context, tables []string, qs ...queries.Query) error {
	return w.whole(ctx, func(table string) bool {
		return slices.Contains(tables, table) || slices.ContainsFunc(qs, func(q queries.Query) bool {
			if isUsage(table) {
				return q.Reads(usage)
			}
			return q.ReadsTable(table)
		})
	})
}

// usageWhole returns nil if usage can be rolled up: the events, the tables that they are rolled up into, and the settings are whole.
func (w *Watch) usageWhole(ctx context.Context) error {
	return w.whole(ctx, func(table string) bool {
		return table == queries.StoredPrefix+"settings" || isUsage(table)
	})
}

// usage begins the names of the table of events and of those into which they are rolled up. They stand or fall together: nothing is
// rolled up from damaged events, nor added to a damaged roll-up.
const usage = queries.StoredPrefix + "usage_"

// isUsage tells those tables from layers of such names.
func isUsage(table string) bool { return strings.HasPrefix(table, usage) && queries.IsTable(table) }

func (w *Watch) whole(ctx context.Context, read func(table string) bool) error {
	// A server's state cannot be known better than by its last answer, and it may refuse us the question.
	current := func() bool {
		s := w.snapshot()
		return w.o.Dir == "" || s.compared && s.generation == w.o.Generation()
	}
	if !current() {
		if err := w.Check(ctx); !current() {
			return cmp.Or(err, errRestarted)
		}
	}
	var damage DamageError
	for _, p := range w.Problems() {
		if read(p.Table) {
			damage.Problems = append(damage.Problems, p)
		}
	}
	if len(damage.Problems) > 0 {
		return damage
	}
	return nil
}

var errRestarted = errors.New("the engine was started again, and its stored parts have not been checked yet")

// disk is the free space and the size of the file system that the data lies on, in bytes.
func (w *Watch) disk(ctx context.Context) (free, size uint64) {
	if w.o.Dir != "" {
		var fs unix.Statfs_t
		if unix.Statfs(w.o.Dir, &fs) != nil {
			return 0, 0
		}
		return fs.Bavail * uint64(fs.Bsize), fs.Blocks * uint64(fs.Bsize)
	}
	if w.o.Conn.QueryRow(ctx, "select free_space, total_space from system.disks where name = 'default'").Scan(&free, &size) != nil {
		return 0, 0
	}
	return free, size
}

var (
	damagedParts = prometheus.NewDesc("cs_exporter_damaged_parts", "Parts of the table that are missing or damaged; 0 if it is whole. A missing table counts as one.", []string{"table"}, nil)
	checkedAt    = prometheus.NewDesc("cs_exporter_parts_checked_timestamp_seconds", "When the stored data was last checked for missing and damaged parts; absent if it never was.", nil, nil)
	diskFree     = prometheus.NewDesc("cs_exporter_disk_free_bytes", "Free space on the file system that the data lies on.", nil, nil)
	diskSize     = prometheus.NewDesc("cs_exporter_disk_size_bytes", "Size of the file system that the data lies on.", nil, nil)
)

// Describe implements prometheus.Collector.
func (w *Watch) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{damagedParts, checkedAt, diskFree, diskSize} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (w *Watch) Collect(ch chan<- prometheus.Metric) {
	s := w.snapshot()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	damaged := map[string]int{}
	for _, p := range s.problems {
		damaged[p.Table]++
	}
	for _, table := range s.tables {
		gauge(damagedParts, float64(damaged[table]), table)
	}
	if !s.at.IsZero() {
		gauge(checkedAt, float64(s.at.UnixMilli())/1e3)
	}
	if s.size > 0 {
		gauge(diskFree, float64(s.free))
		gauge(diskSize, float64(s.size))
	}
}
