package s3_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/internal/aws/s3"
	"github.com/hatoba/hatoba/internal/objects"
	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

type sealer struct{ keyring *secrets.Keyring }

func (s sealer) Seal(_ context.Context, _ string, aad, dataKey []byte) ([]byte, error) {
	sealed, err := s.keyring.Seal(aad, dataKey)
	if err != nil {
		return nil, err
	}
	return json.Marshal(sealed)
}

func (s sealer) Open(_ context.Context, _ string, aad, raw []byte) ([]byte, error) {
	var sealed secrets.Sealed
	if err := json.Unmarshal(raw, &sealed); err != nil {
		return nil, err
	}
	return s.keyring.Open(aad, sealed)
}

type fixture struct {
	*sdk.Client
	url    string
	server *httptest.Server
	ctx    context.Context
}

func serve(t testing.TB) fixture {
	return serveBehind(t, func(h http.Handler) http.Handler { return h })
}

// serveBehind serves S3 on a listener of its own.
func serveBehind(t testing.TB, listener func(http.Handler) http.Handler) fixture {
	t.Helper()
	engine, err := objects.Open(objects.Config{Dir: t.TempDir(), Sealer: sealer{secrets.NewKeyring()}})
	if err != nil {
		t.Fatal(err)
	}
	ids := 0
	service, err := s3.New(s3.Config{
		Objects: engine, NewRequestID: func() string { ids++; return fmt.Sprint(ids) },
		Verifier: &wire.Verifier{Default: state.Scope{Account: "123456789012", Region: "us-east-1"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(listener(service))
	t.Cleanup(func() { server.Close(); _ = engine.Close() })
	return fixture{client(server.URL, true), server.URL, server, t.Context()}
}

func client(url string, pathStyle bool) *sdk.Client {
	return sdk.New(sdk.Options{
		Region: "us-east-1", UsePathStyle: pathStyle, BaseEndpoint: aws.String(url),
		Credentials: credentials.NewStaticCredentialsProvider("123456789012", "secret", ""),
	})
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

func (f fixture) bucket(t testing.TB, name string) {
	t.Helper()
	if _, err := f.CreateBucket(f.ctx, &sdk.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
}

func (f fixture) put(t testing.TB, key, body string, change ...func(*sdk.PutObjectInput)) *sdk.PutObjectOutput {
	t.Helper()
	in := &sdk.PutObjectInput{Bucket: aws.String("bkt"), Key: &key, Body: strings.NewReader(body)}
	for _, c := range change {
		c(in)
	}
	out, err := f.PutObject(f.ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
