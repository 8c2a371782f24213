package state

import (
	"net/netip"
	"strings"
)

// ConnectPlan is what Service Connect gives the tasks of a revision. It is
// resolved once, when the revision is made: what others serve from then on its
// tasks do not know.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-concepts-deploy.html
type ConnectPlan struct {
	Namespace string           // id of the Cloud Map namespace
	Serves    []ConnectService // of the revision's own tasks
	Reaches   []ConnectAlias   // what its tasks reach by name, its own service with it
}

// ConnectService is a port that the tasks of a revision serve in a namespace.
type ConnectService struct {
	Alias     ConnectAlias
	Container string
	Port      int32 // of the container
	Ingress   int32 // where the task's proxy listens for it, 0: nowhere
}

// ConnectAlias is a name and a port that lead to a service of a namespace.
type ConnectAlias struct {
	Service    string // id of the Cloud Map service
	Discovery  string // its name
	DNSName    string
	Port       int32
	Protocol   string // appProtocol: http, http2, grpc, or "" for TCP
	Idle       int32  // seconds; 0: no limit
	PerRequest int32  // seconds; 0: no limit, and always for TCP
}

// ConnectPort is where a task answers for a service of a namespace.
type ConnectPort struct {
	Service   string // id of the Cloud Map service
	Container string
	Port      int32 // of the task's address; with ByInstance of the container
	// ByInstance says that a port of the machine leads there.
	ByInstance bool
}

// ConnectEndpoint is where a task is asked for a service.
type ConnectEndpoint struct {
	Service string // id of the Cloud Map service
	// Address is the task's; of a task with ports of the machine only the port is
	// set, which is the machine's.
	Address netip.AddrPort
	Node    string // of such a task
}

// ConnectEndpoints are the endpoints of a task by their ids, none unless it is
// to be sent to: it runs, is to run on, and its health checks, if it has any,
// say that it is well.
func (t Task) ConnectEndpoints() map[string]ConnectEndpoint {
	s := t.Spec.Service
	if len(s.Connect) == 0 || t.Desired.Status != TaskRunning || t.Observed.Status != TaskRunning ||
		t.Observed.Health == "UNHEALTHY" || s.Checked && t.Observed.Health != "HEALTHY" {
		return nil
	}
	out := map[string]ConnectEndpoint{}
	for _, p := range s.Connect {
		e := ConnectEndpoint{Service: p.Service}
		if p.ByInstance {
			port := t.boundPort(p.Container, p.Port)
			if port == 0 {
				continue
			}
			e.Node, e.Address = t.Placement.Node, netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(port))
		} else {
			address, err := netip.ParseAddr(t.Observed.ENI.PrivateIPv4)
			if err != nil {
				continue
			}
			e.Address = netip.AddrPortFrom(address, uint16(p.Port))
		}
		out[t.ID+"/"+p.Service] = e
	}
	return out
}

// boundPort is the machine's port that leads to a container's; 0: none yet.
func (t Task) boundPort(container string, port int32) int32 {
	for _, c := range t.Observed.Containers {
		if c.Name != container {
			continue
		}
		for _, b := range c.NetworkBindings {
			if b.ContainerPort == port && strings.EqualFold(b.Protocol, "tcp") {
				return b.HostPort
			}
		}
	}
	return 0
}
