package prom

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Journal remembers in a file which stretches of time were written, so that what was killed goes on where it was. The nil
// journal remembers nothing.
type Journal struct {
	path string
	told journalText
}

type journalText struct {
	Of      string     `json:"of"`      // what is written; it must not change under way
	Written []interval `json:"written"` // ascending and apart
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
		if done = done.and(w); done.empty() {
			continue
		} else if hull.empty() {
			hull = done
		}
		hull.To = done.To
	}
	return hull
}

// add notes that w was written. It is on disk when add returns.
func (j *Journal) add(w interval) error {
	if j == nil || w.empty() {
		return nil
	}
	all := append(j.told.Written, w)
	slices.SortFunc(all, func(a, b interval) int { return int(min(1, max(-1, a.From-b.From))) })
	var merged []interval
	for _, i := range all {
		if last := len(merged) - 1; last >= 0 && i.From <= merged[last].To {
			merged[last].To = max(merged[last].To, i.To)
		} else {
			merged = append(merged, i)
		}
	}
	j.told.Written = merged
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

// replace writes a file that appears whole or not at all.
func replace(path string, write func(*os.File) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails when it has its new name
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	// Others must be able to read it, as they could a file that was not written in two steps.
	if err := os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Of says which samples p writes, for a journal; labels are those that the source gives all series.
func (p Plan) Of(labels []Label) string {
	return fmt.Sprintf("every %s in %s, classic histograms %t, native ones %t, labels %v", p.Every, p.Zone, p.Forms.Classic, p.Forms.Native, labels)
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
