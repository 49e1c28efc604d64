//go:build linux && !server

package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

// ChildArgs are the arguments with which [Start] runs its own executable; a
// program that calls Start answers them by calling [Child].
func ChildArgs() []string { return []string{"engine", "--supervised"} }

const (
	startTimeout = time.Minute
	stopTimeout  = 8 * time.Second // Longer than the child gives its queries.
	firstBackoff = 200 * time.Millisecond
	lastBackoff  = 30 * time.Second
	stableAfter  = time.Minute
	hungAfter    = 6 // Pings in a row without an answer; then the child is killed and started again.
)

// supervisor keeps the child running. It holds the listener, which each child inherits.
type supervisor struct {
	log       *slog.Logger
	orders    []byte
	addr      string
	public    string // URL for readers.
	token     string
	listener  *os.File
	folder    *folder
	private   bool
	heartbeat time.Duration
	current   atomic.Pointer[child]
	up        atomic.Bool
	restarts  atomic.Int64
	stop      context.CancelFunc
	finished  chan struct{} // Closed when the child is gone for good.
}

// child is one run of the engine's process.
type child struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	stderr *relay
	exited chan struct{}
	err    error // Of the process, once exited is closed.
}

// Start runs the engine as a child of this process and waits until it answers, or
// until ctx ends. The child is started again when it dies, and dies with this
// process. The running executable must answer [ChildArgs].
func Start(ctx context.Context, o Options) (*Engine, error) {
	o = o.withDefaults()
	library, err := FindLibrary(o.Library)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for ClickHouse's HTTP interface: %w", err)
	}
	file, err := listener.(*net.TCPListener).File()
	listener.Close()
	if err != nil {
		return nil, fmt.Errorf("listen for ClickHouse's HTTP interface: %w", err)
	}
	token := randomTag() + randomTag() + randomTag() + randomTag()
	folder, err := o.take(ctx)
	if err != nil {
		file.Close()
		return nil, err
	}
	orders, level, err := o.orders(folder, library, token)
	if err != nil {
		file.Close()
		folder.close()
		return nil, err
	}
	run, stop := context.WithCancel(context.Background())
	s := &supervisor{
		log: o.Log, orders: orders, addr: listener.Addr().String(), public: o.Public, token: token, listener: file, folder: folder, private: o.Private,
		heartbeat: o.heartbeat,
		stop:      stop, finished: make(chan struct{}),
	}
	first := make(chan error, 1)
	go s.keep(run, first)
	select {
	case err = <-first:
	case <-ctx.Done():
		err = fmt.Errorf("start the engine: %w", ctx.Err())
	}
	if err == nil && !o.Private {
		s.log.Info("the engine's process is confined by the kernel", "level", level, "required", o.Confinement)
		if level < o.Confinement {
			s.log.Error("the engine's process is confined less than CSKPI_ENGINE_CONFINEMENT asks for: this kernel cannot do it (full takes Linux 6.7, files 5.19, and Landlock enabled); "+
				"queries of the service can reach what the process's user can", "level", level, "required", o.Confinement)
		}
	}
	e := &Engine{addr: s.addr, token: token, public: o.Public, confinement: level, child: s}
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func (o Options) take(ctx context.Context) (*folder, error) {
	if o.Scratch {
		return takeScratch(o.DataDir)
	}
	return takeFolder(ctx, o.DataDir, o.Patience)
}

// orders are the lines for each child, and the level that it is confined to: what is asked for, or the most that the
// kernel can hold.
func (o Options) orders(f *folder, library, token string) ([]byte, Confinement, error) {
	order := childOrder{Library: library, Token: token, MaxMemory: o.MaxMemory, QueryTimeout: o.QueryTimeout, Temporary: o.Temporary, Scratch: o.Scratch}
	order.Confinement = confinement{
		Level: min(o.Confinement, MostConfinement()), Dir: f.engine(), Library: library, Read: o.Read, Ports: o.Ports,
		Canary: f.lock.Name(),
	}
	lines := []childOrder{order}
	if order.Confinement.Level > Unconfined {
		lines = []childOrder{{Confine: true, Confinement: order.Confinement}, order}
	}
	var orders bytes.Buffer
	for _, line := range lines {
		if err := json.NewEncoder(&orders).Encode(line); err != nil {
			return nil, 0, err
		}
	}
	return orders.Bytes(), order.Confinement.Level, nil
}

// keep runs children until ctx ends; how the first start went it reports once. It
// holds its thread: the kernel kills a child when the thread that made it ends.
func (s *supervisor) keep(ctx context.Context, first chan<- error) {
	runtime.LockOSThread()
	defer close(s.finished)
	defer s.folder.close()
	defer s.listener.Close()
	defer removeEndpoint(s.folder.path)
	backoff := firstBackoff
	started := false
	for {
		begin := time.Now()
		c, err := s.launch(ctx)
		if err == nil {
			s.up.Store(true)
			if !started {
				started = true
				first <- nil
			}
			ended := s.attend(ctx, c)
			s.up.Store(false)
			if ctx.Err() != nil {
				s.end(c)
				return
			}
			s.log.Error("starting the engine again", "because", "it "+ended, "err", c.err, "stderr", c.stderr.String(), "backoff", backoff)
		} else if ctx.Err() != nil {
			return
		} else if !started {
			first <- err
			return
		} else {
			s.log.Error("engine does not start, trying again", "err", err, "backoff", backoff)
		}
		if time.Since(begin) > stableAfter {
			backoff = firstBackoff
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(backoff):
		}
		backoff = min(2*backoff, lastBackoff)
		s.restarts.Add(1)
	}
}

