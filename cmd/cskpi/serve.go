package main

import (
	"context"

	"cskpi/exporter"
	"cskpi/exporter/service"
)

type serveCmd struct{}

// Help is the longer text of cskpi serve --help.
func (serveCmd) Help() string {
	return "The metrics are at CSKPI_LISTEN under /metrics, the KPIs for reading under /, the reason of a failing query under /debug/query. " +
		"Facts are taken at CSKPI_INTAKE_LISTEN, which /v1/openapi.yaml there describes. " +
		"Without CSKPI_CLICKHOUSE_URL a local engine runs on CSKPI_DATA_DIR, and its ClickHouse HTTP interface is at CSKPI_ENGINE_LISTEN."
}

// Run serves until it is told to stop.
func (serveCmd) Run(ctx context.Context, a *app) error {
	return a.Serve(ctx, func(context.Context, *service.Database, *exporter.Exporter, service.Ports) error { return nil })
}
