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

	"github.com/google/renameio/v2"
)

const (
	endpointFile  = "engine.json"
	sessionHeader = "X-Cskpi-Session" // The front's answer to a good token.
	pingTimeout   = 2 * time.Second
)

// endpoint is how other processes reach a running engine; it lies in the data folder, for the owner only.
type endpoint struct {
	URL      string `json:"url"`
	Token    string `json:"token"`
	PID      int    `json:"pid"`         // Of the engine.
	Service  int    `json:"service_pid"` // Of the process that runs the engine.
	Folder   string `json:"folder"`      // Which folder this is for: see folderID. A copy of the folder is another one.
	Identity string `json:"identity"`
	Public   string `json:"public,omitempty"` // Where readers reach it, without the token.
}

// Attach finds the live engine that another process of this user runs on dataDir; false if there is none.
func Attach(dataDir string) (*Engine, bool) {
	at, err := readEndpoint(dataDir)
	if err != nil {
		return nil, false
	}
	// In a copy of the folder, the file leads to the engine of the original. Another user's file leads anywhere.
	if of, err := folderID(dataDir); err != nil || of != at.Folder || !isOwner(filepath.Join(dataDir, endpointFile)) {
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
	return &Engine{addr: u.Host, token: at.Token, public: at.Public}, true
}

func readEndpoint(dir string) (endpoint, error) {
	var at endpoint
	b, err := os.ReadFile(filepath.Join(dir, endpointFile))
	if err == nil {
		err = json.Unmarshal(b, &at)
	}
	return at, err
}

func isOwner(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// folderID tells a folder from all others on this machine, copies included.
func folderID(dir string) (string, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return "", fmt.Errorf("data folder: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "", errors.New("data folder: the system does not say which folder it is")
	}
	return fmt.Sprintf("%d:%d", stat.Dev, stat.Ino), nil
}

// writeJSON replaces a file that only its owner can read, as a whole.
func writeJSON(dir, name string, value any) error {
	b, err := json.Marshal(value)
	if err == nil {
		err = renameio.WriteFile(filepath.Join(dir, name), append(b, '\n'), 0o600, renameio.WithTempDir(dir))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// removeEndpoint takes the file away if it is still this process's.
func removeEndpoint(dir string) {
	if at, err := readEndpoint(dir); err == nil && at.Service == os.Getpid() {
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
