package protocol

import (
	"time"

	"github.com/hatoba/hatoba/internal/state"
)

// Measures is what a node's running tasks used in one minute.
type Measures struct {
	Run     string    // of the agent: another one after each of its starts
	Seq     int64     // grows with each batch of a run; the same when it is sent again
	Minute  time.Time // its begin
	Dropped int64     // measures of tasks that were given up in this run, because nobody took them
	Tasks   []TaskMeasures
	Connect []ConnectMeasures // what was carried by proxies of Service Connect
}

// ConnectMeasures is what the proxy of a task carried in a minute to a service
// that it reaches by Service Connect.
type ConnectMeasures struct {
	Task           state.Key
	Service        string // id of the Cloud Map service
	Targets        int    // that answered for it at the minute's end
	Requests       uint64
	GRPC           uint64 // of those
	Status         [6]uint64
	ToTarget       uint64 // bytes
	FromTarget     uint64
	NewConnections uint64 // to targets
	Active         int64
	ResponseTime   time.Duration // sum
	Times          []ResponseTimes
}

// ResponseTimes is how many answers took about as long.
type ResponseTimes struct {
	About time.Duration
	Count uint64
}

// TaskMeasures is what one task used.
type TaskMeasures struct {
	Key        state.Key
	Over       time.Duration // how much of the minute was watched
	Network    *Carried      // nil: it has no interface of its own
	Disk       *int64        // bytes it has written, nil: not known
	Containers []ContainerMeasures
}

// ContainerMeasures is what one container used.
type ContainerMeasures struct {
	Name       string
	CPU        time.Duration // spent in Over
	Memory     uint64        // bytes without the page cache, mean of the readings
	ReadBytes  uint64        // of block devices, since its start
	WriteBytes uint64
	Network    *Carried // nil: it has no interface of its own
	Restarts   *int     // since the task's start, nil without a restart policy
	Health     string   // HEALTHY, UNHEALTHY or UNKNOWN, "" without a check
}

// Carried is what an interface carried in Over, as the task sees it.
type Carried struct {
	RxBytes, RxPackets, RxErrors, RxDropped uint64
	TxBytes, TxPackets, TxErrors, TxDropped uint64
}
