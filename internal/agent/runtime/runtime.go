// Package runtime is what the agent asks of a container engine. The engines
// are in the sub-packages containerd and fake; runtimetest is the suite both
// pass.
package runtime

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/hatoba/hatoba/internal/protocol"
)

// Errors an engine answers with; test with errors.Is.
var (
	ErrNotFound = errors.New("no such container")
	// ErrTimeout says that the OCI runtime hung and was killed.
	ErrTimeout = errors.New("timed out")
	// These class a failed Pull.
	ErrImageNotFound    = errors.New("image not found")
	ErrImageDenied      = errors.New("pull access denied")
	ErrImageUnreachable = errors.New("registry unreachable")
	ErrImageRateLimited = errors.New("too many requests")
	ErrImageUntrusted   = errors.New("registry's certificate is not trusted")
	ErrImagePlatform    = errors.New("no image for this platform")
	ErrDiskFull         = errors.New("no space left on device")
)

// Stage is how far a Pull came.
type Stage string

// The stages of a Pull, as Fargate calls them.
const (
	StageManifest Stage = "pull image manifest" // which image a reference means
	StageContent  Stage = "ref pull"            // its content, and unpacking it
)

// PullError is a failed Pull. It wraps one of the classes above, if the
// failure is of one.
type PullError struct {
	Stage Stage
	After time.Duration // how long the registry asks to wait; 0: it says nothing
	Err   error
}

// Error returns what happened.
func (e *PullError) Error() string { return e.Err.Error() }

// Unwrap returns what happened.
func (e *PullError) Unwrap() error { return e.Err }

// Engine runs containers that outlive it. After Hatoba's restart a new Engine
// over the same data dir knows the same containers, also those that ended
// meanwhile. All methods may be called concurrently; ids are the caller's,
// unique per engine, at most 76 characters of [A-Za-z0-9_-].
type Engine interface {
	// Pull makes the image present for this machine's platform and unpacked.
	// An image that is present under the same digest costs no transfer. A
	// failure is a *PullError, unless ctx ended.
	Pull(ctx context.Context, source protocol.ImageSource) (Image, error)
	// Create prepares a container; nothing of it runs yet. It undoes itself
	// on failure.
	Create(ctx context.Context, spec Spec) error
	// Start runs the container's process. When the command cannot be
	// executed the error tells why and the container is left as created.
	Start(ctx context.Context, id string) error
	// Restart runs the process of a container that has ended once more: in the
	// same file system, with the same limits, its output behind what it wrote
	// before. The earlier exit is forgotten, and Wait waits for the next one.
	// Secrets are not kept by the engine and are given again. A Restart that was
	// cut short is made good by another.
	Restart(ctx context.Context, id string, secretEnv []string) error
	// Wait blocks until the container has ended and returns how. It also
	// answers for a container that ended while nobody was waiting, or while
	// Hatoba was down.
	Wait(ctx context.Context, id string) (Exit, error)
	// Signal sends a signal such as "SIGTERM" to the container's process. One
	// that has ended is not an error.
	Signal(ctx context.Context, id, signal string) error
	// Exec runs a command inside the container and waits for it, at most
	// until ctx ends; then the command is killed.
	Exec(ctx context.Context, id string, cmd Exec) (ExecResult, error)
	// Stats tells what a running container uses.
	Stats(ctx context.Context, id string) (Stats, error)
	// Usage tells a running container's counters. It asks the kernel and no other
	// process, and costs microseconds.
	Usage(taskID, id string) (Usage, error)
	// Written tells the bytes of what a container has written into its own file
	// system: all of it is looked at. Where Spec.Layer says where that is, it is
	// not counted here.
	Written(ctx context.Context, id string) (int64, error)
	// Changed tells the files in which a running container's own file system
	// differs from its image, at most that many of them; more says that there
	// are others. Folders, and what is mounted into it, are left out.
	Changed(ctx context.Context, id string, most int) (changes []protocol.Change, more bool, err error)
	// Process tells the number that a running container's process has here;
	// ErrNotFound for one that does not run.
	Process(ctx context.Context, id string) (int, error)
	// Pids tells the processes of a task's containers, as they are numbered here.
	Pids(ctx context.Context, taskID string) ([]int, error)
	// Attach runs a command inside the container with its streams attached,
	// and returns once it runs. The command has the container's environment and
	// working directory. It does not outlive ctx, nor the engine: one that a
	// kill of Hatoba left behind is killed when the engine is opened again.
	Attach(ctx context.Context, id string, cmd Attach) (Process, error)
	// Delete removes a container with its snapshot; one that still runs is killed.
	// A missing one is not an error. The last one of a task takes
	// the task's shim and cgroup with it. The log spool stays: it belongs to
	// the log driver.
	Delete(ctx context.Context, id string) error
	// List tells every container the engine has.
	List(ctx context.Context) ([]Status, error)
}

// Image is a present image.
type Image struct {
	Ref        string // what Spec.Image takes
	Digest     string // of the manifest or index as the registry names it, sha256:…
	StopSignal string // from the image's config, "" means SIGTERM
	User       string // from the image's config
	Env        []string
	Volumes    []string // paths its config declares, in order
	Size       int64    // bytes of its layers and configuration as transferred, 0: not known
	Present    bool     // it was there already: nothing was transferred
}

