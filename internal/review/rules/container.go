package rules

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

// A container is essential unless it says otherwise.
func essential(c types.ContainerDefinition) bool { return c.Essential == nil || *c.Essential }

// A log router takes the other containers' logs.
func logRouter(c types.ContainerDefinition) bool { return c.FirelensConfiguration != nil }

// routers are the indexes of a definition's log routers; AWS accepts one.
func routers(td *review.TaskDef) (out []int) {
	for i, c := range td.ContainerDefinitions {
		if logRouter(c) {
			out = append(out, i)
		}
	}
	return out
}

// logsTo reports whether a container uses a log driver.
func logsTo(c types.ContainerDefinition, driver types.LogDriver) bool {
	return c.LogConfiguration != nil && c.LogConfiguration.LogDriver == driver
}

// onFargate asks the task definition and, if it is there, the service.
func onFargate(s *review.Subject) bool {
	if s.TaskDef.OK && s.TaskDef.Value.Fargate() {
		return true
	}
	if !s.Service.OK {
		return false
	}
	if s.Service.Value.LaunchType == types.LaunchTypeFargate {
		return true
	}
	for _, p := range s.Service.Value.CapacityProviderStrategy {
		if strings.HasPrefix(str(p.CapacityProvider), "FARGATE") {
			return true
		}
	}
	return false
}

// desired is a service's count of tasks; not all files say it.
func desired(d *review.ServiceDef) (n int, said bool) {
	return int(d.DesiredCount), d.Doc.Get("desiredCount") != nil
}

// percents are the bounds of a rolling deployment: AWS's defaults are 100 and 200.
func percents(d *review.ServiceDef) (healthy, most int) {
	healthy, most = 100, 200
	if d.SchedulingStrategy == types.SchedulingStrategyDaemon {
		healthy, most = 0, 100
	}
	if c := d.DeploymentConfiguration; c != nil {
		if c.MinimumHealthyPercent != nil {
			healthy = int(*c.MinimumHealthyPercent)
		}
		if c.MaximumPercent != nil {
			most = int(*c.MaximumPercent)
		}
	}
	return healthy, most
}
