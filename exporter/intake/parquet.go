package intake

import (
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// parquetSource reads the rows of a Parquet file as text, so that they go through the same checks as any others.
type parquetSource struct {
	groups  []parquet.RowGroup
	rows    parquet.Rows
	buf     []parquet.Row
	texts   []func(parquet.Value) field // by leaf column
	names   []string
	columns []int
	row     int64
}

func newParquet(r io.ReaderAt, size int64, columns func(names []string) ([]int, error)) (s *parquetSource, err error) {
	defer recovered(&err)
	f, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("is not a whole Parquet file: %w", err)
	}
	s = &parquetSource{groups: f.RowGroups(), buf: make([]parquet.Row, 256)}
	for _, c := range f.Root().Columns() {
		if !c.Leaf() || c.Repeated() {
			return nil, fmt.Errorf("column %q is nested; only plain columns can be imported", c.Name())
		}
		text, err := parquetText(c.Type())
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", c.Name(), err)
		}
		s.names = append(s.names, c.Name())
		s.texts = append(s.texts, text)
	}
	if s.columns, err = columns(s.names); err != nil {
		return nil, err
	}
	return s, nil
}

// recovered makes an error of a panic: the library takes some damaged files for impossible.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("is a damaged Parquet file: %v", p)
	}
}

func (s *parquetSource) next() (b block, err error) {
	b.columns = s.columns
	defer recovered(&err)
	for len(b.records) < 4096 {
		if s.rows == nil {
			if len(s.groups) == 0 {
				return b, io.EOF
			}
			s.rows = s.groups[0].Rows()
			s.groups = s.groups[1:]
		}
		n, err := s.rows.ReadRows(s.buf)
		for _, row := range s.buf[:n] {
			s.row++
			b.records = append(b.records, s.record(row))
		}
		if err == nil && n > 0 {
			continue
		}
		closing := s.rows.Close()
		s.rows = nil
		switch {
		case err != nil && err != io.EOF:
			return b, fmt.Errorf("row %d: the file is damaged: %w", s.row+1, err)
		case err == nil:
			return b, fmt.Errorf("row %d: the file is damaged: %w", s.row+1, io.ErrNoProgress)
		case closing != nil:
			return b, fmt.Errorf("row %d: %w", s.row+1, closing)
		}
	}
	return b, nil
}

func (s *parquetSource) record(row parquet.Row) record {
	r := record{line: s.row, fields: make([]field, len(s.texts))}
	for _, v := range row {
		if i := v.Column(); i >= 0 && i < len(s.texts) && !v.IsNull() {
			r.fields[i] = s.texts[i](v)
		}
	}
	r.raw = rawRow(s.names, r.fields)
	return r
}

// rawRow is a row that has no text of its own, for the rejects file: name=value pairs.
func rawRow(names []string, fields []field) string {
	var b strings.Builder
	for i, f := range fields {
		if f.kind != fieldAbsent {
			if b.Len() > 0 {
				b.WriteString(" ")
			}
			fmt.Fprintf(&b, "%s=%q", names[i], f.text)
		}
	}
	return b.String()
}

// parquetText says how the values of a type are written as text.
func parquetText(t parquet.Type) (func(parquet.Value) field, error) {
	text := func(s string) field { return field{text: s, kind: fieldText} }
	if logical := t.LogicalType(); logical != nil {
		switch l := logical.Value.(type) {
		case *format.DateType:
			return func(v parquet.Value) field {
				return text(time.Unix(int64(v.Int32())*24*60*60, 0).UTC().Format(time.DateOnly))
			}, nil
		case *format.TimestampType:
			layout := "2006-01-02 15:04:05.999999999"
			if l.IsAdjustedToUTC {
				layout += "Z07:00"
			}
			var unit int64
			switch l.Unit.Value.(type) {
			case *format.MilliSeconds:
				unit = int64(time.Millisecond)
			case *format.MicroSeconds:
				unit = int64(time.Microsecond)
			default:
				unit = 1
			}
			perSecond := int64(time.Second) / unit
			return func(v parquet.Value) field {
				n := v.Int64()
				return text(time.Unix(n/perSecond, n%perSecond*unit).UTC().Format(layout))
			}, nil
		case *format.DecimalType:
			return func(v parquet.Value) field { return text(decimalText(v, int(l.Scale))) }, nil
		case *format.IntType:
			if !l.IsSigned && t.Kind() == parquet.Int32 {
				return func(v parquet.Value) field { return text(strconv.FormatUint(uint64(v.Uint32()), 10)) }, nil
			}
			if !l.IsSigned && t.Kind() == parquet.Int64 {
				return func(v parquet.Value) field { return text(strconv.FormatUint(v.Uint64(), 10)) }, nil
			}
		case *format.StringType, *format.EnumType, *format.JsonType:
		case *format.UUIDType:
			return func(v parquet.Value) field {
				b := v.ByteArray()
				if len(b) != 16 {
					return text(string(b))
				}
				return text(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
			}, nil
		default:
			return nil, fmt.Errorf("type %s cannot be imported", t)
		}
	}
	switch t.Kind() {
	case parquet.Boolean:
		return func(v parquet.Value) field { return field{text: strconv.FormatBool(v.Boolean()), kind: fieldBoolean} }, nil
	case parquet.Int32:
		return func(v parquet.Value) field { return text(strconv.FormatInt(int64(v.Int32()), 10)) }, nil
	case parquet.Int64:
		return func(v parquet.Value) field { return text(strconv.FormatInt(v.Int64(), 10)) }, nil
	case parquet.Float:
		return func(v parquet.Value) field { return text(strconv.FormatFloat(float64(v.Float()), 'g', -1, 32)) }, nil
	case parquet.Double:
		return func(v parquet.Value) field { return text(strconv.FormatFloat(v.Double(), 'g', -1, 64)) }, nil
	case parquet.ByteArray, parquet.FixedLenByteArray:
		return func(v parquet.Value) field { return text(string(v.ByteArray())) }, nil
	case parquet.Int96: // the old timestamp: nanoseconds of the day, then the Julian day
		return func(v parquet.Value) field {
			n := v.Int96()
			nanos := int64(uint64(n[1])<<32 | uint64(n[0]))
			return text(time.Unix((int64(n[2])-2440588)*24*60*60, nanos).UTC().Format("2006-01-02 15:04:05.999999999Z07:00"))
		}, nil
	}
	return nil, errors.New("its type cannot be imported")
}

func decimalText(v parquet.Value, scale int) string {
	n := new(big.Int)
	switch v.Kind() {
	case parquet.Int32:
		n.SetInt64(int64(v.Int32()))
	case parquet.Int64:
		n.SetInt64(v.Int64())
	default:
		b := v.ByteArray()
		n.SetBytes(b)
		if len(b) > 0 && b[0]&0x80 != 0 { // two's complement
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
	}
	return n.String() + "e-" + strconv.Itoa(scale)
}

// parquetColumns places the columns of a file on the table's.
func parquetColumns(t *table) func(names []string) ([]int, error) {
	return func(names []string) ([]int, error) {
		fields := make([]field, len(names))
		for i, n := range names {
			fields[i] = field{text: n, kind: fieldText}
		}
		at, header, err := csvColumns(t, time.UTC)(fields)
		if err == nil && !header || len(names) == 0 {
			return nil, fmt.Errorf("no column of %s is in it", t.name)
		}
		return at, err
	}
}
