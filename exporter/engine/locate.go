package engine

import (
	"fmt"
	"os"
	"path/filepath"
)

const (
	libraryName    = "libchdb.so" // by which the system's loader looks
	libraryPackage = "deploy/engine/node_modules/@chdb/lib-linux-x64-gnu/" + libraryName
	libraryRemedy  = "run `make engine`, or set CSKPI_LIBCHDB to the path of libchdb.so"
)

// FindLibrary returns the path of libchdb.so: the one named by path (an error if it is
// absent), else the npm package below the working directory, the executable's directory
// or a parent of either, else the bare name, which the system's loader looks up.
func FindLibrary(path string) (string, error) {
	if path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("engine library: %w; %s", err, libraryRemedy)
		}
		return filepath.Abs(path)
	}
	var from []string
	if dir, err := os.Getwd(); err == nil {
		from = append(from, dir)
	}
	if exe, err := os.Executable(); err == nil {
		if exe, err = filepath.EvalSymlinks(exe); err == nil {
			from = append(from, filepath.Dir(exe))
		}
	}
	for _, dir := range from {
		for {
			candidate := filepath.Join(dir, libraryPackage)
			if _, err := os.Stat(candidate); err == nil {
				return candidate, nil
			}
			parent := filepath.Dir(dir)
			if parent == dir {
				break
			}
			dir = parent
		}
	}
	return libraryName, nil
}
