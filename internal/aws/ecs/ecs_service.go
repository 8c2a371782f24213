package ecs

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

func serviceNotFound() error {
	return &types.ServiceNotFoundException{Message: aws.String("Service not found.")}
}

// serviceName reads a service's name or ARN in the cluster.
func serviceName(scope state.Scope, cluster, id string) (string, error) {
	rest, isARN, err := resource(scope, "service", id)
	if err != nil {
		return "", err
	}
	if isARN {
		c, name, long := strings.Cut(rest, "/")
		if !long {
			name = c
		} else if c != cluster {
			return "", invalid("Invalid identifier: Identifier is for cluster %s. Your cluster is %s", c, cluster)
		}
		rest = name
	}
	if !resourceName.MatchString(rest) {
		return "", invalid("Invalid identifier: '%s' is not the name of a service.", id)
	}
	return rest, nil
}

// findService reads a service of the cluster that a request names.
func findService(r store.Reader, scope state.Scope, clusterID, id *string) (state.Cluster, state.Service, error) {
	cluster, err := activeCluster(r, scope, clusterID)
	if err != nil {
		return cluster, state.Service{}, err
	}
	if aws.ToString(id) == "" {
		return cluster, state.Service{}, invalid("Service can not be blank.")
	}
	name, err := serviceName(scope, cluster.Name, *id)
	if err != nil {
		return cluster, state.Service{}, err
	}
	svc, ok := store.Services.Get(r, scope.Key(state.ServiceID(cluster.Name, name)))
	if !ok {
		return cluster, svc, serviceNotFound()
	}
	return cluster, svc, nil
}

// revisionOf reads a revision of a service.
func revisionOf(r store.Reader, scope state.Scope, svc state.Service, number string) (state.ServiceRevision, bool) {
	return store.ServiceRevisions.Get(r, scope.Key(state.ServiceRevisionID(svc.ID(), number)))
}

// revisionNumber makes the number of a revision out of an id: 19 digits.
func revisionNumber(id string) string {
	const least, span = 1_000_000_000_000_000_000, 8_000_000_000_000_000_000
	return fmt.Sprint(least + seedOf("revision "+id)%span)
}

// deploymentID makes the id of a service deployment out of an id: 21
// characters.
func deploymentID(id string) string {
	sum := sha256.Sum256([]byte("deployment " + id))
	return base64.RawURLEncoding.EncodeToString(sum[:])[:21]
}

// watchAlarms tells whether a deployment that begins watches its alarms: not
// when one of them has gone off before.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
func watchAlarms(r store.Reader, scope state.Scope, c *types.DeploymentAlarms) types.ServiceDeploymentRollbackMonitorsStatus {
	if c == nil || !c.Enable {
		return types.ServiceDeploymentRollbackMonitorsStatusDisabled
	}
	for _, name := range c.AlarmNames {
		if a, ok := store.Alarms.Get(r, scope.Key(name)); ok && a.Value() == cwtypes.StateValueAlarm {
			return types.ServiceDeploymentRollbackMonitorsStatusDisabled
		}
	}
	return types.ServiceDeploymentRollbackMonitorsStatusMonitoring
}

// begin puts a new rollout to a revision in front of a service's, and records
// the revision and the deployment.
func (s *Service) begin(w store.Writer, scope state.Scope, svc *state.Service, rev state.ServiceRevision, deployment string) error {
	now := rev.CreatedAt
	dep := state.ServiceDeployment{
		ID: deployment, ARN: scope.ServiceDeploymentARN(svc.ID(), deployment), ServiceARN: svc.ARN, ClusterARN: svc.ClusterARN,
		CreatedAt: now, UpdatedAt: now, Status: string(types.ServiceDeploymentStatusPending), Target: rev.Number, Configuration: svc.Deployment,
		Breaker: state.BreakerState{Status: string(types.ServiceDeploymentRollbackMonitorsStatusDisabled)},
	}
	if c := svc.Deployment.DeploymentCircuitBreaker; c != nil && c.Enable {
		dep.Breaker = state.BreakerState{
			Status: string(types.ServiceDeploymentRollbackMonitorsStatusMonitoring), Threshold: int32(state.BreakerThreshold(int(svc.DesiredCount), c)),
		}
	}
	dep.Alarms.Status = string(watchAlarms(w, scope, svc.Deployment.Alarms))
	for i, r := range svc.Rollouts {
		if i == 0 && r.State == state.RolloutCompleted {
			svc.Rollouts[i].Kept = svc.DesiredCount
		}
		dep.Sources = append(dep.Sources, state.DeploymentShare{Revision: r.Revision, Requested: svc.DesiredCount})
		if err := s.supersede(w, scope, *svc, r); err != nil {
			return err
		}
	}
	svc.Rollouts = append([]state.Rollout{{
		Revision: rev.Number, Deployment: deployment, CreatedAt: now, UpdatedAt: now,
		State: state.RolloutInProgress, Reason: "ECS deployment " + state.RolloutID(rev.Number) + " in progress.",
	}}, svc.Rollouts...)
	if err := store.ServiceRevisions.Put(w, scope.Key(state.ServiceRevisionID(svc.ID(), rev.Number)), rev); err != nil {
		return err
	}
	return store.ServiceDeployments.Put(w, scope.Key(state.ServiceDeploymentID(svc.ID(), deployment)), dep)
}

// supersede asks for the end of a deployment that a newer one takes over from.
func (s *Service) supersede(w store.Writer, scope state.Scope, svc state.Service, r state.Rollout) error {
	key := scope.Key(state.ServiceDeploymentID(svc.ID(), r.Deployment))
	dep, ok := store.ServiceDeployments.Get(w, key)
	if !ok || dep.FinishedAt != nil {
		return nil
	}
	dep.Status, dep.UpdatedAt = string(types.ServiceDeploymentStatusStopRequested), s.cfg.Now()
	return store.ServiceDeployments.Put(w, key, dep)
}

// trial composes one task of a service, as the scheduler will, and forgets it:
// what it says is wrong with the service is the request's answer.
func (s *Service) trial(r store.Reader, scope state.Scope, cluster state.Cluster, svc state.Service, rev state.ServiceRevision) (state.TaskDefinition, network, error) {
	ref, err := parseDefinition(scope, &rev.TaskDefinitionARN)
	if err != nil {
		return state.TaskDefinition{}, network{}, err
	}
	def, err := s.startable(r, scope, ref)
	if err != nil {
		return def, network{}, err
	}
	l := s.serviceRequest(state.ServiceLaunch{Scope: scope, Service: svc, Revision: rev, IDs: []string{strings.Repeat("0", 32)}, Now: rev.CreatedAt}, ref)
	tasks, net, err := s.compose(r, scope, cluster, def, l)
	if err != nil {
		return def, net, err
	}
	return def, net, s.checkRoles(r, scope, tasks[0].Spec.AdoptedRoles)
}
