package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"cskpi/exporter/intake/api"
)

// Files in the data folder that serve makes if CSKPI_INTAKE_TOKENS is not set.
const (
	TokensFile = "tokens.yaml" // hashes of tokens, as in CSKPI_INTAKE_TOKENS
	TokenFile  = "token"       // a token with all rights, for cskpi send on this machine
)

// OwnTokens returns the file of tokens in the data folder. The first call makes it, with one token that may do everything.
// Only the owner of the data can read that token.
func (c Config) OwnTokens() (string, error) {
	tokens := filepath.Join(c.DataDir, TokensFile)
	if _, err := os.Stat(tokens); !errors.Is(err, fs.ErrNotExist) {
		return tokens, err
	}
	token, entry, err := api.NewToken(api.TokenOptions{Name: "local", Tables: []string{"*"}, Rights: []string{"write", "read", "erase"}})
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return "", err
	}
	// The token comes first: the hash of a token that nobody knows would be of no use.
	if err := WriteFile(filepath.Join(c.DataDir, TokenFile), []byte(token+"\n")); err != nil {
		return "", err
	}
	return tokens, WriteFile(tokens, []byte("# Who may send facts. Add others with: cskpi token new --name NAME --tables TABLE >> "+TokensFile+"\n"+entry))
}

// WriteFile replaces a file that only its owner can read, as a whole.
func WriteFile(path string, text []byte) error {
	return renameio.WriteFile(path, text, 0o600, renameio.WithTempDir(filepath.Dir(path)))
}
