package engine

import (
	"math"
	"strconv"
	"strings"
)

// A reader is a session without the service's token. Its main fence is ClickHouse's
// own readonly=1. That leaves holes in a library made for one trusted user, which
// are closed here: INTO OUTFILE writes files, the function file reads them,
// DESCRIBE of a table function opens files and URLs, KILL ends the service's
// queries, and some settings name files.

// readerSettings are what a reader may set; a name that ends in * is a prefix.
var readerSettings = []string{
	"output_format_*", "date_time_output_format", "date_time_input_format",
	"format_csv_*", "format_tsv_*", "format_custom_*", "format_binary_max_*", "format_display_*",
	"max_result_rows", "max_result_bytes", "result_overflow_mode", "max_rows_to_read", "max_bytes_to_read", "read_overflow_mode",
	"max_execution_time", "timeout_overflow_mode", "max_memory_usage", "max_threads", "max_block_size", "limit", "offset", "extremes",
	"session_timezone", "log_comment", "readonly", "join_use_nulls", "join_algorithm", "transform_null_in", "group_by_use_nulls",
	"aggregate_functions_null_for_empty", "count_distinct_implementation", "prefer_column_name_to_alias", "cast_keep_nullable",
	"decimal_check_overflow", "date_time_overflow_behavior", "enable_analyzer", "allow_experimental_analyzer", "enable_materialized_cte",
	"optimize_*", "use_*", "final", "additional_table_filters", "additional_result_filter",
	"http_*", "enable_http_compression", "send_progress_in_http_headers", "network_*", "connect_timeout*", "receive_timeout", "send_timeout",
	"interactive_delay", "max_query_size",
}

const maxReaderThreads = 64

// checkReaderSettings refuses settings that a reader may not change, and values
// beyond what the engine grants: seconds for a query and bytes of memory.
func checkReaderSettings(settings []pair, seconds float64, memory uint64) error {
	for _, s := range settings {
		if !readerMaySet(s.name) {
			return refuse(codeReadonly, "READONLY", "Cannot modify '%s' setting in readonly mode", s.name)
		}
		limit := math.Inf(1)
		switch s.name {
		case "max_execution_time":
			limit = seconds
		case "max_memory_usage":
			limit = float64(memory)
		case "max_threads":
			limit = maxReaderThreads
		case "readonly":
			if s.value != "1" && s.value != "2" {
				return refuse(codeReadonly, "READONLY", "Cannot modify 'readonly' setting in readonly mode")
			}
		}
		// Zero means no limit at all. What is not a number ClickHouse refuses itself.
		if n, err := strconv.ParseFloat(s.value, 64); !math.IsInf(limit, 1) && err == nil && (n > limit || n <= 0 || math.IsNaN(n)) {
			return refuse(codeConstraint, "SETTING_CONSTRAINT_VIOLATION", "Setting %s shouldn't be greater than %s", s.name, strconv.FormatFloat(limit, 'f', -1, 64))
		} else if !math.IsInf(limit, 1) && err != nil {
			return refuse(codeConstraint, "SETTING_CONSTRAINT_VIOLATION", "Setting %s must be a plain number, at most %s", s.name, strconv.FormatFloat(limit, 'f', -1, 64))
		}
	}
	return nil
}

func readerMaySet(name string) bool {
	if name == "output_format_schema" { // The name of a file to write.
		return false
	}
	for _, allowed := range readerSettings {
		if prefix, ok := strings.CutSuffix(allowed, "*"); name == allowed || ok && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// checkReaderQuery judges a statement as ClickHouse's own formatter wrote it: without
// comments, with one way to quote. What it accepts is run in that very form.
func checkReaderQuery(query string) error {
	denied := func(what string) error {
		return refuse(codeReadonly, "READONLY", "Cannot execute query in readonly mode: %s needs the service's token", what)
	}
	l := lexer{text: query}
	var before, last token
	for first := true; ; first = false {
		t := l.next()
		if t.kind == endOfText {
			return nil
		}
		if first {
			switch verb := strings.ToUpper(query[t.start:t.end]); verb {
			case "SELECT", "WITH", "(", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS":
			default:
				return denied(verb)
			}
		}
		switch ahead := l; {
		case t.kind == unfinished:
			return denied("a statement that cannot be read")
		case t.kind == sign && query[t.start] == ';':
			return denied("a second statement")
		case l.is(last, "INTO") && l.is(t, "OUTFILE"):
			return denied("INTO OUTFILE")
		case (t.kind == word || t.kind == quotedName) && l.name(t) == "file" && !l.is(last, "."):
			return denied("the function file (for a column of that name write table.file)")
		case t.kind == word && strings.EqualFold(l.name(t), "catboostEvaluate"):
			return denied("catboostEvaluate")
		case l.is(last, "DESCRIBE") || l.is(last, "DESC") || l.is(last, "TABLE") && (l.is(before, "DESCRIBE") || l.is(before, "DESC")):
			if (t.kind == word || t.kind == quotedName) && !l.is(t, "TABLE") && ahead.is(ahead.next(), "(") {
				return denied("DESCRIBE of a table function")
			}
		}
		before, last = last, t
	}
}
