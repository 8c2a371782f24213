package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/state"
)

// terminationNotice is the stop code of a task whose host went away under it.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html
const terminationNotice = "TerminationNotice"

// lostWithHost is the reason of a container that ran when its host stopped.
const lostWithHost = "ContainerRuntimeError: the container was lost when its host stopped"

// noticeReboot ends the tasks that ran when the machine went down. Whether it
// did is told by the kernel's boot id and by nothing else; the id is kept only
// after every record tells why its task ends. Tasks of which no container had
// started yet are started now.
func (a *Agent) noticeReboot(records []*record, found map[string]runtime.Status) error {
	if a.cfg.BootID == "" {
		return nil
	}
	path := filepath.Join(a.cfg.Dir, "boot")
	last, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	before := strings.TrimSpace(string(last))
	if before == a.cfg.BootID {
		return nil
	}
	for _, rec := range records {
		if before == "" || !rec.hostStopped(a.cfg.Node.ID, found) {
			continue
		}
		a.cfg.Log.Info("the task ended with its host", "task", rec.Assignment.Key.ID)
		if err := rec.save(a.taskDir(rec.Assignment.Key.ID)); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(a.cfg.Dir, 0o700); err != nil {
		return err
	}
	return writeDurably(path, []byte(a.cfg.BootID+"\n"))
}

// hostStopped notes that the machine was restarted under a task; false means
// that this changes nothing for it. One whose essential container had ended
// before ends for that.
func (r *record) hostStopped(node string, found map[string]runtime.Status) bool {
	began, over := false, false
	for _, plan := range state.Effective(r.Assignment.Task, r.Assignment.Definition) {
		c := r.Containers[plan.Name]
		began = began || c != nil && c.Started
		over = over || plan.Essential && plan.Restart == nil && found[containerID(r.Assignment.Key.ID, plan.Name)].Exit != nil
	}
	if !began || r.Observed.Status >= state.TaskStopped {
		return false
	}
	r.HostStopped = true
	if r.Cause == nil && !over && r.Assignment.Task.Desired.Status != state.TaskStopped {
		r.Cause = &cause{Code: terminationNotice, Reason: fmt.Sprintf("Host EC2 (instance %s) stopped.", state.EC2InstanceID(node))}
	}
	if r.Observed.StoppingAt == nil && !over {
		r.Observed.StoppingAt = now()
	}
	return true
}

// hostGone tells that the machine was restarted under the task's containers.
func (r *record) hostGone() bool { return r.HostStopped }

// disown ends a task that ran on this node by all accounts but the node's own:
// its record was lost. It is not started a second time as if nothing had been.
func (r *record) disown() {
	ran := r.Observed.Status >= state.TaskRunning
	for _, c := range r.Observed.Containers {
		ran = ran || c.Status >= state.ContainerRunning
	}
	if !ran || r.Assignment.Task.Desired.Status == state.TaskStopped {
		return
	}
	r.Cause = &cause{Code: terminationNotice, Reason: "ContainerRuntimeError: the node's record of the task is gone, and its containers with it"}
	if r.Observed.StoppingAt == nil {
		r.Observed.StoppingAt = now()
	}
}
