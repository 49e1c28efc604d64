package service

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"cskpi/exporter/intake"
)

// backupAge exports when the database was last backed up.
type backupAge struct {
	registry *prometheus.Registry
	last     prometheus.Gauge
}

const backupLook = time.Minute // pause between looks for new backups

func newBackupAge() *backupAge { return &backupAge{registry: prometheus.NewRegistry()} }

// run reads the records of backups until ctx ends.
func (b *backupAge) run(ctx context.Context, d *Database) {
	for b.look(ctx, d); Sleep(ctx, backupLook); b.look(ctx, d) {
	}
}

// look sets the metric, which is absent until there is a backup. If the database does not answer, it stays as it is.
func (b *backupAge) look(ctx context.Context, d *Database) {
	var at float64
	if err := d.Conn.QueryRow(ctx, "select toUnixTimestamp64Milli(max(finished_at)) / 1000 from backups").Scan(&at); err != nil || at == 0 {
		return
	}
	if b.last == nil {
		b.last = prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "cs", Subsystem: "exporter", Name: "backup_timestamp_seconds",
			Help: "When the last verified backup of the database was complete; absent if there never was one.",
		})
		b.registry.MustRegister(b.last)
	}
	b.last.Set(at)
}

// KeepReceipts is where serve and erase list erasures, outside the database. Only an erasure needs it, so that a folder that
// cannot be written does not keep the service from starting.
func (s *Service) KeepReceipts() *intake.Receipts {
	if s.Config.ClickhouseURL != "" { // there is perhaps no data folder yet
		return intake.NewReceipts(s.Config.ReceiptsPath())
	}
	r, err := intake.OpenReceipts(s.Config.ReceiptsPath())
	if err != nil {
		s.Log.Warn("erasures will be refused, since their receipts cannot be stored; let CSKPI_DATA_DIR be a folder that can be written and that lasts", "err", err)
		return intake.NewReceipts(s.Config.ReceiptsPath())
	}
	return r
}
