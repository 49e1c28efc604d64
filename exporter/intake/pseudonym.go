package intake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"
)

// personColumns are the columns, of whatever table, that name a person at a customer.
var personColumns = []string{"user_id", "anonymous_id", "alias_id", "person_id", "contact"}

// addressColumn has e-mail addresses of people. Where ids are pseudonyms, their domain alone is stored, which says whether they are own staff.
const addressColumn = "email"

// domainOf is an address without the name of the person: @ and the domain.
func domainOf(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return ""
	}
	return address[at:]
}

// pseudonymBytes is how much of the HMAC a pseudonym keeps: enough that no two people ever share one.
const pseudonymBytes = 16

// Pseudonym is what stands for a person's id in the database: the same one for the same id and key, by whatever way it came.
// Without a key it is the id itself, as ids of people are spelt, and nobody in particular, the empty id, stays nobody.
func Pseudonym(key []byte, id string) string {
	id = ofPerson.spell(id)
	if len(key) == 0 || id == "" {
		return id
	}
	p := pseudonyms{mac: hmac.New(sha256.New, key)}
	return p.of(id)
}

// pseudonyms makes pseudonyms one after the other; of an id that comes again at once it knows the last one.
type pseudonyms struct {
	mac      hash.Hash
	id, last string
	sum      [sha256.Size]byte
}

func (p *pseudonyms) of(id string) string {
	if id == "" {
		return ""
	}
	if id == p.id && p.last != "" {
		return p.last
	}
	p.mac.Reset()
	_, _ = p.mac.Write([]byte(id))
	p.id, p.last = id, hex.EncodeToString(p.mac.Sum(p.sum[:0])[:pseudonymBytes])
	return p.last
}
