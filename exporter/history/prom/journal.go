package prom

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/renameio/v2"
)

// Journal remembers in a file which stretches of time were written, so that what was killed goes on where it was. The nil
// journal remembers nothing.
type Journal struct {
	path string
	told journalText
}

type journalText struct {
	Of      string  `json:"of"`      // what is written; it must not change under way
	Written []entry `json:"written"` // ascending and apart
}

// entry is a stretch of time that was written.
type entry struct {
	interval
	Known int64 // computations up to here were seen, in milliseconds since 1970
}

// OpenJournal reads the journal in a file, which need not be there yet. of says what is written and how: a journal about
// something else is an error.
func OpenJournal(path, of string) (*Journal, error) {
	j := &Journal{path, journalText{Of: of}}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return j, nil
	}
	if err != nil {
		return nil, err
	}
	var told journalText
	if err := json.Unmarshal(text, &told); err != nil {
		return nil, fmt.Errorf("%s does not say what was written before; remove it to begin anew: %w", path, err)
	}
	if told.Of != of {
		return nil, fmt.Errorf("%s is about another export (%s; this one is %s); remove it together with what was written, or write elsewhere", path, told.Of, of)
	}
	j.told = told
	return j, nil
}

// rest is what of w was not written yet.
func (j *Journal) rest(w interval) []interval {
	if j == nil {
		return []interval{w}
	}
	var rest []interval
	for _, done := range j.told.Written {
		if before := w.and(interval{w.From, done.From}); !before.empty() {
			rest = append(rest, before)
		}
		w.From = max(w.From, min(done.To, w.To))
	}
	if !w.empty() {
		rest = append(rest, w)
	}
	return rest
}

// hull reaches from the first to the last of what was written in w.
func (j *Journal) hull(w interval) interval {
	var hull interval
	if j == nil {
		return hull
	}
	for _, done := range j.told.Written {
		part := done.and(w)
		if part.empty() {
			continue
		}
		if hull.empty() {
			hull = part
		}
		hull.To = part.To
	}
	return hull
}

// add notes that w was written as of what was known at an instant. It is on disk when add returns.
func (j *Journal) add(w interval, known time.Time) error {
	if j == nil || w.empty() {
		return nil
	}
	all := append(j.without(w), entry{w, known.UnixMilli()})
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.From, b.From) })
	j.told.Written = nil
	for _, e := range all {
		if last := len(j.told.Written) - 1; last >= 0 && e.From == j.told.Written[last].To && e.Known == j.told.Written[last].Known {
			j.told.Written[last].To = e.To
		} else {
			j.told.Written = append(j.told.Written, e)
		}
	}
	text, err := json.Marshal(j.told)
	if err != nil {
		return err
	}
	err = replace(j.path, func(f *os.File) error {
		_, err := f.Write(append(text, '\n'))
		return err
	})
	if err != nil {
		return fmt.Errorf("note what was written: %w", err)
	}
	return nil
}

// without is what was written but for w.
func (j *Journal) without(w interval) []entry {
	var rest []entry
	for _, e := range j.told.Written {
		for _, part := range []interval{{e.From, min(e.To, w.From)}, {max(e.From, w.To), e.To}} {
			if !part.empty() {
				rest = append(rest, entry{part, e.Known})
			}
		}
	}
	return rest
}

// Restated is what was written before and has got other values since.
type Restated struct {
	Count   int    // days of KPIs
	Example string // one of them
	days    map[time.Time]bool
}

// Restated looks for what was written before a KPI was computed again for the day, with another result.
func (j *Journal) Restated(ctx context.Context, s Stored, zone *time.Location) (Restated, error) {
	r := Restated{days: map[time.Time]bool{}}
	if j == nil || len(j.told.Written) == 0 {
		return r, nil
	}
	oldest := slices.MinFunc(j.told.Written, func(a, b entry) int { return cmp.Compare(a.Known, b.Known) })
	again, err := s.again(ctx, time.UnixMilli(oldest.Known))
	if err != nil {
		return r, err
	}
	for of, at := range again {
		start := dayStart(of.day, zone)
		if !slices.ContainsFunc(j.told.Written, func(e entry) bool { return e.From <= start && start < e.To && e.Known < at.UnixMilli() }) {
			continue
		}
		r.days[of.day] = true
		r.Count++
		if text := of.view + " on " + of.day.Format(time.DateOnly); r.Example == "" || text < r.Example {
			r.Example = text
		}
	}
	return r, nil
}

// replace writes a file that appears whole or not at all, and that others can read.
func replace(path string, write func(*os.File) error) error {
	f, err := renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)), renameio.WithStaticPermissions(0o644))
	if err != nil {
		return err
	}
	defer f.Cleanup() //nolint:errcheck // it has its new name, or an error that is returned
	if err := write(f.File); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}

// Of says which samples p writes, for a journal; labels are those that the source gives all series.
func (p Plan) Of(labels []Label) string {
	return fmt.Sprintf("KPIs and how to read them, every %s in %s, classic histograms %t, native ones %t, labels %v", p.Every, p.Zone, p.Forms.Classic, p.Forms.Native, labels)
}

// Progress tells how far an export is.
type Progress struct {
	Day     time.Time // up to which it is done
	Part    float64   // of the whole time, from 0 to 1
	Samples int64     // written so far
}

// progress is the Progress of having done everything up to an instant.
func (p Plan) progress(at, samples int64) Progress {
	all := p.whole()
	return Progress{Day: time.UnixMilli(at).In(p.Zone), Part: float64(at-all.From) / float64(max(1, all.To-all.From)), Samples: samples}
}
