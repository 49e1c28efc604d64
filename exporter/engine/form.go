package engine

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
)

// readForm adds the query and its parameters from a multipart body to those of the URL. Clients send them so when they
// are too long for a URL (clickhouse-connect does it unasked, @clickhouse/client, client-v2 and ClickHouse.Driver on
// request). Everything else that a form can carry is data of an external table.
func readForm(r *http.Request, values url.Values) error {
	contentType := r.Header.Get("Content-Type")
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil || params["boundary"] == "" {
		return refuse(codeBadArguments, "BAD_ARGUMENTS", "the header Content-Type of a multipart body must name its boundary, not %q", contentType)
	}
	body, err := decode(r.Header.Get("Content-Encoding"), r.Body)
	if err != nil {
		return err
	}
	defer body.Close()
	broken := func(err error) error {
		return refuse(codeBadArguments, "BAD_ARGUMENTS", "the multipart body of the request ends early or cannot be read: %v", err)
	}
	form := multipart.NewReader(body, params["boundary"])
	for room := maxQuery; ; {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return broken(err)
		}
		name := part.FormName()
		if part.FileName() != "" || name != "query" && !strings.HasPrefix(name, "param_") {
			return refuse(codeNotImplemented, "NOT_IMPLEMENTED", "external data for a query (the part %q of the multipart body) is not supported by this engine; send only the query and its parameters (param_…) as parts", name)
		}
		value, err := io.ReadAll(io.LimitReader(part, int64(room)+1))
		if err != nil {
			return broken(err)
		}
		if room -= len(name) + len(value); room < 0 {
			return refuse(codeQueryTooLarge, "QUERY_IS_TOO_LARGE", "the query and its parameters are longer than %d bytes", maxQuery)
		}
		values[name] = append(values[name], string(value))
	}
}
