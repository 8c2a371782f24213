package ecs

import (
	"cmp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/discovery"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// The timeouts when nobody says.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TimeoutConfiguration.html
const (
	connectIdle       = 5 * 60
	connectIdleTCP    = 60 * 60
	connectPerRequest = 15
)

// planConnect resolves a revision's configuration of Service Connect: the
// namespace, the Cloud Map services of its ports, which are made if they are
// not there, and what its tasks reach from now on.
func (s *Service) planConnect(w store.Writer, scope state.Scope, cluster state.Cluster, svc state.Service, rev *state.ServiceRevision, def types.TaskDefinition) error {
	before := rev.ConnectPlan
	rev.ConnectPlan = nil
	c := rev.Connect
	if c == nil || !c.Enabled {
		return nil
	}
	if mode := networkMode(def); mode != types.NetworkModeAwsvpc && mode != types.NetworkModeBridge {
		return invalid("Service Connect is not supported with networkMode=%s. Use awsvpc or bridge.", mode)
	}
	named := aws.ToString(c.Namespace)
	if named == "" && before != nil { // a cluster's default is asked once
		named = discovery.NamespaceARN(scope, before.Namespace)
	}
	if named == "" && cluster.ServiceConnectDefaults != nil {
		named = aws.ToString(cluster.ServiceConnectDefaults.Namespace)
	}
	if named == "" {
		return invalid("A namespace is required for Service Connect: the configuration names none, and the cluster %s has no default one.", cluster.Name)
	}
	ns, ok := connectNamespace(w, scope, named)
	if !ok {
		return namespaceNotFound()
	}
	plan := &state.ConnectPlan{Namespace: ns.ID}
	for _, given := range c.Services {
		served, err := s.serveConnect(w, scope, svc, ns, given, def)
		if err != nil {
			return err
		}
		plan.Serves = append(plan.Serves, served)
	}
	if err := checkIngress(plan.Serves); err != nil {
		return err
	}
	reaches, err := reachedAliases(w, scope, svc, plan)
	if err != nil {
		return err
	}
	plan.Reaches = reaches
	rev.ConnectPlan = plan
	return nil
}

func checkIngress(serves []state.ConnectService) error {
	used := map[int32]bool{}
	for _, p := range serves {
		if p.Ingress != 0 && used[p.Ingress] {
			return invalid("The ingressPortOverride %d is used more than once in the Service Connect configuration.", p.Ingress)
		}
		used[p.Ingress] = true
	}
	return nil
}

// serveConnect resolves a port that a service's tasks serve.
func (s *Service) serveConnect(w store.Writer, scope state.Scope, svc state.Service, ns state.Namespace, given types.ServiceConnectService, def types.TaskDefinition) (state.ConnectService, error) {
	if err := checkConnectPort(given, def); err != nil {
		return state.ConnectService{}, err
	}
	name := aws.ToString(given.DiscoveryName)
	if name == "" {
		name = aws.ToString(given.PortName)
	}
	id, err := s.discoverable(w, scope, svc, ns, name)
	if err != nil {
		return state.ConnectService{}, err
	}
	p, c, _ := namedPort(def, aws.ToString(given.PortName))
	out := state.ConnectService{
		Container: aws.ToString(c.Name), Port: aws.ToInt32(p.ContainerPort), Ingress: aws.ToInt32(given.IngressPortOverride),
		Alias: state.ConnectAlias{
			Service: id, Discovery: name, DNSName: name + "." + ns.Name, Port: aws.ToInt32(p.ContainerPort), Protocol: string(p.AppProtocol),
			Idle: connectIdle, PerRequest: connectPerRequest,
		},
	}
	if p.AppProtocol == "" {
		out.Alias.Idle, out.Alias.PerRequest = connectIdleTCP, 0
	}
	for _, a := range given.ClientAliases {
		out.Alias.Port = aws.ToInt32(a.Port)
		if dns := aws.ToString(a.DnsName); dns != "" {
			out.Alias.DNSName = dns
		}
	}
	if t := given.Timeout; t != nil && t.IdleTimeoutSeconds != nil {
		out.Alias.Idle = *t.IdleTimeoutSeconds
	}
	if t := given.Timeout; t != nil && t.PerRequestTimeoutSeconds != nil {
		out.Alias.PerRequest = *t.PerRequestTimeoutSeconds
	}
	return out, nil
}

// discoverable is the Cloud Map service of a discovery name: the ECS service's
// own, made if it is not there.
func (s *Service) discoverable(w store.Writer, scope state.Scope, svc state.Service, ns state.Namespace, name string) (string, error) {
	if have, ok := discovery.ServiceNamed(w, scope, ns.ID, name); ok {
		if have.Request != svc.ARN {
			return "", invalid("The discoveryName '%s' is already in use in the namespace %s.", name, ns.Name)
		}
		return have.ID, nil
	}
	id := discovery.ServiceID(s.cfg.NewID())
	return id, discovery.AddService(w, scope, state.DiscoveryService{
		ID: id, ARN: discovery.ServiceARN(scope, id), Name: name, Namespace: ns.ID, Type: state.DiscoveryByHTTP, CustomHealth: true,
		Request: svc.ARN, CreatedAt: s.cfg.Now(), Tags: map[string]string{"AmazonECSManaged": "true"},
	})
}

// reachedAliases are the aliases of a namespace as they are now, a service's
// own as its new revision has them. Each leads to one service.
func reachedAliases(r store.Reader, scope state.Scope, own state.Service, plan *state.ConnectPlan) ([]state.ConnectAlias, error) {
	taken := map[aliasKey]string{}
	var out []state.ConnectAlias
	for _, p := range plan.Serves {
		out, taken[aliasKey{p.Alias.DNSName, p.Alias.Port}] = append(out, p.Alias), own.Name
	}
	if len(taken) < len(out) {
		return nil, invalid("A client alias is used more than once in the Service Connect configuration.")
	}
	for svc, other := range connected(r, scope, plan.Namespace) {
		if svc.ID() == own.ID() {
			continue
		}
		for _, p := range other.Serves {
			if by := taken[aliasKey{p.Alias.DNSName, p.Alias.Port}]; by == own.Name {
				return nil, invalid("The client alias %s:%d is already in use by the service %s in the namespace.", p.Alias.DNSName, p.Alias.Port, svc.Name)
			}
			out = append(out, p.Alias)
		}
	}
	slices.SortFunc(out, func(a, b state.ConnectAlias) int {
		return cmp.Or(strings.Compare(a.DNSName, b.DNSName), cmp.Compare(a.Port, b.Port))
	})
	return out, nil
}

// connected yields the ACTIVE services of a namespace with what they serve
// there.
func connected(r store.Reader, scope state.Scope, namespace string) func(yield func(state.Service, state.ConnectPlan) bool) {
	return func(yield func(state.Service, state.ConnectPlan) bool) {
		for _, svc := range store.Services.List(r, scope, "") {
			p := svc.Primary()
			if svc.Status != state.ServiceActive || p == nil {
				continue
			}
			rev, _ := revisionOf(r, scope, svc, p.Revision)
			if rev.ConnectPlan != nil && rev.ConnectPlan.Namespace == namespace && !yield(svc, *rev.ConnectPlan) {
				return
			}
		}
	}
}

// connectPorts is where Service Connect reaches a task of the revision.
func connectPorts(rev state.ServiceRevision, def types.TaskDefinition) (out []state.ConnectPort) {
	if rev.ConnectPlan == nil {
		return nil
	}
	for _, p := range rev.ConnectPlan.Serves {
		port := state.ConnectPort{Service: p.Alias.Service, Container: p.Container, Port: cmp.Or(p.Ingress, p.Port)}
		port.ByInstance = networkMode(def) == types.NetworkModeBridge
		out = append(out, port)
	}
	return out
}

// connectRegistries are the Cloud Map services that a task of the revision is
// an instance of by Service Connect.
func connectRegistries(rev state.ServiceRevision, def types.TaskDefinition) (out []state.TaskRegistry) {
	for _, p := range connectPorts(rev, def) {
		out = append(out, state.TaskRegistry{Service: p.Service, Container: p.Container, Port: p.Port, ByInstance: p.ByInstance, Checked: checkedContainers(def)})
	}
	return out
}

// checkedContainers are the essential ones that have a health check.
func checkedContainers(def types.TaskDefinition) (out []string) {
	for _, c := range def.ContainerDefinitions {
		if h := c.HealthCheck; h != nil && len(h.Command) > 0 && h.Command[0] != "NONE" && (c.Essential == nil || *c.Essential) {
			out = append(out, aws.ToString(c.Name))
		}
	}
	return out
}

// forgetConnect removes the Cloud Map services that were made for a service.
func forgetConnect(w store.Writer, scope state.Scope, svc state.Service) {
	var ids []string
	for _, d := range store.DiscoveryServices.List(w, scope, "") {
		if d.Request == svc.ARN && d.Tags["AmazonECSManaged"] == "true" {
			ids = append(ids, d.ID)
		}
	}
	for _, id := range ids {
		discovery.RemoveService(w, scope, id)
	}
}
