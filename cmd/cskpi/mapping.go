package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"cskpi/exporter/engine"
	"cskpi/exporter/intake"
	"cskpi/exporter/store"
	"cskpi/queries"
)

// mappingTime is how long a SELECT of a mapping may take: rows are stored while it runs.
const mappingTime = 24 * time.Hour

// mappingDatabase holds the source tables of a mapping, in an engine of its own.
const mappingDatabase = "sources"

// checkAccess refuses to let the SELECTs read what they never may: the facts and the tokens.
func (c *importCmd) checkAccess(a *app) error {
	const facts = "the data folder"
	protected := []struct{ what, at string }{{facts, a.Config.DataDir}, {"the file of tokens", a.Config.IntakeTokens}}
	for i, path := range c.AllowRead {
		allowed, err := resolved(path)
		if err != nil {
			return usage("--allow-read: %w", err)
		}
		for _, p := range protected {
			if p.at == "" {
				continue
			}
			if at, err := resolved(p.at); err == nil && (within(at, allowed) || p.what == facts && within(allowed, at)) {
				return usage("--allow-read %s includes %s or is part of it (%s), which a mapping must not read; name the files or folders that it needs", path, p.what, at)
			}
		}
		c.AllowRead[i] = allowed
	}
	if slices.Contains(c.AllowConnect, 0) {
		return usage("--allow-connect: 0 is no port")
	}
	return nil
}

// resolved is a path as the kernel sees it.
func resolved(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}

// within tells whether path is dir or below it.
func within(path, dir string) bool {
	rest, err := filepath.Rel(dir, path)
	return err == nil && rest != ".." && !strings.HasPrefix(rest, ".."+string(filepath.Separator))
}

// sources starts the engine for a mapping, apart from that of the facts: its SELECTs come from other people, and the
// library lets a SELECT do whatever its process may.
func (c *importCmd) sources(ctx context.Context, a *app, catalogue queries.Catalogue, files []string) (*intake.Sources, error) {
	o := engine.Options{
		DataDir:      a.Config.DataDir,
		Scratch:      true,
		Library:      a.Config.Libchdb,
		MaxMemory:    uint64(a.Config.EngineMemory) / 2, // There may be the engine of the facts beside it.
		QueryTimeout: mappingTime,
		Confinement:  a.Config.Confinement,
		Read:         c.AllowRead,
		Ports:        c.AllowConnect,
		Log:          a.Log,
	}
	if a.Config.ClickhouseURL != "" {
		o.DataDir = os.TempDir()
	}
	for _, file := range files {
		path, err := filepath.Abs(file)
		if err != nil {
			return nil, err
		}
		o.Read = append(o.Read, path)
	}
	e, err := engine.Start(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("start an engine for the mapping, which needs one also beside a ClickHouse server: %w", err)
	}
	s := &intake.Sources{Explain: c.explain, Close: e.Close}
	if level := e.Confinement(); level < a.Config.Confinement {
		err = fmt.Errorf("the kernel can confine the process that runs a mapping to the level %q only (full takes Linux 6.7, files 5.19, and Landlock enabled), so its SELECTs could reach more than the command allows; "+
			"if you trust the mapping, set CSKPI_ENGINE_CONFINEMENT=%s", level, level)
	} else if err = prepareSources(ctx, e, catalogue); err == nil {
		options := e.Options()
		options.Auth.Database = mappingDatabase
		if s.Conn, err = clickhouse.Open(options); err == nil {
			s.Close = func() error { return errors.Join(s.Conn.Close(), e.Close()) }
			return s, nil
		}
	}
	return nil, errors.Join(err, e.Close())
}

// prepareSources makes the database for the source tables and the functions that a mapping may call.
func prepareSources(ctx context.Context, e *engine.Engine, catalogue queries.Catalogue) error {
	conn, err := clickhouse.Open(e.Options())
	if err != nil {
		return fmt.Errorf("connect to the engine of the mapping: %w", err)
	}
	err = conn.Exec(ctx, "create database "+mappingDatabase)
	if err == nil {
		err = store.InstallFunctions(ctx, conn, catalogue)
	}
	return errors.Join(err, conn.Close())
}

// Codes of exceptions about files and about connections. What the kernel refuses has no code of its own.
var (
	fileCodes       = []int32{76, 107, 481, 636}
	connectionCodes = []int32{198, 209, 210, 279, 499, 519, 614, 660, 1000, 1001}
)

// explain adds to the error of a SELECT which option allows an access that may have been refused.
func (c *importCmd) explain(err error) error {
	var e *clickhouse.Exception
	switch {
	case !errors.As(err, &e):
		return err
	case slices.Contains(fileCodes, e.Code):
		return fmt.Errorf("%w; a mapping can read only the files that you import and those that --allow-read names", err)
	case slices.Contains(connectionCodes, e.Code):
		ports := strings.Trim(fmt.Sprint(c.AllowConnect), "[]")
		return fmt.Errorf("%w; a mapping can connect only to the ports that --allow-connect names (now: %s)", err, cmp.Or(ports, "none"))
	}
	return err
}
