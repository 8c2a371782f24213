package state

import (
	"encoding/json"
	"time"
)

// Envelope is an event as EventBridge carries it.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html
type Envelope struct {
	Version    string          `json:"version"`
	ID         string          `json:"id"`
	DetailType string          `json:"detail-type"`
	Source     string          `json:"source"`
	Account    string          `json:"account"`
	Time       string          `json:"time"`
	Region     string          `json:"region"`
	ReplayName string          `json:"replay-name,omitempty"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
}

// EventMoment is a time as the details of events spell it: UTC, to the
// millisecond, without trailing zeros.
func EventMoment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999Z") }

// The events of services.
const (
	ServiceActionEvent   = "ECS Service Action"
	DeploymentStateEvent = "ECS Deployment State Change"
)

// DetailType is the event's kind on a bus, "" when it is told on none.
func (e ServiceEvent) DetailType() string {
	switch {
	case e.Name == "":
		return ""
	case e.Deployment != "":
		return DeploymentStateEvent
	}
	return ServiceActionEvent
}

// Envelope is the event of a service as EventBridge is told it: a service
// action, or a change of a deployment's state. false when it is none.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
func (e ServiceEvent) Envelope(scope Scope, service Service) (Envelope, bool) {
	kind := e.DetailType()
	if kind == "" {
		return Envelope{}, false
	}
	detail := struct {
		EventType  string `json:"eventType"`
		EventName  string `json:"eventName"`
		ClusterARN string `json:"clusterArn,omitempty"`
		CreatedAt  string `json:"createdAt,omitempty"`
		Deployment string `json:"deploymentId,omitempty"`
		UpdatedAt  string `json:"updatedAt,omitempty"`
		Reason     string `json:"reason,omitempty"`
	}{EventType: e.Type, EventName: e.Name, Reason: e.Reason}
	if kind == DeploymentStateEvent {
		detail.Deployment, detail.UpdatedAt = e.Deployment, EventMoment(e.At)
	} else {
		detail.ClusterARN, detail.CreatedAt = service.ClusterARN, EventMoment(e.At)
	}
	b, err := json.Marshal(detail)
	return Envelope{
		Version: "0", ID: e.ID, DetailType: kind, Source: "aws.ecs", Account: scope.Account, Region: scope.Region,
		Time: e.At.UTC().Format(time.RFC3339), Resources: []string{service.ARN}, Detail: b,
	}, err == nil
}
