package taskdef

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// checkHealth keeps the ranges of a container health check.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
func checkHealth(def types.TaskDefinition) error {
	for _, c := range def.ContainerDefinitions {
		h := c.HealthCheck
		if h == nil {
			continue
		}
		if len(h.Command) < 2 || (h.Command[0] != "CMD" && h.Command[0] != "CMD-SHELL") {
			return refuseContainer(c, "The health check command must start with CMD or CMD-SHELL and name a command.")
		}
		for _, r := range []struct {
			field     string
			value     *int32
			low, high int32
		}{
			{"interval", h.Interval, 5, 300},
			{"timeout", h.Timeout, 2, 60},
			{"retries", h.Retries, 1, 10},
			{"startPeriod", h.StartPeriod, 0, 300},
		} {
			if r.value != nil && (*r.value < r.low || *r.value > r.high) {
				return refuseContainer(c, "The health check %s must be between %d and %d; it is %d.", r.field, r.low, r.high, aws.ToInt32(r.value))
			}
		}
	}
	return nil
}
