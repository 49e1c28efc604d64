package intake_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"cskpi/exporter/intake"
)

const twoContracts = "c1|a1|10|2024-01-01\nc2|a2|20|2024-02-01"

func (f *fixture) contracts() string {
	f.t.Helper()
	return f.query("contract_id, account_id, acv, starts_on", "stored_contracts order by contract_id, updated_at")
}

func (f *fixture) empty() {
	f.t.Helper()
	if err := f.conn.Exec(f.t.Context(), "truncate table stored_contracts"); err != nil {
		f.t.Fatal(err)
	}
}

func gzipped(tb testing.TB, text string) string {
	tb.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		tb.Fatal(err)
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

func zstandard(tb testing.TB, text string) string {
	tb.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return string(z.EncodeAll([]byte(text), nil))
}

// TestSpellings imports the same two contracts written in many ways.
func TestSpellings(t *testing.T) {
	f := newFixture(t)
	plain := "contract_id,account_id,acv,starts_on\nc1,a1,10,2024-01-01\nc2,a2,20,2024-02-01\n"
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(plain)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, file, content, encoding string }{
		{"plain", "contracts.csv", plain, ""},
		{"no final line end", "contracts.csv", strings.TrimSuffix(plain, "\n"), ""},
		{"windows", "contracts.csv", "\xef\xbb\xbf" + strings.ReplaceAll(plain, "\n", "\r\n"), ""},
		{"semicolons", "contracts.csv", strings.ReplaceAll(plain, ",", ";"), ""},
		{"tabs", "contracts.tsv", strings.ReplaceAll(plain, ",", "\t"), ""},
		{"bars", "contracts.txt", strings.ReplaceAll(plain, ",", "|"), ""},
		{"hint for spreadsheets", "contracts.csv", "sep=;\n" + strings.ReplaceAll(plain, ",", ";"), ""},
		{"blank lines", "contracts.csv", "\n" + strings.ReplaceAll(plain, "\n", "\n\n,,,\n"), ""},
		{"other order and case", "contracts.csv", "Starts_On, ACV,account_id,\"contract_id\"\n2024-01-01,10,a1,c1\n2024-02-01,20,a2,c2\n", ""},
		{"columns of the database", "contracts.csv", "contract_id,account_id,acv,starts_on,ingested_at\nc1,a1,10,2024-01-01,x\nc2,a2,20,2024-02-01,x\n", ""},
		{"no header", "contracts.csv", "c1,a1,,,,,10,,2024-01-01,,,,,,,\nc2,a2,,,,,20,,2024-02-01,,,,,,,\n", ""},
		{"gzip", "contracts.csv.gz", gzipped(t, plain), ""},
		{"gzip under a plain name", "contracts.csv", gzipped(t, plain), ""},
		{"zstd", "contracts.csv.zst", zstandard(t, plain), ""},
		{"utf-16", "contracts.csv", utf16, "utf-16le"},
		{"ndjson", "contracts.jsonl", "\xef\xbb\xbf{\"contract_id\":\"c1\",\"account_id\":\"a1\",\"acv\":10,\"starts_on\":\"2024-01-01\"}\r\n \r\n{\"starts_on\":\"2024-02-01\",\"acv\":\"20.0\",\"account_id\":\"a2\",\"contract_id\":\"c2\",\"ends_before\":null,\"ingested_at\":5}", ""},
		{"part of a split file", "contracts.part1.csv", plain, ""},
		{"year of a split file", "contracts-2024.csv.gz", gzipped(t, plain), ""},
		{"corrected file", "contracts_fixed.csv", plain, ""},
		{"downloaded twice", "Contracts (2).csv", plain, ""},
	} {
		f.empty()
		f.Encoding = c.encoding
		path := f.file(c.name+"/"+c.file, c.content)
		s, err := f.Files(t.Context(), "", path)
		if err != nil || s.Rejected() > 0 {
			t.Errorf("%s: %v %s", c.name, err, rejects(s))
			continue
		}
		f.equal(c.name, f.contracts(), twoContracts)
	}
	if _, err := os.Stat(f.RejectsDir); !errors.Is(err, os.ErrNotExist) {
		t.Error("a folder for rejected rows was made, though none was rejected")
	}
}

