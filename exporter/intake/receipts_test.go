package intake_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cskpi/exporter/intake"
)

// TestReceipts: the file has a receipt before anything is erased, and survives a write that was cut short.
func TestReceipts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "erasures.ndjson")
	if _, err := intake.ReadReceipts(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	r, err := intake.OpenReceipts(path)
	if err != nil {
		t.Fatal(err)
	}
	one, two, three := intake.KeptReceipt{ID: "1", Erased: "account", IDHashes: []string{"a"}}, intake.KeptReceipt{ID: "2", Erased: "user", IDHashes: []string{"b", "c"}},
		intake.KeptReceipt{ID: "3", Erased: "user", IDHashes: []string{"d"}}
	if err := r.Add(one, two); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// Wherever the write of the second line was cut short, the first one is read, and the next one is stored.
	first := strings.Index(string(whole), "\n") + 1
	for cut := first; cut < len(whole); cut++ {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if err := r.Add(one, three); err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		got, err := intake.ReadReceipts(path)
		if err != nil || got[0].ID != "1" || got[len(got)-1].ID != "3" || len(got) > 3 || len(got) == 3 && cut < len(whole)-1 {
			t.Fatalf("cut at %d: got %v, %v", cut, got, err)
		}
	}
	if err := os.WriteFile(path, append([]byte("damaged\n"), whole...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := intake.ReadReceipts(path); err == nil || !strings.Contains(err.Error(), "erasures.ndjson:1 ") {
		t.Errorf("a damaged line: %v", err)
	}
}

// TestEraseAgain: in a database that was restored from an older backup, receipts find whom they are about, by pseudonym as well, and
// leave others alone. What the backup's own receipts say was done is not done again.
func TestEraseAgain(t *testing.T) {
	f := newFixture(t)
	key := []byte("0123456789abcdef")
	f.UserKey = key
	const surveys = "response_id,account_id,user_id,kind,score,responded_at\ns1,acme,amy,nps,9,2024-05-01\ns2,core,amy,nps,9,2024-05-01\ns3,core,bob,nps,9,2024-05-01\n"
	file := f.file("surveys.csv", surveys)
	f.imports(file)
	path := filepath.Join(t.TempDir(), "erasures.ndjson")
	receipts, err := intake.OpenReceipts(path)
	if err != nil {
		t.Fatal(err)
	}
	erase := func(what intake.What) {
		t.Helper()
		what.Receipts = receipts
		if _, err := intake.Erase(t.Context(), f.conn, what); err != nil {
			t.Fatal(err)
		}
	}
	erase(intake.What{Account: "acme"})
	erase(intake.What{User: "amy", UserKey: key})
	erase(intake.What{User: "nobody"})
	kept, err := intake.ReadReceipts(path)
	if err != nil || len(kept) != 3 {
		t.Fatalf("got the receipts %v, %v", kept, err)
	}
	all, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(all), "acme") || strings.Contains(string(all), "amy") || strings.Contains(string(all), intake.Pseudonym(key, "amy")) {
		t.Errorf("the file names somebody: %s, %v", all, err)
	}

	// As after a restore: the facts are there, and the receipts are not.
	for _, statement := range []string{"truncate table stored_surveys", "truncate table erasures"} {
		if err := f.conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	f.imports(file)
	f.equal("restored", f.query("response_id", "stored_surveys final order by response_id"), "s1\ns2\ns3")
	found, err := intake.EraseAgain(t.Context(), f.conn, kept, receipts)
	if err != nil || found != 2 {
		t.Errorf("got %d, %v, want 2 erasures that found something", found, err)
	}
	f.equal("erased again", f.query("response_id", "stored_surveys final order by response_id"), "s3")
	f.equal("receipts", f.query("count(), countIf(finished_at is null)", "erasures final"), "3|0")

	f.imports(file)
	if found, err := intake.EraseAgain(t.Context(), f.conn, kept, receipts); err != nil || found != 0 {
		t.Errorf("got %d, %v, want none: these were done before the backup", found, err)
	}
	f.equal("sent again after the erasure", f.query("response_id", "stored_surveys final order by response_id"), "s1\ns2\ns3")
}
