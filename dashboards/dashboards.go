// Package dashboards draws the boards that people look at in Grafana, in English and in Japanese, from a layout in Go and
// from what the query files say of their KPIs.
//
// The JSON below en and ja is generated and committed, so that Grafana's provisioning needs nothing else:
//
//	go generate ./dashboards
package dashboards

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"cskpi/queries"
)

//go:generate go test -count=1 -run ^TestGenerated$ -update .

//go:embed en/*.json ja/*.json
var generated embed.FS

// Board is a board as Grafana takes it.
type Board struct {
	UID, Title string
	JSON       []byte // indented, with a line end behind it
}

// The languages in which there are boards.
const (
	English  = "en"
	Japanese = "ja"
)

// Languages lists them.
func Languages() []string { return []string{English, Japanese} }

// Words are the values of a label that boards call by other names, and these names in a language.
func Words(label, language string) [][2]string {
	var words [][2]string
	for _, w := range vocabulary[label] {
		words = append(words, [2]string{w.value, w.text.in(language)})
	}
	return words
}

// Tag is what all boards have, and nothing else.
const Tag = "cskpi"

// Folder is the folder for the boards in a language: its UID and its title.
func Folder(language string) (uid, title string) {
	if language == Japanese {
		return "cs-ja", "カスタマーサクセス"
	}
	return "cs", "Customer Success"
}

// All returns the boards in a language, the one for executives first.
func All(language string) ([]Board, error) {
	if !slices.Contains(Languages(), language) {
		return nil, fmt.Errorf("boards in the language %q: there are those in %q", language, Languages())
	}
	var all []Board
	for _, b := range layouts {
		text, err := generated.ReadFile(path.Join(language, b.uid+".json"))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("board %s: %w; run go generate ./dashboards", b.uid, err)
		}
		if err != nil {
			return nil, fmt.Errorf("board %s: %w", b.uid, err)
		}
		var head struct{ UID, Title string }
		if err := json.Unmarshal(text, &head); err != nil {
			return nil, fmt.Errorf("board %s: %w", b.uid, err)
		}
		all = append(all, Board{head.UID, head.Title, text})
	}
	return all, nil
}

// layouts are the boards in the order in which people read them.
var layouts = []struct {
	uid  string
	draw func(*kpis) board
}{
	{"cs-executive", executive},
	{"cs-retention", retention},
	{"cs-onboarding", onboarding},
	{"cs-health", health},
	{"cs-coverage", coverage},
	{"cs-expansion", growing},
	{"cs-voice", voice},
	{"cs-account", account},
	{"cs-exporter", service},
}

// drawn are all boards, each below what all of them say of the stored data.
func drawn(k *kpis) []board {
	var all []board
	for _, l := range layouts {
		b := l.draw(k)
		b.uid = l.uid
		b.rows = append([]row{banner()}, b.rows...)
		all = append(all, b)
	}
	return all
}

// generate draws all boards in a language anew.
func generate(c queries.Catalogue, language string) ([]Board, error) {
	k := &kpis{catalogue: c}
	var all []Board
	for _, b := range drawn(k) {
		text, err := b.json(k, language)
		if err != nil {
			return nil, fmt.Errorf("board %s: %w", b.uid, err)
		}
		all = append(all, Board{b.uidIn(language), b.title.in(language), text})
	}
	return all, errors.Join(k.problems...)
}
