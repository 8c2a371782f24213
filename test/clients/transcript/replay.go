package transcript

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Target is a Hatoba to talk to.
type Target struct {
	URL      string
	Account  string
	Region   string
	Patience time.Duration // with calls that are made until the answer is as it was
}

// wires say how the services are spoken to: the prefix of JSON targets, or the
// version of query ones.
var wires = map[string]struct{ target, content, version string }{
	"ecs":                     {"AmazonEC2ContainerServiceV20141113.", "application/x-amz-json-1.1", ""},
	"ecr":                     {"AmazonEC2ContainerRegistry_V20150921.", "application/x-amz-json-1.1", ""},
	"logs":                    {"Logs_20140328.", "application/x-amz-json-1.1", ""},
	"secretsmanager":          {"secretsmanager.", "application/x-amz-json-1.1", ""},
	"ssm":                     {"AmazonSSM.", "application/x-amz-json-1.1", ""},
	"kms":                     {"TrentService.", "application/x-amz-json-1.1", ""},
	"acm":                     {"CertificateManager.", "application/x-amz-json-1.1", ""},
	"servicediscovery":        {"Route53AutoNaming_v20170314.", "application/x-amz-json-1.1", ""},
	"application-autoscaling": {"AnyScaleFrontendService.", "application/x-amz-json-1.1", ""},
	"elasticloadbalancing":    {"", "", "2015-12-01"},
	"ec2":                     {"", "", "2016-11-15"},
	"iam":                     {"", "", "2010-05-08"},
	"sts":                     {"", "", "2011-06-15"},
}

// Replay says a transcript's requests and compares the answers. The error
// names the call.
func Replay(ctx context.Context, to Target, t Transcript) error {
	bound := Bindings{"{endpoint}": strings.TrimPrefix(to.URL, "http://")}
	for i, c := range t.Calls {
		if err := one(ctx, to, c, bound); err != nil {
			return fmt.Errorf("call %d, %s %s: %w", i+1, c.Service, c.Operation, err)
		}
	}
	return nil
}

func one(ctx context.Context, to Target, c Call, bound Bindings) error {
	request, err := bound.Fill(c.Request)
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(to.Patience); ; {
		status, answer, err := ask(ctx, to, c, request)
		if err != nil {
			return err
		}
		if status != c.Status {
			err = fmt.Errorf("status %d, not %d: %s", status, c.Status, answer)
		} else {
			err = bound.Match(c.Answer, answer)
		}
		if err == nil || !c.reads() || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func ask(ctx context.Context, to Target, c Call, request string) (int, string, error) {
	w, ok := wires[c.Service]
	if !ok {
		return 0, "", fmt.Errorf("nobody knows how to speak to %s", c.Service)
	}
	body := request
	if w.version != "" {
		values := unform(request)
		values.Set("Action", c.Operation)
		values.Set("Version", w.version)
		body = values.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL+"/", strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if w.target != "" {
		r.Header.Set("Content-Type", w.content)
		r.Header.Set("X-Amz-Target", w.target+c.Operation)
	}
	r.Header.Set("X-Amz-Date", "20260101T000000Z")
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/20260101/%s/%s/aws4_request, SignedHeaders=host;x-amz-date, Signature=%s",
		to.Account, to.Region, c.Service, strings.Repeat("0", 64)))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), err
}
