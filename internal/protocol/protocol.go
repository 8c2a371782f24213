// Package protocol is what the control plane and a node say to each other: one
// versioned stream, over an in-memory pipe on one machine and over mTLS gRPC in
// a cluster. Assignments carry references, never secret material; a node asks
// for material when it starts a task and keeps it in memory only.
package protocol

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
)

// Version is the protocol's dated integer.
//
//	20261121  first
//	20261122  security groups: Message.Firewall, and VPCID, Groups, Reserved of Network
//	20261123  measures: Session.Measure
//	20261124  Service Connect: Message.Endpoints, and Connect of Assignment
const Version = 20261124

// Session is one node's connection. It is opened by the node and ends with
// ctx or with an error from Receive; the node then opens a new one and the
// first Message is Complete again. Every method may be called concurrently.
type Session interface {
	// Receive blocks for the next message. The first one of a session is
	// Complete: what it does not list, the node must end.
	Receive(ctx context.Context) (Message, error)
	// Report hands up what the node observed. It returns nil once the merge
	// is durable; the node re-sends until then. Reports may repeat.
	Report(ctx context.Context, reports []TaskReport) error
	// Material resolves a task's secrets under its execution role. A secret
	// that cannot be had is a *Refusal with AWS's text.
	Material(ctx context.Context, task state.Key) (Material, error)
	// Credentials gives the task new credentials of its own, of its task role:
	// never of its execution role. A task without one is a *Refusal.
	Credentials(ctx context.Context, task state.Key) (Credentials, error)
	// Tags tells the task's tags as they are now. A task that is not there is a
	// *Refusal.
	Tags(ctx context.Context, task state.Key) ([]types.Tag, error)
	// ImageSource tells where an image reference of a task definition is
	// pulled from, and with what credentials.
	ImageSource(ctx context.Context, task state.Key, ref string) (ImageSource, error)
	// OpenLogStream makes sure the stream exists before the container starts.
	// A missing group without create is a *Refusal.
	OpenLogStream(ctx context.Context, stream LogStream, createGroup bool) error
	// ShipLogs appends events. It returns nil once they are durable. Batches
	// of one Producer carry a growing Offset, as their events do; events at or
	// below the last stored Offset are dropped as repeats, so that a batch may
	// be re-sent, also with more behind it.
	ShipLogs(ctx context.Context, batch LogBatch) error
	// OpenExec opens the streams of a command that a Message asked for. Each
	// is opened once.
	OpenExec(ctx context.Context, id string) (ExecStream, error)
	// Looked answers a Look. An answer that nobody waits for is dropped.
	Looked(ctx context.Context, id string, seen Sight) error
	// RecordHistory adds to what is told of a task. It returns nil once it is
	// durable; events may be given again.
	RecordHistory(ctx context.Context, task state.Key, events []state.TaskEvent) error
	// Measure hands up what tasks used. It returns nil once it is durable; the
	// node re-sends until then, and a batch that is sent again counts once.
	Measure(ctx context.Context, batch Measures) error
}

// Message is a change of a node's assignments.
type Message struct {
	Complete bool // the whole set, at the start of a session
	Assign   []Assignment
	Remove   []state.Key // the control plane has no further interest in these tasks
	Exec     []ExecStart // commands to be run now, for somebody who waits
	Looks    []Look      // tasks to be looked at now, for somebody who waits
	Firewall *Firewall   // what changed of security groups; with Complete all there are. To be applied before Assign
	// Endpoints are what changed of where services of Service Connect are
	// answered, by their ids; nil: gone. With Complete all there are. To be
	// applied before Assign: a task that is to stop has left them.
	Endpoints map[string]*state.ConnectEndpoint
}

// Firewall is a change of the security groups whose rules hold, and of who is
// in them beside this node's own tasks.
type Firewall struct {
	Groups  map[string]*SecurityGroup // by id; nil: its rules hold no more
	Members map[string]*Member        // by what they are; nil: gone
}

