package taskdef

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Bounds of a restart policy.
const (
	maxIgnoredExitCodes = 50
	minRestartPeriod    = 60
	maxRestartPeriod    = 1800
)

// checkRestart keeps the bounds of restart policies.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerRestartPolicy.html
func checkRestart(def types.TaskDefinition) error {
	for _, c := range def.ContainerDefinitions {
		p := c.RestartPolicy
		if p == nil {
			continue
		}
		switch period := p.RestartAttemptPeriod; {
		case p.Enabled == nil:
			return refuseContainer(c, "The 'enabled' of a restartPolicy must be specified.")
		case len(p.IgnoredExitCodes) > maxIgnoredExitCodes:
			return refuseContainer(c, "The restartPolicy can have at most %d ignoredExitCodes; it has %d.", maxIgnoredExitCodes, len(p.IgnoredExitCodes))
		case period != nil && (*period < minRestartPeriod || *period > maxRestartPeriod):
			return refuseContainer(c, "The restartAttemptPeriod must be between %d and %d seconds; it is %d.", minRestartPeriod, maxRestartPeriod, *period)
		}
	}
	return nil
}
