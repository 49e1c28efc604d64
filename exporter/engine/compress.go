package engine

import (
	"compress/bzip2"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// decode undoes a Content-Encoding. Close frees what the decoder holds; it does not close r.
func decode(encoding string, r io.Reader) (io.ReadCloser, error) {
	switch strings.ToLower(encoding) {
	case "", "identity":
		return io.NopCloser(r), nil
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, refuse(codeDecompress, "CANNOT_DECOMPRESS", "the body is not gzip: %v", err)
		}
		return z, nil
	case "deflate":
		z, err := zlib.NewReader(r)
		if err != nil {
			return nil, refuse(codeDecompress, "CANNOT_DECOMPRESS", "the body is not deflate (zlib): %v", err)
		}
		return z, nil
	case "zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, refuse(codeDecompress, "CANNOT_DECOMPRESS", "the body is not zstd: %v", err)
		}
		return z.IOReadCloser(), nil
	case "lz4":
		return io.NopCloser(lz4.NewReader(r)), nil
	case "br":
		return io.NopCloser(brotli.NewReader(r)), nil
	case "bz2":
		return io.NopCloser(bzip2.NewReader(r)), nil
	}
	return nil, refuse(codeUnknownCodec, "UNKNOWN_COMPRESSION_METHOD",
		"Content-Encoding %s is not known here; use gzip, deflate, br, zstd, lz4 or bz2", encoding)
}

// encodings are the answers to Accept-Encoding, the best first.
var encodings = []string{"zstd", "lz4", "gzip", "br", "deflate"}

// chooseEncoding picks from an Accept-Encoding header; empty is none.
func chooseEncoding(accept string) string {
	offered := map[string]bool{}
	for part := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		_, q, found := strings.Cut(params, "q=")
		weight, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
		offered[strings.ToLower(strings.TrimSpace(name))] = !found || err == nil && weight > 0
	}
	for _, name := range encodings {
		if offered[name] {
			return name
		}
	}
	return ""
}

// encoder is a compressing writer. Flush sends what was written so far.
type encoder interface {
	io.WriteCloser
	Flush() error
}

// encode compresses for a Content-Encoding that chooseEncoding gave.
func encode(encoding string, w io.Writer) (encoder, error) {
	switch encoding {
	case "gzip":
		return gzip.NewWriterLevel(w, gzip.BestSpeed)
	case "deflate":
		return zlib.NewWriterLevel(w, flate.BestSpeed)
	case "br":
		return brotli.NewWriterLevel(w, 1), nil
	case "zstd":
		return zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	case "lz4":
		return lz4.NewWriter(w), nil
	}
	return plain{w}, nil
}

// plain passes bytes on as they are.
type plain struct{ io.Writer }

func (plain) Flush() error { return nil }
func (plain) Close() error { return nil }

// blockSize is the size of a compressed block before compression, as a server's.
const blockSize = 1 << 20

// blockWriter writes ClickHouse's compressed blocks, which compress=1 asks for.
type blockWriter struct {
	w          io.Writer
	compressor *compress.Writer
	pending    []byte
}

// newBlockWriter takes the method from the setting network_compression_method.
func newBlockWriter(w io.Writer, method, zstdLevel string) (*blockWriter, error) {
	methods := map[string]compress.Method{
		"": compress.LZ4, "LZ4": compress.LZ4, "LZ4HC": compress.LZ4HC, "ZSTD": compress.ZSTD, "NONE": compress.None,
	}
	m, ok := methods[strings.ToUpper(method)]
	if !ok {
		return nil, refuse(codeUnknownCodec, "UNKNOWN_COMPRESSION_METHOD", "network_compression_method %s is not known here", method)
	}
	level := compress.LevelZero
	if n, err := strconv.Atoi(zstdLevel); err == nil && m == compress.ZSTD {
		level = compress.Level(n)
	}
	return &blockWriter{w: w, compressor: compress.NewWriter(level, m)}, nil
}

func (b *blockWriter) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		n := min(len(p), blockSize-len(b.pending))
		b.pending = append(b.pending, p[:n]...)
		p = p[n:]
		if len(b.pending) == blockSize {
			if err := b.Flush(); err != nil {
				return 0, err
			}
		}
	}
	return written, nil
}

func (b *blockWriter) Flush() error {
	if len(b.pending) == 0 {
		return nil
	}
	if err := b.compressor.Compress(b.pending); err != nil {
		return err
	}
	b.pending = b.pending[:0]
	_, err := b.w.Write(b.compressor.Data)
	return err
}

func (b *blockWriter) Close() error { return b.Flush() }

// uncompressed has what follows written in blocks that are none: clickhouse-go looks
// for an exception among the bytes as they came.
func (b *blockWriter) uncompressed() error {
	err := b.Flush()
	b.compressor = compress.NewWriter(compress.LevelZero, compress.None)
	return err
}

// blockReader undoes ClickHouse's compressed blocks, which decompress=1 announces.
// It tells the end of the data from the middle of a block.
type blockReader struct {
	source io.Reader
	blocks *compress.Reader
	taken  int64 // Bytes read from source.
}

func decodeBlocks(r io.Reader) io.Reader {
	b := &blockReader{source: r}
	b.blocks = compress.NewReader(readerFunc(func(p []byte) (int, error) {
		n, err := b.source.Read(p)
		b.taken += int64(n)
		return n, err
	}))
	return b
}

func (b *blockReader) Read(p []byte) (int, error) {
	before := b.taken
	n, err := b.blocks.Read(p)
	if errors.Is(err, io.EOF) {
		if b.taken == before {
			return n, io.EOF
		}
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
