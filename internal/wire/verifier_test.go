package wire_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/internal/wire"
)

// holders are the Identities of tests: access key to holder. A holder's
// session token is "token".
type holders map[string]wire.Key

func (h holders) Key(_ context.Context, accessKey, token string) (wire.Key, error) {
	key, ok := h[accessKey]
	switch {
	case !ok:
		return key, wire.ErrUnknownKey
	case key.Identity.Role != "" && token != "token" || key.Identity.Role == "" && token != "":
		return wire.Key{}, wire.ErrBadToken
	case accessKey == "ASIAGONE":
		return wire.Key{}, wire.ErrExpiredToken
	}
	return key, nil
}

var known = holders{
	"AKIAALICE": {Secret: "hers", Identity: wire.Identity{Account: "111111111111", ARN: "arn:aws:iam::111111111111:user/alice", UserID: "AIDAALICE"}},
	"ASIATASK": {Secret: "its", Identity: wire.Identity{Account: "222222222222", Role: "arn:aws:iam::222222222222:role/app",
		ARN: "arn:aws:sts::222222222222:assumed-role/app/task", Expires: time.Now().Add(time.Hour)}},
	"ASIAGONE": {Secret: "its", Identity: wire.Identity{Account: "222222222222", Role: "arn:aws:iam::222222222222:role/app"}},
}

type attempt struct{ key, secret, token string }

// ask sends one ecs and one sts request and returns the codes of their errors
// and the caller that ecs saw.
func ask(t *testing.T, auth wire.Auth, a attempt) (ecsCode, stsCode string, caller wire.Caller) {
	t.Helper()
	var services []wire.Service
	for _, s := range sdkServices() {
		switch s.Name {
		case "ecs":
			s.Operations = []wire.Operation{wire.Op("ListClusters", func(_ context.Context, c wire.Caller, _ *ecs.ListClustersInput) (*ecs.ListClustersOutput, error) {
				caller = c
				return nil, nil
			})}
		case "sts":
			s.Operations = []wire.Operation{wire.Op("GetCallerIdentity", func(context.Context, wire.Caller, *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
				return nil, nil
			})}
		default:
			continue
		}
		services = append(services, s.Service)
	}
	h, err := wire.NewHandler(wire.HandlerConfig{Services: services, DefaultScope: scope(), Identities: known, Auth: auth})
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(h)
	cfg.Credentials = credentials.NewStaticCredentialsProvider(a.key, a.secret, a.token)
	if a.key == "" {
		cfg.Credentials = aws.AnonymousCredentials{}
	}
	_, ecsErr := ecs.NewFromConfig(cfg).ListClusters(t.Context(), &ecs.ListClustersInput{})
	_, stsErr := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	return code(ecsErr), code(stsErr), caller
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func TestWhoMaySpeak(t *testing.T) {
	for name, c := range map[string]struct {
		attempt
		none, sigv4      bool
		ecsCode, stsCode string
		arn              string // of who it is, where nobody is asked
	}{
		"a user": {attempt{"AKIAALICE", "hers", ""}, true, true, "", "", "arn:aws:iam::111111111111:user/alice"},
		"a task": {attempt{"ASIATASK", "its", "token"}, true, true, "", "", "arn:aws:sts::222222222222:assumed-role/app/task"},
		"a user with another's secret": {attempt{"AKIAALICE", "his", ""}, false, false,
			"InvalidSignatureException", "SignatureDoesNotMatch", ""},
		"a task without its token": {attempt{"ASIATASK", "its", ""}, false, false,
			"UnrecognizedClientException", "InvalidClientTokenId", ""},
		"a session that has ended": {attempt{"ASIAGONE", "its", "token"}, false, false,
			"ExpiredTokenException", "ExpiredToken", ""},
		"a stranger": {attempt{"AKIASTRANGER", "x", ""}, true, false,
			"UnrecognizedClientException", "InvalidClientTokenId", "arn:aws:iam::000000000000:root"},
		"an account": {attempt{"333333333333", "x", ""}, true, false,
			"UnrecognizedClientException", "InvalidClientTokenId", "arn:aws:iam::333333333333:root"},
		"nobody": {attempt{}, true, false,
			"MissingAuthenticationTokenException", "MissingAuthenticationToken", "arn:aws:iam::000000000000:root"},
	} {
		for auth, good := range map[wire.Auth]bool{wire.AuthNone: c.none, wire.AuthSigV4: c.sigv4} {
			ecsCode, stsCode, caller := ask(t, auth, c.attempt)
			if good && (ecsCode != "" || stsCode != "" || caller.Identity.ARN != c.arn || caller.Scope.Account != caller.Identity.Account) {
				t.Errorf("%s, %s: %s %s as %+v", name, auth, ecsCode, stsCode, caller)
			}
			if !good && (ecsCode != c.ecsCode || stsCode != c.stsCode) {
				t.Errorf("%s, %s: got %q and %q, want %q and %q", name, auth, ecsCode, stsCode, c.ecsCode, c.stsCode)
			}
		}
	}
}

func TestClocksAndScopes(t *testing.T) {
	now := time.Now()
	v := wire.Verifier{Identities: known, Auth: wire.AuthSigV4, Default: scope(), Now: func() time.Time { return now }}
	for name, c := range map[string]struct {
		at            time.Time
		signedFor     string
		code, message string
	}{
		"now":                 {now, "sts", "", ""},
		"a while ago":         {now.Add(-6 * time.Minute), "sts", "SignatureDoesNotMatch", "Signature expired"},
		"in the future":       {now.Add(6 * time.Minute), "sts", "SignatureDoesNotMatch", "Signature not yet current"},
		"for another service": {now, "ecs", "SignatureDoesNotMatch", "Credential should be scoped to correct service: 'sts'."},
	} {
		r := httptest.NewRequest("POST", "http://localhost/", nil)
		r.RequestURI = ""
		hash := "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
		if err := v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: "AKIAALICE", SecretAccessKey: "hers"}, r, hash, c.signedFor, "eu-west-1", c.at); err != nil {
			t.Fatal(err)
		}
		sender, err := v.Verify(r, "sts", nil)
		if c.code == "" {
			if err != nil || sender.Scope.Region != "eu-west-1" || !sender.Verified {
				t.Errorf("%s: %+v, %v", name, sender, err)
			}
			continue
		}
		var refused *wire.AuthError
		if !errors.As(err, &refused) {
			t.Fatalf("%s: %v", name, err)
		}
		if got, message, _ := refused.Answer("sts", wire.Query); got != c.code || !strings.Contains(message, c.message) {
			t.Errorf("%s: %s: %s", name, got, message)
		}
	}
}

