package engine

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// exception is an error in ClickHouse's own form.
type exception struct {
	code    int
	name    string // UNKNOWN_TABLE and the like.
	message string // The whole text, as a server sends it.
}

func (e *exception) Error() string { return e.message }

var (
	exceptionCode = regexp.MustCompile(`^Code: (\d+)\.`)
	exceptionName = regexp.MustCompile(`\(([A-Z][A-Z0-9_]+)\)`)
)

// newException reads the text by which libchdb tells of an error.
func newException(text string) *exception {
	e := &exception{code: 1002, name: "UNKNOWN_EXCEPTION", message: strings.TrimSpace(text)}
	if m := exceptionCode.FindStringSubmatch(e.message); m != nil {
		e.code, _ = strconv.Atoi(m[1])
	} else {
		e.message = fmt.Sprintf("Code: %d. DB::Exception: %s (%s)", e.code, e.message, e.name)
	}
	if names := exceptionName.FindAllStringSubmatch(e.message, -1); names != nil {
		e.name = names[len(names)-1][1]
	}
	return e
}

// refuse makes an exception of the front's own.
func refuse(code int, name, format string, args ...any) *exception {
	text := fmt.Sprintf(format, args...)
	return &exception{code: code, name: name, message: fmt.Sprintf("Code: %d. DB::Exception: %s. (%s)", code, text, name)}
}

// Codes of the exceptions that the front itself raises.
const (
	codeBadArguments    = 36
	codeUnknownCodec    = 89
	codeQueryTooLarge   = 229
	codeDecompress      = 271
	codeNotImplemented  = 48
	codeSyntaxError     = 62
	codeTimeoutExceeded = 159
	codeReadonly        = 164
	codeTooManyQueries  = 202
	codeNetwork         = 210
	codeNoSpace         = 243
	codeOutfile         = 358
	codeAccessDenied    = 497
	codeWrongPassword   = 516
	codeConstraint      = 452
	codeUnknownFormat   = 73
	codeResultTooLarge  = 396
)

// status is the HTTP status that ClickHouse gives with an exception.
func (e *exception) status() int {
	switch e.code {
	case 6, 25, 26, 27, 33, 38, 41, 53, 69, 70, 72, 117, 130, 131, 321, 349, 376, 427, 441, 467,
		codeBadArguments, codeSyntaxError, codeConstraint, codeUnknownCodec, codeDecompress, codeOutfile:
		return http.StatusBadRequest
	case codeReadonly, 192, 193, codeAccessDenied, codeWrongPassword:
		return http.StatusForbidden
	case 16, 46, 47, 50, 56, 60, 63, codeUnknownFormat, 78, 81, 115, 137:
		return http.StatusNotFound
	case codeTimeoutExceeded:
		return http.StatusRequestTimeout
	case codeQueryTooLarge:
		return http.StatusRequestEntityTooLarge
	case codeNotImplemented:
		return http.StatusNotImplemented
	case codeTooManyQueries, 209, codeNetwork, 439:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// write answers a request with the exception, and with another status than ClickHouse's own if the caller knows better.
func (e *exception) write(w http.ResponseWriter, status int) {
	h := w.Header()
	h.Del("Content-Encoding")
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	h.Set("X-ClickHouse-Exception-Code", strconv.Itoa(e.code))
	h.Set("X-ClickHouse-Exception-Name", e.name)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, e.message+"\n")
}
