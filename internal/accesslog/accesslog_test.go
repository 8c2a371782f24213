package accesslog

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hatoba/hatoba/internal/lb"
)

var at = time.Date(2026, 11, 21, 22, 22, 48, 364000000, time.UTC)

func entry() *lb.Entry {
	return &lb.Entry{
		Type: "http", Created: at, Time: at.Add(time.Second), Client: netip.MustParseAddrPort("192.168.131.39:2817"), Target: netip.MustParseAddrPort("10.0.0.1:80"),
		RequestTime: 0, TargetTime: time.Millisecond, ResponseTime: 0, Status: 200, TargetStatus: 200, Received: 34, Sent: 366,
		Method: "GET", URL: "http://www.example.com:80/", Version: "HTTP/1.1", UserAgent: "curl/7.46.0",
		Group: "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/73e2d6bc24d8a067", TraceID: "Root=1-58337262-36d228ad5d99923122bbe354", Action: "forward",
	}
}

// The example of AWS's page, but for the connection's trace id.
func TestLinesAreAsAWSWritesThem(t *testing.T) {
	got := string(appendLine(nil, "app/my-loadbalancer/50dc6c495c0c9188", entry()))
	want := `http 2026-11-21T22:22:49.364000Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/73e2d6bc24d8a067 "Root=1-58337262-36d228ad5d99923122bbe354" "-" "-" 0 2026-11-21T22:22:48.364000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-" -` + "\n"
	if got != want {
		t.Errorf("got\n%s want\n%s", got, want)
	}
}

// What a client sends stays on its line and in its quotes.
func FuzzOneEntryIsOneLine(f *testing.F) {
	f.Add("GET", "/\n\" x", "agent\"\r\n")
	f.Fuzz(func(t *testing.T, method, url, agent string) {
		e := entry()
		e.Method, e.URL, e.UserAgent, e.ErrorReason, e.Host = method, url, agent, agent, url
		line := string(appendLine(nil, "app/x/1", e))
		if strings.Count(line, "\n") != 1 || strings.Count(line, `"`) != 24 {
			t.Errorf("%q", line)
		}
	})
}

func TestLinesAreShippedOnceAMinuteAndAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		put := map[string]string{}
		s := New(Config{
			Log: slog.New(slog.DiscardHandler),
			Find: func(_ context.Context, balancer string) (Place, bool) {
				return Place{Bucket: "logs", Prefix: "lb/", Account: "123456789012", Region: "us-east-1", Address: netip.MustParseAddr("172.31.15.0")}, strings.Contains(balancer, "/app/web/")
			},
			Put: func(_ context.Context, p Place, key string, body []byte) error {
				r, err := gzip.NewReader(bytes.NewReader(body))
				if err != nil {
					return err
				}
				text, err := io.ReadAll(r)
				put[p.Bucket+"/"+key] += string(text)
				return err
			},
		})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = s.Run(ctx) }()
		const arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/1"
		s.Log(arn, entry())
		s.Log(arn, entry())
		s.Log(strings.Replace(arn, "web", "gone", 1), entry())
		time.Sleep(Interval + time.Second)
		synctest.Wait()
		form := regexp.MustCompile(`^logs/lb/AWSLogs/123456789012/elasticloadbalancing/us-east-1/\d{4}/\d\d/\d\d/123456789012_elasticloadbalancing_us-east-1_app\.web\.1_\d{8}T\d{4}Z_172\.31\.15\.0_[0-9a-f]{8}\.log\.gz$`)
		for key, text := range put {
			if !form.MatchString(key) || strings.Count(text, "\n") != 2 {
				t.Errorf("%s: %q", key, text)
			}
		}
		s.Log(arn, entry())
		stop()
		<-done
		if len(put) != 2 {
			t.Errorf("%d objects", len(put))
		}
	})
}