func TestGuests(t *testing.T) {
	guest := wire.Identity{Account: "222222222222", ARN: "arn:aws:sts::222222222222:assumed-role/app/task", Task: "t"}
	r := httptest.NewRequest("POST", "/", nil)
	r = r.WithContext(wire.WithGuest(r.Context(), guest))
	open := wire.Verifier{Identities: known, Default: scope()}
	if sender, err := open.Verify(r, "ecs", nil); err != nil || sender.Identity != guest || sender.Scope.Account != guest.Account {
		t.Errorf("%+v, %v", sender, err)
	}
	demanding := wire.Verifier{Identities: known, Default: scope(), Auth: wire.AuthSigV4}
	if sender, err := demanding.Verify(r, "ecs", nil); err == nil {
		t.Errorf("a guest is let in as %+v", sender)
	}
}

// objects is a bucket behind a verifier.
type objects struct {
	verifier wire.Verifier
	got      []byte
	refused  *wire.AuthError
	sender   wire.Sender
}

func (o *objects) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var err error
	if o.sender, err = o.verifier.VerifyObject(r); err == nil {
		o.got, err = io.ReadAll(r.Body)
	}
	if refused, ok := wire.ObjectBodyError(err); ok {
		o.refused = refused
		code, _, status := refused.Object()
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<Error><Code>"+code+"</Code></Error>")
	}
}

func TestObjects(t *testing.T) {
	o := &objects{verifier: wire.Verifier{Identities: known, Auth: wire.AuthSigV4, Default: scope()}}
	for _, server := range []*httptest.Server{httptest.NewServer(o), httptest.NewTLSServer(o)} {
		defer server.Close()
		client := func(secret string) *s3.Client {
			return s3.New(s3.Options{Region: "eu-west-1", BaseEndpoint: &server.URL, UsePathStyle: true, HTTPClient: server.Client(), Retryer: aws.NopRetryer{},
				Credentials: credentials.NewStaticCredentialsProvider("AKIAALICE", secret, "")})
		}
		content := bytes.Repeat([]byte("harbour "), 40_000)
		for name, body := range map[string]io.Reader{"a seekable body": bytes.NewReader(content), "a stream": io.MultiReader(bytes.NewReader(content))} {
			in := &s3.PutObjectInput{Bucket: aws.String("b"), Key: aws.String("a b/é+(1)?#%"), Body: body}
			var options []func(*s3.Options)
			if name == "a stream" {
				if !strings.HasPrefix(server.URL, "https") {
					continue // the SDK streams over TLS only
				}
				in.ContentLength = aws.Int64(int64(len(content)))
			}
			o.got = nil
			if _, err := client("hers").PutObject(t.Context(), in, options...); err != nil {
				t.Fatalf("%s: %v %+v", name, err, o.refused)
			}
			if !bytes.Equal(o.got, content) || o.sender.Identity.UserID != "AIDAALICE" {
				t.Errorf("%s: %d bytes of %d, from %+v", name, len(o.got), len(content), o.sender)
			}
		}
		_, err := client("his").PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("b"), Key: aws.String("k"), Body: strings.NewReader("x")})
		if code(err) != "SignatureDoesNotMatch" {
			t.Errorf("another's secret: %v", err)
		}
		presigned, err := s3.NewPresignClient(client("hers")).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("a b")}, s3.WithPresignExpires(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			url    string
			after  time.Duration
			status int
		}{
			{presigned.URL, 0, 200}, {presigned.URL, 59 * time.Minute, 200}, {presigned.URL, 61 * time.Minute, 403},
			{strings.Replace(presigned.URL, "/a%20b", "/a%20c", 1), 0, 403}, {strings.Replace(presigned.URL, "Expires=3600", "Expires=604801", 1), 0, 400},
			{strings.Replace(presigned.URL, "Expires=3600", "Expires=7200", 1), 0, 403}, {server.URL + "/b/a", 0, 403},
		} {
			o.verifier.Now = func() time.Time { return time.Now().Add(c.after) }
			res, err := server.Client().Get(c.url)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != c.status {
				t.Errorf("%s after %s: %d", c.url, c.after, res.StatusCode)
			}
		}
		o.verifier.Now = nil
	}
}
