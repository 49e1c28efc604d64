package engine_test

import (
	"testing"

	"cskpi/exporter/engine/enginetest"
)

func TestSelectAndBatch(t *testing.T) {
	conn := enginetest.Conn(t)
	ctx := t.Context()
	var n uint64
	if err := conn.QueryRow(ctx, "SELECT sum(number) FROM numbers(10)").Scan(&n); err != nil || n != 45 {
		t.Fatalf("got %d, %v, want 45", n, err)
	}
	if err := conn.Exec(ctx, "CREATE DATABASE cs"); err != nil {
		t.Fatal(err)
	}
	if err := conn.Exec(ctx, "CREATE TABLE cs.t (id UInt32, s String) ENGINE = MergeTree ORDER BY id"); err != nil {
		t.Fatal(err)
	}
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO cs.t")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		if err := batch.Append(uint32(i), "a\nb\x00"); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
	if err := conn.QueryRow(ctx, "SELECT count() FROM cs.t WHERE s = 'a\\nb\\0'").Scan(&n); err != nil || n != 1000 {
		t.Fatalf("got %d, %v, want 1000", n, err)
	}
}
