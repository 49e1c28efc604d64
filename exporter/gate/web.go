package gate

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/time/rate"
)

// webConfig is a web configuration file of the exporter toolkit. A change of the file shows within a second, except
// whether there is TLS at all. The toolkit's own server is not used: it knows basic auth only, and checks users before
// it is known whether a request may come in at all.
type webConfig struct {
	path string
	log  *slog.Logger

	mu     sync.Mutex
	looked time.Time
	text   []byte
	config *config
	limit  *rate.Limiter // of the file's rate_limit

	key   [sha256.Size]byte // of the digests
	right map[[sha256.Size]byte]bool
}

type config struct{ web.Config }

// lookEvery is how soon a change of the file shows.
const lookEvery = time.Second

// authenticates reports whether nobody comes in without proving who they are.
func (c *config) authenticates() bool {
	return len(c.Users) > 0 || c.TLSConfig.IsEnabled() && c.TLSConfig.ClientAuth == "RequireAndVerifyClientCert"
}

// readWebConfig reads and checks the file at path; without a path there is nothing in it.
func readWebConfig(path string) (*config, error) {
	c := &config{web.Config{
		TLSConfig:  web.TLSConfig{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13},
		HTTPConfig: web.HTTPConfig{HTTP2: true},
	}}
	if path == "" {
		return c, nil
	}
	if err := web.Validate(path); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if err := yaml.UnmarshalStrict(text, &c.Config); err != nil {
		return nil, err
	}
	c.TLSConfig.SetDirectory(filepath.Dir(path))
	return c, nil
}

func openWebConfig(path string, log *slog.Logger) (*webConfig, error) {
	c, err := readWebConfig(path)
	if err != nil {
		return nil, err
	}
	w := &webConfig{path: path, log: log, config: c, looked: time.Now(), right: map[[sha256.Size]byte]bool{}}
	if path != "" {
		if w.text, err = os.ReadFile(path); err != nil {
			return nil, err
		}
	}
	rand.Read(w.key[:]) // Never fails.
	w.limit = c.limiter()
	return w, nil
}

// limiter is that of the file's rate_limit; nil if it has none.
func (w *webConfig) limiter() *rate.Limiter {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.limit
}

func (c *config) limiter() *rate.Limiter {
	if c.RateLimiterConfig.Interval == 0 {
		return nil
	}
	return rate.NewLimiter(rate.Every(c.RateLimiterConfig.Interval), c.RateLimiterConfig.Burst)
}

// current is the file as it is now, or as it was when it was last right. A file that lost its users is not taken over:
// an open port must be asked for by a restart.
func (w *webConfig) current() *config {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.path == "" || time.Since(w.looked) < lookEvery {
		return w.config
	}
	w.looked = time.Now()
	text, err := os.ReadFile(w.path)
	if err == nil && bytes.Equal(text, w.text) {
		return w.config
	}
	w.text = text // A mistake is logged once.
	var c *config
	if err == nil {
		c, err = readWebConfig(w.path)
	}
	if err == nil && w.config.authenticates() && !c.authenticates() {
		err = errors.New("it no longer has users")
	}
	if err == nil && w.config.TLSConfig.IsEnabled() != c.TLSConfig.IsEnabled() {
		err = errors.New("TLS cannot be turned on or off while the port is open")
	}
	if err != nil {
		w.log.Error("the web configuration file cannot be used; the one that was read before stays in force until it is right, or cskpi is restarted", "file", w.path, "err", err)
		return w.config
	}
	w.log.Info("the web configuration file changed", "file", w.path, "users", len(c.Users))
	w.config, w.limit = c, c.limiter()
	clear(w.right)
	return c
}

// tls is for a new connection: certificates are read anew for each, as the toolkit does.
func (w *webConfig) tls() (*tls.Config, error) {
	c := w.current()
	t, err := web.ConfigToTLSConfig(&c.TLSConfig)
	if err != nil {
		return nil, err
	}
	t.NextProtos = []string{"http/1.1"}
	if c.HTTPConfig.HTTP2 {
		t.NextProtos = []string{"h2", "http/1.1"}
	}
	return t, nil
}

// nobody is a hash of a password that nobody has. It costs as much to check as that of a user.
const nobody = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"

// remembered tells whether these credentials were found right before.
func (w *webConfig) remembered(user, password string) bool {
	digest := w.digest(user, password)
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.right[digest]
}

// check compares a password with the user's hash, which takes a tenth of a second of a processor. Right ones are
// remembered, as a digest.
func (w *webConfig) check(user, password string) bool {
	hash, exists := w.current().Users[user]
	if !exists {
		hash = nobody // So that the time it takes does not tell who exists.
	}
	right := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil && exists
	if right {
		digest := w.digest(user, password)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.right[digest] = true
	}
	return right
}

// digest stands for credentials together with the hash that is in force for them.
func (w *webConfig) digest(user, password string) [sha256.Size]byte {
	h := sha256.New()
	h.Write(w.key[:])
	for _, part := range []string{user, string(w.current().Users[user]), password} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return [sha256.Size]byte(h.Sum(nil))
}
