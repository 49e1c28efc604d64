package store_test

import (
	"testing"

	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// What tests of other packages need, too.
var (
	conn         = enginetest.Conn // to an engine without tables
	migrated     = storetest.Migrated
	database     = storetest.Database
	empty        = storetest.Empty
	rollUp       = storetest.RollUp
	exec         = storetest.Exec
	scalar       = storetest.Scalar
	column       = storetest.Column
	counted      = storetest.Number
	table        = storetest.Table
	load         = storetest.Load
	kpi          = storetest.KPI
	wantError    = storetest.WantError
	wantProblems = storetest.WantProblems
	difference   = storetest.Difference
)
