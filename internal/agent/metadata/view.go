// Package metadata tells a task of itself: the task metadata endpoint,
// versions 3 and 4, in the shapes that tasks on Fargate get.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html
package metadata

import (
	"net/netip"
	"time"

	"github.com/hatoba/hatoba/internal/state"
)

// View is a task as it stands. It is not changed after it was handed over.
type View struct {
	Task       state.Task
	Observed   state.Observed
	Stopping   bool
	Domain     string       // of the region's private names
	Gateway    netip.Addr   // of the subnet
	Subnet     netip.Prefix // the range the task's address is in
	VPC        netip.Prefix
	Resolver   netip.Addr
	Containers []Container
}

// Container is one container of a View, in the order of the definition.
type Container struct {
	Plan        state.ContainerPlan
	ID          string // the id its URIs end with
	ImageDigest string
	Labels      map[string]string
	LogOptions  map[string]string
	Known       string // NONE, PULLED, CREATED, RUNNING or STOPPED
	ExitCode    *int32
	CreatedAt   *time.Time
	StartedAt   *time.Time
	FinishedAt  *time.Time
	Health      string // "" without a check
	HealthSince time.Time
	Restarts    *int // nil without a restart policy
	Volumes     []Volume
	Address     netip.Addr // its own, with bridge networking
	Bindings    []state.NetworkBinding
}

// Volume is a mount of a container.
type Volume struct {
	DockerName  string `json:",omitempty"`
	Source      string
	Destination string
}

// container finds a container by the id in its URIs.
func (v View) container(id string) (Container, bool) {
	for _, c := range v.Containers {
		if c.ID == id {
			return c, true
		}
	}
	return Container{}, false
}

// memoryMiB is what a container may use: its own limit, else the task's.
func (v View) memoryMiB(c Container) int64 {
	if c.Plan.MemoryMiB > 0 {
		return c.Plan.MemoryMiB
	}
	return state.Units(v.Task.Spec.Memory)
}