// launch starts a child and waits until it answers.
func (s *supervisor) launch(ctx context.Context) (*child, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start the engine: %w", err)
	}
	c := &child{cmd: exec.Command(exe, ChildArgs()...), stderr: &relay{log: s.log}, exited: make(chan struct{})}
	c.cmd.ExtraFiles = []*os.File{s.listener, s.folder.lock} // Become file descriptors 3 and 4.
	c.cmd.Env = childEnvironment()
	c.cmd.Stdout, c.cmd.Stderr = c.stderr, c.stderr
	// Its own process group, so that a Ctrl-C is the parent's to handle.
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the engine: %w", err)
	}
	c.stdin = stdin
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the engine: %w", err)
	}
	s.current.Store(c)
	go func() { // Ends with the child, which end and attend see to.
		c.err = c.cmd.Wait()
		close(c.exited)
	}()
	if _, err := stdin.Write(s.orders); err != nil {
		s.log.Debug("order the engine", "err", err) // It has died; the wait below tells why.
	}
	if err := s.await(ctx, c); err != nil {
		s.end(c)
		return nil, err
	}
	if !s.private {
		if err := s.publish(c); err != nil {
			s.end(c)
			return nil, err
		}
	}
	return c, nil
}

// childEnvironment is what the engine needs of the environment. The rest has secrets of the service.
func childEnvironment() []string {
	var env []string
	for _, name := range []string{"TZ", "LD_LIBRARY_PATH", "GOCOVERDIR", "GODEBUG", "GORACE", "GOTRACEBACK"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// publish lets other processes find the engine.
func (s *supervisor) publish(c *child) error {
	of, err := folderID(s.folder.path)
	if err != nil {
		return err
	}
	return writeJSON(s.folder.path, endpointFile, endpoint{
		URL: "http://" + s.addr, Token: s.token, PID: c.cmd.Process.Pid, Service: os.Getpid(), Folder: of, Identity: s.folder.self.ID, Public: s.public,
	})
}

// await returns when the child answers, or why it does not.
func (s *supervisor) await(ctx context.Context, c *child) error {
	transport := &http.Transport{DisableKeepAlives: true}
	limit := time.NewTimer(startTimeout)
	defer limit.Stop()
	for {
		answered := make(chan error, 1)
		go func() { answered <- ping(transport, s.addr, s.token, pingTimeout) }()
		select {
		case err := <-answered:
			if err == nil {
				return nil
			}
			select {
			case <-time.After(20 * time.Millisecond):
			case <-ctx.Done():
				return ctx.Err()
			case <-c.exited:
			}
		case <-c.exited:
			text := c.stderr.String()
			return fmt.Errorf("the engine did not start (%w):\n%s", errors.Join(c.err), text)
		case <-limit.C:
			return fmt.Errorf("the engine does not answer within %s:\n%s", startTimeout, c.stderr.String())
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// attend returns what has become of the child when it is gone, or when ctx has ended. Meanwhile it keeps up current, and
// kills a child that no longer answers.
func (s *supervisor) attend(ctx context.Context, c *child) string {
	silent := 0
	transport := &http.Transport{DisableKeepAlives: true}
	tick := time.NewTicker(s.heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ""
		case <-c.exited:
			return "died"
		case <-tick.C:
		}
		err := ping(transport, s.addr, s.token, pingTimeout)
		s.up.Store(err == nil)
		if err == nil {
			silent = 0
			continue
		}
		if silent++; silent < hungAfter {
			s.log.Warn("engine does not answer", "err", err, "tries", silent)
			continue
		}
		s.kill(c)
		<-c.exited
		return fmt.Sprintf("did not answer %d times and was killed", silent)
	}
}

// end stops the child and waits until it is gone.
func (s *supervisor) end(c *child) {
	c.stdin.Close() // The child takes this as the order to stop.
	select {
	case <-c.exited:
		return
	case <-time.After(stopTimeout):
	}
	s.log.Warn("engine does not stop, killing it")
	s.kill(c)
	<-c.exited
}

func (s *supervisor) kill(c *child) {
	if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.log.Error("kill the engine", "err", err)
	}
}

// abandon stops the engine without waiting for it: whoever still waits for an answer gets an error.
func (s *supervisor) abandon() {
	s.stop()
	if c := s.current.Load(); c != nil {
		s.kill(c)
	}
}

func (s *supervisor) close() error {
	s.stop()
	<-s.finished
	return nil
}
