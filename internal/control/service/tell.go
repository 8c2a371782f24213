package service

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/state"
)

// The texts are AWS's.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html

// The kinds of complaints. One is made once until its cause went, or for six
// hours.
const (
	complaintLaunch        = "launch"
	complaintPlacement     = "placement"
	complaintConfiguration = "configuration"
	complaintProtection    = "protection"
	complaintThrottle      = "throttle"
)

// tell adds an event of the service.
func (d *draft) tell(format string, args ...any) {
	d.plan.Events = append(d.plan.Events, "(service "+d.s.Name+") "+fmt.Sprintf(format, args...))
}

// note adds something that AWS has no event for, for people.
func (d *draft) note(format string, args ...any) {
	d.plan.Facts = append(d.plan.Facts, Fact{Reason: fmt.Sprintf(format, args...)})
}

func (d *draft) fact(f Fact) { d.plan.Facts = append(d.plan.Facts, f) }

// tellTasks tells of tasks, at most so many in one event as ECS names.
func (d *draft) tellTasks(format string, tasks []*Task) {
	for len(tasks) > 0 {
		n := min(perEvent, len(tasks))
		var ids []string
		for _, t := range tasks[:n] {
			ids = append(ids, t.ID)
		}
		d.tell(format, n, named(ids))
		tasks = tasks[n:]
	}
}

// named is how events name tasks.
func named(ids []string) string {
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = "(task " + id + ")"
	}
	return strings.Join(parts, " ")
}

// tellSick tells why a task is unhealthy.
func (d *draft) tellSick(t *Task, reason, group string) {
	if group == "" {
		d.tell("(task %s) failed container health checks.", t.ID)
		return
	}
	port, instance := int32(0), ""
	for _, target := range t.Targets {
		if target.Group == group {
			port = target.Port
		}
	}
	if arn := t.Placement.ContainerInstance; arn != "" {
		instance = "(instance " + state.EC2InstanceID(t.Placement.Node) + ") "
	} else {
		instance = "(task " + t.ID + ") "
	}
	d.tell("%s(port %d) is unhealthy in (target-group %s) due to (reason %s)", instance, port, d.groupARN(group), reason)
}

// complain adds an event, unless it was made and the cause has not gone. It
// tells whether it did.
func (d *draft) complain(kind, format string, args ...any) bool {
	if !complaint(&d.s.Progress, kind, d.now) {
		return false
	}
	d.tell(format, args...)
	return true
}

// complaint notes a complaint and tells whether it is to be made.
func complaint(p *state.ServiceProgress, kind string, now time.Time) bool {
	if at, told := p.Told[kind]; told && now.Sub(at) < quiet {
		return false
	}
	if p.Told == nil {
		p.Told = map[string]time.Time{}
	}
	p.Told[kind] = now
	return true
}

// clear notes that the causes of complaints have gone.
func (d *draft) clear(kinds ...string) {
	for _, k := range kinds {
		delete(d.s.Progress.Told, k)
	}
	if len(d.s.Progress.Told) == 0 {
		d.s.Progress.Told = nil
	}
}

func number(n int) string { return strconv.Itoa(n) }
