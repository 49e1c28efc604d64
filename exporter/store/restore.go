package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/queries/sqltext"
)

// halfRestored is a table that exists from the first to the last step of a restore.
const halfRestored = "half_restored"

// ErrHalfRestored means that a restore was interrupted, so that facts are missing.
var ErrHalfRestored = errors.New("this database is half restored: a restore was interrupted or is still running; run cskpi restore again, which starts over")

// BeginRestore marks an empty database as half restored, so that Migrate refuses it until EndRestore. A
// database that an interrupted restore left is dropped first; one with any other table is an error.
func BeginRestore(ctx context.Context, conn driver.Conn) error {
	var tables []string
	if err := conn.QueryRow(ctx, "select groupArray(name) from system.tables where database = currentDatabase()").Scan(&tables); err != nil {
		return fmt.Errorf("look for the database cs: %w", err)
	}
	if len(tables) > 0 && !slices.Contains(tables, halfRestored) {
		return errors.New("the database cs already exists, and a restore never overwrites one; restore into a new data folder (CSKPI_DATA_DIR), or drop the database cs on the server first")
	}
	statements := []string{
		"create table if not exists " + halfRestored + " (started_at DateTime64(3, 'UTC') default now64(3)) engine = MergeTree order by tuple() " +
			"comment 'While this table exists, a restore is not complete.'",
	}
	for _, name := range tables {
		if name != halfRestored {
			statements = append(statements, "drop table if exists "+sqltext.Name(name))
		}
	}
	for _, statement := range statements {
		if err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("prepare the database for the restore: %w", err)
		}
	}
	return nil
}

// MigrateRestored brings a half-restored database to a version of the schema, or to the present one if version is 0.
func MigrateRestored(ctx context.Context, conn driver.Conn, version int) error {
	migrations, err := schema()
	if err != nil {
		return err
	}
	if version > len(migrations) {
		return fmt.Errorf("the backup has version %d of the schema, and this binary knows versions up to %d: a newer cskpi made it; restore with that one", version, len(migrations))
	}
	if version > 0 {
		migrations = migrations[:version]
	}
	return applyMigrations(ctx, conn, "", migrations, true, nil)
}

// EndRestore declares the database whole.
func EndRestore(ctx context.Context, conn driver.Conn) error {
	if err := conn.Exec(ctx, "drop table if exists "+halfRestored); err != nil {
		return fmt.Errorf("declare the database restored: %w", err)
	}
	return nil
}

// SchemaVersion returns the number of the last migration that the database has been through.
func SchemaVersion(ctx context.Context, conn driver.Conn) (int, error) {
	var version uint16
	if err := conn.QueryRow(ctx, "select max(version) from schema_migrations").Scan(&version); err != nil {
		return 0, fmt.Errorf("read the version of the schema: %w", err)
	}
	return int(version), nil
}

// Schema returns the number of the last migration that this binary knows.
func Schema() int {
	migrations, _ := schema() // the built-in files are tested
	return len(migrations)
}
