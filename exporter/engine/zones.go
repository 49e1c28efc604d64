//go:build linux && !server

package engine

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/column"

	chproto "github.com/ClickHouse/ch-go/proto"
)

// Native of revision 0, which is what the library writes, leaves out the time zone
// of a column of type DateTime('zone'); it keeps that of DateTime64, and of DateTime
// within other types. Where a result has such a column, the front asks for its type
// and puts it back into the head of each block.

// bareDateTime is how the type stands in a block, behind its length.
const bareDateTime = "\x08DateTime"

// zones maps the columns of a result (counted from 0) to their types, where the zone is lost.
type zones map[int]string

// lostZones asks what the types are of the result of which first is the first piece.
func (f *front) lostZones(q *request, st statement, first []byte) (zones, error) {
	if !bytes.Contains(first, []byte(bareDateTime)) {
		return nil, nil
	}
	s, err := f.openSession(q) // The request's own session is busy with the result.
	if err != nil {
		return nil, err
	}
	defer s.close()
	r := s.conn.query("DESCRIBE TABLE ("+st.text[:st.clause]+"\n)", "TSVRaw")
	defer r.close()
	if err := r.err(); err != nil {
		return nil, err
	}
	lost := zones{}
	i := 0
	for line := range strings.Lines(string(r.data())) {
		if fields := strings.Split(line, "\t"); len(fields) > 1 && strings.HasPrefix(fields[1], "DateTime('") {
			lost[i] = fields[1]
		}
		i++
	}
	return lost, nil
}

// restore returns the blocks in piece with the lost types in their heads.
func (z zones) restore(piece []byte) ([]byte, error) {
	if len(z) == 0 {
		return piece, nil
	}
	source := bytes.NewReader(piece)
	// The reader takes a buffer of this size as its own, so that what it holds back can be counted.
	buffer := bufio.NewReaderSize(source, 1<<20)
	reader := chproto.NewReader(buffer)
	var out bytes.Buffer
	copied := 0
	for {
		if _, err := buffer.Peek(1); err != nil {
			out.Write(piece[copied:])
			return out.Bytes(), nil
		}
		columns, err := reader.UVarInt()
		if err != nil {
			return nil, fmt.Errorf("read a block: %w", err)
		}
		rows, err := reader.UVarInt()
		if err != nil {
			return nil, fmt.Errorf("read a block: %w", err)
		}
		for i := range int(columns) {
			kind, err := passColumn(reader, int(rows), func() {
				end := len(piece) - source.Len() - buffer.Buffered() // Just behind the type's name.
				if full, ok := z[i]; ok {
					out.Write(piece[copied : end-len(bareDateTime)])
					var name chproto.Buffer
					name.PutString(full)
					out.Write(name.Buf)
					copied = end
				}
			})
			if err != nil {
				return nil, fmt.Errorf("read a column of type %s: %w", kind, err)
			}
		}
	}
}

// passColumn reads over a column; afterType is called between its type and its data.
func passColumn(reader *chproto.Reader, rows int, afterType func()) (kind string, err error) {
	name, err := reader.Str()
	if err != nil {
		return "", err
	}
	if kind, err = reader.Str(); err != nil {
		return "", err
	}
	afterType()
	c, err := column.Type(kind).Column(name, &column.ServerContext{})
	if err != nil || rows == 0 {
		return kind, err
	}
	if custom, ok := c.(column.CustomSerialization); ok {
		if err := custom.ReadStatePrefix(reader); err != nil {
			return kind, err
		}
	}
	return kind, c.Decode(reader, rows)
}
