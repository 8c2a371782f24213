package wire_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/hatoba/hatoba/internal/wire"
)

// front is a handler over one ecs and one sts operation, which answer what
// the test says and remember who asked.
type front struct {
	http.Handler
	log    bytes.Buffer
	caller wire.Caller
	input  *ecs.DescribeTasksInput
	answer func() (*ecs.DescribeTasksOutput, error)
	deny   error // of sts
	linger func(ctx context.Context)
	mu     sync.Mutex // of what the last request left
}

func newFront(t *testing.T) *front {
	t.Helper()
	f := &front{answer: func() (*ecs.DescribeTasksOutput, error) { return &ecs.DescribeTasksOutput{}, nil }}
	var described []wire.Service
	for _, s := range sdkServices() {
		switch s.Name {
		case "ecs":
			s.Operations = []wire.Operation{wire.Op("DescribeTasks", f.describeTasks)}
		case "sts":
			s.Operations = []wire.Operation{wire.Op("GetCallerIdentity", f.getCallerIdentity)}
		default:
			continue
		}
		described = append(described, s.Service)
	}
	var err error
	f.Handler, err = wire.NewHandler(wire.HandlerConfig{
		Services:     described,
		DefaultScope: scope(),
		Log:          slog.New(slog.NewTextHandler(&f.log, nil)),
		NewRequestID: func() string { return "the-id" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *front) describeTasks(ctx context.Context, caller wire.Caller, in *ecs.DescribeTasksInput) (*ecs.DescribeTasksOutput, error) {
	if f.linger != nil {
		f.linger(ctx)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.caller, f.input = caller, in
	return f.answer()
}

func (f *front) getCallerIdentity(_ context.Context, caller wire.Caller, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	f.caller = caller
	return &sts.GetCallerIdentityOutput{Account: aws.String(caller.Scope.Account)}, f.deny
}

// reply is an answer as the client has it.
type reply struct {
	status int
	header http.Header
	body   string
}

// do sends a request with header lines "Name: value".
func (f *front) do(method, target, body string, header ...string) reply {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	rec := httptest.NewRecorder()
	f.ServeHTTP(rec, r)
	return reply{rec.Code, rec.Header(), rec.Body.String()}
}

const (
	describeTasks = "X-Amz-Target: AmazonEC2ContainerServiceV20141113.DescribeTasks"
	isForm        = "Content-Type: application/x-www-form-urlencoded; charset=utf-8"
)

func signed(key, region, service string) string {
	return "Authorization: AWS4-HMAC-SHA256 Credential=" + key + "/20261121/" + region + "/" + service +
		"/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"
}

func TestCallerScope(t *testing.T) {
	for name, c := range map[string]struct{ header, account, region, key string }{
		"unsigned":          {"X-Nothing: x", "000000000000", "us-east-1", ""},
		"account as key":    {signed("123456789012", "eu-west-1", "ecs"), "123456789012", "eu-west-1", "123456789012"},
		"ordinary key":      {signed("AKIAIOSFODNN7EXAMPLE", "ap-northeast-1", "ecs"), "000000000000", "ap-northeast-1", "AKIAIOSFODNN7EXAMPLE"},
		"key with a slash":  {signed("a/b", "eu-west-1", "ecs"), "000000000000", "eu-west-1", "a/b"},
		"thirteen digits":   {signed("1234567890123", "eu-west-1", "ecs"), "000000000000", "eu-west-1", "1234567890123"},
		"without a region":  {"Authorization: AWS4-ECDSA-P256-SHA256 Credential=k/20261121/ecs/aws4_request, Signature=0", "000000000000", "us-east-1", "k"},
		"parts in disorder": {"Authorization: AWS4-HMAC-SHA256 SignedHeaders=host, Credential=k/20261121/eu-west-1/ecs/aws4_request", "000000000000", "eu-west-1", "k"},
	} {
		f := newFront(t)
		res := f.do("POST", "/", "{}", describeTasks, c.header)
		if res.status != 200 {
			t.Errorf("%s: status %d: %s", name, res.status, res.body)
			continue
		}
		if f.caller.Scope.Account != c.account || f.caller.Scope.Region != c.region || f.caller.AccessKey != c.key || f.caller.RequestID != "the-id" {
			t.Errorf("%s: got %+v", name, f.caller)
		}
	}
}

func TestPresignedGet(t *testing.T) {
	f := newFront(t)
	res := f.do("GET", "/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256"+
		"&X-Amz-Credential=123456789012%2F20261121%2Feu-west-1%2Fsts%2Faws4_request", "")
	if res.status != 200 || !strings.Contains(res.body, "<Account>123456789012</Account>") {
		t.Errorf("status %d: %s", res.status, res.body)
	}
}

func TestAnswerHeaders(t *testing.T) {
	res := newFront(t).do("POST", "/", "{}", describeTasks, "Content-Type: application/x-amz-json-1.1")
	for name, want := range map[string]string{
		"Content-Type": "application/x-amz-json-1.1", "X-Amzn-Requestid": "the-id",
		"X-Amz-Request-Id": "the-id", "Content-Length": "2",
	} {
		if got := res.header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestUnknownMembersAndNullsAreIgnored(t *testing.T) {
	f := newFront(t)
	res := f.do("POST", "/", ` {"cluster": null, "new": [{"a": [1, -2.5e3, true, null, "x\u00e9"]}], "tasks": ["a"], "include": [] } `, describeTasks)
	if res.status != 200 {
		t.Fatal(res.body)
	}
	want := &ecs.DescribeTasksInput{Tasks: []string{"a"}, Include: []ecstypes.TaskField{}}
	if diff := difference(want, f.input); diff != "" {
		t.Error(diff)
	}
}

func TestUnexpectedErrorsAreOpaqueAndLoggedOnce(t *testing.T) {
	for name, fail := range map[string]func() (*ecs.DescribeTasksOutput, error){
		"error": func() (*ecs.DescribeTasksOutput, error) { return nil, errors.New("the disk is on fire") },
		"panic": func() (*ecs.DescribeTasksOutput, error) { panic("the disk is on fire") },
	} {
		f := newFront(t)
		f.answer = fail
		res := f.do("POST", "/", "{}", describeTasks)
		if res.status != 500 || !strings.Contains(res.body, `"__type":"InternalFailure"`) || strings.Contains(res.body, "fire") {
			t.Errorf("%s: status %d: %s", name, res.status, res.body)
		}
		if log := f.log.String(); strings.Count(log, "the disk is on fire") != 1 || !strings.Contains(log, "request_id=the-id") {
			t.Errorf("%s: log: %s", name, log)
		}
	}
}

func TestClientErrorsAreNotLogged(t *testing.T) {
	f := newFront(t)
	f.answer = func() (*ecs.DescribeTasksOutput, error) {
		return nil, &ecstypes.ClusterNotFoundException{Message: aws.String("Cluster not found.")}
	}
	f.do("POST", "/", "{}", describeTasks)
	if f.log.Len() != 0 {
		t.Error(f.log.String())
	}
}

func TestGivenUp(t *testing.T) {
	f := newFront(t)
	ctx, cancel := context.WithCancel(t.Context())
	f.answer = func() (*ecs.DescribeTasksOutput, error) { cancel(); return nil, ctx.Err() }
	r := httptest.NewRequestWithContext(ctx, "POST", "/", strings.NewReader("{}"))
	r.Header.Set("X-Amz-Target", strings.TrimPrefix(describeTasks, "X-Amz-Target: "))
	rec := httptest.NewRecorder()
	f.ServeHTTP(rec, r)
	if rec.Code != http.StatusRequestTimeout || f.log.Len() != 0 {
		t.Errorf("status %d, log %q", rec.Code, f.log.String())
	}
}

func TestNilOutputIsAnEmptyOne(t *testing.T) {
	f := newFront(t)
	f.answer = func() (*ecs.DescribeTasksOutput, error) { return nil, nil }
	if res := f.do("POST", "/", "", describeTasks); res.body != "{}" {
		t.Error(res.body)
	}
}

func TestBodyBounds(t *testing.T) {
	f := newFront(t)
	large := strings.Repeat(" ", 10<<20-2) + "{}"
	if res := f.do("POST", "/", large, describeTasks); res.status != 200 {
		t.Errorf("10 MiB: status %d", res.status)
	}
	r := httptest.NewRequest("POST", "/", io.MultiReader(strings.NewReader(large), strings.NewReader(" ")))
	r.Header.Set("X-Amz-Target", strings.TrimPrefix(describeTasks, "X-Amz-Target: "))
	rec := httptest.NewRecorder()
	f.ServeHTTP(rec, r) // of unknown length
	if rec.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("above, of unknown length: status %d", rec.Code)
	}
	many := `{"tasks":[` + strings.Repeat(`"",`, 100_000) + `""]}`
	if res := f.do("POST", "/", many, describeTasks); res.status != 400 {
		t.Errorf("100,001 elements: status %d", res.status)
	}
}

func TestWebPagesOfOtherOriginsAreRefused(t *testing.T) {
	f := newFront(t)
	for _, target := range []string{"/", "/?Action=GetCallerIdentity&Version=2011-06-15"} {
		method, body := "POST", "Action=GetCallerIdentity&Version=2011-06-15"
		if target != "/" {
			method, body = "GET", ""
		}
		for _, header := range []string{"Origin: https://elsewhere.example", "Sec-Fetch-Site: cross-site"} {
			if res := f.do(method, target, body, isForm, header); res.status != 403 {
				t.Errorf("%s %s with %s: status %d", method, target, header, res.status)
			}
		}
	}
}

func TestNoAWSRequest(t *testing.T) {
	f := newFront(t)
	res := f.do("GET", "/", "")
	if res.status != 200 || !strings.Contains(res.body, "ecs, sts") {
		t.Errorf("GET /: status %d: %s", res.status, res.body)
	}
	if res := f.do("GET", "/favicon.ico", ""); res.status != 404 {
		t.Errorf("GET /favicon.ico: status %d", res.status)
	}
}

func TestServicesThatDescribeThemselvesWronglyAreErrors(t *testing.T) {
	op := wire.Op("DescribeTasks", newFront(t).describeTasks)
	channel := wire.Op("X", func(context.Context, wire.Caller, *struct{ C chan int }) (*struct{}, error) { return nil, nil })
	json := wire.Service{Name: "x", Protocol: wire.JSON11, TargetPrefix: "X"}
	with := func(ops ...wire.Operation) wire.Service { s := json; s.Operations = ops; return s }
	for name, services := range map[string][]wire.Service{
		"no protocol":     {{Name: "x"}},
		"no prefix":       {{Name: "x", Protocol: wire.JSON11}},
		"no version":      {{Name: "x", Protocol: wire.Query}},
		"prefix twice":    {json, json},
		"operation twice": {with(op, op)},
		"not made by Op":  {with(wire.Operation{Name: "X"})},
		"unusual type":    {with(channel)},
	} {
		if _, err := wire.NewHandler(wire.HandlerConfig{Services: services}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
