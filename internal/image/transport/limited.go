package transport

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RateLimited is a registry's 429: a client that asked again at once would be
// told the same.
type RateLimited struct {
	URL     string
	Message string        // the registry's own words, "" when it has none
	After   time.Duration // how long it asks to wait, 0 when it does not say
}

// Error words it as Fargate does.
// Source: https://repost.aws/knowledge-center/ecs-pull-container-error-rate-limit
func (e *RateLimited) Error() string {
	message := e.Message
	if message == "" {
		message = "toomanyrequests: " + http.StatusText(http.StatusTooManyRequests)
	}
	return fmt.Sprintf("unexpected status code %s: 429 Too Many Requests - Server message: %s", e.URL, message)
}

// limited turns a 429 into an error, with what the registry says about it.
type limited struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (l limited) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.next.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusTooManyRequests {
		return resp, err
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 16<<10)) // the status says it already
	at := *r.URL
	at.User, at.RawQuery = nil, ""
	return nil, &RateLimited{URL: at.String(), Message: serverMessage(body), After: retryAfter(resp.Header.Get("Retry-After"), time.Now())}
}

// serverMessage reads an error body of the distribution specification: its
// first error as "code: message".
func serverMessage(body []byte) string {
	var said struct {
		Errors []struct{ Code, Message string } `json:"errors"`
	}
	if json.Unmarshal(body, &said) != nil || len(said.Errors) == 0 {
		return ""
	}
	first := said.Errors[0]
	text := strings.ToLower(first.Code) + ": " + first.Message
	return strings.ToValidUTF8(text[:min(len(text), 512)], "")
}

// retryAfter reads the header of that name: seconds, or a date.
func retryAfter(text string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(text); err == nil && n > 0 && n < 1<<20 {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}
