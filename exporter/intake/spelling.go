package intake

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// spelling is in how far the spelling of a text means nothing, so that what is the same is stored the same.
type spelling uint8

const (
	asGiven  spelling = iota // sentences and documents
	ofName                   // ids and names: blanks around it and the form of Unicode mean nothing; case may
	ofPerson                 // ids of people: likewise, and of an e-mail address, case
	ofCode                   // words that are counted by, as reasons: case and the number of blanks mean nothing
	ofCurrency
)

// Columns of words that are counted by, in tables where no list says which there are.
var codeColumns = []string{"kind", "cancel_reason", "severity"}

const currencyColumn = "currency"

// spellingOf says how a column of texts is spelt.
func spellingOf(column string) spelling {
	switch {
	case slices.Contains(proseColumns, column):
		return asGiven
	case column == currencyColumn:
		return ofCurrency
	case slices.Contains(codeColumns, column):
		return ofCode
	case column == addressColumn, slices.Contains(personColumns, column):
		return ofPerson
	}
	return ofName
}

// spell is the text as it is stored.
func (s spelling) spell(text string) string {
	if s == asGiven {
		return text
	}
	text = strings.TrimFunc(text, isBlank)
	if !isASCII(text) {
		text = norm.NFC.String(text)
	}
	switch s {
	case ofPerson:
		if isAddress(text) {
			text = strings.ToLower(text)
		}
	case ofCode:
		text = strings.ToLower(strings.Join(strings.FieldsFunc(text, isBlank), " "))
	case ofCurrency:
		text = strings.ToUpper(text)
	}
	return text
}

// isBlank is true of blanks, and of marks that nobody sees and that exports leave around texts.
func isBlank(r rune) bool { return unicode.IsSpace(r) || r == '\uFEFF' || r == '\u200B' }

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isAddress tells e-mail addresses from other ids.
func isAddress(id string) bool {
	at := strings.IndexByte(id, '@')
	return at > 0 && strings.IndexByte(id[at+1:], '.') > 0 && !strings.ContainsRune(id[at+1:], '@')
}

// word finds one of a list's words, however it is spelt: Cross-Sell is cross_sell.
func (c *column) word(text string) (int8, bool) {
	if n, found := c.enum[text]; found {
		return n, true
	}
	text = ofCode.spell(text)
	if n, found := c.enum[text]; found {
		return n, true
	}
	n, found := c.enum[strings.NewReplacer("-", "_", " ", "_").Replace(text)]
	return n, found
}
