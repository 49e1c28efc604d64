//go:build linux && !server

package engine_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cskpi/exporter/engine/enginetest"
)

// ClickHouse's own client for Node.js takes the engine for a server.
func TestNodeClient(t *testing.T) {
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%v; install Node.js 20 or later with npm, which `make engine` needs as well", err)
		}
	}
	e := enginetest.Engine(t)
	dir := t.TempDir() // So that the sources stay as they are.
	for _, name := range []string{"package.json", "package-lock.json", "test.mjs"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(read(t, filepath.Join("testdata", "nodeclient", name))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	install := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v; it needs the npm registry\n%s", err, out)
	}
	run := exec.CommandContext(ctx, "node", "test.mjs", private(e), token(t), readers(t))
	run.Dir = dir
	if out, err := run.CombinedOutput(); err != nil || !strings.Contains(string(out), "all is well") {
		t.Errorf("node test.mjs: %v\n%s", err, out)
	}
}
