package app

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/agent/meter"
	"github.com/hatoba/hatoba/internal/measure"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// usagePage tells the counters of this node's running tasks as they are now, a
// JSON list of UsageNote: GET /_hatoba/usage. What is used between two answers is
// their difference.
type usagePage struct {
	store store.Store
	read  func() (map[state.Key]meter.Reading, error)
}

// UsageNote are the counters of one task.
type UsageNote struct {
	Task       string           `json:"task"`
	Cluster    string           `json:"cluster"`
	Service    string           `json:"service,omitempty"`
	Family     string           `json:"family"`
	At         time.Time        `json:"at"`
	CPU        float64          `json:"cpu_units"`      // that it asked for
	Memory     float64          `json:"memory_mib"`     // that it asked for
	Disk       *int64           `json:"disk,omitempty"` // bytes written, about once a minute
	Rx         *uint64          `json:"rx,omitempty"`   // bytes; absent without an interface of its own
	Tx         *uint64          `json:"tx,omitempty"`   //
	Containers []ContainerUsage `json:"containers"`
}

// ContainerUsage are the counters of one container.
type ContainerUsage struct {
	Name   string `json:"name"`
	CPU    int64  `json:"cpu_ns"`
	Memory uint64 `json:"memory"` // bytes without the page cache
	Read   uint64 `json:"read"`   // bytes of block devices
	Write  uint64 `json:"write"`
	Health string `json:"health,omitempty"`
}

func (p usagePage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	readings, err := p.read()
	out := []UsageNote{}
	if err == nil {
		err = p.store.View(r.Context(), func(s store.Reader) error {
			for key, reading := range readings {
				task, ok := store.Tasks.Get(s, key)
				if !ok {
					continue
				}
				def, _ := store.TaskDefinitions.Get(s, key.Scope().Key(state.TaskDefinitionID(task.Spec.Family, task.Spec.Revision)))
				out = append(out, usageNote(task, def, reading))
			}
			return nil
		})
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	slices.SortFunc(out, func(a, b UsageNote) int { return cmp.Compare(a.Task, b.Task) })
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out)
}

func usageNote(task state.Task, def state.TaskDefinition, r meter.Reading) UsageNote {
	plans := state.Effective(task, def)
	_, service, _ := strings.Cut(task.Spec.Service.Service, "/")
	n := UsageNote{
		Task: task.ID, Cluster: task.ClusterName, Service: service, Family: task.Spec.Family, At: r.At,
		CPU: measure.ReservedCPU(task, plans), Memory: measure.ReservedMemory(task, plans), Disk: r.Disk, Containers: []ContainerUsage{},
	}
	carried := func(rx, tx uint64) {
		if n.Rx == nil {
			n.Rx, n.Tx = new(uint64), new(uint64)
		}
		*n.Rx += rx
		*n.Tx += tx
	}
	if r.Network != nil {
		carried(r.Network.RxBytes, r.Network.TxBytes)
	}
	for _, c := range r.Containers {
		n.Containers = append(n.Containers, ContainerUsage{Name: c.Name, CPU: int64(c.CPU), Memory: c.Memory, Read: c.ReadBytes, Write: c.WriteBytes, Health: c.Health})
		if c.Network != nil {
			carried(c.Network.RxBytes, c.Network.TxBytes)
		}
	}
	return n
}
