// Package reclaim frees the disk of what no task needs: it decides which
// images go, least recently used first, and has the others who keep things
// free theirs.
package reclaim

import (
	"slices"
	"time"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/disk"
)

// Policy says when images are deleted and how many.
type Policy struct {
	High, Low disk.Mark     // above High they go until Low; both are shares of the disk, or both bytes of images
	MinAge    time.Duration // one that was used later stays
}

// Excess is how many bytes are to be freed: 0 up to the high mark. images is
// what they take together; it counts only when the marks are bytes.
func Excess(p Policy, u disk.Usage, images int64) int64 {
	used, high, low := images, p.High.Bytes, p.Low.Bytes
	if p.High.Percent > 0 {
		used, high, low = u.Used(), share(p.High, u), share(p.Low, u)
	}
	if used <= high {
		return 0
	}
	return used - low
}

func share(m disk.Mark, u disk.Usage) int64 { return int64(float64(u.Total) * m.Percent / 100) }

// Choose picks the images to delete so that at least excess bytes are freed, or
// as many as there are: never one in use, never one younger than the policy's
// age. It is pure.
func Choose(now time.Time, p Policy, excess int64, images []runtime.StoredImage) (out []runtime.StoredImage) {
	idle := slices.Clone(images)
	idle = slices.DeleteFunc(idle, func(i runtime.StoredImage) bool {
		return i.InUse || now.Sub(i.LastUsed) < p.MinAge
	})
	slices.SortStableFunc(idle, func(a, b runtime.StoredImage) int { return a.LastUsed.Compare(b.LastUsed) })
	for _, i := range idle {
		if excess <= 0 {
			break
		}
		out = append(out, i)
		excess -= i.Bytes
	}
	return out
}
