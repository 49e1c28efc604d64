package sqltext_test

import (
	"slices"
	"strings"
	"testing"

	"cskpi/queries/sqltext"
)

func TestSplit(t *testing.T) {
	f := func(src string, want ...string) {
		t.Helper()
		all, err := sqltext.Split(src)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]string, len(all))
		for i, s := range all {
			got[i] = s.Text
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f("")
	f(" ; ;-- nothing\n;")
	f("select 1", "select 1")
	f("select 1; select 2;", "select 1", "select 2")
	f("-- one; of\nselect ';', `;`, \";\" /* ; */;\n\n-- two\nselect $$;$$", "-- one; of\nselect ';', `;`, \";\" /* ; */", "-- two\nselect $$;$$")
	f(`select 'it''s; \'; ' ; select 2`, `select 'it''s; \'; '`, "select 2")

	if _, err := sqltext.Split("select 1;\nselect 'x"); err == nil || !strings.Contains(err.Error(), ":2:") {
		t.Errorf("got %v, want an error in line 2", err)
	}
	all, _ := sqltext.Split("-- error: no rate\n\nselect 1;\n\nINSERT into x")
	if all[0].Line != 3 || all[0].Notes[0].Text != "-- error: no rate" || all[1].Line != 5 || all[1].Tokens[0].Text != "INSERT" {
		t.Errorf("got %+v", all)
	}
}
