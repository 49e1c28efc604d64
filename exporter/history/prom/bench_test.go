package prom

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"cskpi/queries"
)

// daily is a company of so many gauges whose values change every day.
type daily int

// Series implements Source.
func (d daily) Series(_ context.Context, from, to time.Time, yield func(Series) error) error {
	for n := range int(d) {
		s := Series{Metric: fmt.Sprintf("cs_made_%d", n%50), Help: "A number.", Kind: queries.Gauge,
			Labels: append([]Label{{"a", fmt.Sprint(n)}}, scrape...)}
		for day := from; !day.After(to); day = next(day) {
			s.Days = append(s.Days, day)
			s.Values = append(s.Values, float64(n)*math.Sqrt(float64(day.Unix())))
		}
		if err := yield(s); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkSpacing is what samples cost for three years of 5,000 series, by how far they are apart: bytes on disk, time to
// write blocks, and time to draw 50 of the series over the three years. A tenth of the series is written; bytes and times
// to write are ten times what is measured.
func BenchmarkSpacing(b *testing.B) {
	const part = 10
	for _, every := range []time.Duration{5 * time.Minute, time.Hour, 24 * time.Hour} {
		b.Run(every.String(), func(b *testing.B) {
			for range b.N {
				p := threeYears(b, made{}, every)
				p.Source = daily(5000 / part)
				dir := b.TempDir()
				begin := time.Now()
				blocks, err := WriteBlocks(b.Context(), p, blocksToolPath(b), dir, nil, func(Progress) {})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(part*time.Since(begin).Seconds(), "s/write")
				var size, samples int64
				for _, one := range blocks {
					size += one.Bytes
					samples += one.Samples
				}
				b.ReportMetric(float64(part*size)/1e6, "MB")
				b.ReportMetric(float64(part*samples)/1e6, "Msamples")
				b.ReportMetric(float64(len(blocks)), "blocks")
				s := start(b, dir, "", "")
				end := time.UnixMilli(p.whole().To).Truncate(24 * time.Hour)
				for i, query := range []string{`sum({__name__=~"cs_made_1?0",a=~"[0-9]*0"})`, `cs_made_7`} {
					begin = time.Now()
					found := s.between(query, end.AddDate(-3, 0, 1), end, 24*time.Hour)
					b.ReportMetric(time.Since(begin).Seconds()*1000, []string{"ms/sum", "ms/10series"}[i])
					for _, values := range found {
						if len(values) < 1090 {
							b.Fatalf("%s has %d values", query, len(values))
						}
					}
				}
				s.stop()
			}
		})
	}
}

// BenchmarkPush is how fast a Prometheus takes history by remote write, out of order, while it is scraped.
func BenchmarkPush(b *testing.B) {
	for _, protocol := range []Protocol{Protocol1, Protocol2} {
		b.Run(string(protocol), func(b *testing.B) {
			for range b.N {
				m := made{gauges: 1}
				p := threeYears(b, m, time.Hour)
				s := start(b, b.TempDir(), live(b, m, p.Zone), "storage: {tsdb: {out_of_order_time_window: 4y}}\n")
				s.until(func() bool { return len(s.at("cs_made_amount", time.Now())) == 1 })
				p.Source = daily(50)
				begin := time.Now()
				sent, err := Push(b.Context(), p, Receiver{URL: s.url, Protocol: protocol}, nil, func(Progress) {})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(sent.Written)/time.Since(begin).Seconds(), "samples/s")
				s.stop()
			}
		})
	}
}
