package prom

import (
	"context"
	"math"
	"strings"
	"time"

	writev2 "github.com/prometheus/client_golang/exp/api/remote/genproto/v2"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/encoding/protowire"
)

// request is a remote-write request that is filled again and again. It is held in the form of protocol 2.0, from which that
// of 1.0 is made.
type request struct {
	writev2.Request
	symbols writev2.SymbolsTable
	samples int // of both kinds
	room    int // for more of them
	floats  []writev2.Sample
}

func newRequest(most int) *request {
	return &request{symbols: writev2.NewSymbolTable(), room: most, floats: make([]writev2.Sample, 0, most)}
}

// reset empties r.
func (r *request) reset() {
	r.symbols.Reset()
	r.Timeseries = r.Timeseries[:0]
	r.room += r.samples
	r.samples, r.floats = 0, r.floats[:0]
}

// begin adds a series without samples.
func (r *request) begin(s stream) *writev2.TimeSeries {
	series := &writev2.TimeSeries{
		LabelsRefs: make([]uint32, 0, 2*len(s.labels)),
		Metadata:   &writev2.Metadata{Type: writev2.Metadata_METRIC_TYPE_GAUGE, HelpRef: r.symbols.Symbolize(s.help)},
	}
	if s.kind == dto.MetricType_HISTOGRAM {
		series.Metadata.Type = writev2.Metadata_METRIC_TYPE_HISTOGRAM
	}
	for _, l := range s.labels {
		series.LabelsRefs = append(series.LabelsRefs, r.symbols.Symbolize(l.Name), r.symbols.Symbolize(l.Value))
	}
	r.Timeseries = append(r.Timeseries, series)
	return series
}

// add puts samples of p into series, as many as there is room for, and returns what is left.
func (r *request) add(series *writev2.TimeSeries, p point) point {
	for ; p.n > 0 && r.room > 0; p.n-- {
		if p.histogram == nil {
			// The array never grows, so that what was taken out of it stays.
			r.floats = r.floats[:len(r.floats)+1]
			f := &r.floats[len(r.floats)-1]
			f.Value, f.Timestamp = p.value, p.first
			series.Samples = append(series.Samples, f)
		} else {
			series.Histograms = append(series.Histograms, nativeHistogram(p.histogram, p.first))
		}
		p.first += p.every
		r.samples++
		r.room--
	}
	return p
}

func nativeHistogram(h *dto.Histogram, at int64) *writev2.Histogram {
	n := &writev2.Histogram{
		Count:          &writev2.Histogram_CountInt{CountInt: h.GetSampleCount()},
		Sum:            h.GetSampleSum(),
		Schema:         h.GetSchema(),
		ZeroThreshold:  h.GetZeroThreshold(),
		ZeroCount:      &writev2.Histogram_ZeroCountInt{ZeroCountInt: h.GetZeroCount()},
		PositiveDeltas: h.GetPositiveDelta(),
		Timestamp:      at,
	}
	for _, span := range h.PositiveSpan {
		if span.GetLength() > 0 {
			n.PositiveSpans = append(n.PositiveSpans, &writev2.BucketSpan{Offset: span.GetOffset(), Length: span.GetLength()})
		}
	}
	return n
}

