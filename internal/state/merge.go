package state

import "time"

// Merge returns the later of two observations of one task, field by field:
// ranks by max, times, exit codes and reasons once set stay set. Health and
// connectivity are not ranks; they follow next. Merge is idempotent, and
// applying an older report after a newer one changes neither rank nor time.
func Merge(prev, next Observed) Observed {
	out := next
	if prev.Status > next.Status {
		out.Status = prev.Status
		out.Health = prev.Health
		out.Connectivity = prev.Connectivity
		out.ENI = prev.ENI
	}
	out.ConnectivityAt = first(prev.ConnectivityAt, next.ConnectivityAt)
	out.PullStartedAt = first(prev.PullStartedAt, next.PullStartedAt)
	out.PullStoppedAt = first(prev.PullStoppedAt, next.PullStoppedAt)
	out.StartedAt = first(prev.StartedAt, next.StartedAt)
	out.StoppingAt = first(prev.StoppingAt, next.StoppingAt)
	out.ExecutionStoppedAt = first(prev.ExecutionStoppedAt, next.ExecutionStoppedAt)
	out.StoppedAt = first(prev.StoppedAt, next.StoppedAt)
	if prev.StopCode != "" {
		out.StopCode, out.StoppedReason = prev.StopCode, prev.StoppedReason
	}
	out.Containers = mergeContainers(prev.Containers, next.Containers)
	return out
}

func mergeContainers(prev, next []ContainerObserved) []ContainerObserved {
	out := append([]ContainerObserved(nil), next...)
	for _, p := range prev {
		found := false
		for i := range out {
			if out[i].Name == p.Name {
				out[i] = mergeContainer(p, out[i])
				found = true
			}
		}
		if !found {
			out = append(out, p)
		}
	}
	return out
}

func mergeContainer(prev, next ContainerObserved) ContainerObserved {
	out := next
	if prev.Status > next.Status {
		out.Status, out.Health = prev.Status, prev.Health
	}
	out.Restarts = max(prev.Restarts, next.Restarts)
	if prev.ExitCode != nil {
		out.ExitCode = prev.ExitCode
	}
	if prev.Reason != "" {
		out.Reason = prev.Reason
	}
	if prev.ImageDigest != "" {
		out.ImageDigest = prev.ImageDigest
	}
	if len(prev.NetworkBindings) > 0 {
		out.NetworkBindings = prev.NetworkBindings
	}
	if prev.RuntimeID != "" {
		out.RuntimeID = prev.RuntimeID
	}
	return out
}

func first(prev, next *time.Time) *time.Time {
	if prev != nil {
		return prev
	}
	return next
}
