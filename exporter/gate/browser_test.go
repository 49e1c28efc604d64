package gate

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// hostilePage tries every way by which a page may make a browser ask another origin, and reports what it could read.
const hostilePage = `<!doctype html><body><script>
const at = 'TARGET/?query=', read = {}, tries = []
const attempt = (name, start) => tries.push(new Promise(done => { setTimeout(done, 4000); start(done) }))
const element = (tag, name, how) => attempt(name, done => {
	const e = document.createElement(tag)
	e.onload = () => { read[name] = 'loaded'; done() }
	e.onerror = done
	how(e)
	document.body.append(e)
})
window.leak = value => { read.leak = value }
element('script', 'script', e => e.src = at + 'script')
element('script', 'module', e => { e.type = 'module'; e.src = at + 'module' })
element('img', 'img', e => e.src = at + 'img')
element('link', 'style', e => { e.rel = 'stylesheet'; e.href = at + 'style' })
element('video', 'video', e => e.src = at + 'video')
element('object', 'object', e => e.data = at + 'object')
element('iframe', 'frame', e => e.src = at + 'frame')
attempt('no-cors', done => fetch(at + 'nocors', { mode: 'no-cors' }).then(done, done))
attempt('cors', done => fetch(at + 'cors').then(r => r.text()).then(text => { read.cors = text }).finally(done).catch(() => {}))
attempt('post', done => fetch(at + 'post', { method: 'POST', mode: 'no-cors', body: 'x' }).then(done, done))
attempt('beacon', done => { navigator.sendBeacon(at + 'beacon', 'x'); setTimeout(done, 500) })
attempt('form', done => {
	const frame = document.createElement('iframe'), form = document.createElement('form')
	frame.name = 'target'
	form.target = 'target'
	form.method = 'post'
	form.action = at + 'form'
	document.body.append(frame, form)
	form.submit()
	setTimeout(done, 1000)
})
Promise.all(tries).then(() => fetch('/report', { method: 'POST', body: JSON.stringify(read) }))
</script>`

// A page that a user has open reaches nothing behind a gate, whether it comes from another site or from another port of this machine.
func TestPagesInABrowser(t *testing.T) {
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("%v; run make chromium, or install your system's package", err)
	}
	var mu sync.Mutex
	var reached []string
	handler := func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		reached = append(reached, r.URL.Query().Get("query"))
		mu.Unlock()
		fmt.Fprint(w, "leak('SECRET')")
	}
	gate := open(t, Options{}, handler)
	bare := httptest.NewServer(http.HandlerFunc(handler)) // Shows that the page does what it should.
	defer bare.Close()

	visit := func(host, target string) (asked []string, read string) {
		t.Helper()
		mu.Lock()
		reached = nil
		mu.Unlock()
		report := make(chan string, 1)
		page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/":
				w.Header().Set("Content-Type", "text/html")
				fmt.Fprint(w, strings.ReplaceAll(hostilePage, "TARGET", target))
			case "/report":
				var text strings.Builder
				_ = r.Write(&text)
				report <- text.String()
			}
		}))
		defer page.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		defer cancel()
		chromium := exec.CommandContext(ctx, browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
			"--user-data-dir="+t.TempDir(), "--remote-debugging-port=0", strings.Replace(page.URL, "127.0.0.1", host, 1))
		chromium.WaitDelay = 10 * time.Second
		// The processes that the browser starts write to its folder until they end, too.
		chromium.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		chromium.Cancel = func() error { return syscall.Kill(-chromium.Process.Pid, syscall.SIGKILL) }
		if err := chromium.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() {
			cancel() // Ends the browser.
			_ = chromium.Wait()
			for range 50 {
				if syscall.Kill(-chromium.Process.Pid, 0) != nil {
					break // none is left
				}
				time.Sleep(100 * time.Millisecond)
			}
		}()
		select {
		case read = <-report:
		case <-ctx.Done():
			t.Fatalf("no report of the page at %s", host)
		}
		mu.Lock()
		defer mu.Unlock()
		return reached, read
	}
	if asked, read := visit("attacker.localhost", bare.URL); len(asked) < 10 || !strings.Contains(read, `"leak":"SECRET"`) {
		t.Fatalf("without a gate the page reached %q and read %s: it tests nothing", asked, read)
	}
	for _, host := range []string{"attacker.localhost", "127.0.0.1"} {
		if asked, read := visit(host, gate.URL()); len(asked) > 0 || strings.Contains(read, "SECRET") || strings.Contains(read, `"script":"loaded"`) {
			t.Errorf("a page at %s reached %q and read %s", host, asked, read)
		}
	}
}
