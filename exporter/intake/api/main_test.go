package api

import (
	"testing"

	"cskpi/exporter/engine/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }
