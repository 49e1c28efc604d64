package exporter

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// written is a text as it is sent: plain, and compressed once, when it is made, since that takes ten times as long as sending it. What is compressed
// is whole blocks of DEFLATE (RFC 1951), of which none is the last, so that the texts of several queries in a row make one member of gzip (RFC 1952).
// Members one after the other would do for Go's clients, but others, curl among them, read the first one only.
type written struct{ plain, deflated []byte }

func newWritten(text []byte) (written, error) {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.DefaultCompression)
	if err != nil {
		return written{}, err
	}
	if _, err := w.Write(text); err != nil {
		return written{}, err
	}
	if err := w.Flush(); err != nil { // which ends on a whole byte
		return written{}, err
	}
	return written{text, out.Bytes()}, nil
}

var (
	gzipHeader = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255} // DEFLATE, no name, no time, unknown system
	lastBlock  = []byte{0x03, 0x00}                           // an empty one
)

// send answers with texts that were written before, between two that are new. An error comes before anything of the answer.
func send(w http.ResponseWriter, r *http.Request, contentType string, first []byte, texts []written, last []byte) error {
	var parts [][]byte
	if takesGzip(r.Header.Get("Accept-Encoding")) {
		begin, err := newWritten(first)
		if err != nil {
			return err
		}
		end, err := newWritten(last)
		if err != nil {
			return err
		}
		sum, length := crc32.NewIEEE(), 0
		parts = append(parts, gzipHeader)
		for _, t := range slices.Concat([]written{begin}, texts, []written{end}) {
			parts = append(parts, t.deflated)
			_, _ = sum.Write(t.plain) // a hash takes everything
			length += len(t.plain)
		}
		trailer := binary.LittleEndian.AppendUint32(nil, sum.Sum32())
		parts = append(parts, lastBlock, binary.LittleEndian.AppendUint32(trailer, uint32(length)))
		w.Header().Set("Content-Encoding", "gzip")
	} else {
		parts = append(parts, first)
		for _, t := range texts {
			parts = append(parts, t.plain)
		}
		parts = append(parts, last)
	}
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Vary", "Accept, Accept-Encoding")
	h.Set("Content-Length", strconv.Itoa(size))
	for _, p := range parts {
		if _, err := w.Write(p); err != nil {
			return nil //nolint:nilerr // the client has gone
		}
	}
	return nil
}

// takesGzip reads an Accept-Encoding header (RFC 9110, section 12.5.3).
func takesGzip(accepted string) bool {
	for part := range strings.SplitSeq(accepted, ",") {
		coding, parameters, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil || coding != "gzip" && coding != "x-gzip" {
			continue
		}
		weight, err := strconv.ParseFloat(parameters["q"], 64)
		return err != nil || weight > 0
	}
	return false
}