// requests gives all samples of p in w, in requests of at most so many. A request is good until yield returns.
func (p Plan) requests(ctx context.Context, w interval, most int, yield func(*request) error) error {
	r := newRequest(most)
	send := func() error {
		if r.samples == 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		r.Symbols = r.symbols.Symbols()
		err := yield(r)
		r.reset()
		return err
	}
	err := p.window(ctx, w, func(s Series, days map[time.Time]moment) error {
		for _, one := range s.streams(p.Forms) {
			var series *writev2.TimeSeries
			err := one.points(days, func(at point) error {
				for at.n > 0 {
					if series == nil {
						series = r.begin(one)
					}
					if at = r.add(series, at); r.room == 0 {
						series = nil
						if err := send(); err != nil {
							return err
						}
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return send()
}

// halves splits the samples of r in two; with less than two of them the second is nil.
func halves(r *writev2.Request) (a, b *writev2.Request) {
	if n := len(r.Timeseries); n > 1 {
		return &writev2.Request{Symbols: r.Symbols, Timeseries: r.Timeseries[:n/2]}, &writev2.Request{Symbols: r.Symbols, Timeseries: r.Timeseries[n/2:]}
	}
	part := func(floats []*writev2.Sample, histograms []*writev2.Histogram) *writev2.Request {
		of := r.Timeseries[0]
		return &writev2.Request{Symbols: r.Symbols, Timeseries: []*writev2.TimeSeries{{LabelsRefs: of.LabelsRefs, Metadata: of.Metadata, Samples: floats, Histograms: histograms}}}
	}
	one := r.Timeseries[0]
	f, h := len(one.Samples)/2, len(one.Histograms)/2
	if count(r) < 2 {
		return r, nil
	}
	return part(one.Samples[:f], one.Histograms[:h]), part(one.Samples[f:], one.Histograms[h:])
}

// count is how many samples of both kinds r has.
func count(r *writev2.Request) int {
	n := 0
	for _, s := range r.Timeseries {
		n += len(s.Samples) + len(s.Histograms)
	}
	return n
}

// requestV1 is a prometheus.WriteRequest of protocol 1.0, encoded. The client takes it by the two methods.
type requestV1 []byte

// SizeVT is how many bytes the message has.
func (r requestV1) SizeVT() int { return len(r) }

// MarshalToSizedBufferVT writes the message to the end of to.
func (r requestV1) MarshalToSizedBufferVT(to []byte) (int, error) {
	return copy(to[len(to)-len(r):], r), nil
}

// encodeV1 writes r as protocol 1.0 has it (prompb/remote.proto and types.proto of Prometheus), into buf if there is room.
func encodeV1(buf []byte, r *writev2.Request) requestV1 {
	buf = buf[:0]
	var series, part []byte
	told := map[string]bool{}
	for _, s := range r.Timeseries {
		series = series[:0]
		name := ""
		for i := 0; i+1 < len(s.LabelsRefs); i += 2 {
			label, value := r.Symbols[s.LabelsRefs[i]], r.Symbols[s.LabelsRefs[i+1]]
			if label == "__name__" {
				name = value
			}
			part = appendString(appendString(part[:0], 1, label), 2, value)
			series = appendBytes(series, 1, part)
		}
		for _, f := range s.Samples {
			part = appendVarint(appendDouble(part[:0], 1, f.Value), 2, uint64(f.Timestamp))
			series = appendBytes(series, 2, part)
		}
		for _, h := range s.Histograms {
			part = appendHistogramV1(part[:0], h)
			series = appendBytes(series, 4, part)
		}
		buf = appendBytes(buf, 1, series)
		if s.Metadata == nil {
			continue
		}
		kind := uint64(2) // GAUGE
		if s.Metadata.Type == writev2.Metadata_METRIC_TYPE_HISTOGRAM {
			kind = 3
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				name = strings.TrimSuffix(name, suffix)
			}
		}
		if told[name] {
			continue
		}
		told[name] = true
		part = appendString(appendString(appendVarint(part[:0], 1, kind), 2, name), 4, r.Symbols[s.Metadata.HelpRef])
		buf = appendBytes(buf, 3, part)
	}
	return buf
}

func appendHistogramV1(b []byte, h *writev2.Histogram) []byte {
	b = appendVarint(b, 1, h.GetCountInt())
	b = appendDouble(b, 3, h.Sum)
	b = appendVarint(b, 4, protowire.EncodeZigZag(int64(h.Schema)))
	b = appendDouble(b, 5, h.ZeroThreshold)
	b = appendVarint(b, 6, h.GetZeroCountInt())
	for _, s := range h.PositiveSpans {
		b = appendBytes(b, 11, appendVarint(appendVarint(nil, 1, protowire.EncodeZigZag(int64(s.Offset))), 2, uint64(s.Length)))
	}
	var deltas []byte
	for _, d := range h.PositiveDeltas {
		deltas = protowire.AppendVarint(deltas, protowire.EncodeZigZag(d))
	}
	b = appendBytes(b, 12, deltas)
	return appendVarint(b, 15, uint64(h.Timestamp))
}

func appendString(b []byte, field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func appendBytes(b []byte, field protowire.Number, message []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), message)
}

func appendVarint(b []byte, field protowire.Number, n uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), n)
}

func appendDouble(b []byte, field protowire.Number, f float64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(b, field, protowire.Fixed64Type), math.Float64bits(f))
}
