package state

import "time"

// Envelope is an event as EventBridge carries it.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html
type Envelope struct {
	Version    string         `json:"version"`
	ID         string         `json:"id"`
	DetailType string         `json:"detail-type"`
	Source     string         `json:"source"`
	Account    string         `json:"account"`
	Time       string         `json:"time"`
	Region     string         `json:"region"`
	Resources  []string       `json:"resources"`
	Detail     map[string]any `json:"detail"`
}

// Envelope is the event of a service as EventBridge is told it: a service
// action, or a change of a deployment's state. false when it is none.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
func (e ServiceEvent) Envelope(scope Scope, service Service) (Envelope, bool) {
	if e.Name == "" {
		return Envelope{}, false
	}
	at := e.At.UTC()
	out := Envelope{
		Version: "0", ID: e.ID, DetailType: "ECS Service Action", Source: "aws.ecs", Account: scope.Account, Region: scope.Region,
		Time: at.Format(time.RFC3339), Resources: []string{service.ARN},
		Detail: map[string]any{"eventType": e.Type, "eventName": e.Name},
	}
	const moment = "2006-01-02T15:04:05.999Z"
	if e.Reason != "" {
		out.Detail["reason"] = e.Reason
	}
	if e.Deployment != "" {
		out.DetailType = "ECS Deployment State Change"
		out.Detail["deploymentId"], out.Detail["updatedAt"] = e.Deployment, at.Format(moment)
		return out, true
	}
	out.Detail["clusterArn"], out.Detail["createdAt"] = service.ClusterARN, at.Format(moment)
	return out, true
}
