package dispatch

import (
	"context"
	"fmt"
	"sync"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// session is one node's connection. Changes are coalesced per task until the
// node receives them, so a slow node costs memory for its tasks only.
type session struct {
	cfg  Config
	node string

	mu      sync.Mutex
	pending protocol.Message
	sent    map[state.Key]state.TaskStatus // desired status last handed to the node
	held    map[state.Key]bool             // tasks whose stop waits until no balancer sends to them and no name leads to them
	err     error
	wake    chan struct{}         // holds one token while there is something to receive
	execs   map[string]*execution // asked for and not yet opened by the node
	looks   map[string]chan protocol.Sight
}

func newSession(cfg Config, node string) *session {
	return &session{cfg: cfg, node: node, wake: make(chan struct{}, 1), execs: map[string]*execution{}, looks: map[string]chan protocol.Sight{}}
}

// follow fills the session from the store until ctx ends.
func (s *session) follow(ctx context.Context) {
	store.FollowOn(ctx, s.cfg.Store, s.cfg.Log.With("node", s.node), s.begin, s.change, store.Tasks.Name, store.Targets.Name, store.DiscoveryInstances.Name, store.SecurityGroups.Name, store.LoadBalancers.Name)
	s.fail(errEnded)
}

func (s *session) begin(r store.Reader) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent, s.held = map[state.Key]state.TaskStatus{}, map[state.Key]bool{}
	s.pending = protocol.Message{Complete: true, Exec: s.pending.Exec, Looks: s.pending.Looks}
	s.beginFirewall(r)
	s.beginEndpoints(r)
	for key, task := range store.Tasks.List(r, state.Scope{}, "") {
		if !s.concerns(task) {
			continue
		}
		if s.held[key] = found(r, key, task); s.held[key] {
			task.Desired = state.Desired{Status: state.TaskRunning}
		} else {
			delete(s.held, key)
		}
		a, err := assignment(r, key, task)
		if err != nil {
			return err
		}
		s.pending.Assign = append(s.pending.Assign, a)
		s.sent[key] = task.Desired.Status
	}
	s.signal()
	return nil
}

func (s *session) change(changes []store.Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range changes {
		changed, err := s.changeFirewall(c)
		if err != nil {
			return err
		}
		if moved := s.changeEndpoints(c); changed || moved {
			s.signal()
		}
		switch c.Table {
		case store.Tasks.Name:
		case store.DiscoveryInstances.Name:
			if err := s.instance(c); err != nil {
				return err
			}
			continue
		case store.Targets.Name:
			if err := s.target(c); err != nil {
				return err
			}
			continue
		default:
			continue
		}
		_, _, task, has := store.Tasks.Of(c)
		_, known := s.sent[c.Key]
		switch {
		case known && (!has || !s.concerns(task)):
			delete(s.sent, c.Key)
			delete(s.held, c.Key)
			s.drop(c.Key)
			s.pending.Remove = append(s.pending.Remove, c.Key)
		case has && s.concerns(task) && s.sent[c.Key] != task.Desired.Status:
			if err := s.assign(c.Key, task); err != nil {
				return err
			}
		default:
			continue
		}
		s.signal()
	}
	return nil
}

// assign queues a task for the node, in place of what was queued for it.
func (s *session) assign(key state.Key, task state.Task) error {
	var (
		a    protocol.Assignment
		held bool
	)
	err := s.cfg.Store.View(context.Background(), func(r store.Reader) (err error) {
		if held = found(r, key, task); held {
			return nil
		}
		a, err = assignment(r, key, task)
		return err
	})
	if err != nil {
		return err
	}
	if held {
		s.held[key] = true
		return nil
	}
	delete(s.held, key)
	s.drop(key)
	s.pending.Assign = append(s.pending.Assign, a)
	s.sent[key] = task.Desired.Status
	return nil
}

func (s *session) drop(key state.Key) {
	kept := s.pending.Assign[:0]
	for _, a := range s.pending.Assign {
		if a.Key != key {
			kept = append(kept, a)
		}
	}
	s.pending.Assign = kept
}

func (s *session) concerns(t state.Task) bool {
	return t.Placement.Node == s.node && t.Observed.Status < state.TaskStopped
}

func assignment(r store.Reader, key state.Key, task state.Task) (protocol.Assignment, error) {
	id := state.TaskDefinitionID(task.Spec.Family, task.Spec.Revision)
	def, ok := store.TaskDefinitions.Get(r, key.Scope().Key(id))
	if !ok {
		return protocol.Assignment{}, fmt.Errorf("task %s: its definition %s is gone", task.ID, id)
	}
	subnet, ok := store.Subnets.Get(r, key.Scope().Key(task.Placement.SubnetID))
	if !ok {
		return protocol.Assignment{}, fmt.Errorf("task %s: its subnet %s is gone", task.ID, task.Placement.SubnetID)
	}
	vpc, ok := store.VPCs.Get(r, key.Scope().Key(subnet.VPCID))
	if !ok {
		return protocol.Assignment{}, fmt.Errorf("task %s: its vpc %s is gone", task.ID, subnet.VPCID)
	}
	net := protocol.Network{
		SubnetID: subnet.ID, AvailabilityZone: subnet.AvailabilityZone,
		Range: subnet.CIDR, VPCRange: vpc.CIDR, Gateway: vpc.CIDR.Masked().Addr().Next(),
		Reserved: reservedIn(r, key.Scope(), subnet.ID),
	}
	if !vpc.IsDefault {
		net.VPCID = vpc.ID
	}
	if task.Spec.Network != nil {
		net.Groups = groupsOf(r, key.Scope(), vpc.ID, task.Spec.Network.SecurityGroups)
	}
	return protocol.Assignment{Task: task, Key: key, Definition: def, Network: net, Connect: connectPlan(r, key, task)}, nil
}

func (s *session) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *session) fail(err error) {
	s.mu.Lock()
	s.err = err
	s.mu.Unlock()
	s.signal()
}

// Receive implements protocol.Session.
func (s *session) Receive(ctx context.Context) (protocol.Message, error) {
	for {
		select {
		case <-ctx.Done():
			return protocol.Message{}, ctx.Err()
		case <-s.wake:
		}
		s.mu.Lock()
		m, err := s.pending, s.err
		s.pending = protocol.Message{}
		s.mu.Unlock()
		if err != nil {
			s.signal()
			return protocol.Message{}, err
		}
		if m.Complete || m.Firewall != nil || len(m.Endpoints)+len(m.Assign)+len(m.Remove)+len(m.Exec)+len(m.Looks) > 0 {
			return m, nil
		}
	}
}
