package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"time"

	"cskpi/exporter"
)

// keepEvery is how often the last results are written down for the next start.
const keepEvery = time.Minute

// last are the results of before the restart, if they still hold; nil: there are none.
func (s *Service) last() *exporter.Last {
	last, err := exporter.ReadLast(s.Config.LastPath(), s.stands())
	if err != nil {
		s.Log.Warn("the results of before the restart cannot be read; KPIs are absent until they are computed", "err", err)
	}
	return last
}

// keep writes the last results down again and again until ctx ends, and then once more.
func (s *Service) keep(ctx context.Context, e *exporter.Exporter) {
	for failing, more := false, true; more; {
		more = Sleep(ctx, keepEvery)
		err := e.Keep(s.Config.LastPath(), s.stands())
		if err != nil && !failing {
			s.Log.Debug("the last results cannot be written; after a restart KPIs are absent until they are computed", "err", err)
		}
		failing = err != nil
	}
}

// stands says on what results stand: the program, the database, and who was erased from it. Whoever restores a database removes what was kept of
// the one before.
func (s *Service) stands() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%s\n%s\n%s\n", s.Version, s.Revision, string(s.Config.ClickhouseURL), s.Config.Cluster)
	erased, err := os.ReadFile(s.Config.ReceiptsPath())
	fmt.Fprintln(sum, err == nil)
	_, _ = sum.Write(erased) // a hash takes everything
	return hex.EncodeToString(sum.Sum(nil))
}
