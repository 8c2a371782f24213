package lb

import (
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// AWS's own example, but for the id of connection logs.
func TestTheLineOfARequest(t *testing.T) {
	e := Entry{
		Type: "http", Time: time.Date(2018, 7, 2, 22, 23, 0, 186641000, time.UTC), Created: time.Date(2018, 7, 2, 22, 22, 48, 364000000, time.UTC),
		Client: netip.MustParseAddrPort("192.168.131.39:2817"), Target: netip.MustParseAddrPort("10.0.0.1:80"), TargetTime: time.Millisecond,
		Status: 200, TargetStatus: 200, Received: 34, Sent: 366, Method: "GET", URL: "http://www.example.com:80/", Version: "HTTP/1.1", UserAgent: "curl/7.46.0",
		Group: "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067", TraceID: "Root=1-58337262-36d228ad5d99923122bbe354", Action: "forward",
	}
	want := `http 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 ` +
		`"GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 ` +
		`"Root=1-58337262-36d228ad5d99923122bbe354" "-" "-" 0 2018-07-02T22:22:48.364000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-" -`
	if got := string(e.Append(nil, "app/my-loadbalancer/50dc6c495c0c9188")); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) Log(balancer string, e *Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, string(e.Append(nil, balancer)))
}

func TestAccessLog(t *testing.T) {
	log := &lines{}
	w := newWorld(t, Options{AccessLog: log})
	at := w.http(func(c *Change) {
		c.Balancers[0].HTTP.AccessLog = true
		c.Listeners[0].Rules = []Rule{{Priority: 7, Conditions: []Condition{{Field: PathPattern, Values: []string{"/fixed"}}}, Action: Action{Fixed: &Fixed{Status: 200}}}}
	}, named(t, "x"))
	for _, request := range []string{
		"GET /a?b HTTP/1.1\r\nHost: h:1\r\nUser-Agent: a\"b\r\n" + closing,
		"GET /fixed HTTP/1.1\r\nHost: h\r\n" + closing,
		"GET / HTTP/1.1\r\nHost: h\r\nA : b\r\n" + closing,
	} {
		raw(t, at, request)
	}
	w.Apply(Change{GoneTargets: []string{"t0"}})
	raw(t, at, "GET / HTTP/1.1\r\nHost: h\r\n"+closing)
	wants := []string{
		`^http \S+Z b 127\.0\.0\.1:\d+ 127\.0\.0\.1:\d+ 0\.\d{3} 0\.\d{3} 0\.\d{3} 200 200 \d+ \d+ "GET http://h:8080/a\?b HTTP/1\.1" "a\\x22b" - - g "Root=1-\S+" "-" "-" 0 \S+Z "forward" "-" "-" "127\S+" "200" "-" "-" -$`,
		`^http \S+Z b \S+ - -1 -1 -1 200 - \d+ \d+ "GET http://h:8080/fixed HTTP/1\.1" "-" - - - "-" "-" "-" 7 \S+Z "fixed-response" "-" "-" "-" "-" "-" "-" -$`,
		`^http \S+Z b \S+ - -1 -1 -1 400 - \d+ \d+ .* "-" "-" "-" "-" "-" "Severe" "a malformed field name" -$`,
		`^http \S+Z b \S+ - -1 -1 -1 503 - \d+ \d+ "GET http://h:8080/ HTTP/1\.1" .* 0 \S+Z "forward" "-" "-" "-" "-" "-" "-" -$`,
	}
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		log.mu.Lock()
		n := len(log.all)
		log.mu.Unlock()
		if n == len(wants) {
			break
		}
	}
	log.mu.Lock()
	defer log.mu.Unlock()
	if len(log.all) != len(wants) {
		t.Fatalf("%d lines:\n%s", len(log.all), strings.Join(log.all, "\n"))
	}
	for i, want := range wants {
		if !regexp.MustCompile(want).MatchString(log.all[i]) {
			t.Errorf("line %d: %s", i, log.all[i])
		}
	}
}
