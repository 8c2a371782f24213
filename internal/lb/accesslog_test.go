package lb

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) Log(balancer string, e *Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, fmt.Sprint(balancer, " ", e.Type, " ", e.Status, " ", e.TargetStatus, " ", e.Target.IsValid(), " ", e.TargetTime >= 0, " ",
		e.Method, " ", e.URL, " ", e.Version, " ", e.RulePriority, " ", e.Action, " ", e.Group, " ", e.UserAgent, " ", e.Classification, " ", e.TraceID))
}

func (l *lines) find(pattern string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.all {
		if regexp.MustCompile(pattern).MatchString(line) {
			return true
		}
	}
	return false
}

// Every request is told, once, whoever answered it.
func TestAccessLog(t *testing.T) {
	log := &lines{}
	w := newWorld(t, Options{AccessLog: log})
	at := w.http(func(c *Change) {
		c.Balancers[0].HTTP.AccessLog = true
		c.Listeners[0].Rules = []Rule{{Priority: 7, Conditions: []Condition{{Field: PathPattern, Values: []string{"/fixed"}}}, Action: Action{Fixed: &Fixed{Status: 200}}}}
	}, named(t, "x"))
	for _, request := range []string{
		"GET /a?b HTTP/1.1\r\nHost: h:1\r\nUser-Agent: ua\r\n" + closing,
		"GET /fixed HTTP/1.1\r\nHost: h\r\n" + closing,
		"GET / HTTP/1.1\r\nHost: h\r\nA : b\r\n" + closing,
	} {
		raw(t, at, request)
	}
	w.Apply(Change{GoneTargets: []string{"t0"}})
	raw(t, at, "GET / HTTP/1.1\r\nHost: h\r\n"+closing)
	for _, want := range []string{
		`^b http 200 200 true true GET http://h:8080/a\?b HTTP/1\.1 0 forward g ua  Root=1-`,
		`^b http 200 0 false false GET http://h:8080/fixed HTTP/1\.1 7 fixed-response   `,
		`^b http 400 0 false false GET / HTTP/1\.1 -1    Severe`,
		`^b http 503 0 false false GET http://h:8080/ HTTP/1\.1 0 forward`,
	} {
		for end := time.Now().Add(5 * time.Second); !log.find(want); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Errorf("no line is %s", want)
				break
			}
		}
	}
	if len(log.all) != 4 {
		t.Errorf("%d lines", len(log.all))
	}
	if t.Failed() {
		t.Log(strings.Join(log.all, "\n"))
	}
}
