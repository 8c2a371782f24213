package network

import (
	"errors"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// watch looks after firewalls that are restarted or reloaded while tasks run:
// the kernel tells of every change of the rules, and after each our accepts
// are put back where they lack. Without it Attach looks for itself.
func (n *Network) watch() {
	events, err := nl.Subscribe(unix.NETLINK_NETFILTER, unix.NFNLGRP_NFTABLES)
	if err != nil {
		n.cfg.Log.Warn("changes of firewalls are not seen; they are looked at when a task starts", "error", err)
		return
	}
	n.events = events
	n.watching.Store(true)
	changed := make(chan struct{}, 1) // one that waits stands for all that follow
	n.watchers.Go(func() {
		defer close(changed)
		defer n.watching.Store(false)
		n.receive(changed)
	})
	n.watchers.Go(func() {
		for range changed {
			if err := n.keepOpen(); err != nil {
				n.cfg.Log.Warn("a firewall may stop traffic of tasks", "error", err)
			}
		}
	})
}

// newGeneration ends each transaction the kernel tells of.
const newGeneration = unix.NFNL_SUBSYS_NFTABLES<<8 | unix.NFT_MSG_NEWGEN

func (n *Network) receive(changed chan<- struct{}) {
	for {
		messages, _, err := n.events.Receive()
		whole := errors.Is(err, unix.ENOBUFS) // too many to be told: something did change
		if err != nil && !whole {
			return // closed
		}
		for _, m := range messages {
			whole = whole || m.Header.Type == newGeneration
		}
		if !whole {
			continue
		}
		select {
		case changed <- struct{}{}:
		default:
		}
	}
}

// stopWatching returns when no watcher touches a rule any more.
func (n *Network) stopWatching() {
	if n.events != nil {
		n.events.Close()
	}
	n.watchers.Wait()
}
