package sched

import "time"

// Launched is what became of tasks that a service asked for.
type Launched struct {
	At        time.Time
	Tasks     []string // ids of those that were placed
	Refused   []Refused
	Instances bool   // they are for container instances
	Closest   string // id of the container instance that the refusal speaks of
}
