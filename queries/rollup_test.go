package queries_test

import (
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/queries"
)

func rollUp(t *testing.T, c driver.Conn) {
	t.Helper()
	if err := queries.RollUp(t.Context(), c, nil); err != nil {
		t.Fatal(err)
	}
}
