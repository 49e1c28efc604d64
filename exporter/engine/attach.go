package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	endpointFile  = "engine.json"
	sessionHeader = "X-Cskpi-Session" // The front's answer to a good token.
	pingTimeout   = 2 * time.Second
)

// endpoint is how other processes reach a running engine; it lies in the data directory, for the owner only.
type endpoint struct {
	URL   string `json:"url"`
	Token string `json:"token"`
	PID   int    `json:"pid"`
}

// Attach finds the live engine that another process runs on dataDir; false if there is none.
func Attach(dataDir string) (*Engine, bool) {
	at, err := readEndpoint(dataDir)
	if err != nil {
		return nil, false
	}
	// The token goes to no one who took the address over from an engine that is gone.
	if p, err := os.FindProcess(at.PID); err != nil || errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone) {
		return nil, false
	}
	u, err := url.Parse(at.URL)
	if err != nil || ping(http.DefaultTransport, u.Host, at.Token, pingTimeout) != nil {
		return nil, false
	}
	return &Engine{addr: u.Host, token: at.Token}, true
}

func readEndpoint(dir string) (endpoint, error) {
	var at endpoint
	b, err := os.ReadFile(filepath.Join(dir, endpointFile))
	if err == nil {
		err = json.Unmarshal(b, &at)
	}
	return at, err
}

// writeEndpoint puts the file in place whole, so that no one reads half of it.
func writeEndpoint(dir string, at endpoint) error {
	b, err := json.Marshal(at)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, endpointFile+".*") // Readable by the owner only.
	if err != nil {
		return fmt.Errorf("write %s: %w", endpointFile, err)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, endpointFile))
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("write %s: %w", endpointFile, err)
	}
	return nil
}

// removeEndpoint takes the file away if it is still this process's.
func removeEndpoint(dir string) {
	if at, err := readEndpoint(dir); err == nil && at.PID == os.Getpid() {
		os.Remove(filepath.Join(dir, endpointFile))
	}
}

// ping asks whether the engine at addr lives and takes the token for its own.
func ping(transport http.RoundTripper, addr, token string, timeout time.Duration) error {
	client := http.Client{Transport: transport, Timeout: timeout}
	req, err := http.NewRequest(http.MethodGet, "http://"+addr+"/ping", nil)
	if err != nil {
		return err
	}
	req.Header.Set(TokenHeader, token)
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<10))
	if resp.StatusCode != http.StatusOK || resp.Header.Get(sessionHeader) != "service" {
		return fmt.Errorf("%s is not this engine: %s", addr, resp.Status)
	}
	return nil
}
