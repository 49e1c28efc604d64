package main

import (
	"context"
	"os"

	"cskpi/exporter/engine"
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
func (c *engineCmd) Run(ctx context.Context, a *app) error {
	if c.Supervised {
		return engine.Child(ctx, os.Stdin, a.log)
	}
	e, err := engine.Start(ctx, a.engineOptions(a.config.EngineListen))
	if err != nil {
		return err
	}
	<-ctx.Done()
	return e.Close()
}