// SecurityGroup is a group whose rules hold.
type SecurityGroup struct{ Rules []state.SecurityGroupRule }

// Member is who has an address and the groups it is in. With a group among
// them whose rules do not hold, or without any, it stands open.
type Member struct {
	Address  netip.Addr
	Groups   []string
	Balancer bool // its address is the machine's
}

// Assignment is a task the node must bring to Task.Desired.
type Assignment struct {
	Task       state.Task
	Key        state.Key
	Definition state.TaskDefinition
	Network    Network
	Connect    *state.ConnectPlan // nil: the task has no part in Service Connect
}

// Network is the node's slice of the task's subnet.
type Network struct {
	SubnetID         string
	AvailabilityZone string
	Range            netip.Prefix // of the subnet; the node allocates from it
	Gateway          netip.Addr   // the bridge's address inside VPCRange
	VPCRange         netip.Prefix
	VPCID            string       // "" of a default VPC: all accounts' share one range
	Groups           []string     // security groups of the task
	Reserved         []netip.Addr // of Range, that no task gets
}

// TaskReport is the node's whole view of one task.
type TaskReport struct {
	Key      state.Key
	Observed state.Observed
}

// Material is the secret part of a task's start. It never reaches a disk, log
// or error.
type Material struct {
	// Environment holds per container name the variables that secrets give.
	Environment map[string]map[string]string
}

// String keeps material out of logs.
func (Material) String() string { return "[secret material]" }

// Credentials are what a task signs its calls with. They never reach a disk,
// log or error.
type Credentials struct {
	RoleARN   string
	AccessKey string
	Secret    string
	Token     string
	Expires   time.Time
}

// String keeps the secret out of logs.
func (c Credentials) String() string { return c.AccessKey }

// GoString keeps the secret out of logs.
func (c Credentials) GoString() string { return c.AccessKey }

// ImageSource is where to pull from. Its password never reaches a disk, log or
// error.
type ImageSource struct {
	Ref       string // normalised reference to pull, host included
	PlainHTTP bool
	Username  string // "" with a Password: that is an identity token
	Password  string
	CA        []byte   // PEM; trusted for the registry besides the machine's own
	Mirrors   []Mirror // asked before the registry, in order
}

// String keeps credentials out of logs.
func (s ImageSource) String() string { return s.Ref }

// GoString keeps credentials out of logs.
func (s ImageSource) GoString() string { return s.Ref }

// Mirror is another place an image is asked for.
type Mirror struct {
	URL      string // https://host[:port][/path]
	Username string
	Password string
	CA       []byte // PEM
}

// LogStream names a stream of the log store.
type LogStream struct {
	Scope  state.Scope
	Group  string
	Stream string
}

// LogBatch is a run of events of one container.
type LogBatch struct {
	Stream   LogStream
	Producer string // unique per container life; "" switches repeat detection off
	Offset   int64  // position in the producer's spool after the last event
	Events   []LogEvent
}

// LogEvent is one line. It has a position of its own, because a batch that is
// sent again may be cut in another place.
type LogEvent struct {
	Time    time.Time // when the line left the container, to the millisecond
	Message string    // exact bytes without the line end
	Offset  int64     // position in the producer's spool behind this event
}

// Refusal is a reason a task cannot go on, in AWS's words: it becomes the
// task's stoppedReason.
type Refusal struct {
	StopCode string // for example "TaskFailedToStart"
	Reason   string
	// Container is the container it happened to, "" for the whole task.
	Container string
}

// Error returns the reason.
func (r *Refusal) Error() string { return r.Reason }

// Refuse builds a Refusal with stop code TaskFailedToStart.
func Refuse(format string, args ...any) *Refusal {
	return &Refusal{StopCode: "TaskFailedToStart", Reason: fmt.Sprintf(format, args...)}
}