func TestEncoding(t *testing.T) {
	f := newFixture(t)
	text, err := japanese.ShiftJIS.NewEncoder().String("account_id,name\na1,株式会社アクメ\n")
	if err != nil {
		t.Fatal(err)
	}
	path := f.file("accounts.csv", text)
	s := f.imports(path)
	if got := rejects(s); !strings.Contains(got, "accounts.csv:2: name ") || !strings.Contains(got, "is not valid UTF-8; convert the file, or name its encoding") {
		t.Errorf("without the encoding: %s", got)
	}
	f.Encoding = "shift_jis"
	f.imports(path)
	f.equal("accounts", f.query("account_id, name", "stored_accounts"), "a1|株式会社アクメ")
	f.Encoding = "klingon"
	if _, err := f.Files(t.Context(), "", path); err == nil || !strings.Contains(err.Error(), `encoding "klingon" is not known`) {
		t.Errorf("unknown encoding: %v", err)
	}
}

// TestFileErrors: what is wrong with a file as a whole is an error that names the file and what to do.
func TestFileErrors(t *testing.T) {
	f := newFixture(t)
	rubbish := make([]byte, 1<<20)
	random := rand.New(rand.NewPCG(3, 4))
	for i := range rubbish {
		rubbish[i] = byte(random.Uint32())
	}
	for _, c := range []struct{ file, content, want string }{
		{"contracts.csv", "", "is empty"},
		{"contracts.csv", "contract_id,acount_id,acv,starts_on\n", `column "acount_id" is not a column of contracts; did you mean account_id?`},
		{"contracts.csv", "contract_id,acv\n", "column account_id, starts_on of contracts is missing"},
		{"contracts.csv", "contract_id,account_id,acv,starts_on,acv\n", "column acv stands twice"},
		{"contracts.csv", "foo,bar\n1,2\n", "the first line is neither a header"},
		{"contracts.csv", "c1,a1,,,,,ten,,2024-01-01,,,,,,,\n", "acv is not a number"},
		{"contracts.csv", string(rubbish), "contracts.csv"},
		{"contracts.csv", "\xff\xfea\x00,\x00", "is UTF-16, not UTF-8; convert it first (iconv"},
		{"contracts.csv", "c\x00o\x00n\x00t\x00r\x00a\x00c\x00t\x00", "is UTF-16"},
		{"contracts.csv", "PK\x03\x04abc", "zip archive"},
		{"contracts.csv", "PAR1abc", "is a Parquet file"},
		{"contracts.csv.gz", "\x1f\x8bno", "gzip"},
		{"contracts.ndjson", "[{\"contract_id\": 1}]", "is a JSON array; write one object per line (jq -c '.[]')"},
		{"contracts.parquet", "PAR1 and then nothing", "is not a whole Parquet file"},
		{"contracts.parquet", "PAR1" + string(rubbish) + "\x10\x00\x00\x00PAR1", "Parquet file"},
		{"contracts.xlsx", "x", "its name does not say what it is"},
		{"kontrakte.csv", "x", "its name is not that of a table (accounts, action_items, contracts,"},
	} {
		path := f.file(c.file, c.content)
		_, err := f.Files(t.Context(), "", path)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) || len(err.Error()) > 2000 {
			t.Errorf("%s %.30q: error %.300v; want the path and %q", c.file, c.content, err, c.want)
		}
		os.Remove(path)
	}
	if _, err := f.Files(t.Context(), "", filepath.Join(f.dir, "contracts.csv")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	// Tables of others in the same database are none of an import's business, whatever their types.
	if err := f.conn.Exec(t.Context(), "create table of_others (source String, opening Decimal(38, 12)) engine = MergeTree order by source"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Files(t.Context(), "of_others", "x.csv"); err == nil || !strings.Contains(err.Error(), `there is no table "of_others"; there are accounts,`) {
		t.Errorf("a table of others: %v", err)
	}
	if _, err := f.Files(t.Context(), "kontrakte", "x.csv"); err == nil || !strings.Contains(err.Error(), `there is no table "kontrakte"; there are accounts,`) {
		t.Errorf("unknown table: %v", err)
	}
	f.equal("contracts", f.contracts(), "")
}

func TestRejects(t *testing.T) {
	f := newFixture(t)
	path := f.file("in/contracts.csv", `contract_id,account_id,acv,starts_on,kind
c1,a1,10,2024-01-01,new
c2,a2,"1,000",2024-02-01,
c3,,20,2024-01-01,
c4,a4,30,2024-02-30,
c5,a5,40,2024-01-01,gift
c6,a6,50
c7,a7,"60
,2024-01-01,
c8,a"8,70,2024-01-01,
"c9","a
9",80,2024-01-01,renewal
`+"c10,a10,90,2024-01-01,"+strings.Repeat("x", 300)+"\n")
	s := f.imports(path)
	f.equal("rejects", rejects(s), `contracts.csv:3: acv "1,000" is not a number; write it without thousands separators and with a decimal point
contracts.csv:4: account_id is missing
contracts.csv:5: starts_on "2024-02-30" is a day that no calendar has
contracts.csv:6: kind "gift" is not one of new, renewal, upsell, cross_sell, extension
contracts.csv:7: has 3 fields where 5 are expected
contracts.csv:8: opens a quote that is not closed
contracts.csv:9: has 3 fields where 5 are expected
contracts.csv:10: has a quote inside a field that is not quoted
contracts.csv:13: kind "`+strings.Repeat("x", 100)+`…" is not one of new, renewal, upsell, cross_sell, extension`)
	f.equal("counts", counts(s), "contracts read=11 stored=2 unchanged=0 superseded=0 rejected=9")
	f.equal("stored", f.contracts(), "c1|a1|10|2024-01-01\nc9|a\n9|80|2024-01-01")
	for _, r := range s.Rejects {
		if r.File != path || r.Table != "contracts" {
			t.Errorf("reject of %q in %q", r.Table, r.File)
		}
	}

	want := filepath.Join(f.RejectsDir, "contracts.csv.rejects.csv")
	if len(s.RejectFiles) != 1 || s.RejectFiles[0] != want {
		t.Fatalf("rejects files %q, want %s", s.RejectFiles, want)
	}
	file, err := os.Open(want)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 10 || strings.Join(lines[0], ",") != "file,line,column,value,reason,row" || lines[1][5] != `c2,a2,"1,000",2024-02-01,` || lines[9][5] != "c10,a10,90,2024-01-01,"+strings.Repeat("x", 300) {
		t.Errorf("rejects file: %q", lines)
	}
}

func TestRejectedJSON(t *testing.T) {
	f := newFixture(t)
	f.KeepRejects = 12
	good := `{"event_id":"e%d","account_id":"a","event":"x","ts":"2024-01-01T00:00:00Z"%s}` + "\n"
	path := f.file("usage_events.ndjson",
		fmt.Sprintf(good, 1, "")+
			fmt.Sprintf(good, 2, `,"acount_id":"b"`)+
			fmt.Sprintf(good, 3, `,"event_id":"again"`)+
			fmt.Sprintf(good, 4, `,"user_id":{"a":1}`)+
			fmt.Sprintf(good, 5, `,"user_id":"\u0000"`)+
			fmt.Sprintf(good, 6, `,"properties":[1]`)+
			fmt.Sprintf(good, 7, `,"user_id":"\ud800"`)+
			`{"event_id":"e8","account_id":"a","event":"x"}`+"\n"+
			`{"event_id":null,"account_id":"a","event":"x","ts":1}`+"\n"+
			"not json\n\n"+
			fmt.Sprintf(good, 9, "")+
			`{"event_id":"e10","account_id":"a","event":"x","ts":"2024-01-01T00:0`)
	s := f.imports(path)
	f.equal("rejects", rejects(s), `usage_events.ndjson:2: acount_id "b" is not a column of usage_events; did you mean account_id?
usage_events.ndjson:3: event_id "again" is given twice
usage_events.ndjson:4: user_id "{\"a\":1}" is a JSON object or array, not a single value
usage_events.ndjson:5: user_id "\x00" contains a NUL character
usage_events.ndjson:6: properties "[1]" is not a JSON object
usage_events.ndjson:7: is not a JSON object: half a surrogate pair
usage_events.ndjson:8: ts is missing
usage_events.ndjson:9: event_id is missing
usage_events.ndjson:10: is not a JSON object
usage_events.ndjson:13: is not a whole JSON object: it ends early`)
	f.equal("stored", f.query("event_id", "stored_usage_events order by event_id"), "e1\ne9")

	var rubbish strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&rubbish, "\x00\x01\xff %d\n", i)
	}
	s = f.imports(f.file("usage_events-rubbish.ndjson", rubbish.String()))
	if len(s.Rejects) != 12 || s.Rejected() != 5000 {
		t.Errorf("%d rejects kept of %d; want 12 of 5000", len(s.Rejects), s.Rejected())
	}
	data, err := os.ReadFile(filepath.Join(f.RejectsDir, "usage_events-rubbish.ndjson.rejects.csv"))
	if err != nil || bytes.Count(data, []byte("is not valid UTF-8")) != 5000 {
		t.Errorf("the rejects file has %d rows, want 5000 (%v)", bytes.Count(data, []byte("is not valid UTF-8")), err)
	}
}

