package agent

import (
	"time"

	"github.com/hatoba/hatoba/internal/agent/meter"
	"github.com/hatoba/hatoba/internal/state"
)

// Usage reads the counters of every running task of the node now.
func (a *Agent) Usage() (map[state.Key]meter.Reading, error) { return a.readings(time.Now()) }
