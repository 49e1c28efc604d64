// Command cskpi-blocks writes blocks of a Prometheus database, with Prometheus' own code, from samples that cskpi sends to
// its standard input. It is a program of its own so that cskpi does not carry Prometheus along.
//
// The input is a sequence of remote-write 2.0 requests (io.prometheus.write.v2.Request), each after its length as a varint.
// A request without time series ends a block; the block is then written, and told of on standard output as a line of JSON
// (see report). The input must end after such a request: one that breaks off elsewhere is an error, and the block that was
// being gathered is not written.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

const (
	largest = 64 << 20 // bytes of a request
	// perChunk is how many samples a chunk has. History is written once and hardly changes from sample to sample, so that
	// more than the 120 of a live database cost nothing and save the index the difference.
	perChunk = 1024
)

// report is one line about a block.
type report struct {
	ULID    string `json:"ulid,omitempty"` // empty: there were no samples, so there is no block
	MinTime int64  `json:"min_time"`       // of its first sample, in milliseconds since 1970
	MaxTime int64  `json:"max_time"`       // of its last one
	Series  uint64 `json:"series"`
	Samples uint64 `json:"samples"`
	Bytes   int64  `json:"bytes"` // on disk
}

func main() {
	width := flag.Duration("range", 20*24*time.Hour+6*time.Hour, "width of the ranges that blocks must not reach across; ranges begin at multiples of it since 1970")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: cskpi-blocks [--range 486h] DIR\nWrites blocks for Prometheus into DIR; started by cskpi history blocks.")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 || *width < time.Hour {
		flag.Usage()
		os.Exit(2)
	}
	// Who is asked to end, ends with the block that is under way thrown away.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdin, os.Stdout, flag.Arg(0), width.Milliseconds()); err != nil {
		fmt.Fprintln(os.Stderr, "cskpi-blocks:", err)
		os.Exit(1)
	}
}

// run writes blocks into dir until the input ends.
func run(ctx context.Context, in io.Reader, out io.Writer, dir string, width int64) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	b := &block{dir: dir, width: width}
	defer b.discard()
	from := bufio.NewReaderSize(in, 1<<20)
	var buf []byte
	var labelled labels.ScratchBuilder
	for open := false; ; {
		size, err := binary.ReadUvarint(from)
		switch {
		case errors.Is(err, io.EOF) && !open:
			return nil
		case err != nil:
			return fmt.Errorf("the input broke off, and with it the block that was under way: %w", unexpected(err))
		case size > largest:
			return fmt.Errorf("a request has %d bytes: this is no input of cskpi-blocks", size)
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
		if uint64(cap(buf)) < size {
			buf = make([]byte, size)
		}
		buf = buf[:size]
		if _, err := io.ReadFull(from, buf); err != nil {
			return fmt.Errorf("the input broke off in a request: %w", unexpected(err))
		}
		var req writev2.Request
		if err := req.Unmarshal(buf); err != nil {
			return fmt.Errorf("a request does not parse: %w", err)
		}
		if open = len(req.Timeseries) > 0; open {
			if err := b.add(ctx, &req, &labelled); err != nil {
				return err
			}
			continue
		}
		r, err := b.write(ctx)
		if err == nil {
			err = json.NewEncoder(out).Encode(r)
		}
		if err != nil {
			return err
		}
	}
}

// unexpected says of an end that it was too early.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// block gathers the samples of one block.
type block struct {
	dir   string
	width int64 // milliseconds

	head    *tsdb.Head // nil: no samples so far
	scratch string     // where the head keeps full chunks
	slot    int64      // number of the range that the samples lie in
}

// open makes a head that takes samples of the whole range that at lies in.
func (b *block) open(at int64) (err error) {
	if b.scratch, err = os.MkdirTemp("", "cskpi-blocks-"); err != nil {
		return err
	}
	o := tsdb.DefaultHeadOptions()
	// A head refuses what is older than half its range before the newest sample. Here series come one after the other, each
	// with all of its samples, so it is told of twice the range (as promtool does).
	o.ChunkRange = 2 * b.width
	o.ChunkDirRoot = b.scratch
	o.SamplesPerChunk = perChunk
	o.IsolationDisabled = true // nobody reads before all is written
	if b.head, err = tsdb.NewHead(nil, slog.New(slog.DiscardHandler), nil, nil, o, tsdb.NewHeadStats()); err != nil {
		return err
	}
	b.slot = at / b.width
	// The first sample sets from where on the head takes samples, so that is said here.
	return b.head.Init(b.slot * b.width)
}

