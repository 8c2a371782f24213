package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/config"
)

// traffic is requests to a load balancer, each of them counted. Its numbers are
// there to be read once it has stopped.
type traffic struct {
	sent, failed int
	answers      map[string]int // by greeting
	first        string         // failure

	mu     sync.Mutex
	cancel context.CancelFunc
	ended  sync.WaitGroup
}

// callers ask at the same time, each a request after the other. Between two it
// rests many times as long as an answer took: a slow machine is to have the
// time for its deployment.
const (
	callers = 8
	breath  = 2 * time.Millisecond
	rest    = 20
)

// drive asks a host that Hatoba answers for, until stop.
func drive(ctx context.Context, c config.Config, host string) *traffic {
	t := &traffic{answers: map[string]int{}}
	ctx, t.cancel = context.WithCancel(ctx)
	transport := &http.Transport{
		MaxIdleConnsPerHost: callers,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, c.Listen)
		},
	}
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	for range callers {
		t.ended.Go(func() {
			for ctx.Err() == nil {
				begin := time.Now()
				greeting, err := greet(client, "http://"+net.JoinHostPort(host, port(c.Listen))+"/")
				t.note(greeting, err)
				select {
				case <-ctx.Done():
				case <-time.After(max(breath, rest*time.Since(begin))):
				}
			}
		})
	}
	return t
}

// stop ends the requests; those under way are waited for and counted.
func (t *traffic) stop() {
	t.cancel()
	t.ended.Wait()
}

func (t *traffic) note(greeting string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent++
	if err == nil {
		t.answers[greeting]++
		return
	}
	if t.failed++; t.failed == 1 {
		t.first = err.Error()
	}
}

func greet(client *http.Client, url string) (string, error) {
	answer, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return "", err
	}
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", answer.Status, body)
	}
	var said struct{ Greeting string }
	if err := json.Unmarshal(body, &said); err != nil || said.Greeting == "" {
		return "", fmt.Errorf("no greeting in %s", body)
	}
	return said.Greeting, nil
}

func port(listen string) string {
	_, p, _ := net.SplitHostPort(listen)
	return p
}