// repeated reads the same text again and again, so many bytes of it.
type repeated struct {
	text string
	left int
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), r.left)], r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	r.left -= n
	return n, nil
}

// TestLongLines: a line over the limit costs itself only, and is not held in memory.
func TestLongLines(t *testing.T) {
	f := newFixture(t)
	event := func(id string) string {
		return `{"event_id":"` + id + `","account_id":"a","event":"x","ts":1704067200}` + "\n"
	}
	long := func() io.Reader { return &repeated{text: "abcdefghij", left: 40 << 20} }
	runtime.GC()
	done, peak := make(chan struct{}), make(chan uint64)
	go func() { peak <- samplePeak(done) }()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	r := io.MultiReader(strings.NewReader(event("e1")+`{"event_id":"`), long(), strings.NewReader("\"}\n"+event("e2")), long(), strings.NewReader("\n"+event("e3")+`{"event_id":"`), long())
	s, err := f.Reader(t.Context(), "usage_events", "stream", intake.NDJSON, r)
	close(done)
	if held := <-peak; held > before.Sys-before.HeapReleased+64<<20 {
		t.Errorf("120 MB of long lines took the memory from %d to %d", before.Sys-before.HeapReleased, held)
	}
	if err != nil {
		t.Fatal(err)
	}
	if s.Stored != 3 || s.Rejected != 3 || s.Rejects[0].Line != 2 || s.Rejects[1].Line != 4 || s.Rejects[2].Line != 6 || s.Rejects[0].Reason != "is longer than 1048576 bytes" {
		t.Errorf("%+v", s)
	}
	f.equal("events", f.query("event_id", "stored_usage_events order by event_id"), "e1\ne2\ne3")

	header := "contract_id,account_id,acv,starts_on\n"
	r = io.MultiReader(strings.NewReader(header+"c1,a1,10,2024-01-01\nc9,"), long(), strings.NewReader("\nc2,a2,20,2024-02-01\n"))
	s, err = f.Reader(t.Context(), "contracts", "stream", intake.CSV, r)
	if err != nil || s.Stored != 2 || s.Rejected != 1 || s.Rejects[0].Line != 3 {
		t.Errorf("%+v %v", s, err)
	}
	f.equal("contracts", f.contracts(), twoContracts)

	// A stray quote costs its line, not the rest of the file.
	text := header + "c1,a1,10,2024-01-01\nc8,\"a8,80,2024-01-01\n" + strings.Repeat("c2,a2,20,2024-02-01\n", 100_000)
	s, err = f.Reader(t.Context(), "contracts", "stream", intake.CSV, strings.NewReader(text))
	if err != nil || s.Rejected != 1 || s.Rejects[0].Line != 3 || s.Superseded != 99_999 {
		t.Errorf("%+v %v", s, err)
	}
}

