package store

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/queries/sqltext"
)

// SnapshotPrefix begins the names of the databases that hold a snapshot of cs while a backup is written.
const SnapshotPrefix = "cskpi_backup_"

// DropSnapshots drops the snapshots of all backups. A backup that is reading one fails. Whoever erases calls it, so that what
// is erased does not remain in a snapshot; call it while no other snapshot can be taken (Alone).
func DropSnapshots(ctx context.Context, conn driver.Conn) error {
	var found []string
	if err := conn.QueryRow(ctx, "select groupArray(name) from system.databases where startsWith(name, '"+SnapshotPrefix+"')").Scan(&found); err != nil {
		return fmt.Errorf("look for snapshots: %w", err)
	}
	for _, name := range found {
		if err := DropSnapshot(ctx, conn, name); err != nil {
			return err
		}
	}
	return nil
}

// DropSnapshot drops one of them. It empties the tables first, since a dropped table keeps its data for some minutes.
func DropSnapshot(ctx context.Context, conn driver.Conn, name string) error {
	var tables []string
	if err := conn.QueryRow(ctx, "select groupArray(name) from system.tables where database = "+sqltext.Quote(name)).Scan(&tables); err != nil {
		return fmt.Errorf("drop the snapshot %s: %w", name, err)
	}
	for _, t := range tables {
		if err := conn.Exec(ctx, "truncate table if exists "+name+"."+t); err != nil {
			return fmt.Errorf("drop the snapshot %s: %w", name, err)
		}
	}
	if err := conn.Exec(ctx, "drop database if exists "+name); err != nil {
		return fmt.Errorf("drop the snapshot %s: %w", name, err)
	}
	return nil
}
