// Package service finds the database of the facts as the configuration says, brings it up to date, and serves from it: it takes facts,
// keeps what is computed from them up to date, and answers scrapes and readers. Commands that end use the same database.
package service

import (
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"cskpi/exporter/config"
	"cskpi/queries"
)

// Service is what a process has in common, whichever command it runs.
type Service struct {
	Config            config.Config
	Log               *slog.Logger
	Warn              func(string)      // says what somebody at a terminal must know; commands that end have no other log
	Version, Revision string            // of the program; Revision may be empty
	Refused           []queries.Refused // query files that are left out
	Eager             bool              // past days are computed as fast as the machine can, not beside everything else
}

// Overlays are the folders with the company's own query files.
func (s *Service) Overlays() []fs.FS {
	if s.Config.QueriesDir == "" {
		return nil
	}
	return []fs.FS{os.DirFS(s.Config.QueriesDir)}
}

// Load reads the query files, the company's own included. One that has problems is reported and left out, so that it does
// not stop the others.
func (s *Service) Load() (queries.Catalogue, error) {
	c, refused, err := queries.LoadUsable(s.Overlays()...)
	if err != nil {
		return nil, fmt.Errorf("query files:\n%w", err)
	}
	s.Refused = nil
	s.refuse(refused)
	return c, nil
}

// refuse reports query files that are left out.
func (s *Service) refuse(files []queries.Refused) {
	for _, r := range files {
		s.Log.Error("query file refused; the others are used", "file", r.File, "err", r.Err)
	}
	s.Refused = append(s.Refused, files...)
}
