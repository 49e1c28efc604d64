// Package alertmanager_test checks which receivers get which alerts, and the text of the messages.
package alertmanager_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v2"

	"cskpi/exporter/engine/enginetest"
)

func amtool(t *testing.T, args ...string) (string, error) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), enginetest.Tool(t, "amtool"), args...).CombinedOutput()
	return string(out), err
}

// TestConfig: amtool takes the file, and no secret is in it.
func TestConfig(t *testing.T) {
	if out, err := amtool(t, "check-config", "alertmanager.yml"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	text, err := os.ReadFile("alertmanager.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"smtp_auth_password:", "slack_api_url:", "api_url:", " url:", "password:", "bearer_token:"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("there is a %s in alertmanager.yml; secrets come from files", secret)
		}
	}
}

// TestRoutes: each alert reaches its receivers.
func TestRoutes(t *testing.T) {
	f := func(want string, labels ...string) {
		t.Helper()
		out, err := amtool(t, append([]string{"config", "routes", "test", "--config.file=alertmanager.yml", "--verify.receivers=" + want}, labels...)...)
		if err != nil {
			t.Errorf("%v: %s", labels, out)
		}
	}
	f("csm,nobody", "alertname=CSRenewalAtRisk", "area=retention", "severity=warning", "account=A1", "csm=kim", "segment=high", "language=en")
	f("csm,team-critical", "alertname=CSAccountTurnedRed", "area=health", "severity=critical", "account=A1", "csm=kim", "segment=high", "language=en")
	f("csm-ja,nobody", "alertname=CSRenewalAtRisk", "area=retention", "severity=warning", "account=A1", "csm=kim", "segment=high", "language=ja")
	f("csm-ja,team-critical-ja", "alertname=CSAccountTurnedRed", "area=health", "severity=critical", "account=A1", "csm=kim", "segment=high", "language=ja")
	// Nobody's accounts are the team's.
	f("team", "alertname=CSRenewalAtRisk", "area=retention", "severity=warning", "account=A1", "csm=(none)", "segment=high")
	f("team", "alertname=CSCoverageLapsing", "area=coverage", "severity=warning", "segment=high")
	f("team-ja", "alertname=CSCoverageLapsing", "area=coverage", "severity=warning", "segment=high", "language=ja")
	f("team-critical", "alertname=CSNetRevenueRetentionLow", "area=retention", "severity=critical")
	f("service", "alertname=CSExporterDown", "area=service", "severity=critical", "instance=a")
	f("service", "alertname=CSDataQuality", "area=service", "severity=warning", "language=ja")
	f("nobody", "alertname=CSTargetsMissing", "area=service", "severity=info")
	f("watchdog", "alertname=CSWatchdog", "area=service", "severity=info")
	f("watchdog", "alertname=CSWatchdog", "area=service", "severity=info", "language=ja")
	f("team", "alertname=SomebodyElses")
}

type alert struct {
	Status              string
	Labels, Annotations map[string]string
}

