// Package service keeps services at their desired counts and carries their
// deployments out. Decide is pure: what it sees of a service goes in, what to
// write comes out. The loop follows the store and looks at a service when
// something of it changed; timers stand for grace periods, back-off and
// protection only.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_services.html
package service

import "time"

const (
	// proof is how long a task without any health check must last before the
	// first of its revision counts as healthy. ECS waits 40 seconds for each
	// task; here once one has lasted, the others count as soon as they are
	// RUNNING, so that a deployment waits once and a program that ends at its
	// start replaces nothing that works.
	proof = 5 * time.Second
	// quiet is how long the same complaint is not repeated, and how often a
	// steady state is told again.
	//
	// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages.html
	quiet = 6 * time.Hour
	// longestBackoff is the longest time between launches that fail.
	//
	// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html
	longestBackoff = 27 * time.Minute
	// keepInactive is how long a deleted service can be described.
	keepInactive = time.Hour
	// maxEvents is how many events of a service are kept, as in ECS.
	maxEvents = 100
	// maxFacts is how many events for EventBridge of a service are kept.
	maxFacts = 200
	// perEvent is how many tasks one event names.
	perEvent = 10
	// atOnce is how many tasks one transaction starts or stops.
	atOnce = 100
)
