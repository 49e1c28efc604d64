package engine

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxQuery is the most text a statement may have, its data not counted. ClickHouse's
// own limit, max_query_size, is a quarter of it and says so itself.
const maxQuery = 1 << 20

// pair is a setting or parameter in the order in which it was given.
type pair struct{ name, value string }

// role is what a request may do. The token stands for all rights; a header beside it lowers them.
type role string

const (
	roleService role = ""       // May do everything.
	roleReader  role = "reader" // May read everything.
	roleKPI     role = "kpi"    // May read the KPI views, and no rows of accounts.
)

// roleHeader lowers the rights of a request that carries the token.
const roleHeader = "X-Cskpi-Role"

// request is what a client asks for.
type request struct {
	query      string // From the URL; more may stand in the body.
	body       io.ReadCloser
	role       role
	get        bool // ClickHouse takes GET to mean that nothing is changed.
	database   string
	format     string // Where the query names none.
	id         string
	settings   []pair
	params     []pair
	revision   uint64 // Of the client's protocol.
	encoding   string // For the response, from Accept-Encoding.
	compress   bool   // Response in ClickHouse's compressed blocks.
	waitEnd    bool
	session    string // The parameter by which the client asks for a session over several requests.
	bufferSize int
}

var settingName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// readRequest reads URL and headers. What it does not know is a setting, and what
// cannot be honoured is refused: nothing is ignored but what has no meaning here.
func readRequest(r *http.Request) (*request, error) {
	q := &request{
		body: r.Body, get: r.Method == http.MethodGet || r.Method == http.MethodHead, bufferSize: outputBuffer,
		format: r.Header.Get("X-ClickHouse-Format"), database: r.Header.Get("X-ClickHouse-Database"),
		encoding: chooseEncoding(r.Header.Get("Accept-Encoding")),
	}
	if err := checkUser(r); err != nil {
		return nil, err
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refuse(codeBadArguments, "BAD_ARGUMENTS", "the URL's parameters cannot be read: %v", err)
	}
	form := strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/")
	if form {
		if err = readForm(r, values); err != nil {
			return nil, err
		}
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	decompress := false
	for _, name := range names {
		value := values[name][len(values[name])-1]
		switch name {
		case "query":
			q.query = value
		case "database":
			q.database = value
		case "default_format":
			if q.format == "" {
				q.format = value
			}
		case "query_id":
			q.id = value
		case "client_protocol_version":
			q.revision, err = strconv.ParseUint(value, 10, 32)
		case "compress":
			q.compress, err = parseBool(value)
		case "decompress":
			decompress, err = parseBool(value)
		case "wait_end_of_query", "http_wait_end_of_query":
			q.waitEnd, err = parseBool(value)
		case "buffer_size", "http_response_buffer_size":
			q.bufferSize, err = strconv.Atoi(value)
			q.bufferSize = min(max(q.bufferSize, 0), outputMaximum)
		case "user", "password", "quota_key", "stacktrace", "session_timeout":
			// user and password are checked above; there are no quotas and no stack traces to send.
		case "session_id", "session_check", "close_session":
			q.session = name
		case "role":
			return nil, refuse(codeNotImplemented, "NOT_IMPLEMENTED", "roles are not supported by this engine; send no role")
		default:
			if param, ok := strings.CutPrefix(name, "param_"); ok {
				if !settingName.MatchString(param) {
					return nil, refuse(codeBadArguments, "BAD_ARGUMENTS", "%q is not a name for a query parameter", param)
				}
				q.params = append(q.params, pair{param, value})
				continue
			}
			if strings.HasSuffix(name, "_structure") || strings.HasSuffix(name, "_types") {
				return nil, refuse(codeNotImplemented, "NOT_IMPLEMENTED", "external data for a query (%s) is not supported by this engine; insert it into a table", name)
			}
			if !settingName.MatchString(name) {
				return nil, refuse(115, "UNKNOWN_SETTING", "Unknown setting %q", name)
			}
			q.settings = append(q.settings, pair{name, value})
		}
		if err != nil {
			return nil, refuse(codeBadArguments, "BAD_ARGUMENTS", "the URL's parameter %s cannot be %q", name, value)
		}
	}
	if form {
		q.body = http.NoBody
		return q, nil
	}
	if q.body, err = decode(r.Header.Get("Content-Encoding"), r.Body); err != nil {
		return nil, err
	}
	if decompress {
		q.body = readCloser{decodeBlocks(q.body), q.body}
	}
	return q, nil
}

type readCloser struct {
	io.Reader
	io.Closer
}

// checkUser refuses credentials: there is one user, default, without a password.
func checkUser(r *http.Request) error {
	values := r.URL.Query()
	user, password, _ := r.BasicAuth()
	for _, name := range []string{user, r.Header.Get("X-ClickHouse-User"), values.Get("user")} {
		if name != "" && name != "default" {
			return refuse(codeWrongPassword, "AUTHENTICATION_FAILED", "%s: Authentication failed: the engine's only user is default, without a password", name)
		}
	}
	for _, secret := range []string{password, r.Header.Get("X-ClickHouse-Key"), values.Get("password")} {
		if secret != "" {
			return refuse(codeWrongPassword, "AUTHENTICATION_FAILED", "default: Authentication failed: the engine's user default has no password")
		}
	}
	return nil
}

func parseBool(s string) (bool, error) {
	if s == "" {
		return false, nil
	}
	return strconv.ParseBool(s)
}

// checkSession refuses sessions over several requests. A reader's would hold nothing, since readers can neither SET
// nor create temporary tables, so that for a reader each request is a session: it is never missing, and it ends by
// itself. Clients may therefore name one unasked (clickhouse-connect), check that it exists (clickhouse-jdbc) and close it.
func (q *request) checkSession() error {
	if q.session == "" || q.role != roleService {
		return nil
	}
	return refuse(codeNotImplemented, "NOT_IMPLEMENTED", "sessions over several requests are not supported by this engine; send no %s", q.session)
}

// setting is the value that the client gave a setting, or empty.
func (q *request) setting(name string) string {
	for _, s := range q.settings {
		if s.name == name {
			return s.value
		}
	}
	return ""
}
