package refresh

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// progress is what has been computed since the process began, and what is left.
type progress struct {
	left           int       // days that are to be stored and are not up to date
	at             time.Time // when all were found to be up to date; zero: they never were
	days, accounts int       // of layers, for all accounts; accounts of which days were computed again
	failures       int
	spent          time.Duration
}

var (
	daysLeft    = prometheus.NewDesc("cs_layers_missing", "Days that are to be stored and are not computed yet, or no longer hold.", nil, nil)
	upToDate    = prometheus.NewDesc("cs_layers_last_success_timestamp_seconds", "When all days that are to be stored were last found to be up to date; 0 if they never were.", nil, nil)
	brokenOnes  = prometheus.NewDesc("cs_layers_broken", "Layers that cannot be computed; KPIs that read them keep their last good values until they are too old.", nil, nil)
	daysDone    = prometheus.NewDesc("cs_layers_computed_total", "Days of layers that were computed for all accounts.", nil, nil)
	accountDone = prometheus.NewDesc("cs_layers_accounts_total", "Accounts of which days were computed again because facts about them arrived.", nil, nil)
	timeSpent   = prometheus.NewDesc("cs_layers_seconds_total", "Seconds that layers were being computed.", nil, nil)
	failed      = prometheus.NewDesc("cs_layers_failures_total", "Attempts to bring layers up to date that failed, in whole or for some layer.", nil, nil)
)

// Describe implements prometheus.Collector.
func (d *Days) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{daysLeft, upToDate, brokenOnes, daysDone, accountDone, timeSpent, failed} {
		ch <- desc
	}
}

// Collect implements prometheus.Collector.
func (d *Days) Collect(ch chan<- prometheus.Metric) {
	d.mu.Lock()
	p, broken := d.progress, len(d.broken)
	d.mu.Unlock()
	at := 0.
	if !p.at.IsZero() {
		at = float64(p.at.UnixMilli()) / 1e3
	}
	for _, m := range []struct {
		desc  *prometheus.Desc
		kind  prometheus.ValueType
		value float64
	}{
		{daysLeft, prometheus.GaugeValue, float64(p.left)}, {upToDate, prometheus.GaugeValue, at}, {brokenOnes, prometheus.GaugeValue, float64(broken)},
		{daysDone, prometheus.CounterValue, float64(p.days)}, {accountDone, prometheus.CounterValue, float64(p.accounts)},
		{timeSpent, prometheus.CounterValue, p.spent.Seconds()}, {failed, prometheus.CounterValue, float64(p.failures)},
	} {
		ch <- prometheus.MustNewConstMetric(m.desc, m.kind, m.value)
	}
}

// tally keeps how a computation went.
func (d *Days) tally(report Report, spent time.Duration, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.progress.days += report.Whole
	d.progress.accounts += report.Accounts
	d.progress.spent += spent
	if err != nil {
		d.progress.failures++
	}
}
