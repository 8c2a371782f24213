package network

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Published is a port of the machine that leads to a task.
type Published struct {
	TaskID   string // of the attachment it leads to
	Protocol string // tcp or udp
	HostPort uint16
	Address  netip.Addr // of the attachment
	Port     uint16     // there
}

// portKey is what only one task can have.
type portKey struct {
	protocol string
	port     uint16
}

// The range dynamic host ports are taken from, which is the kernel's for
// outgoing connections where that is inside it.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html
const (
	firstDynamic = 32768
	lastDynamic  = 60999
)

// HoldPorts takes count ports of the machine in a row for a task: the one that
// is named and those after it, or, for 0, some that are free. They are held
// until the task is detached: nobody else on the machine can listen on them.
// Ports that avoid names are not chosen.
func (n *Network) HoldPorts(taskID, protocol string, port uint16, count int, avoid func(uint16) bool) (uint16, error) {
	n.ports.Lock()
	defer n.ports.Unlock()
	if port != 0 {
		return port, n.hold(taskID, protocol, port, count)
	}
	span := lastDynamic - firstDynamic - count + 2
	if span <= 0 {
		return 0, fmt.Errorf("%d ports in a row are more than there are", count)
	}
	start := int(n.nextPort) % span
	for i := range span {
		first := uint16(firstDynamic + (start+i)%span)
		free := true
		for p := range count {
			free = free && !avoid(first+uint16(p))
		}
		if !free {
			continue
		}
		if n.hold(taskID, protocol, first, count) == nil {
			n.nextPort = first + uint16(count) - firstDynamic
			return first, nil
		}
	}
	return 0, fmt.Errorf("no %d free %s ports in a row between %d and %d", count, protocol, firstDynamic, lastDynamic)
}

// hold takes the ports, all or none; n.ports is locked.
func (n *Network) hold(taskID, protocol string, first uint16, count int) error {
	var taken []portKey
	for i := range count {
		key := portKey{protocol, first + uint16(i)}
		if h, ok := n.held[key]; ok {
			if h.taskID == taskID {
				continue
			}
			n.letGo(taken...)
			return fmt.Errorf("port %d/%s is already allocated", key.port, protocol)
		}
		fd, err := bindPort(key)
		if err != nil {
			n.letGo(taken...)
			return fmt.Errorf("port %d/%s is already allocated: %w", key.port, protocol, err)
		}
		n.held[key] = heldPort{taskID, fd}
		taken = append(taken, key)
	}
	return nil
}

type heldPort struct {
	taskID string
	fd     int
}

func (n *Network) letGo(keys ...portKey) {
	for _, key := range keys {
		unix.Close(n.held[key].fd)
		delete(n.held, key)
	}
}

// bindPort has a port without listening on it, so that what the rules do not
// lead to a task is refused as if nobody were there.
func bindPort(key portKey) (int, error) {
	kind := unix.SOCK_STREAM
	if key.protocol == "udp" {
		kind = unix.SOCK_DGRAM
	}
	fd, err := unix.Socket(unix.AF_INET, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Port: int(key.port)}); err != nil {
		unix.Close(fd)
		return 0, err
	}
	return fd, nil
}

// Publish leads ports of the machine, on all its addresses and on loopback, to
// an attached task. What was published under the task's id before is replaced.
// The rules are the kernel's: they go on while Hatoba is away.
func (n *Network) Publish(ctx context.Context, taskID string, ports []Published) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	n.ports.Lock()
	defer n.ports.Unlock()
	if err := n.hairpin(taskID); err != nil {
		return err
	}
	next := without(n.published, taskID)
	for _, p := range ports {
		p.TaskID = taskID
		next = append(next, p)
	}
	if err := n.writePorts(next); err != nil {
		return fmt.Errorf("publish ports of %s: %w", taskID, err)
	}
	n.published = next
	return nil
}

// unpublish takes a task's rules away and lets its ports go.
func (n *Network) unpublish(taskID string) error {
	n.ports.Lock()
	defer n.ports.Unlock()
	next := without(n.published, taskID)
	if len(next) != len(n.published) {
		if err := n.writePorts(next); err != nil {
			return fmt.Errorf("unpublish ports of %s: %w", taskID, err)
		}
		n.published = next
	}
	for key, h := range n.held {
		if h.taskID == taskID {
			n.letGo(key)
		}
	}
	return nil
}

// hairpin lets the bridge send back to where a packet came from: a task may
// ask for its own published port.
func (n *Network) hairpin(taskID string) error {
	link, err := n.links.LinkByName(n.cfg.hostIf(taskID))
	if err != nil {
		return err
	}
	if err := n.links.LinkSetHairpin(link, true); err != nil {
		return err
	}
	// Where bridged packets pass the hooks of IP, one that is led to a task by
	// a rule is bridged from there on, and what is bridged is judged.
	return n.links.LinkSetIsolated(link, !bridgedIsSeen())
}

func without(list []Published, taskID string) []Published {
	return slices.DeleteFunc(slices.Clone(list), func(p Published) bool { return p.TaskID == taskID })
}

// routeLocal lets what was sent to 127.0.0.1 go out to the bridge. The table
// has the rule that keeps tasks from reaching this machine's loopback so.
func (n *Network) routeLocal() error {
	path := "/proc/sys/net/ipv4/conf/" + n.cfg.BridgeName() + "/route_localnet"
	if b, err := os.ReadFile(path); err == nil && strings.TrimSpace(string(b)) == "1" {
		return nil
	}
	if err := os.WriteFile(path, []byte("1"), 0o644); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
