package prom

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"cskpi/exporter"
	"cskpi/queries"
)

// Files is what was written as OpenMetrics.
type Files struct {
	Paths          []string // in the order of time; those that were there already are not among them
	Samples, Bytes int64
}

// WriteOpenMetrics writes the samples of p into dir, a file for each month of the reporting zone, which
//
//	promtool tsdb create-blocks-from openmetrics FILE DATA
//
// makes blocks of. The format knows neither native histograms nor staleness markers, so classic buckets are written, whatever
// p.Forms says, and a series that ends is seen for as long as Prometheus looks back. A month of the journal is not written
// again; one that was written in part or has been restated since is, as a whole.
func WriteOpenMetrics(ctx context.Context, p Plan, dir string, j *Journal, since Restated, show func(Progress)) (Files, error) {
	var written Files
	p.Forms = Forms{Classic: true}
	if err := p.Check(); err != nil {
		return written, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return written, err
	}
	again := map[time.Time]bool{} // first days of months
	for day := range since.days {
		again[day.AddDate(0, 0, 1-day.Day())] = true
	}
	for month := p.From; !month.After(p.To); {
		first := time.Date(month.Year(), month.Month(), 1, 0, 0, 0, 0, time.UTC)
		following := first.AddDate(0, 1, 0)
		all := interval{dayStart(first, p.Zone), dayStart(following, p.Zone)}
		w := all.and(p.whole())
		if len(j.rest(w)) > 0 || again[first] {
			// What the file has already stays in it.
			of := p
			if before := j.hull(all); !before.empty() {
				of.From = earlier(of.From, exporter.AsOf(time.UnixMilli(before.From), p.Zone))
				of.To = later(of.To, exporter.AsOf(time.UnixMilli(before.To-1), p.Zone))
			}
			w = all.and(of.whole())
			path := filepath.Join(dir, month.Format("2006-01")+".openmetrics")
			var samples, size int64
			err := replace(path, func(f *os.File) (err error) {
				samples, size, err = of.openMetrics(ctx, w, f)
				return err
			})
			if err != nil {
				return written, fmt.Errorf("write %s: %w", path, err)
			}
			if err := j.add(w, p.Known); err != nil {
				return written, err
			}
			written.Paths = append(written.Paths, path)
			written.Samples += samples
			written.Bytes += size
		}
		show(p.progress(w.To, written.Samples))
		month = following
	}
	return written, nil
}

// openMetrics writes the samples in w.
func (p Plan) openMetrics(ctx context.Context, w interval, to io.Writer) (samples, size int64, err error) {
	out := bufio.NewWriterSize(to, 1<<20)
	family := ""
	seen := map[string]bool{}
	write := func(parts ...[]byte) error {
		for _, part := range parts {
			n, err := out.Write(part)
			size += int64(n)
			if err != nil {
				return err
			}
		}
		return nil
	}
	var stamp []byte
	err = p.window(ctx, w, func(s Series, days map[time.Time]moment) error {
		for i, day := range s.Days {
			at := days[day].ticks
			if at.n == 0 {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			head, lines, err := s.lines(i)
			if err != nil {
				return err
			}
			if family != s.Metric {
				if seen[s.Metric] {
					return fmt.Errorf("the series of %s do not come one after the other", s.Metric)
				}
				family, seen[s.Metric] = s.Metric, true
				if err := write(head); err != nil {
					return err
				}
			}
			// A histogram is all of its lines for one instant, then all for the next.
			for ; at.n > 0; at.n-- {
				stamp = append(strconv.AppendInt(append(stamp[:0], ' '), at.first/1000, 10), '\n')
				for _, line := range lines {
					if err := write(line, stamp); err != nil {
						return err
					}
				}
				samples += int64(len(lines))
				at.first += at.every
			}
		}
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	if err := write([]byte("# EOF\n")); err != nil {
		return 0, 0, err
	}
	return samples, size, out.Flush()
}

// lines is what s is on its i-th day, as OpenMetrics without times: the lines about the family, and those of the samples,
// without their ends.
func (s Series) lines(i int) (head []byte, samples [][]byte, err error) {
	m := &dto.Metric{}
	for _, l := range s.Labels {
		m.Label = append(m.Label, &dto.LabelPair{Name: &l.Name, Value: &l.Value})
	}
	family := &dto.MetricFamily{Name: &s.Metric, Help: &s.Help, Metric: []*dto.Metric{m}}
	if s.Kind == queries.Histogram {
		family.Type = dto.MetricType_HISTOGRAM.Enum()
		m.Histogram = s.Histograms[i]
	} else {
		family.Type = dto.MetricType_GAUGE.Enum()
		m.Gauge = &dto.Gauge{Value: &s.Values[i]}
	}
	var text bytes.Buffer
	if _, err := expfmt.MetricFamilyToOpenMetrics(&text, family); err != nil {
		return nil, nil, err
	}
	for rest := text.Bytes(); len(rest) > 0; {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		if line[0] == '#' {
			head = append(append(head, line...), '\n')
		} else {
			samples = append(samples, line)
		}
		rest = after
	}
	return head, samples, nil
}
