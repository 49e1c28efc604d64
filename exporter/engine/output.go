package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// summary is what a query read and wrote; X-ClickHouse-Summary has it as strings.
type summary struct {
	ReadRows, ReadBytes, WrittenRows, WrittenBytes, ResultRows, ResultBytes uint64
}

func (s *summary) add(more summary) {
	s.ReadRows += more.ReadRows
	s.ReadBytes += more.ReadBytes
	s.WrittenRows += more.WrittenRows
	s.WrittenBytes += more.WrittenBytes
	s.ResultRows += more.ResultRows
	s.ResultBytes += more.ResultBytes
}

func (s *summary) header(elapsed time.Duration) string {
	text := func(n uint64) string { return strconv.FormatUint(n, 10) }
	b, _ := json.Marshal(map[string]string{ // Strings cannot fail.
		"read_rows": text(s.ReadRows), "read_bytes": text(s.ReadBytes),
		"written_rows": text(s.WrittenRows), "written_bytes": text(s.WrittenBytes),
		"total_rows_to_read": "0", "result_rows": text(s.ResultRows), "result_bytes": text(s.ResultBytes),
		"elapsed_ns": strconv.FormatInt(elapsed.Nanoseconds(), 10),
	})
	return string(b)
}

const (
	outputBuffer  = 1 << 20         // How much of a result waits, so that an early error still has a status of its own.
	outputMaximum = 16 << 20        // The most that buffer_size may ask for.
	sendTimeout   = 2 * time.Minute // How long a client may take for one write.
	errorLimit    = 16 << 10        // Clients expect no longer exception within a body.
)

// output is the response to one query. It holds back the first part of the result,
// so that a query that fails there is answered with an error status; one that
// fails later ends the body as ClickHouse does, with an exception block and a
// broken connection.
type output struct {
	w       http.ResponseWriter
	out     *http.ResponseController
	req     *request
	begin   time.Time
	tag     string        // Random; marks the exception block as the engine's own.
	spool   string        // Name for the file that wait_end_of_query may need.
	limits  *readerLimits // Nil for the service.
	sum     summary
	pending bytes.Buffer
	file    *os.File
	enc     encoder // Nil until the headers are out.
}

