package backup

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/parquet-go/parquet-go"
)

const (
	format       = 1 // of the file, raised when an earlier binary could not restore it
	manifestName = "manifest.json"
)

// Manifest describes a backup. It is the last entry of the file.
type Manifest struct {
	Format      int               `json:"format"`
	Cskpi       string            `json:"cskpi"`       // version that wrote the backup
	Schema      int               `json:"schema"`      // migrations that the database had been through
	Snapshot    time.Time         `json:"snapshot_at"` // instant of the contents
	Consistency string            `json:"consistency"`
	Tables      []Table           `json:"tables"`
	LeftOut     map[string]string `json:"left_out"` // other tables of the schema, and why they are not needed
}

// Table is a table in a backup.
type Table struct {
	Name    string   `json:"name"`
	Rows    uint64   `json:"rows"`
	Hash    uint64   `json:"hash,string"` // sum of sipHash64(formatRow('RowBinary', columns…)) over all rows, modulo 2^64
	Columns []Column `json:"columns"`
	Files   []File   `json:"files"`
}

// Column is a column of a table, with its type in ClickHouse.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// File is an entry of the backup: some rows of a table as Parquet.
type File struct {
	Name   string `json:"name"`
	Rows   uint64 `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Rows counts the rows of all tables.
func (m Manifest) Rows() (rows uint64) {
	for _, t := range m.Tables {
		rows += t.Rows
	}
	return rows
}

// consistency is how a backup comes to be of one instant; the manifest says it.
const consistency = "Snapshots of all tables (CREATE TABLE … CLONE AS, hard links in the database) are taken within moments, while no erasure and no " +
	"roll-up of usage runs; then they are read at leisure. Facts that are stored later are not in the backup. Facts that arrive between the first " +
	"and the last snapshot are each in it with what refers to them: runs of the history are taken before its values, these before the facts, and " +
	"facts before the notes of what they changed. An erasure that begins later drops the snapshots, so that the backup fails and is to be repeated."

// Backup is an open backup file. Its contents are verified.
type Backup struct {
	Manifest Manifest
	file     *os.File
	entries  map[string]*zip.File
}

// Open opens a backup and verifies all of it: that every file of the manifest is there, with its size, checksum and number of
// rows, and that there is no other.
func Open(ctx context.Context, path string) (*Backup, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b := &Backup{file: file, entries: map[string]*zip.File{}}
	if err := b.verify(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("%s is not a whole backup: %w", path, err), file.Close())
	}
	return b, nil
}

// Close closes the file.
func (b *Backup) Close() error { return b.file.Close() }

func (b *Backup) verify(ctx context.Context) error {
	info, err := b.file.Stat()
	if err != nil {
		return err
	}
	archive, err := zip.NewReader(b.file, info.Size())
	if err != nil {
		return fmt.Errorf("read the list of its entries, which is at the end: %w", err)
	}
	for _, entry := range archive.File {
		if b.entries[entry.Name] != nil {
			return fmt.Errorf("it has two entries %s", entry.Name)
		}
		b.entries[entry.Name] = entry
	}
	if b.entries[manifestName] == nil {
		return fmt.Errorf("it has no %s", manifestName)
	}
	text, err := b.entries[manifestName].Open()
	if err != nil {
		return fmt.Errorf("%s: %w", manifestName, err)
	}
	defer text.Close()
	if err := json.NewDecoder(text).Decode(&b.Manifest); err != nil {
		return fmt.Errorf("%s: %w", manifestName, err)
	}
	if _, err := io.Copy(io.Discard, text); err != nil { // The end of an entry brings its checksum.
		return fmt.Errorf("%s: %w", manifestName, err)
	}
	if b.Manifest.Format != format {
		return fmt.Errorf("it has format %d, and this binary reads format %d: cskpi %s made it; restore with that version", b.Manifest.Format, format, b.Manifest.Cskpi)
	}
	listed := map[string]bool{manifestName: true}
	for _, t := range b.Manifest.Tables {
		rows := uint64(0)
		for _, f := range t.Files {
			if listed[f.Name] {
				return fmt.Errorf("%s lists %s twice", manifestName, f.Name)
			}
			listed[f.Name] = true
			if err := b.verifyFile(ctx, f); err != nil {
				return fmt.Errorf("%s: %w", f.Name, err)
			}
			rows += f.Rows
		}
		if rows != t.Rows {
			return fmt.Errorf("the files of %s have %d rows, want %d", t.Name, rows, t.Rows)
		}
	}
	for name := range b.entries {
		if !listed[name] {
			return fmt.Errorf("%s does not list the entry %s", manifestName, name)
		}
	}
	return nil
}

func (b *Backup) verifyFile(ctx context.Context, f File) error {
	content, err := b.content(f.Name)
	if err != nil {
		return err
	}
	if content.Size() != f.Bytes {
		return fmt.Errorf("it has %d bytes, want %d", content.Size(), f.Bytes)
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, &reader{ctx, content}); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != f.SHA256 {
		return fmt.Errorf("its SHA-256 is %s, want %s", got, f.SHA256)
	}
	rows, err := parquetRows(content, f.Bytes)
	if err != nil {
		return err
	}
	if rows != f.Rows {
		return fmt.Errorf("it has %d rows, want %d", rows, f.Rows)
	}
	return nil
}

// content is an entry, which is stored as it is.
func (b *Backup) content(name string) (*io.SectionReader, error) {
	entry := b.entries[name]
	if entry == nil {
		return nil, errors.New("it is missing")
	}
	if entry.Method != zip.Store {
		return nil, fmt.Errorf("it is compressed by method %d, want none", entry.Method)
	}
	at, err := entry.DataOffset()
	if err != nil {
		return nil, err
	}
	return io.NewSectionReader(b.file, at, int64(entry.CompressedSize64)), nil
}

// parquetRows counts the rows of a Parquet file by its footer.
func parquetRows(content io.ReaderAt, size int64) (rows uint64, err error) {
	defer func() {
		if p := recover(); p != nil { // by the library, for a footer that is damaged in some way
			err = fmt.Errorf("it cannot be read as Parquet: %v", p)
		}
	}()
	f, err := parquet.OpenFile(content, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return 0, fmt.Errorf("it cannot be read as Parquet: %w", err)
	}
	return uint64(f.NumRows()), nil
}

// reader ends with its context.
type reader struct {
	ctx context.Context
	io.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// counter counts and hashes what is written through it, and keeps the end of it.
type counter struct {
	io.Writer
	bytes int64
	sum   interface {
		io.Writer
		Sum([]byte) []byte
	}
	tail []byte
}

const tailBytes = 16 << 10

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.bytes += int64(n)
	_, _ = c.sum.Write(p[:n]) // a hash takes everything
	if c.tail = append(c.tail, p[:n]...); len(c.tail) > tailBytes {
		c.tail = bytes.Clone(c.tail[len(c.tail)-tailBytes:])
	}
	return n, err
}
