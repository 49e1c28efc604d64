package exporter

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"

	"cskpi/exporter/policy"
)

// Last is the last good results of an exporter, for the one after a restart to serve until it has results of its own. It holds labels, such as the names
// of accounts, so whoever keeps it sees to it that what is erased does not come back from there: stands says in a word on what the results stand, and
// nothing is read back under another one.
type Last struct {
	Stands    string
	Reporting policy.Reporting
	results   []kept
}

// lastFile is what a file holds. Its parts are written out in full because gob leaves out what is 0, also behind a pointer.
type lastFile struct {
	Last    Last
	Results []kept
}

type kept struct {
	Query, Definition string
	AsOf, At          time.Time
	Read              int
	Rows              []keptRow
	Rejected          map[string]keptRejects
}

type keptRow struct {
	Labels []string
	Values []keptValue
}

type keptValue struct {
	Kind      byte
	Gauge     float64
	Buckets   map[float64]uint64
	Count     uint64
	Sum       float64
	HasNative bool
	Native    map[int32]uint64
	Zero      uint64
}

type keptRejects struct {
	Rows    int
	Example string
}

const (
	keptNull byte = iota
	keptGauge
	keptHistogram
)

// Keep writes the last good results to a file, which only its owner can read.
func (e *Exporter) Keep(file, stands string) error {
	f := lastFile{Last: Last{Stands: stands, Reporting: e.o.Reporting}}
	for i, o := range *e.snapshot.Load() {
		if k := e.kpis[i]; o.good != nil {
			f.Results = append(f.Results, k.keep(o.good))
		}
	}
	out, err := renameio.NewPendingFile(file, renameio.WithTempDir(filepath.Dir(file)), renameio.WithPermissions(0o600))
	if err != nil {
		return fmt.Errorf("keep the last results: %w", err)
	}
	defer func() { _ = out.Cleanup() }() // of what was not put in place
	if err := gob.NewEncoder(out).Encode(f); err != nil {
		return fmt.Errorf("keep the last results: %w", err)
	}
	if err := out.CloseAtomicallyReplace(); err != nil {
		return fmt.Errorf("keep the last results: %w", err)
	}
	return nil
}

// ReadLast reads the results of a file that stand on the same; nil: there are none.
func ReadLast(file, stands string) (*Last, error) {
	in, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("read the last results: %w", err)
	}
	defer in.Close()
	var f lastFile
	if err := gob.NewDecoder(in).Decode(&f); err != nil {
		return nil, fmt.Errorf("read the last results: %s: %w", file, err)
	}
	if f.Last.Stands != stands {
		return nil, nil
	}
	f.Last.results = f.Results
	return &f.Last, nil
}

// recall takes over the last results of queries that are defined as they were, of the same day and way of reporting. They expire like any other.
func (e *Exporter) recall(last *Last, first []outcome) error {
	if last == nil || last.Reporting != e.o.Reporting {
		return nil
	}
	today := AsOf(e.now(), e.o.Location)
	for _, r := range last.results {
		for i, k := range e.kpis {
			if k.Name != r.Query || k.Definition() != r.Definition || !r.AsOf.Equal(today) || r.At.After(e.now()) {
				continue
			}
			good := r.result()
			if err := k.expose(good); err != nil {
				return fmt.Errorf("the last result of %s: %w", k.Name, err)
			}
			first[i].good = good
		}
	}
	return nil
}

func (k *kpi) keep(r *result) kept {
	out := kept{Query: k.Name, Definition: k.Definition(), AsOf: r.asOf, At: r.at, Read: r.read, Rejected: map[string]keptRejects{}}
	for reason, of := range r.rejected {
		out.Rejected[reason] = keptRejects{of.rows, of.example}
	}
	for _, row := range r.rows {
		values := make([]keptValue, len(row.values))
		for i, v := range row.values {
			switch v := v.(type) {
			case gauge:
				values[i] = keptValue{Kind: keptGauge, Gauge: float64(v)}
			case histogram:
				values[i] = keptValue{Kind: keptHistogram, Buckets: v.buckets, Count: v.count, Sum: v.sum}
				if v.native != nil {
					values[i].HasNative, values[i].Native, values[i].Zero = true, v.native.buckets, v.native.zero
				}
			}
		}
		out.Rows = append(out.Rows, keptRow{row.labels, values})
	}
	return out
}

func (r kept) result() *result {
	out := &result{asOf: r.AsOf.UTC(), at: r.At, read: r.Read, rejected: map[string]rejects{}}
	for reason, of := range r.Rejected {
		out.rejected[reason] = rejects{of.Rows, of.Example}
	}
	for _, kept := range r.Rows {
		values := make([]sample, len(kept.Values))
		for i, v := range kept.Values {
			switch v.Kind {
			case keptGauge:
				values[i] = gauge(v.Gauge)
			case keptHistogram:
				h := histogram{buckets: v.Buckets, count: v.Count, sum: v.Sum}
				if v.HasNative {
					h.native = &native{buckets: v.Native, zero: v.Zero}
				}
				values[i] = h
			}
			if values[i] != nil {
				out.series += values[i].series()
			}
		}
		out.rows = append(out.rows, row{kept.Labels, values})
	}
	return out
}
