package ecs

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/clusterquery"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// parseQuery reads an expression of the cluster query language.
func parseQuery(expression *string) (clusterquery.Query, error) {
	q, err := clusterquery.Parse(aws.ToString(expression))
	if err != nil {
		return q, invalid("Invalid expression '%s': %s.", aws.ToString(expression), err)
	}
	return q, nil
}

// members are the queries of a launch's and a definition's placement
// constraints: an instance must satisfy them all.
func (l launch) members(def types.TaskDefinition) (out []clusterquery.Query, err error) {
	var expressions []*string
	for _, c := range def.PlacementConstraints {
		expressions = append(expressions, c.Expression)
	}
	for _, c := range l.in.PlacementConstraints {
		if c.Type == types.PlacementConstraintTypeMemberOf {
			expressions = append(expressions, c.Expression)
		}
	}
	if n := len(def.PlacementConstraints) + len(l.in.PlacementConstraints); n > maxConstraints {
		return nil, invalid("placementConstraints can have at most %d items, those of the task definition included.", maxConstraints)
	}
	for _, e := range expressions {
		q, err := parseQuery(e)
		if err != nil {
			return nil, err
		}
		out = append(out, q)
	}
	return out, nil
}

// facts are what queries ask of a container instance, but for the tasks on it.
func (s *Service) facts(inst state.ContainerInstance, n state.Node) clusterquery.Facts {
	out := clusterquery.Facts{
		AgentConnected: n.Connected && inst.Status != inactive, EC2InstanceID: inst.EC2InstanceID,
		RegisteredAt: inst.RegisteredAt, Attributes: map[string]string{},
	}
	for _, list := range [][]types.Attribute{s.builtInAttributes(inst, n), inst.Attributes} {
		for _, a := range list {
			out.Attributes[aws.ToString(a.Name)] = aws.ToString(a.Value)
		}
	}
	return out
}

// factsOf are all that queries ask of a container instance.
func (s *Service) factsOf(r store.Reader, scope state.Scope, inst state.ContainerInstance) clusterquery.Facts {
	n, _ := store.Nodes.Get(r, nodeScope.Key(inst.Node))
	out := s.facts(inst, n)
	for _, t := range instanceTasks(r, scope, inst.ARN) {
		out.Groups = append(out.Groups, t.Spec.Group)
		if t.Observed.Status == state.TaskRunning {
			out.RunningTasks++
		}
	}
	return out
}

// MembersForService tells which container instances meet the placement
// constraints of a service and of the definition it deploys.
func (s *Service) MembersForService(r store.Reader, scope state.Scope, svc state.Service) func(state.ContainerInstance) bool {
	var def types.TaskDefinition
	if p := svc.Primary(); p != nil {
		rev, _ := store.ServiceRevisions.Get(r, scope.Key(state.ServiceRevisionID(svc.ID(), p.Revision)))
		if ref, err := parseDefinition(scope, &rev.TaskDefinitionARN); err == nil {
			known, _ := store.TaskDefinitions.Get(r, scope.Key(state.TaskDefinitionID(ref.family, ref.revision)))
			def = known.Definition
		}
	}
	queries, err := launch{in: &ecs.RunTaskInput{PlacementConstraints: svc.Constraints}}.members(def)
	if err != nil || len(queries) == 0 { // of an error the launch will tell
		return func(state.ContainerInstance) bool { return true }
	}
	return func(inst state.ContainerInstance) bool {
		facts := s.factsOf(r, scope, inst)
		return !slices.ContainsFunc(queries, func(q clusterquery.Query) bool { return !q.Holds(facts) })
	}
}
