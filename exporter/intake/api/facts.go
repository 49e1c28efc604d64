package api

import (
	"bytes"
	"context"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"

	"cskpi/exporter/intake"
	"cskpi/queries"
)

// kinds are the media types that rows of a table may come as.
var kinds = map[string]intake.Format{
	"application/x-ndjson": intake.NDJSON,
	"application/ndjson":   intake.NDJSON,
	"application/jsonl":    intake.NDJSON,
	"application/json":     "", // an array or an object, to be made NDJSON
	"text/csv":             intake.CSV,
}

const accepted = "application/x-ndjson, application/json, text/csv"

// anyTable is the route of paths that have no other.
const anyTable = "/v1/{table}"

// table takes rows of a fact table, or tells what they look like.
func (s *Server) table(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPost:
		s.facts(w, r)
	case routeOf(mux, r, http.MethodPost) != anyTable: // no table, but a path such as /v1/track
		s.nowhere(mux, w, r)
	case r.Method == http.MethodGet:
		s.describeTable(w, r)
	default:
		s.wrongMethod(w, r, http.MethodGet, http.MethodPost)
	}
}

// facts takes rows of a fact table.
func (s *Server) facts(w http.ResponseWriter, r *http.Request) {
	who, table, ok := s.which(w, r, (*Token).mayWrite, "write to")
	if !ok {
		return
	}
	format, ok := s.format(w, r)
	if !ok {
		return
	}
	text, ok := s.body(w, r)
	if !ok {
		return
	}
	rows, err := readRows(format, text)
	if err != nil {
		s.fail(w, r, http.StatusBadRequest, "%v", err)
		return
	}
	rows.Table = table
	answers, err := s.store(r.Context(), who, []intake.Rows{rows})
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	answers[0].RequestID = about(r).id
	s.reply(w, r, answers[0].status(), answers[0])
}

// which finds the caller and the table that a request is about. If there is none, or the caller may not, it has answered.
func (s *Server) which(w http.ResponseWriter, r *http.Request, may func(*Token, string) bool, verb string) (who *Token, table string, ok bool) {
	if who, ok = s.who(w, r); !ok {
		return nil, "", false
	}
	db := s.db.Load()
	if db == nil {
		s.refuse(w, r, errNotReady)
		return nil, "", false
	}
	table = r.PathValue("table")
	if tables := (*db).Tables(); !slices.Contains(tables, table) {
		tables = slices.DeleteFunc(slices.Clone(tables), func(t string) bool { return !may(who, t) })
		hint := ""
		if near := queries.Nearest(clip(table), tables); near != "" {
			hint = "; did you mean " + near + "?"
		} else if len(tables) > 0 {
			hint = "; there are " + strings.Join(tables, ", ")
		}
		s.fail(w, r, http.StatusNotFound, "there is no table %q%s", clip(table), hint)
		return nil, "", false
	}
	about(r).table = table
	if !may(who, table) {
		s.refuse(w, r, mayNot(verb, table))
		return nil, "", false
	}
	return who, table, true
}

// describeTable tells what rows of a table look like, and how far each system's are stored.
func (s *Server) describeTable(w http.ResponseWriter, r *http.Request) {
	who, table, ok := s.which(w, r, (*Token).mayRead, "read")
	if !ok {
		return
	}
	if !s.work(w, r) {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.o.Timeout)
	defer cancel()
	d, err := (*s.db.Load()).Describe(ctx, table, who.Source)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	s.reply(w, r, http.StatusOK, struct {
		RequestID string `json:"request_id"`
		intake.Description
	}{about(r).id, d})
}

// format reads the Content-Type. If it is none that is known, it has answered.
func (s *Server) format(w http.ResponseWriter, r *http.Request) (intake.Format, bool) {
	given := r.Header.Get("Content-Type")
	kind, parameters, err := mime.ParseMediaType(given)
	format, known := kinds[kind]
	if err != nil || !known {
		w.Header().Set("Accept-Post", accepted)
		s.fail(w, r, http.StatusUnsupportedMediaType, "Content-Type %q is not for rows; send %s", clip(given), accepted)
		return "", false
	}
	if charset := strings.ToLower(parameters["charset"]); charset != "" && charset != "utf-8" && charset != "utf8" && charset != "us-ascii" {
		s.fail(w, r, http.StatusUnsupportedMediaType, "charset %q is not read; send UTF-8", clip(charset))
		return "", false
	}
	return format, true
}

// readRows makes the body of a request, which it may overwrite, something that a Store reads.
func readRows(format intake.Format, text []byte) (intake.Rows, error) {
	rows := intake.Rows{Name: "request", Format: format, Text: text}
	if format == intake.CSV {
		return rows, nil
	}
	rows.Text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if format == intake.NDJSON {
		if start := skipSpace(rows.Text, 0); start < len(rows.Text) && rows.Text[start] == '[' {
			return rows, errors.New("this is a JSON array and no NDJSON; send it as application/json, or one object per line")
		}
		return rows, nil
	}
	rows.Format = intake.NDJSON
	var err error
	rows.Text, err = toLines(rows.Text)
	return rows, err
}
