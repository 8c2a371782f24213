package runtime

import "time"

// Usage are the counters of a running container that are watched all the time.
// They begin with its cgroup: a restart may set them back.
type Usage struct {
	CPU                   time.Duration // spent by all its processes
	Memory                uint64        // bytes it holds, without the page cache
	ReadBytes, WriteBytes uint64        // of block devices
}
