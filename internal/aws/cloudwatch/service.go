// Package cloudwatch is the front door of Amazon CloudWatch: metrics, which go
// to the engine, and alarms, which go to the store.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/
package cloudwatch

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Engine keeps metrics.
type Engine interface {
	metrics.Writer
	metrics.Reader
	Buckets(ctx context.Context, scope state.Scope, q metrics.Query) ([]metrics.Bucket, error)
	List(scope state.Scope, keep func(metrics.Listed) bool) []metrics.Listed
}

// Config is what a Service works with.
type Config struct {
	Engine Engine
	Store  store.Store
	Now    func() time.Time // nil: time.Now
	NewID  func() string    // a UUID that was never given before
}

// Service answers CloudWatch requests. It may be used concurrently.
type Service struct{ cfg Config }

// New returns a Service.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Service{cfg: cfg}
}

// Describe tells wire what is served. Clients speak three protocols here: older
// ones of the command line query, newer ones JSON, SDKs CBOR.
func (s *Service) Describe() wire.Service {
	return wire.Service{
		Name: "monitoring", Title: "Amazon CloudWatch", Protocol: wire.JSON10, Also: []wire.Protocol{wire.CBOR, wire.Query},
		TargetPrefix: "GraniteServiceVersion20100801",
		APIVersion:   "2010-08-01", Namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/",
		Statuses: map[string]int{"ResourceNotFound": http.StatusNotFound, "ResourceNotFoundException": http.StatusNotFound},
		Naming:   wire.CloudWatchNaming, Client: (*cloudwatch.Client)(nil),
		Operations: append(s.metricOperations(), s.alarmOperations()...),
	}
}

func (s *Service) metricOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("GetMetricData", s.getMetricData),
		wire.Op("GetMetricStatistics", s.getMetricStatistics),
		wire.Op("ListMetrics", s.listMetrics),
		wire.Op("PutMetricData", s.putMetricData),
	}
}
