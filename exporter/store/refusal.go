package store

import (
	"errors"
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

// Brief is err as a Refusal: without the query, which ClickHouse repeats in full with all views that it reads.
func Brief(err error) error {
	if err == nil {
		return nil
	}
	text, _, _ := strings.Cut(err.Error(), " In scope ")
	text, _, _ = strings.Cut(text, ": while executing ")
	const most = 500
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return Refusal{strings.TrimRight(text, ".:"), err}
}