func (o *output) Write(p []byte) (int, error) {
	if err := o.limits.result(len(p)); err != nil {
		return 0, err
	}
	if o.enc != nil {
		return o.send(p)
	}
	if o.file != nil {
		if err := o.limits.spool(len(p)); err != nil {
			return 0, err
		}
		return o.file.Write(p)
	}
	o.pending.Write(p)
	if o.pending.Len() <= o.req.bufferSize {
		return len(p), nil
	}
	if !o.req.waitEnd {
		return len(p), o.start()
	}
	err := o.limits.spool(o.pending.Len())
	if err != nil {
		return 0, err
	}
	if o.file, err = os.OpenFile(filepath.Join(spoolDir, o.spool+".out"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return 0, err
	}
	_, err = o.pending.WriteTo(o.file)
	return len(p), err
}

func (o *output) send(p []byte) (int, error) {
	if err := o.out.SetWriteDeadline(time.Now().Add(sendTimeout)); err != nil {
		return 0, err
	}
	return o.enc.Write(p)
}

// start sends the headers and what was held back.
func (o *output) start() error {
	h := o.w.Header()
	h.Set("X-ClickHouse-Summary", o.sum.header(time.Since(o.begin)))
	var err error
	if o.req.compress {
		o.enc, err = newBlockWriter(o.w, o.req.setting("network_compression_method"), o.req.setting("network_zstd_compression_level"))
	} else {
		encoding := ""
		if asked := o.req.setting("enable_http_compression"); asked != "0" && asked != "false" {
			encoding = o.req.encoding
		}
		if encoding != "" {
			h.Set("Content-Encoding", encoding)
		}
		o.enc, err = encode(encoding, o.w)
	}
	if err != nil {
		o.enc = plain{o.w}
		return err
	}
	if o.file != nil {
		if _, err := o.file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		_, err := io.Copy(writerFunc(o.send), o.file)
		return err
	}
	if o.pending.Len() == 0 {
		return nil
	}
	_, err = o.send(o.pending.Bytes())
	o.pending = bytes.Buffer{}
	return err
}

// end completes the response.
func (o *output) end() error {
	if o.enc == nil {
		// An empty body goes out as it is, without the frame of a compression: clients look at its length.
		if o.pending.Len() == 0 && o.file == nil {
			o.w.Header().Set("X-ClickHouse-Summary", o.sum.header(time.Since(o.begin)))
			return nil
		}
		if err := o.start(); err != nil {
			return err
		}
	}
	return o.enc.Close()
}

// fail ends the response with an error. After the headers are out it panics with
// http.ErrAbortHandler, by which net/http breaks the connection.
func (o *output) fail(e *exception) {
	if o.enc == nil {
		writeException(o.w, e)
		return
	}
	message := e.message
	if len(message) > errorLimit {
		message = strings.ToValidUTF8(message[:errorLimit], "")
	}
	if blocks, ok := o.enc.(*blockWriter); ok {
		_ = blocks.uncompressed() // Errors recur in the next write, and the connection is broken anyway.
	}
	fmt.Fprintf(writerFunc(o.send), "\r\n__exception__\r\n%s\r\n%s\n%d %s\r\n__exception__\r\n", o.tag, message, len(message)+1, o.tag)
	o.enc.Flush()
	o.out.Flush()
	panic(http.ErrAbortHandler)
}

// close removes what the response kept on disk.
func (o *output) close() {
	if o.file != nil {
		o.file.Close()
		os.Remove(o.file.Name())
	}
	o.limits.release()
}

// writeException answers with an error in place of a result.
func writeException(w http.ResponseWriter, e *exception) { e.write(w, e.status()) }

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// concatenable are the formats of which pieces set one behind the other make a
// whole, so that the library can hand out their rows as they come. The others have
// a head or a tail, which the library would repeat with each piece.
var concatenable = map[string]bool{
	"Native": true, "Null": true, "RowBinary": true, "RowBinaryWithDefaults": true, "RawBLOB": true,
	"TabSeparated": true, "TSV": true, "TabSeparatedRaw": true, "TSVRaw": true, "Raw": true, "LineAsString": true,
	"CSV": true, "Values": false,
	"JSONEachRow": true, "JSONLines": true, "NDJSON": true, "JSONStringsEachRow": true, "JSONCompactEachRow": true,
	"JSONCompactStringsEachRow": true, "MsgPack": true, "TSKV": true,
}

// contentType is what ClickHouse says a format's media type is.
func contentType(format string) string {
	switch {
	case strings.HasPrefix(format, "TabSeparated"), strings.HasPrefix(format, "TSV"), format == "TSKV", format == "Raw":
		return "text/tab-separated-values; charset=UTF-8"
	case format == "JSONEachRow", format == "JSONLines", format == "NDJSON", strings.HasPrefix(format, "JSON") && strings.Contains(format, "EachRow"):
		return "application/x-ndjson; charset=UTF-8"
	case strings.HasPrefix(format, "JSON"):
		return "application/json; charset=UTF-8"
	case strings.HasPrefix(format, "CSV"):
		return "text/csv; charset=UTF-8; header=" + map[bool]string{true: "present", false: "absent"}[strings.Contains(format, "WithNames")]
	case format == "XML":
		return "application/xml; charset=UTF-8"
	case format == "Native", format == "Parquet", format == "ORC", format == "Arrow", format == "ArrowStream", format == "Avro",
		format == "MsgPack", format == "BSONEachRow", strings.HasPrefix(format, "RowBinary"), strings.HasPrefix(format, "Protobuf"):
		return "application/octet-stream"
	}
	return "text/plain; charset=UTF-8"
}
