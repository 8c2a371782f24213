package cloudwatch_test

import (
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/internal/aws/cloudwatch"
	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

var scope = state.Scope{Account: "123456789012", Region: "us-east-1"}

// noon is when the tests are.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// metricsWorld is a CloudWatch with its engine, and the SDK's client of it.
type metricsWorld struct {
	*testing.T
	*sdk.Client
	engine *metrics.Engine
	url    string
}

func newMetricsWorld(t *testing.T) *metricsWorld {
	now := func() time.Time { return noon }
	engine, err := metrics.Open(t.Context(), metrics.Config{Dir: t.TempDir(), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	service := cloudwatch.New(cloudwatch.Config{Engine: engine, Store: mem.New(), Now: now})
	handler, err := wire.NewHandler(wire.HandlerConfig{Services: []wire.Service{service.Describe()}, DefaultScope: scope})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		server.Close()
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	client := sdk.New(sdk.Options{BaseEndpoint: &server.URL, Region: scope.Region, Credentials: credentials.NewStaticCredentialsProvider(scope.Account, "s", "")})
	return &metricsWorld{T: t, Client: client, engine: engine, url: server.URL}
}

// refused checks an error's code and text.
func refused(t *testing.T, err error, code, text string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || text != "" && api.ErrorMessage() != text {
		t.Errorf("got %v\nwant %s: %s", err, code, text)
	}
}

var ptr = aws.String
