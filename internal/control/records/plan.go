package records

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/hatoba/hatoba/internal/state"
)

// Instance is what a task is registered as in a Cloud Map service; ok is false
// when it is not to be there. It is pure. machine is the address of the machine
// that the task is on.
//
// A task is registered while it is wanted and runs. Where the Cloud Map service
// has custom health, the instance is as healthy as the task's containers with
// health checks say; without any, its health is nobody's but who tells it.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-discovery.html
func Instance(scope state.Scope, t state.Task, r state.TaskRegistry, svc state.DiscoveryService, machine netip.Addr) (i state.DiscoveryInstance, ok bool) {
	if t.Desired.Status != state.TaskRunning || t.Observed.Status != state.TaskRunning {
		return i, false
	}
	address, port := t.Observed.ENI.PrivateIPv4, t.RegisteredPort(r)
	if r.ByInstance {
		if address = ""; machine.IsValid() {
			address = machine.String()
		}
	}
	if address == "" || r.ByInstance && port == 0 {
		return i, false
	}
	_, name, _ := strings.Cut(t.Spec.Service.Service, "/")
	i = state.DiscoveryInstance{ID: t.ID, Service: svc.ID, Task: t.ID, Attributes: map[string]string{
		state.InstanceIPv4: address, "AVAILABILITY_ZONE": t.Placement.AvailabilityZone, "REGION": scope.Region,
		"ECS_CLUSTER_NAME": t.ClusterName, "ECS_SERVICE_NAME": name, "ECS_TASK_DEFINITION_FAMILY": t.Spec.Family,
	}}
	if port != 0 {
		i.Attributes[state.InstancePort] = strconv.Itoa(int(port))
	}
	if t.Placement.ContainerInstance != "" {
		i.Attributes["EC2_INSTANCE_ID"] = state.EC2InstanceID(t.Placement.Node)
	}
	if svc.CustomHealth {
		i.Attributes[state.InstanceInitHealth] = state.InstanceHealthy
		if len(r.Checked) > 0 {
			i.Attributes[state.InstanceInitHealth] = state.InstanceUnhealthy
			i.Health = health(t, r.Checked)
		}
	}
	return i, true
}

// health is what the checks of the named containers say together.
func health(t state.Task, names []string) string {
	for _, name := range names {
		if !slices.ContainsFunc(t.Observed.Containers, func(c state.ContainerObserved) bool { return c.Name == name && c.Health == state.InstanceHealthy }) {
			return state.InstanceUnhealthy
		}
	}
	return state.InstanceHealthy
}
