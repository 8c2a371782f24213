package state

import (
	"encoding/json"
	"fmt"
)

// TaskStatus is a rank on the task life line. Of two observations of one task
// the greater is the later one, so merging two reports is max. The gaps leave
// room for states to come.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
type TaskStatus int

const (
	TaskProvisioning   TaskStatus = 10
	TaskPending        TaskStatus = 20
	TaskActivating     TaskStatus = 30
	TaskRunning        TaskStatus = 40
	TaskDeactivating   TaskStatus = 50
	TaskStopping       TaskStatus = 60
	TaskDeprovisioning TaskStatus = 70
	TaskStopped        TaskStatus = 80
)

var taskStatusNames = map[TaskStatus]string{
	TaskProvisioning:   "PROVISIONING",
	TaskPending:        "PENDING",
	TaskActivating:     "ACTIVATING",
	TaskRunning:        "RUNNING",
	TaskDeactivating:   "DEACTIVATING",
	TaskStopping:       "STOPPING",
	TaskDeprovisioning: "DEPROVISIONING",
	TaskStopped:        "STOPPED",
}

// String returns the name AWS gives the status.
func (s TaskStatus) String() string { return taskStatusNames[s] }

// MarshalJSON writes the name, so that stored records can be read by people.
func (s TaskStatus) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// UnmarshalJSON reads the name and refuses one it does not know.
func (s *TaskStatus) UnmarshalJSON(b []byte) error {
	var name string
	if err := json.Unmarshal(b, &name); err != nil {
		return err
	}
	if name == "" {
		*s = 0
		return nil
	}
	for status, n := range taskStatusNames {
		if n == name {
			*s = status
			return nil
		}
	}
	return fmt.Errorf("unknown task status %q", name)
}

// ContainerStatus is a rank on the container life line, merged like TaskStatus.
type ContainerStatus int

const (
	ContainerPending ContainerStatus = 10
	ContainerRunning ContainerStatus = 20
	ContainerStopped ContainerStatus = 30
)

var containerStatusNames = map[ContainerStatus]string{
	ContainerPending: "PENDING",
	ContainerRunning: "RUNNING",
	ContainerStopped: "STOPPED",
}

// String returns the name AWS gives the status.
func (s ContainerStatus) String() string { return containerStatusNames[s] }

// MarshalJSON writes the name.
func (s ContainerStatus) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// UnmarshalJSON reads the name and refuses one it does not know.
func (s *ContainerStatus) UnmarshalJSON(b []byte) error {
	var name string
	if err := json.Unmarshal(b, &name); err != nil {
		return err
	}
	if name == "" {
		*s = 0
		return nil
	}
	for status, n := range containerStatusNames {
		if n == name {
			*s = status
			return nil
		}
	}
	return fmt.Errorf("unknown container status %q", name)
}
