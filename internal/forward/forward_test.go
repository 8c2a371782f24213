package forward_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/hatoba/hatoba/internal/forward"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
	"github.com/hatoba/hatoba/internal/wire/sigv4"
)

// ecs is what is served here.
func ecs(service string) bool { return service == "ecs" }

// transport keeps what was sent.
type transport struct {
	got  *http.Request
	body string
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	b, err := io.ReadAll(r.Body)
	t.got, t.body = r, string(b)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("answered")), Request: r}, err
}

// send signs a request for a service and gives it to a handler with the rules.
func send(t *testing.T, service string, rules ...string) (*transport, *httptest.ResponseRecorder) {
	t.Helper()
	parsed, err := forward.Parse(rules, ecs)
	if err != nil {
		t.Fatal(err)
	}
	out := &transport{}
	h := forward.New(forward.Config{
		Rules: parsed, Region: "us-east-1", Log: slog.New(slog.DiscardHandler), Transport: out,
		Verifier:    &wire.Verifier{Default: state.Scope{Account: "123456789012", Region: "us-east-1"}},
		Credentials: credentials.NewStaticCredentialsProvider("AKIAHOST", "host", ""),
		Next:        http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("next")) }),
	})
	body := []byte("Action=ListQueues")
	r := httptest.NewRequest(http.MethodPost, "http://169.254.170.2:4566/123/q?x=1", bytes.NewReader(body))
	if service != "" {
		key := aws.Credentials{AccessKeyID: "AKIATASK", SecretAccessKey: "x", SessionToken: "t"}
		if err := v4.NewSigner().SignHTTP(t.Context(), key, r, sigv4.Hash(body), service, "eu-west-1", time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return out, w
}

func TestToAURLAsItIs(t *testing.T) {
	out, w := send(t, "sqs", "sqs=http://localhost:9324/base")
	if w.Body.String() != "answered" || out.got.URL.String() != "http://localhost:9324/base/123/q?x=1" || out.got.Host != "169.254.170.2:4566" ||
		!strings.Contains(out.got.Header.Get("Authorization"), "AKIATASK") || out.body != "Action=ListQueues" {
		t.Errorf("%s %s %v %s", out.got.URL, out.got.Host, out.got.Header, out.body)
	}
}

func TestToAWSWithTheHostsCredentials(t *testing.T) {
	out, w := send(t, "sqs", "sqs=aws")
	authorization := out.got.Header.Get("Authorization")
	if w.Body.String() != "answered" || out.got.URL.Host != "sqs.eu-west-1.amazonaws.com" || out.got.Host != out.got.URL.Host ||
		!strings.Contains(authorization, "AKIAHOST/") || !strings.Contains(authorization, "/eu-west-1/sqs/") || strings.Contains(authorization, "AKIATASK") ||
		out.got.Header.Get("X-Amz-Security-Token") != "" {
		t.Errorf("%s %v", out.got.URL, out.got.Header)
	}
}

func TestOthersAreLeftAlone(t *testing.T) {
	for _, service := range []string{"sns", "ecs", ""} {
		if _, w := send(t, service, "sqs=aws"); w.Body.String() != "next" {
			t.Errorf("%q: %s", service, w.Body)
		}
	}
}

func TestBadRules(t *testing.T) {
	for _, rule := range []string{"sqs", "=aws", "SQS=aws", "sqs=ftp://x", "sqs=localhost:1", "ecs=aws", "execute-api=aws", "sqs=http://u:p@x"} {
		if _, err := forward.Parse([]string{rule}, ecs); err == nil {
			t.Errorf("%s passes", rule)
		}
	}
	if _, err := forward.Parse([]string{"sqs=aws", "sqs=http://x"}, ecs); err == nil {
		t.Error("twice passes")
	}
}
