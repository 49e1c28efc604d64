package prom

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// BlockRange is the width of the ranges that blocks lie in, one block in each: the widest of those into which a Prometheus
// that keeps years merges its blocks (2h, three times that, and so on, up to a tenth of the retention and 31 days). So it
// has nothing left to merge but the last one, as time goes on.
const BlockRange = 486 * time.Hour

// Block is a block that was written.
type Block struct {
	ULID             string // its folder
	MinTime, MaxTime int64  // of its first and last sample, in milliseconds since 1970
	Series, Samples  int64
	Bytes            int64 // on disk
}

// WriteBlocks has the program tool (cskpi-blocks) write the samples of p into dir, as blocks of a Prometheus database, and
// tells of each one. A range of the journal is not written again. Memory is that of one range. If the program is not there
// or ends early the error says so; the blocks that were told of are whole then, and there is nothing of others.
func WriteBlocks(ctx context.Context, p Plan, tool, dir string, j *Journal, show func(Progress)) (blocks []Block, err error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	t, err := startTool(ctx, tool, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = t.end(err) }()
	all, samples := p.whole(), int64(0)
	for from := all.From / BlockRange.Milliseconds() * BlockRange.Milliseconds(); from < all.To; from += BlockRange.Milliseconds() {
		slot := interval{from, from + BlockRange.Milliseconds()}.and(all)
		for _, w := range j.rest(slot) {
			b, err := t.block(ctx, p, w)
			if err != nil {
				return blocks, err
			}
			if err := j.add(w, p.Known); err != nil {
				return blocks, err
			}
			if b.ULID != "" {
				blocks = append(blocks, b)
				samples += b.Samples
			}
		}
		show(p.progress(slot.To, samples))
	}
	return blocks, nil
}

// blocksTool is the program that writes blocks, running.
type blocksTool struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	to     *bufio.Writer
	answer *json.Decoder
	said   bytes.Buffer // on standard error
	buf    []byte
}

func startTool(ctx context.Context, tool, dir string) (*blocksTool, error) {
	t := &blocksTool{cmd: exec.CommandContext(ctx, tool, "--range", BlockRange.String(), dir)}
	// It is asked to end, so that it can clean up.
	t.cmd.Cancel = func() error { return t.cmd.Process.Signal(os.Interrupt) }
	t.cmd.WaitDelay = 10 * time.Second
	t.cmd.Stderr = &t.said
	in, err := t.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := t.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	t.in, t.to, t.answer = in, bufio.NewWriterSize(in, 1<<20), json.NewDecoder(out)
	if err := t.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start cskpi-blocks: %w", err)
	}
	return t, nil
}

// block has a block written of the samples in w.
func (t *blocksTool) block(ctx context.Context, p Plan, w interval) (Block, error) {
	const most = 20_000 // samples of a request
	err := p.requests(ctx, w, most, func(r *request) error {
		size := r.SizeVT()
		if cap(t.buf) < size {
			t.buf = make([]byte, size)
		}
		t.buf = t.buf[:size]
		if _, err := r.MarshalToSizedBufferVT(t.buf); err != nil {
			return err
		}
		if _, err := t.to.Write(protowire.AppendVarint(nil, uint64(size))); err != nil {
			return err
		}
		_, err := t.to.Write(t.buf)
		return err
	})
	if err == nil {
		err = t.to.WriteByte(0) // a request without series
	}
	if err == nil {
		err = t.to.Flush()
	}
	if err != nil {
		return Block{}, err
	}
	var told struct {
		ULID            string
		MinTime         int64 `json:"min_time"`
		MaxTime         int64 `json:"max_time"`
		Series, Samples int64
		Bytes           int64
	}
	if err := t.answer.Decode(&told); err != nil {
		return Block{}, fmt.Errorf("no word of a block: %w", err)
	}
	return Block(told), nil
}

// end closes the input, waits for the program, and says why it failed if it did: that is then the cause of err, if there is
// one.
func (t *blocksTool) end(err error) error {
	_ = t.in.Close() // the program says itself what it could not read
	ended := t.cmd.Wait()
	if ended == nil || errors.Is(err, context.Canceled) {
		return err
	}
	// One that was only told that its input broke off has nothing to add.
	var exit *exec.ExitError
	if said := strings.TrimSpace(t.said.String()); said != "" && errors.As(ended, &exit) && (err == nil || !strings.Contains(said, "broke off")) {
		return errors.New(said)
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("cskpi-blocks: %w", ended)
}
