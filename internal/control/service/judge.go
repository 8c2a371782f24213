package service

import "github.com/hatoba/hatoba/internal/state"

// ended counts what the ends of tasks mean, and tells the stops that were the
// scheduler's, when no balancer holds them back any more.
func (d *draft) ended() {
	var stopped []*Task
	for _, t := range d.tasks {
		if t.wanted() {
			continue
		}
		if !t.Schedule.Ended {
			t.Schedule.Ended = true
			d.dirty[t.ID] = true
			if t.Desired.StopCode == "" {
				d.note("task %s ended by itself: %s", t.ID, t.Observed.StoppedReason)
				if t.Observed.StopCode != "TerminationNotice" && !t.Schedule.Healthy {
					d.failed(t)
				}
			}
		}
		if t.Desired.StopCode == stopCode && !t.Schedule.Released && t.drained() {
			t.Schedule.Released = true
			d.dirty[t.ID] = true
			stopped = append(stopped, t)
		}
	}
	d.tellTasks("has stopped %d running tasks: %s.", stopped)
	if len(stopped) > 0 {
		d.fact(Fact{Type: "INFO", Name: "TASKS_STOPPED"})
	}
}

// judge notes which tasks became healthy or were found unhealthy.
func (d *draft) judge() {
	for _, t := range d.tasks {
		if !t.wanted() {
			continue
		}
		r := d.s.Rollout(t.Spec.Service.Revision)
		if !t.Schedule.Healthy && d.good(t) {
			t.Schedule.Healthy = true
			d.dirty[t.ID] = true
			if r != nil {
				r.Proven, r.Backoff = true, state.Backoff{}
				d.succeeded(r)
			}
		}
		if t.Schedule.Unhealthy {
			continue
		}
		if reason, group := d.sick(t); reason != "" {
			t.Schedule.Unhealthy = true
			d.dirty[t.ID] = true
			d.tellSick(t, reason, group)
			if r != nil && r.State == state.RolloutInProgress {
				d.count(r)
			}
		}
	}
}

// fixImages keeps the digests of a revision's first task that runs, so that
// the later ones run the same images.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
func (d *draft) fixImages() {
	for _, t := range d.tasks {
		revision := t.Spec.Service.Revision
		if !t.running() || d.v.Images[revision] || d.plan.Images[revision] != nil || !d.v.Revisions[revision] {
			continue
		}
		images := map[string]string{}
		for _, c := range t.Observed.Containers {
			if c.ImageDigest != "" {
				images[c.Name] = c.ImageDigest
			}
		}
		if len(images) == 0 {
			continue
		}
		if d.plan.Images == nil {
			d.plan.Images = map[string]map[string]string{}
		}
		d.plan.Images[revision] = images
	}
}
