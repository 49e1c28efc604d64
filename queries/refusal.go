package queries

import (
	"errors"
	"regexp"
	"strings"
)

// ErrDamaged is the reason why a query is not computed while a table that it reads is damaged: its result would be wrong.
var ErrDamaged = errors.New("stored data is damaged")

// Refusal is what the engine says against a query, in few words. It unwraps to the engine's own error.
type Refusal struct {
	text string
	err  error
}

func (r Refusal) Error() string { return r.text }

// Unwrap gives the engine's own error.
func (r Refusal) Unwrap() error { return r.err }

// Brief is err as a Refusal: without the query, which ClickHouse repeats in full with all views that it reads; or, where a
// query file raised the error itself (functions/cs_rate.sql), just what that says.
func Brief(err error) error {
	if err == nil {
		return nil
	}
	if m := raised.FindStringSubmatch(err.Error()); m != nil {
		return Refusal{m[1] + ": import it into fx_rates", err}
	}
	text, _, _ := strings.Cut(err.Error(), " In scope ")
	text, _, _ = strings.Cut(text, ": while executing ")
	const most = 500
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return Refusal{strings.TrimRight(text, ".:"), err}
}

// raised finds the text of cs_rate in the engine's complaint that it is no number.
var raised = regexp.MustCompile(`'(no exchange rate for [^']*)'`)
