package main

import (
	"context"
	"errors"
	"os"

	"cskpi/exporter/engine"
	"cskpi/exporter/service"
)

type engineCmd struct {
	// Supervised is for the process that another command starts; it gets its orders from that one.
	Supervised bool `hidden:""`
}

// Help is the longer text of cskpi engine --help.
func (engineCmd) Help() string {
	return "Any ClickHouse client that speaks HTTP can query it at CSKPI_ENGINE_LISTEN, read-only. The other commands with the same CSKPI_DATA_DIR find it."
}

// Run serves the engine until it is told to stop.
func (c *engineCmd) Run(parent context.Context, a *app) error {
	if c.Supervised {
		return engine.Child(parent, os.Stdin)
	}
	readers, err := a.OpenReaders(parent)
	if err != nil {
		return err
	}
	defer readers.Close(0)
	catalogue, err := a.Load()
	if err != nil {
		return err
	}
	d, err := a.Connect(parent, catalogue, a.EngineOptions(readers.URL()))
	if err != nil {
		return err
	}
	readers.Handle(a.ReaderHandler(d.Engine))
	failed := make(chan error, 1)
	go func() { failed <- readers.Serve() }() // Ends by Close.
	// The other commands take what a running engine has as it is.
	if err := a.Prepare(parent, d); err != nil && parent.Err() == nil {
		a.Log.Error("the tables and views are not up to date", "err", err)
	}
	select {
	case <-parent.Done():
		readers.Close(service.GracePeriod)
		err = <-failed
	case err = <-failed:
	}
	return errors.Join(err, d.Close())
}
