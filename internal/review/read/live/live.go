// Package live reads what runs, through public AWS APIs, so that the same
// review looks at Hatoba and at a real account. It only reads, and a call that
// is refused leaves a gap that says how to close it.
package live

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"
	"golang.org/x/sync/errgroup"

	"github.com/hatoba/hatoba/internal/review"
)

// Target names what is to be read.
type Target struct {
	Cluster string // empty is the default cluster
	Service string
	TaskDef string // family, family:revision or ARN; empty is the service's
	// Definition, if set, was given as a file: what it refers to is read too.
	Definition *review.TaskDef
}

// Options say how to read.
type Options struct {
	// Print makes the fingerprint of a secret's value.
	Print func(string) string
	// ReadSecretValues allows GetSecretValue and GetParameters. The values are
	// fingerprinted at once and dropped.
	ReadSecretValues bool
	Timeout          time.Duration // of all calls together; 0 is 30 seconds
}

// Found is what was read.
type Found struct {
	TaskDef *review.TaskDef
	Service *review.ServiceDef // nil if none was named
	Live    *review.Live
}

// parallel bounds the calls under way.
const parallel = 8

// reader is one reading.
type reader struct {
	cfg    aws.Config
	target Target
	opt    Options
	live   *review.Live
	refs   references
	mu     sync.Mutex // guards the maps of live while calls are under way
	group  errgroup.Group
}

// Read reads the target. It fails if the task definition itself cannot be
// read: then there is nothing to review.
func Read(ctx context.Context, cfg aws.Config, target Target, opt Options) (Found, error) {
	if opt.Timeout == 0 {
		opt.Timeout = 30 * time.Second
	}
	if target.Service == "" && target.TaskDef == "" && target.Definition == nil {
		return Found{}, errors.New("a service or a task definition must be named")
	}
	ctx, cancel := context.WithTimeout(ctx, opt.Timeout)
	defer cancel()
	r := &reader{cfg: cfg, target: target, opt: opt, live: &review.Live{Region: cfg.Region,
		LogGroups: map[string]review.Given[review.LogGroup]{}, LogLines: map[string]review.Given[[]string]{},
		Secrets: map[string]review.Given[review.Secret]{}, Repositories: map[string]review.Given[review.Repository]{},
		Scans: map[string]review.Given[review.Scan]{}, Roles: map[string]review.Given[review.Role]{},
		Objects: map[string]review.Given[review.Object]{},
	}}
	r.cfg.APIOptions = append(slices.Clone(cfg.APIOptions), foreign)
	found := Found{Live: r.live}
	if err := r.named(ctx, &found); err != nil {
		return Found{}, err
	}
	if r.target.Definition == nil {
		r.target.Definition = found.TaskDef
	}
	r.refs = refer(found.TaskDef, target.Definition)
	r.rest(ctx)
	return found, nil
}

// rest reads everything around the definition, side by side.
func (r *reader) rest(ctx context.Context) {
	r.group.SetLimit(parallel)
	r.do(func() { r.live.Cluster = r.cluster(ctx) })
	r.do(func() {
		r.live.Tasks = r.tasks(ctx)
		r.live.Definitions = r.definitions(ctx)
		r.running(ctx)
	})
	r.do(func() { r.live.TargetGroups = r.targetGroups(ctx) })
	r.do(func() { r.live.Scaling = r.scaling(ctx) })
	r.do(func() { r.live.Metrics = r.metrics(ctx) })
	for _, name := range r.refs.groups {
		r.do(func() { put(r, r.live.LogGroups, name, r.logGroup(ctx, name)) })
	}
	for _, valueFrom := range r.refs.secrets {
		r.do(func() { put(r, r.live.Secrets, valueFrom, r.secret(ctx, valueFrom)) })
	}
	for _, image := range r.refs.images {
		r.do(func() { put(r, r.live.Repositories, image.name, r.repository(ctx, image)) })
	}
	for _, role := range r.refs.roles {
		r.do(func() { put(r, r.live.Roles, role, r.role(ctx, role)) })
	}
	for _, object := range r.refs.objects {
		r.do(func() { put(r, r.live.Objects, object, r.object(ctx, object)) })
	}
	_ = r.group.Wait()            // the jobs report no errors: they leave gaps
	r.live.Alarms = r.alarms(ctx) // asks for what the metric filters write
}

func (r *reader) do(job func()) {
	r.group.Go(func() error { job(); return nil })
}

func put[T any](r *reader, into map[string]review.Given[T], name string, v review.Given[T]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	into[name] = v
}

// service is the service as it is now, nil if there is none.
func (r *reader) service() *types.Service {
	if !r.live.Service.OK {
		return nil
	}
	return &r.live.Service.Value
}

// noService is the gap of what only a service has.
func noService[T any]() review.Given[T] {
	return review.Missing[T](review.Say("no service was named", "サービスが指定されていない"),
		review.Say("name the service with --service", "--service でサービスを指定してください"))
}

// clusterName is the short name that metrics and scaling know it by.
func (r *reader) clusterName() string {
	name := cmp.Or(r.target.Cluster, "default")
	if s := r.service(); s != nil && s.ClusterArn != nil {
		name = *s.ClusterArn
	}
	if a, err := arn.Parse(name); err == nil && len(a.Resource) > len("cluster/") {
		return a.Resource[len("cluster/"):]
	}
	return name
}

// account takes the account and region from the first ARN that says them.
func (r *reader) account(of *string) {
	if a, err := arn.Parse(aws.ToString(of)); err == nil && r.live.Account == "" {
		r.live.Account = a.AccountID
		if a.Region != "" {
			r.live.Region = a.Region
		}
	}
}

// wrap tells why what the user named cannot be read.
func wrap(name, action string, err error) error {
	why, _ := reason(err, action)
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorMessage() != "" {
		return fmt.Errorf("%s: %s: %s", name, why.EN, api.ErrorMessage())
	}
	return fmt.Errorf("%s: %s", name, why.EN)
}