// add takes the samples of a request.
func (b *block) add(ctx context.Context, req *writev2.Request, labelled *labels.ScratchBuilder) (err error) {
	var app storage.Appender
	defer func() {
		if app != nil && err != nil {
			err = errors.Join(err, app.Rollback())
		}
	}()
	ready := func(at int64) error {
		if b.head == nil {
			if err := b.open(at); err != nil {
				return err
			}
		}
		if app == nil {
			app = b.head.Appender(ctx)
		}
		if at < 0 || at/b.width != b.slot {
			return fmt.Errorf("a sample of %s is out of the range of its block", time.UnixMilli(at).UTC().Format(time.RFC3339))
		}
		return nil
	}
	for _, series := range req.Timeseries {
		ls, err := series.ToLabels(labelled, req.Symbols)
		if err != nil {
			return fmt.Errorf("labels of a series: %w", err)
		}
		var ref storage.SeriesRef
		for _, s := range series.Samples {
			if err := ready(s.Timestamp); err != nil {
				return err
			}
			if ref, err = app.Append(ref, ls, s.Timestamp, s.Value); err != nil {
				return fmt.Errorf("%s at %d: %w", ls, s.Timestamp, err)
			}
		}
		for _, h := range series.Histograms {
			if err := ready(h.Timestamp); err != nil {
				return err
			}
			native := h.ToIntHistogram()
			if !value.IsStaleNaN(native.Sum) {
				if err := native.Validate(); err != nil {
					return fmt.Errorf("%s at %d: %w", ls, h.Timestamp, err)
				}
			}
			if ref, err = app.AppendHistogram(ref, ls, h.Timestamp, native, nil); err != nil {
				return fmt.Errorf("%s at %d: %w", ls, h.Timestamp, err)
			}
		}
	}
	if app == nil {
		return nil
	}
	done := app
	app = nil
	return done.Commit()
}

// write makes a block of what was gathered. It appears in the folder whole or not at all.
func (b *block) write(ctx context.Context) (report, error) {
	if b.head == nil {
		return report{}, nil
	}
	defer b.discard()
	compactor, err := tsdb.NewLeveledCompactor(ctx, nil, slog.New(slog.DiscardHandler), []int64{b.width}, chunkenc.NewPool(), nil)
	if err != nil {
		return report{}, err
	}
	// A Prometheus that finds a block takes no samples that are older than its end, not even those of its own log, unless
	// the block says that it was not written in order. These blocks may end where other series go on.
	base := &tsdb.BlockMeta{}
	base.Compaction.SetOutOfOrder()
	ids, err := compactor.Write(b.dir, b.head, b.head.MinTime(), b.head.MaxTime()+1, base)
	if err != nil {
		return report{}, fmt.Errorf("write the block: %w", err)
	}
	if len(ids) == 0 {
		return report{}, errors.New("the block has come out empty")
	}
	r := report{ULID: ids[0].String(), MinTime: b.head.MinTime(), MaxTime: b.head.MaxTime()}
	path := filepath.Join(b.dir, r.ULID)
	text, err := os.ReadFile(filepath.Join(path, "meta.json"))
	if err != nil {
		return r, err
	}
	var meta tsdb.BlockMeta
	if err := json.Unmarshal(text, &meta); err != nil {
		return r, err
	}
	r.Series, r.Samples = meta.Stats.NumSeries, meta.Stats.NumSamples
	return r, filepath.WalkDir(path, func(_ string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			r.Bytes += info.Size()
		}
		return err
	})
}

// discard forgets what was gathered. Nothing of it is wanted any more, so nothing can be lost by an error.
func (b *block) discard() {
	if b.head != nil {
		_ = b.head.Close()
	}
	if b.scratch != "" {
		_ = os.RemoveAll(b.scratch)
	}
	b.head, b.scratch = nil, ""
}
