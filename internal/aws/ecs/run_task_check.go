package ecs

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/aws/ecs/fields"
	"github.com/hatoba/hatoba/internal/state"
)

const (
	maxCount     = 10
	maxStartedBy = 128
	maxGroup     = 255
)

var (
	startedByForm = regexp.MustCompile(`^[a-zA-Z0-9/_.:-]*$`)
	tokenForm     = regexp.MustCompile(`^[\x21-\x7e]{1,64}$`)
)

// launch is a RunTask request that passed every check that needs no store.
// Time, ids and seed are drawn here, as the transaction may run twice.
type launch struct {
	in       *ecs.RunTaskInput
	ref      definitionRef
	platform string
	ids      []string // of the tasks
	seed     uint64
	hash     string
	now      time.Time
	// instances are what StartTask names, one for each task.
	instances []string
	// held and zones count what a service has already, by capacity provider
	// and by availability zone.
	held, zones map[string]int
}

func (s *Service) checkRunTask(scope state.Scope, in *ecs.RunTaskInput) (launch, error) {
	l := launch{in: in, now: s.cfg.Now()}
	var err error
	if l.ref, err = parseDefinition(scope, in.TaskDefinition); err != nil {
		return l, err
	}
	count := int32(1)
	if in.Count != nil {
		count = *in.Count
	}
	if count < 1 || count > maxCount {
		return l, invalid("count should be between 1 and %d.", maxCount)
	}
	if err := checkRunTaskNames(in); err != nil {
		return l, err
	}
	if err := checkLaunch(in); err != nil {
		return l, err
	}
	if in.LaunchType == types.LaunchTypeEc2 && aws.ToString(in.PlatformVersion) != "" {
		return l, invalid("The platform version must be null when specifying an EC2 launch type.")
	}
	if l.platform, err = platform(in.PlatformVersion); err != nil {
		return l, err
	}
	if err := checkTags(in.Tags); err != nil {
		return l, err
	}
	if err := refusal(fields.RunTask(), in); err != nil {
		return l, err
	}
	for range count {
		l.ids = append(l.ids, s.cfg.NewID())
	}
	l.seed = seedOf(l.ids[0])
	l.hash, err = requestHash(*in)
	return l, err
}

func checkRunTaskNames(in *ecs.RunTaskInput) error {
	startedBy, group := aws.ToString(in.StartedBy), aws.ToString(in.Group)
	switch {
	case len(startedBy) > maxStartedBy:
		return invalid("startedBy should have at most %d characters.", maxStartedBy)
	case !startedByForm.MatchString(startedBy):
		return invalid("startedBy contains invalid characters.")
	case len(group) > maxGroup:
		return invalid("group should have at most %d characters.", maxGroup)
	case strings.HasPrefix(group, "service:"):
		return invalid("The group prefix 'service:' is reserved for the tasks of services.")
	case in.ClientToken != nil && !tokenForm.MatchString(*in.ClientToken):
		return invalid("clientToken should be 1 to 64 characters in the range of 33-126.")
	}
	return nil
}

// checkLaunch checks how the task is to be launched, as far as the request
// alone tells.
func checkLaunch(in *ecs.RunTaskInput) error {
	switch {
	case in.LaunchType != "" && !slices.Contains(in.LaunchType.Values(), in.LaunchType):
		return client("launch type should be one of %v", in.LaunchType.Values())
	case in.LaunchType != "" && len(in.CapacityProviderStrategy) > 0:
		return invalid("Specify either Launch Type or Capacity Provider Strategy, but not both.")
	case in.PropagateTags == types.PropagateTagsService:
		return invalid("propagateTags SERVICE is only supported for the tasks of a service; use TASK_DEFINITION.")
	case in.PropagateTags != "" && !slices.Contains(in.PropagateTags.Values(), in.PropagateTags):
		return invalid("propagateTags should be one of %v.", in.PropagateTags.Values())
	}
	if in.LaunchType == types.LaunchTypeFargate || len(in.CapacityProviderStrategy) > 0 {
		if len(in.PlacementConstraints) > 0 {
			return invalid("Placement constraints are not supported with FARGATE launch type.")
		}
		if len(in.PlacementStrategy) > 0 {
			return invalid("Placement strategies are not supported with FARGATE launch type.")
		}
	}
	return checkPlacement(in.PlacementConstraints, in.PlacementStrategy)
}

// providers tells the launch type, and each of count tasks the capacity
// provider it comes by; "" is the launch type itself. Without any of the three
// that may say so, the launch type is EC2.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
func providers(cluster state.Cluster, in *ecs.RunTaskInput, count int, held map[string]int) (types.LaunchType, []string, error) {
	if in.LaunchType != "" {
		return in.LaunchType, make([]string, count), nil
	}
	strategy := in.CapacityProviderStrategy
	if len(strategy) == 0 {
		strategy = cluster.DefaultCapacityProviderStrategy
	}
	if len(strategy) == 0 {
		return types.LaunchTypeEc2, make([]string, count), nil
	}
	if err := checkStrategy(strategy, cluster.CapacityProviders); err != nil {
		return "", nil, err
	}
	return fargate, assignMore(strategy, count, held), nil
}

// requestHash tells two requests with one client token apart.
func requestHash(in ecs.RunTaskInput) (string, error) {
	in.ClientToken = nil
	b, err := json.Marshal(in)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

func seedOf(id string) uint64 {
	sum := sha256.Sum256([]byte(id))
	return binary.BigEndian.Uint64(sum[:8])
}