// StoredImage is an image as it lies on the disk.
type StoredImage struct {
	Ref      string
	Bytes    int64 // what it takes, shared layers included
	LastUsed time.Time
	InUse    bool // a container was made from it and is still there
}

// Spec is a container to be created.
type Spec struct {
	ID     string
	TaskID string // containers of one task share a shim and a parent cgroup
	Name   string // container name in the task definition
	Image  string // Image.Ref

	EntryPoint []string // nil: the image's
	Command    []string // nil: the image's, unless EntryPoint is set
	Env        []string // KEY=value, over the image's
	SecretEnv  []string // KEY=value, over Env; kept in memory only, never on a disk
	User       string   // "" : the image's
	WorkingDir string   // "" : the image's
	Hostname   string
	ReadOnly   bool

	NetNS  string  // path of the network namespace; "" : one of its own with nothing in it
	Mounts []Mount // binds, tmpfs

	TaskCPU        int64 // units, 0: unlimited; quota of the task's cgroup
	TaskMemoryMiB  int64 // 0: unlimited
	CPU            int64 // container's share in units, 0: 2 shares
	MemoryMiB      int64 // hard limit, 0: none
	ReservationMiB int64 // soft limit, 0: none
	Ulimits        []Ulimit
	CapAdd         []string // without CAP_
	CapDrop        []string
	InitProcess    bool
	Sysctls        map[string]string
	Labels         map[string]string
	Machine        Machine

	// Terminal gives the process a pseudo terminal, Stdin an open standard input
	// that nobody writes to. Both outlive Hatoba.
	Terminal, Stdin bool

	Spool Spool

	// Layer is the directory that takes what the container writes into its file
	// system; the engine empties it first. "" is a place of the engine's. Its
	// owner removes it after Delete.
	Layer string
}

// Machine is what a container has of the machine beyond what containers
// usually have, and what it has less. The zero value is a container as on
// Fargate.
type Machine struct {
	Network bool // the machine's network namespace, NetNS is ""
	PID     bool // the machine's processes
	IPC     bool // the machine's IPC namespace and /dev/shm
	NoShm   bool // no /dev/shm
	// TaskPID and TaskIPC share processes, and IPC objects with /dev/shm, among
	// the containers of the task that have them.
	TaskPID, TaskIPC bool

	Privileged bool
	// MayGain lets programs gain privileges by being executed, as setuid ones
	// do.
	MayGain    bool
	Devices    []Device
	ShmMiB     int64   // size of /dev/shm, 0: the default
	Swap       bool    // SwapMiB holds; else there is none, as on Fargate
	SwapMiB    int64   // beyond MemoryMiB; negative: no limit
	Swappiness *uint64 // where the kernel can tell containers apart
}

// Device is a device of the machine.
type Device struct{ Host, Container, Permissions string }

// Mount is one mount of a container.
type Mount struct {
	Type        string // "bind" or "tmpfs"
	Source      string // host path of a bind
	Destination string
	ReadOnly    bool
	Options     []string // of a tmpfs, for example "size=64m"
	// Populate fills a bind's source, if it is an empty directory, with what the
	// image has at its destination.
	Populate bool
}

// Ulimit is one resource limit, name as in ECS ("nofile").
type Ulimit struct {
	Name       string
	Soft, Hard int64
}

// Spool is where the container's stdout and stderr go: into segments written
// by a process that outlives Hatoba (package logdriver/spool tells the
// format). Dir "" discards the output.
type Spool struct {
	Dir         string
	MaxBytes    int64 // bound of unacknowledged bytes; 0: the default
	NonBlocking bool  // full: drop and count, instead of stalling the container
}

// Exit is how a container ended.
type Exit struct {
	Code      int32
	At        time.Time
	OOMKilled bool // this container's own process was killed for memory
}

// Exec is a command to run inside a container.
type Exec struct {
	Args      []string
	MaxOutput int // bytes of combined output kept; 0: none
}

// Attach is a command to run inside a container with its streams attached.
type Attach struct {
	Args     []string
	Root     bool // as root, whoever the container's user is
	Terminal bool // a terminal: all output is in Stdout
	Size     TerminalSize
	Stdin    io.Reader // nil: none; its end is the end of the command's input, unless it has a terminal
	Stdout   io.Writer // a write that waits holds the command back
	Stderr   io.Writer // unused with a terminal
}

// TerminalSize is the size of a terminal in characters.
type TerminalSize struct{ Cols, Rows uint16 }

// Process is a command run by Attach. Wait must be called.
type Process interface {
	// Resize sets the size of the command's terminal.
	Resize(ctx context.Context, size TerminalSize) error
	// Wait waits until the command has ended and its output is written, and
	// returns the exit code. When Attach's ctx ends the command is hung up on,
	// then killed.
	Wait() (int32, error)
}

// ExecResult is how a command ended.
type ExecResult struct {
	Code   int32
	Output []byte
}

// Phase is where in its life a container is.
type Phase string

// The phases of a container.
const (
	Created Phase = "created"
	Running Phase = "running"
	Stopped Phase = "stopped"
)

// Status is one container as the engine has it.
type Status struct {
	ID        string
	TaskID    string
	Phase     Phase
	StartedAt time.Time // zero before start
	Exit      *Exit     // set when Stopped, unless it was lost with the host
	Labels    map[string]string
}
