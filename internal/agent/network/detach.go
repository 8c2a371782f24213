package network

import (
	"context"
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Detach takes a task's network away and returns when its link, its address
// and its namespace's file are gone. One that is not there is no error.
func (n *Network) Detach(ctx context.Context, taskID string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := n.unwire(taskID); err != nil {
		return err
	}
	return errors.Join(n.part(taskID), n.unsettle(taskID))
}

// unwire leaves the task's rules, which hold until nothing can send any more.
func (n *Network) unwire(taskID string) error {
	// Removing the link is synchronous; a namespace is torn down later.
	return errors.Join(n.unpublish(taskID), n.removeLink(n.cfg.hostIf(taskID)), dropNamespace(n.cfg.netnsPath(taskID)))
}

// Sweep detaches every task of this instance that keep does not name, also one
// of which only the link or only the namespace is left.
func (n *Network) Sweep(ctx context.Context, keep func(taskID string) bool) error {
	found, err := n.traces()
	if err != nil {
		return err
	}
	var errs []error
	for taskID := range found {
		if keep(taskID) {
			continue
		}
		n.cfg.Log.Info("removing the network of a task that is no more", "task", taskID)
		errs = append(errs, n.Detach(ctx, taskID))
	}
	n.placing.Lock()
	defer n.placing.Unlock()
	return errors.Join(append(errs, n.clear())...)
}

// traces are the ids of the tasks of which anything is there.
func (n *Network) traces() (map[string]bool, error) {
	found := map[string]bool{}
	entries, err := os.ReadDir(n.cfg.netnsDir())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		found[e.Name()] = true
	}
	links, err := dump(n.links.LinkList)
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		if taskID, ours := strings.CutPrefix(l.Attrs().Alias, n.cfg.aliasPrefix()); ours {
			found[taskID] = true
		}
	}
	n.ports.Lock()
	defer n.ports.Unlock()
	for _, p := range n.published {
		found[p.TaskID] = true
	}
	return found, nil
}

// gone tells errors that say somebody else has removed the link meanwhile.
func gone(err error) bool { return errors.Is(err, unix.ENODEV) || errors.Is(err, unix.ESRCH) }
