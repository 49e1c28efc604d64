package storetest

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Counting counts the statements that go through a connection.
type Counting struct {
	driver.Conn
	reads, writes atomic.Int32
}

// Query implements driver.Conn.
func (c *Counting) Query(ctx context.Context, query string, args ...any) (driver.Rows, error) {
	c.reads.Add(1)
	return c.Conn.Query(ctx, query, args...)
}

// QueryRow implements driver.Conn.
func (c *Counting) QueryRow(ctx context.Context, query string, args ...any) driver.Row {
	c.reads.Add(1)
	return c.Conn.QueryRow(ctx, query, args...)
}

// Exec implements driver.Conn.
func (c *Counting) Exec(ctx context.Context, query string, args ...any) error {
	c.writes.Add(1)
	return c.Conn.Exec(ctx, query, args...)
}

// Take returns what has been counted since the last call.
func (c *Counting) Take() (reads, writes int32) { return c.reads.Swap(0), c.writes.Swap(0) }

// Failing refuses everything that is to be changed after some statements.
type Failing struct {
	driver.Conn
	After int
}

// Exec implements driver.Conn.
func (f *Failing) Exec(ctx context.Context, query string, args ...any) error {
	if f.After--; f.After < 0 {
		return errors.New("gone")
	}
	return f.Conn.Exec(ctx, query, args...)
}
