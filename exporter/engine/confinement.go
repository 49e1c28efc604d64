package engine

import "fmt"

// Confinement is how far the kernel keeps the engine's process from everything but its own files. The library trusts
// whoever queries it, so that a fence around the queries alone does not hold.
type Confinement int

// The levels of confinement.
const (
	Unconfined    Confinement = iota // The process may do what its user may.
	ConfinedFiles                    // Its folder, and for reading the library and a few files of the system. No programs.
	ConfinedFull                     // No connections and no listening, either.
)

var confinements = [...]string{"none", "files", "full"}

func (c Confinement) String() string { return confinements[c] }

// MarshalText writes none, files or full.
func (c Confinement) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads none, files or full.
func (c *Confinement) UnmarshalText(text []byte) error {
	for i, name := range confinements {
		if string(text) == name {
			*c = Confinement(i)
			return nil
		}
	}
	return fmt.Errorf("%q is not a confinement; use full, files or none", text)
}
