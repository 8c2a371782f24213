package agent

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/uuid"

	"github.com/hatoba/hatoba/internal/agent/credentials"
	"github.com/hatoba/hatoba/internal/agent/endpoint"
	"github.com/hatoba/hatoba/internal/agent/metadata"
	"github.com/hatoba/hatoba/internal/agent/network"
	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// tagsPatience bounds the question for a task's tags.
const tagsPatience = 5 * time.Second

// inside is what the task's endpoints need to know of it.
func (w *worker) inside(netns string) endpoint.Task {
	return endpoint.Task{
		Local: w.rec.Local, Admit: w.admit(),
		Key: w.key, Assignment: w.assigned, NetNS: netns, CredentialsID: w.rec.CredentialsID,
		View: func() metadata.View { return *w.view.Load() },
		Stats: func(ctx context.Context, id string) (runtime.Stats, error) {
			return w.a.cfg.Engine.Stats(ctx, id)
		},
		Used: (&measured{measure: w.written}).bytes,
		Tags: func(ctx context.Context) (out []types.Tag, err error) {
			ctx, cancel := context.WithTimeout(ctx, tagsPatience)
			defer cancel()
			err = w.a.link.call(ctx, func(s protocol.Session) (err error) {
				out, err = s.Tags(ctx, w.key)
				return err
			})
			return out, err
		},
		Credentials: func(ctx context.Context) (out protocol.Credentials, err error) {
			err = w.a.link.call(ctx, func(s protocol.Session) (err error) {
				out, err = s.Credentials(ctx, w.key)
				return err
			})
			return out, err
		},
	}
}

// admit tells whose connection it is where a socket alone does not: in the
// machine's own namespace.
func (w *worker) admit() func(client, server netip.AddrPort) bool {
	if w.mode() != modeHost {
		return nil
	}
	return func(client, server netip.AddrPort) bool {
		pids, err := w.a.cfg.Engine.Pids(w.a.ctx, w.key.ID)
		own := false
		if err == nil {
			own, err = network.Holds(pids, client, server)
		}
		if err != nil {
			w.log.Debug("who asks the task's endpoints cannot be told", "error", err)
		}
		return own
	}
}

// nameCredentials gives a task with a role the id its credentials are found
// under. It is saved, for the containers keep it through our restarts.
func (w *worker) nameCredentials() {
	if role, _ := state.TaskRoles(w.rec.Assignment.Task, w.rec.Assignment.Definition); role != "" && w.rec.CredentialsID == "" {
		w.rec.CredentialsID = uuid.NewString()
	}
}

// show hands the metadata endpoint the task as it stands.
func (w *worker) show() {
	task, net := w.rec.Assignment.Task, w.rec.Assignment.Network
	v := metadata.View{
		Task: task, Observed: w.rec.Observed, Stopping: w.stopping, Domain: network.Domain(w.key.Region),
		Gateway: net.Gateway, Subnet: net.Range, VPC: net.VPCRange, Resolver: network.Local,
	}
	for i := range w.views {
		v.Containers = append(v.Containers, w.shown(i))
	}
	w.view.Store(&v)
}

func (w *worker) shown(i int) metadata.Container {
	v := &w.views[i]
	rec := w.rec.Containers[v.plan.Name]
	out := metadata.Container{
		Plan: v.plan, ID: containerID(w.key.ID, v.plan.Name), ImageDigest: w.images[v.plan.Image].Digest,
		Labels: labels(w.rec.Assignment.Task, v.plan), Known: w.known(v), ExitCode: v.exitCode,
		CreatedAt: rec.CreatedAt,
	}
	if v.started && !v.startedAt.IsZero() {
		at := v.startedAt.UTC()
		out.StartedAt = &at
	}
	if rec.Ended && !rec.EndedAt.IsZero() {
		at := rec.EndedAt.UTC()
		out.FinishedAt = &at
	}
	if r := w.rec.Interfaces[v.plan.Name]; r != nil {
		out.Address, out.Bindings = r.Address, r.Bindings
	}
	if v.plan.Restart != nil {
		restarts := v.restarts
		out.Restarts = &restarts
	}
	if v.plan.HealthCheck != nil {
		if v.shownHealth != v.health {
			v.shownHealth, v.healthSince = v.health, time.Now().UTC()
		}
		out.Health, out.HealthSince = v.health, v.healthSince
	}
	if out.ImageDigest == "" {
		for _, c := range w.rec.Observed.Containers {
			if c.Name == v.plan.Name {
				out.ImageDigest = c.ImageDigest
			}
		}
	}
	if v.plan.LogDriver == awslogs {
		stream := w.logStream(v.plan)
		out.LogOptions = maps.Clone(v.plan.LogOptions)
		out.LogOptions["awslogs-stream"] = stream.Stream
	}
	for _, m := range v.plan.MountPoints {
		source := m.HostPath
		if source == "" {
			source = filepath.Join("/volumes", m.Volume)
		}
		out.Volumes = append(out.Volumes, metadata.Volume{DockerName: m.Volume, Source: source, Destination: m.Path})
	}
	return out
}

