//go:build linux && !server

package engine_test

import (
	"strings"
	"testing"
)

// A SETTINGS clause at the end of a reader's statement is as good as settings in the URL, and no better.
func TestReaderSettingsInTheText(t *testing.T) {
	f := func(query, code, want string) {
		t.Helper()
		got := ask(t, q(query, "max_threads", "2"), "")
		if got.header.Get("X-ClickHouse-Exception-Code") != code || !strings.HasPrefix(got.body, want) {
			t.Errorf("%s: got %d %.300q, want %s %q", query, got.status, got.body, code, want)
		}
	}
	f("select getSetting('max_threads') settings max_threads = 3", "", "3\n")
	f("select getSetting('max_threads') settings\n max_threads=3 /* so many */; -- done", "", "3\n")
	f("select timezone() settings max_threads = 3, session_timezone = 'Asia/Tokyo' format CSV", "", "\"Asia/Tokyo\"\n")
	f("select timezone() format CSV settings session_timezone = 'Asia/Tokyo'", "", "\"Asia/Tokyo\"\n")
	f("select 1 union all select 1 settings join_use_nulls = true", "", "1\n1\n")
	f("select settings from (select 5 as settings)", "", "5\n")
	f("explain syntax select 1 settings max_threads = 1", "", "SELECT 1\n")
	for _, setting := range []string{"readonly = 0", "max_threads = 1, readonly = 0", "max_execution_time = 0", "additional_result_filter = '1'", "max_threads = 1000", "format_schema = 'x'", "log_comment = (select 1)"} {
		if got := ask(t, q("select 1 settings "+setting), ""); got.status < 400 {
			t.Errorf("%s: got %d %q", setting, got.status, got.body)
		}
	}
	f("select * from (select 1 settings max_threads = 1)", "164", "Code: 164. DB::Exception: Cannot modify 'max_threads' setting in readonly mode: readers of this engine give settings with the request")
	f("select 1 settings max_threads = 1 union all select 2", "164", "")
	// The list of settings says what may be set, in whatever way it is asked for.
	f("select readonly from system.settings where name = 'max_threads'", "", "0\n")
	f("select s.readonly from `system`.\"settings\" as s where s.name in ('max_threads')", "", "0\n")
	f("select settings.readonly from system.settings where settings.name = 'dialect'", "", "1\n")
	f("select system.settings.name from system.settings where name = 'dialect'", "", "dialect\n")
	f("select max(a.readonly + b.readonly) from system.settings a join system.settings b using (name) where name = 'max_threads'", "", "0\n")
}