// TestCutOff: of a file that breaks off the whole rows are stored, and the error says where.
func TestCutOff(t *testing.T) {
	f := newFixture(t)
	var text strings.Builder
	text.WriteString("contract_id,account_id,acv,starts_on\n")
	for i := range 20_000 {
		fmt.Fprintf(&text, "c%d,a%d,%d,2024-01-01\n", i, i*7919%1000, i)
	}
	for name, whole := range map[string]string{"contracts.csv.gz": gzipped(t, text.String()), "contracts.csv.zst": zstandard(t, text.String())} {
		f.empty()
		path := f.file(name, whole[:len(whole)*2/3])
		s, err := f.Files(t.Context(), "", path)
		if err == nil || !strings.Contains(err.Error(), path+": line ") || !strings.Contains(err.Error(), "the file is cut off") {
			t.Errorf("%s: error %v", name, err)
		}
		n := s.Tables[0].Stored
		if n < 1000 || n > 19_000 || s.Rejected() > 1 {
			t.Errorf("%s: %s", name, counts(s))
		}
		f.equal(name, f.query("count(), sum(acv)", "stored_contracts"), fmt.Sprintf("%d|%d", n, n*(n-1)/2))
	}
}

func TestParquet(t *testing.T) {
	type row struct {
		ID       string    `parquet:"contract_id"`
		Account  string    `parquet:"account_id,dict"`
		Seats    int32     `parquet:"seats"`
		ACV      int64     `parquet:"acv,decimal(2:18)"`
		Starts   int32     `parquet:"starts_on,date"`
		Ends     *int32    `parquet:"ends_before,date,optional"`
		Trial    bool      `parquet:"is_trial"`
		Updated  time.Time `parquet:"updated_at,timestamp(microsecond)"`
		Currency *string   `parquet:"currency,optional"`
	}
	f := newFixture(t)
	end, jpy := int32(20089), "JPY"
	write := func(rows []row) string {
		var b bytes.Buffer
		if err := parquet.Write(&b, rows, parquet.Compression(&parquet.Zstd)); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	at := time.Date(2024, 1, 2, 3, 4, 5, 678901000, time.UTC)
	data := write([]row{
		{"c1", "a1", 5, 123456, 19723, &end, false, at, &jpy},
		{"c2", "a2", -5, 1, 19723, nil, false, at, nil},
		{"c3", "a1", 0, -1, 0, nil, true, at, nil},
	})
	s := f.imports(f.file("contracts.parquet", data))
	f.equal("rejects", rejects(s), `contracts.parquet:2: seats "-5" is out of range; it must be 0 to 4294967295`)
	want := `c1|a1|5|1234.56|JPY|2024-01-01|2025-01-01|false|2024-01-02 03:04:05.678
c3|a1|0|-0.01||1970-01-01|NULL|true|2024-01-02 03:04:05.678`
	const columns = "contract_id, account_id, seats, acv, currency, starts_on, ends_before, is_trial, updated_at"
	f.equal("stored", f.query(columns, "stored_contracts order by contract_id"), want)
	s = f.imports(f.file("more/contracts.parquet.gz", gzipped(t, data)))
	f.equal("compressed again", counts(s), "contracts read=3 stored=0 unchanged=2 superseded=0 rejected=1")

	_, err := f.Files(t.Context(), "", f.file("cut/contracts.parquet", data[:len(data)-20]))
	if err == nil || !strings.Contains(err.Error(), "is not a whole Parquet file") {
		t.Errorf("cut off: %v", err)
	}
	type nested struct {
		ID   string   `parquet:"contract_id"`
		Tags []string `parquet:"tags,list"`
	}
	var b bytes.Buffer
	if err := parquet.Write(&b, []nested{{"c1", []string{"x"}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Files(t.Context(), "", f.file("nested/contracts.parquet", b.String())); err == nil || !strings.Contains(err.Error(), `column "tags" is nested`) {
		t.Errorf("nested: %v", err)
	}
}

func TestFolders(t *testing.T) {
	f := newFixture(t)
	f.file("in/contracts.csv", "contract_id,account_id,acv,starts_on\nc1,a1,10,2024-01-01\nc2,a2,x,2024-02-01\n")
	f.file("in/accounts-eu.ndjson", `{"account_id":"a1"}`)
	f.file("in/accounts-us.ndjson.gz", gzipped(t, `{"account_id":"a2"}`))
	f.file("in/.hidden.csv", "x")
	f.file("in/notes.txt", "x")
	f.file("in/contracts_old.csv", "x")
	f.file("in/contracts.csv.rejects.csv", "file,line,column,value,reason,row\n")
	f.file("in/deeper/contracts.csv", "x")
	var last intake.Progress
	f.Progress = func(p intake.Progress) { last = p }
	f.RejectsDir = filepath.Join(f.dir, "in")
	s := f.imports(filepath.Join(f.dir, "in"))
	f.equal("counts", counts(s), "accounts read=2 stored=2 unchanged=0 superseded=0 rejected=0\ncontracts read=2 stored=1 unchanged=0 superseded=0 rejected=1")
	if s.Tables[0].Files != 2 {
		t.Errorf("accounts came from %d files, want 2", s.Tables[0].Files)
	}
	var ignored []string
	for _, path := range s.Ignored {
		ignored = append(ignored, filepath.Base(path))
	}
	f.equal("ignored", strings.Join(ignored, " "), "contracts.csv.rejects.csv contracts_old.csv deeper notes.txt")
	if last.Rows != 4 || last.Rejected != 1 || last.Bytes != last.Total || last.Total == 0 || last.Table != "contracts" {
		t.Errorf("last progress %+v", last)
	}
	// The rejects file of an earlier run is written anew; one that is none of ours never is.
	data, err := os.ReadFile(filepath.Join(f.dir, "in/contracts.csv.rejects.csv"))
	if err != nil || !strings.Contains(string(data), "is not a number") {
		t.Errorf("rejects file %q, %v", data, err)
	}
	foreign := f.file("in/contracts.csv.rejects.csv", "precious")
	s = f.imports(filepath.Join(f.dir, "in/contracts.csv"))
	if data, _ := os.ReadFile(foreign); string(data) != "precious" || len(s.RejectFiles) != 1 || filepath.Base(s.RejectFiles[0]) != "contracts.csv.2.rejects.csv" {
		t.Errorf("a foreign file became %q; rejects are in %q", data, s.RejectFiles)
	}
}

func TestStdin(t *testing.T) {
	f := newFixture(t)
	f.Stdin = strings.NewReader("contract_id\taccount_id\tacv\tstarts_on\nc1\ta1\t10\t2024-01-01\nc2\ta2\t20\t2024-02-01\n")
	if _, err := f.Files(t.Context(), "contracts", "-"); err == nil || !strings.Contains(err.Error(), "name the table and the format") {
		t.Errorf("without a format: %v", err)
	}
	f.Format = intake.CSV
	if _, err := f.Files(t.Context(), "contracts", "-"); err != nil {
		t.Fatal(err)
	}
	f.equal("contracts", f.contracts(), twoContracts)

	// A read that waits does not outlive the context.
	r, w := io.Pipe()
	defer w.Close()
	f.Stdin = r
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := f.Files(ctx, "contracts", "-"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestStrict(t *testing.T) {
	f := newFixture(t)
	f.Strict = true
	good := f.file("contracts.csv", "contract_id,account_id,acv,starts_on\nc1,a1,10,2024-01-01\nc2,a2,20,2024-02-01\n")
	events := f.file("usage_events.ndjson", `{"event_id":"e1","account_id":"a","event":"x","ts":1704067200}`+"\n"+`{"event_id":"e2"}`)
	s, err := f.Files(t.Context(), "", good, events)
	if err != nil {
		t.Fatal(err)
	}
	f.equal("with a bad row", counts(s), "contracts read=2 stored=0 unchanged=0 superseded=0 rejected=0\nusage_events read=2 stored=0 unchanged=0 superseded=0 rejected=1")
	f.equal("stored", f.contracts()+f.query("event_id", "stored_usage_events"), "")
	f.file("usage_events.ndjson", `{"event_id":"e1","account_id":"a","event":"x","ts":1704067200}`)
	s, err = f.Files(t.Context(), "", good, events)
	if err != nil {
		t.Fatal(err)
	}
	f.equal("without", counts(s), "contracts read=2 stored=2 unchanged=0 superseded=0 rejected=0\nusage_events read=1 stored=1 unchanged=0 superseded=0 rejected=0")
	f.equal("stored", f.contracts()+"\n"+f.query("event_id", "stored_usage_events"), twoContracts+"\ne1")
}

// TestVersions: what an updated_at of the row's own means, and what order means without one.
func TestVersions(t *testing.T) {
	f := newFixture(t)
	const header = "account_id,csm,updated_at\n"
	versions := func() string {
		return f.query("csm, updated_at", "stored_accounts order by updated_at, ingested_at")
	}
	f.imports(f.file("accounts.csv", header+"a1,mika,2024-03-01\n"))
	// An older version with the same content is history, not a repetition.
	s := f.imports(f.file("accounts-history.csv", header+"a1,mika,2024-01-01\na1,aya,2024-02-01\n"))
	f.equal("history", counts(s), "accounts read=2 stored=2 unchanged=0 superseded=0 rejected=0")
	f.equal("versions", versions(), "mika|2024-01-01 00:00:00.000\naya|2024-02-01 00:00:00.000\nmika|2024-03-01 00:00:00.000")
	s = f.imports(filepath.Join(f.dir, "accounts-history.csv"), filepath.Join(f.dir, "accounts.csv"))
	f.equal("again", counts(s), "accounts read=3 stored=0 unchanged=3 superseded=0 rejected=0")
	// A version that is corrected is stored under its own time.
	s = f.imports(f.file("accounts-corrected.csv", header+"a1,ren,2024-02-01\n"))
	f.equal("corrected", counts(s), "accounts read=1 stored=1 unchanged=0 superseded=0 rejected=0")
	f.equal("corrected version", f.query("corrected", "(select argMax(csm, ingested_at) as corrected from stored_accounts where updated_at = '2024-02-01')"), "ren")
	// Without updated_at it is the import's time, and the last row of a file wins.
	s = f.imports(f.file("accounts-now.csv", "account_id,csm\na1,mika\na2,aya\na2,mika\na2,ren\n"))
	f.equal("now", counts(s), "accounts read=4 stored=1 unchanged=1 superseded=2 rejected=0")
	f.equal("a2", f.query("csm, updated_at", "stored_accounts where account_id = 'a2'"), "ren|2024-06-15 12:00:00.000")
	// The same account of another source is another fact.
	s = f.imports(f.file("accounts-crm.csv", "account_id,csm,source\na2,ren,crm\n"))
	f.equal("other source", counts(s), "accounts read=1 stored=1 unchanged=0 superseded=0 rejected=0")
	// A correction without updated_at counts even where the version it corrects lies in the future.
	f.imports(f.file("accounts-future.csv", header+"a3,aya,2030-01-01\n"))
	f.imports(f.file("accounts-later.csv", "account_id,csm\na3,ren\n"))
	f.equal("a3", f.query("csm, updated_at", "stored_accounts where account_id = 'a3' order by updated_at desc, ingested_at desc limit 1"), "ren|2030-01-01 00:00:00.000")
}

// TestNullIsNotZero: a null becoming a zero is a change, and every kind of column can be compared.
func TestNullIsNotZero(t *testing.T) {
	f := newFixture(t)
	row := func(rest string) string {
		return f.file("opportunities.ndjson", `{"opportunity_id":"o1","account_id":"a1","kind":"upsell","created_on":"2024-01-01"`+rest+"}\n")
	}
	for i, c := range []struct{ rest, want string }{
		{``, "stored=1 unchanged=0"},
		{`,"amount":null,"is_won":null`, "stored=0 unchanged=1"},
		{`,"amount":0`, "stored=1 unchanged=0"},
		{`,"amount":"0.0000"`, "stored=0 unchanged=1"},
		{`,"amount":0,"is_won":false`, "stored=1 unchanged=0"},
		{`,"amount":0,"is_won":false,"closed_on":"1970-01-01"`, "stored=1 unchanged=0"},
		{`,"amount":0,"is_won":"no","closed_on":"1970-01-01"`, "stored=0 unchanged=1"},
		{``, "stored=1 unchanged=0"},
	} {
		f.now = noon.Add(time.Duration(i) * time.Minute)
		if got := counts(f.imports(row(c.rest))); !strings.Contains(got, c.want) {
			t.Errorf("step %d: %s, want %s", i, got, c.want)
		}
	}
}

// TestEveryTable imports a row into every fact table, with only what each requires, and once more.
func TestEveryTable(t *testing.T) {
	f := withViews(t)
	sample := map[string]string{
		"String": "x", "LowCardinality(String)": "x", "Date": "2024-01-01", "DateTime64(3, 'UTC')": "2024-01-01T00:00:00Z",
		"Decimal(18, 4)": "1.5", "Decimal(18, 8)": "1.5", "UInt8": "3", "UInt32": "3",
	}
	// Where a value of its type is not enough.
	special := map[string]string{"health_overrides.ends_before": "2024-01-02", "settings.name": "grace_days", "settings.value": "3", "contracts.currency": "EUR", "fx_rates.currency": "EUR", "opportunities.currency": "EUR"}
	tables := strings.Split(f.query("table", "(select substring(c.table, 8) as table from system.columns as c where c.database = currentDatabase() and c.name = 'ingested_at' and startsWith(c.table, 'stored_') order by c.table)"), "\n")
	if len(tables) != 22 {
		t.Fatalf("fact tables %q", tables)
	}
	for _, table := range tables {
		var names, values []string
		for line := range strings.SplitSeq(f.query("name, type", "system.columns where database = currentDatabase() and table = 'stored_"+table+"' and default_kind = '' and not startsWith(type, 'Nullable') and not startsWith(type, 'Map') order by position"), "\n") {
			name, typ, _ := strings.Cut(line, "|")
			v, ok := sample[typ]
			if rest, enum := strings.CutPrefix(typ, "Enum8('"); enum {
				v, _, ok = strings.Cut(rest, "'")
			}
			if value, found := special[table+"."+name]; found {
				v, ok = value, true
			}
			if !ok {
				t.Fatalf("%s.%s has type %s", table, name, typ)
			}
			names, values = append(names, name), append(values, v)
		}
		path := f.file(table+".csv", strings.Join(names, ",")+"\n"+strings.Join(values, ",")+"\n")
		if got := counts(f.imports(path)); got != table+" read=1 stored=1 unchanged=0 superseded=0 rejected=0" {
			t.Error(got)
		}
		f.imports(path)
		f.equal(table, f.query("count()", "stored_"+table+" final"), "1")
	}
}

// TestAttributes: the company's own attributes of accounts come as a JSON object, in CSV as the text of one; the same ones change nothing.
func TestAttributes(t *testing.T) {
	f := withViews(t)
	const csv = "account_id,updated_at,attributes\na,2024-01-01,\"{\"\"plan\"\":\"\"pro\"\",\"\"seats\"\":3}\"\nb,2024-01-01,\nc,2024-01-01,plan=pro\n"
	s := f.imports(f.file("accounts.csv", csv))
	f.equal("counts", counts(s), "accounts read=3 stored=2 unchanged=0 superseded=0 rejected=1")
	f.equal("rejects", rejects(s), `accounts.csv:4: attributes "plan=pro" is not a JSON object`)
	json := f.file("accounts.ndjson", `{"account_id":"a","updated_at":"2024-01-01","attributes":{"seats":"3","plan":"pro"}}`+"\n"+`{"account_id":"b","updated_at":"2024-02-01","attributes":{"plan":"free"}}`)
	f.equal("counts", counts(f.imports(json)), "accounts read=2 stored=1 unchanged=1 superseded=0 rejected=0")
	f.equal("accounts", f.query("account_id, attributes['plan'], attributes['seats'], length(attributes)", "accounts order by account_id"), "a|pro|3|2\nb|free||1")

	f.file("map/accounts.sql", "select id as account_id, '2024-03-01' as updated_at, map('plan', tier, 'city', town) as attributes from customers")
	s, err := f.Mapping(t.Context(), filepath.Join(f.dir, "map"), f.file("customers.csv", "id,tier,town\na,max,Bonn\n"))
	if err != nil {
		t.Fatal(err)
	}
	f.equal("counts", counts(s), "accounts read=1 stored=1 unchanged=0 superseded=0 rejected=0")
	f.equal("mapped", f.query("attributes['plan'], attributes['city'], length(attributes)", "accounts where account_id = 'a'"), "max|Bonn|2")
}

// TestManyRows goes through many blocks and batches: order, line numbers and counts must survive.
func TestManyRows(t *testing.T) {
	f := newFixture(t)
	const n = 150_000
	var text strings.Builder
	for i := range n {
		if i%25_000 == 24_999 {
			text.WriteString("{}\n")
			continue
		}
		fmt.Fprintf(&text, `{"account_id":"a%d","name":"version %d"}`+"\n", i%1000, i)
	}
	s := f.imports(f.file("accounts.ndjson", text.String()))
	f.equal("counts", counts(s), fmt.Sprintf("accounts read=%d stored=1000 unchanged=0 superseded=%d rejected=6", n, n-1006))
	var lines []int64
	for _, r := range s.Rejects {
		lines = append(lines, r.Line)
	}
	f.equal("lines", fmt.Sprint(lines), "[25000 50000 75000 100000 125000 150000]")
	// The last row of each account, but for the one whose last row was rejected.
	f.equal("last rows", f.query("count(), min(n), max(n)", "(select toUInt32(splitByChar(' ', name)[2]) as n from stored_accounts)"), fmt.Sprintf("1000|%d|%d", n-1001, n-2))
}

// TestOnePart: a file becomes one part of the table, which comes into being whole or not at all.
func TestOnePart(t *testing.T) {
	f := newFixture(t)
	var text strings.Builder
	text.WriteString("contract_id,account_id,acv,starts_on\n")
	for i := range 150_000 {
		fmt.Fprintf(&text, "c%d,a,1,2024-01-01\n", i)
	}
	f.imports(f.file("contracts.csv", text.String()))
	f.equal("parts", f.query("count(), sum(rows), max(max_block_number - min_block_number)", "system.parts where database = currentDatabase() and table = 'stored_contracts' and active"), "1|150000|0")
}

// TestRejectsAreInert: a spreadsheet runs no formula of a rejects file, and what stands behind the apostrophe is the row as it was.
func TestRejectsAreInert(t *testing.T) {
	f := newFixture(t)
	rows := []string{"=HYPERLINK(0),a,x,2024-01-01", "@sum,a,x,2024-01-01", "+1+1,a,x,2024-01-01", "'quoted,a,x,2024-01-01", "plain,a,=1+1,2024-01-01", "plain,a,-5x,2024-01-01", "plain,a,-,2024-01-01"}
	f.imports(f.file("contracts.csv", "contract_id,account_id,acv,starts_on\n"+strings.Join(rows, "\n")+"\n"))
	data, err := os.ReadFile(filepath.Join(f.RejectsDir, "contracts.csv.rejects.csv"))
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil || len(lines) != len(rows)+1 {
		t.Fatalf("%q, %v", lines, err)
	}
	for i, line := range lines[1:] {
		for _, cell := range line {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("a formula: %q", cell)
			}
		}
		if row := strings.TrimPrefix(line[5], "'"); row != rows[i] {
			t.Errorf("the row is %q, want %q", row, rows[i])
		}
	}
}