// TestMessages: what people read, of one alert, of several, and when it is over.
func TestMessages(t *testing.T) {
	acme := alert{
		"firing", map[string]string{"alertname": "CSAccountTurnedRed", "severity": "critical", "area": "health", "csm": "kim"},
		map[string]string{
			"summary": "Acme (A1) has turned red", "description": "Acme (A1) of kim went to red.", "summary_ja": "Acme (A1)のヘルスがレッドに変わりました", "description_ja": "Acme (A1)(担当kim):レッドに変わりました。",
			"dashboard_url": "http://g/d/cs-account?var-account=A1", "runbook_url": "http://g/docs/RUNBOOK.md#csaccountturnedred",
		},
	}
	// Somebody's own rule, without a Japanese text.
	birch := alert{"firing", map[string]string{"alertname": "Own", "severity": "warning", "area": "health", "csm": "kim"}, map[string]string{"summary": "Birch <3 is quiet", "description": "Birch & Sons say nothing."}}
	over := birch
	over.Status = "resolved"
	f := func(template, want string, alerts ...alert) {
		t.Helper()
		data := map[string]any{"status": "resolved", "alerts": []any{}, "externalURL": "http://am", "groupLabels": map[string]string{"csm": "kim", "area": "health"}, "commonLabels": map[string]string{"csm": "kim", "area": "health"}}
		var listed []any
		for _, a := range alerts {
			if a.Status == "firing" {
				data["status"] = "firing"
			}
			listed = append(listed, map[string]any{"status": a.Status, "labels": a.Labels, "annotations": a.Annotations})
		}
		data["alerts"] = listed
		text, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "data.json")
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		args := []string{"template", "render", "--template.glob=templates/*.tmpl", `--template.text={{ template "` + template + `" . }}`, "--template.data=" + file}
		if strings.HasSuffix(template, "html") {
			args = append(args, "--template.type=html")
		}
		got, err := amtool(t, args...)
		if err != nil {
			t.Errorf("%s: %v", template, err)
		}
		if strings.HasSuffix(template, "html") {
			if !strings.Contains(got, want) {
				t.Errorf("%s: got %s, want %s in it", template, got, want)
			}
		} else if strings.TrimSpace(got) != strings.TrimSpace(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", template, got, want)
		}
	}
	f("cs.title", "[Critical] Acme (A1) has turned red", acme)
	f("cs.ja.title", "【重大】Acme (A1)のヘルスがレッドに変わりました", acme)
	f("cs.title", "[Critical] 2 alerts for kim: health", acme, birch)
	f("cs.ja.title", "【重大】kim:ヘルスのアラート2件", acme, birch)
	f("cs.title", "[Resolved] Birch <3 is quiet", over)
	f("cs.ja.title", "【解消】Birch <3 is quiet", over)
	f("cs.text", "Acme (A1) of kim went to red.\nBoard: http://g/d/cs-account?var-account=A1\nWhat to do: http://g/docs/RUNBOOK.md#csaccountturnedred\n\nResolved:\n- Birch <3 is quiet", acme, over)
	f("cs.ja.text", "Acme (A1)(担当kim):レッドに変わりました。\nダッシュボード:http://g/d/cs-account?var-account=A1\n対応手順:http://g/docs/RUNBOOK.md#csaccountturnedred\n\n解消しました:\n・Birch <3 is quiet", acme, over)
	f("cs.ja.text", "Birch & Sons say nothing.", birch)
	f("cs.html", "<h3 style=\"margin-bottom: 0\">Birch &lt;3 is quiet</h3>\n<p>Birch &amp; Sons say nothing.</p>", birch)
	f("cs.ja.html", `<a href="http://g/d/cs-account?var-account=A1">ダッシュボード</a>`, acme)
	f("cs.color", "#d55e00", acme)
	f("cs.color", "#0072b2", over)
	f("cs.email", "customer-success@example.com", acme)
}

// TestQuietHours: what is about cskpi itself comes at any hour, all else that reaches people waits for their morning, by their clock.
func TestQuietHours(t *testing.T) {
	text, err := os.ReadFile("alertmanager.yml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Route struct {
			Routes []struct {
				Receiver string
				Mute     []string `yaml:"mute_time_intervals"`
			}
		}
		Intervals []struct {
			Name  string
			Times []struct {
				Location string
				Weekdays []string
				Times    []struct {
					Start string `yaml:"start_time"`
					End   string `yaml:"end_time"`
				}
			} `yaml:"time_intervals"`
		} `yaml:"time_intervals"`
	}
	if err := yaml.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	if len(config.Route.Routes) < 8 || len(config.Intervals) != 2 {
		t.Fatalf("got %+v", config)
	}
	// quiet reports whether a named interval mutes at a time.
	quiet := func(name string, at time.Time) bool {
		for _, i := range config.Intervals {
			if i.Name != name {
				continue
			}
			for _, s := range i.Times {
				zone, err := time.LoadLocation(s.Location)
				if err != nil {
					t.Fatal(err)
				}
				local := at.In(zone)
				if slices.Contains(s.Weekdays, strings.ToLower(local.Weekday().String())) {
					return true
				}
				for _, c := range s.Times {
					if clock := local.Format("15:04"); clock >= c.Start && clock < c.End {
						return true
					}
				}
			}
			return false
		}
		t.Fatalf("there is no interval %q", name)
		return false
	}
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range config.Route.Routes {
		atAnyHour := slices.Contains([]string{"service", "nobody", "watchdog"}, r.Receiver)
		if len(r.Mute) == 0 != atAnyHour {
			t.Errorf("%s is muted by %q", r.Receiver, r.Mute)
		}
		zone := time.UTC
		if strings.HasSuffix(r.Receiver, "-ja") {
			zone = tokyo
		}
		for _, name := range r.Mute {
			for hour := range 24 {
				if at := time.Date(2026, 11, 30, hour, 30, 0, 0, zone); quiet(name, at) != (hour < 8 || hour >= 19) { // a Monday
					t.Errorf("%s is muted at %s: %t", r.Receiver, at, quiet(name, at))
				}
			}
			if at := time.Date(2026, 11, 29, 10, 0, 0, 0, zone); !quiet(name, at) {
				t.Errorf("%s is not muted on Sunday", r.Receiver)
			}
		}
	}
}
