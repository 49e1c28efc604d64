package service

import (
	"testing"

	"cskpi/exporter/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }
