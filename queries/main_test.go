package queries_test

import (
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/engine/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m, dropPool) }

// conn is a connection to an engine without the database cs.
func conn(t testing.TB) driver.Conn { return enginetest.Conn(t) }