// known is a container's status in the metadata's words.
func (w *worker) known(v *containerView) string {
	switch v.phase {
	case ended:
		return "STOPPED"
	case running:
		return "RUNNING"
	case starting:
		return "CREATED"
	}
	if _, pulled := w.images[v.plan.Image]; pulled {
		return "PULLED"
	}
	return "NONE"
}

// environment is what a container's environment holds beside secrets: the
// definition's, over what every task is told of its region and of where the
// AWS APIs are, and under what only ECS can know. What the image sets for
// itself stays.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html
func (w *worker) environment(plan state.ContainerPlan) []string {
	set := map[string]bool{}
	for _, v := range w.images[plan.Image].Env {
		name, _, _ := strings.Cut(v, "=")
		set[name] = true
	}
	out := map[string]string{}
	for _, v := range plan.Environment {
		set[v.Name], out[v.Name] = true, v.Value
	}
	for name := range w.material.Environment[plan.Name] {
		set[name] = true
	}
	offer := func(name, value string) {
		if !set[name] {
			out[name] = value
		}
	}
	offer("AWS_REGION", w.key.Region)
	offer("AWS_DEFAULT_REGION", w.key.Region)
	served := w.served(plan.Name)
	api, base := endpoint.APIURL, "http://"+network.Local.String()
	if l := w.rec.Local; l != (endpoint.Local{}) {
		api, base = fmt.Sprintf("http://%s:%d", endpoint.Host, l.API), fmt.Sprintf("http://%s:%d", endpoint.Host, l.Metadata)
	}
	if served && !pointed(set) {
		out["AWS_ENDPOINT_URL"] = api
	}
	id := containerID(w.key.ID, plan.Name)
	out["AWS_EXECUTION_ENV"] = executionEnvironment(w.rec.Assignment.Task.Spec.LaunchType)
	if !served {
		return list(out)
	}
	out["ECS_CONTAINER_METADATA_URI"] = base + "/v3/" + id
	out["ECS_CONTAINER_METADATA_URI_V4"] = base + "/v4/" + id
	out["ECS_AGENT_URI"] = base + "/api/" + id
	switch {
	case w.rec.CredentialsID == "":
	case w.rec.Local != endpoint.Local{}:
		// A relative one is relative to an address that the machine has not.
		out["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = base + credentials.Path(w.rec.CredentialsID)
	default:
		out["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = credentials.Path(w.rec.CredentialsID)
	}
	return list(out)
}

// list is an environment in the order of its names.
func list(env map[string]string) []string {
	out := make([]string, 0, len(env))
	for name, value := range env {
		out = append(out, name+"="+value)
	}
	slices.Sort(out)
	return out
}

// pointed tells whether somebody has said where an SDK finds AWS, as a whole
// or for one service: then he has said it for all.
func pointed(set map[string]bool) bool {
	for name := range set {
		if name == "AWS_ENDPOINT_URL" || strings.HasPrefix(name, "AWS_ENDPOINT_URL_") || name == "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" {
			return true
		}
	}
	return false
}

func executionEnvironment(launchType string) string {
	if launchType == "EC2" || launchType == "EXTERNAL" {
		return "AWS_ECS_" + launchType
	}
	return "AWS_ECS_FARGATE"
}
