// Package autoscaling is the front door of Application Auto Scaling: scalable
// targets, their policies and scheduled actions, and what became of them. It
// scales the desired count of ECS services; what AWS scales besides is refused
// by name.
//
// Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/
package autoscaling

import (
	"context"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Config is what a Service works with.
type Config struct {
	Store store.Store
	NewID func() string    // a UUID
	Now   func() time.Time // nil: time.Now
}

// Service answers requests to Application Auto Scaling. It may be used
// concurrently.
type Service struct{ cfg Config }

// New returns a Service.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Service{cfg: cfg}
}

// now is the time as AWS tells it.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Millisecond) }

func (s *Service) view(ctx context.Context, fn func(store.Reader) error) error {
	return s.cfg.Store.View(ctx, fn)
}

// update runs fn, which may run twice, over a transaction.
func (s *Service) update(ctx context.Context, fn func(store.Writer) error) error {
	return s.cfg.Store.Update(ctx, fn)
}

// Describe tells wire what is served. What is not listed is refused by name.
func (s *Service) Describe() wire.Service {
	return wire.Service{
		Name: "application-autoscaling", Title: "Application Auto Scaling", Protocol: wire.JSON11, TargetPrefix: "AnyScaleFrontendService",
		Naming: wire.AutoScalingNaming, Client: (*sdk.Client)(nil),
		Operations: []wire.Operation{
			wire.Op("RegisterScalableTarget", s.registerScalableTarget),
			wire.Op("DeregisterScalableTarget", s.deregisterScalableTarget),
			wire.Op("DescribeScalableTargets", s.describeScalableTargets),
			wire.Op("PutScalingPolicy", s.putScalingPolicy),
			wire.Op("DeleteScalingPolicy", s.deleteScalingPolicy),
			wire.Op("DescribeScalingPolicies", s.describeScalingPolicies),
			wire.Op("PutScheduledAction", s.putScheduledAction),
			wire.Op("DeleteScheduledAction", s.deleteScheduledAction),
			wire.Op("DescribeScheduledActions", s.describeScheduledActions),
			wire.Op("DescribeScalingActivities", s.describeScalingActivities),
			wire.Op("TagResource", s.tagResource),
			wire.Op("UntagResource", s.untagResource),
			wire.Op("ListTagsForResource", s.listTagsForResource),
		},
	}
}
