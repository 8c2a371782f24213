package state

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// defaultRestartPeriod is how long a container must have run to be restarted
// when its policy does not say.
const defaultRestartPeriod = 300 * time.Second

// RestartPolicy is a container's restart policy, enabled, with AWS's defaults.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-restart-policy.html
type RestartPolicy struct {
	IgnoredExitCodes []int32
	AttemptPeriod    time.Duration
}

// Restarts tells whether a container that ended with code, having run for the
// given time since it was last started, is started again. Without a policy
// none is.
func (p *RestartPolicy) Restarts(code int32, ran time.Duration) bool {
	return p != nil && ran >= p.AttemptPeriod && !slices.Contains(p.IgnoredExitCodes, code)
}

func restartPolicy(p *ecstypes.ContainerRestartPolicy) *RestartPolicy {
	if p == nil || !aws.ToBool(p.Enabled) {
		return nil
	}
	out := &RestartPolicy{IgnoredExitCodes: p.IgnoredExitCodes, AttemptPeriod: defaultRestartPeriod}
	if p.RestartAttemptPeriod != nil {
		out.AttemptPeriod = time.Duration(*p.RestartAttemptPeriod) * time.Second
	}
	return out
}
