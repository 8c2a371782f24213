package protocol

import (
	"time"

	"github.com/hatoba/hatoba/internal/state"
)

// Look asks a node what a running task's containers are, seen from the machine:
// nothing runs inside them for it.
type Look struct {
	ID   string
	Task state.Key
	Kill string // a container whose process is killed with SIGKILL instead
}

// Sight is what a node has seen.
type Sight struct {
	Failure    string          `json:"failure,omitempty"` // why nothing was, or the kill was not done
	Containers []SeenContainer `json:"containers"`
	Killed     []Killed        `json:"killed,omitempty"` // of a kill, whose answer they are
}

// Killed is a container whose process was killed.
type Killed struct {
	Name    string `json:"name"`
	Process int    `json:"process"` // its number on the machine
}

// SeenContainer is a running container, and the process it was started as.
type SeenContainer struct {
	Name            string     `json:"name"`
	Process         int        `json:"process"` // its number on the machine
	UID             int        `json:"uid"`     // effective
	GID             int        `json:"gid"`
	Capabilities    []string   `json:"capabilities"` // effective and permitted, without CAP_
	Bounding        []string   `json:"bounding"`
	NoNewPrivileges bool       `json:"noNewPrivileges"` // no program can gain any by being executed
	Variables       []Variable `json:"variables"`
	// Changes are the files in which it differs from its image.
	Changes []Change `json:"changes"`
	More    bool     `json:"more,omitempty"` // there are more than these
	Unread  string   `json:"unread,omitempty"`
}

// Variable is an environment variable of a live process. Its value never leaves
// the node: only where it came from does, and whether it is a secret's.
type Variable struct {
	Name   string         `json:"name"`
	From   VariableSource `json:"from"`
	Secret string         `json:"secret,omitempty"` // the name of another variable, given by secrets, whose value is in this one
}

// VariableSource is what gave a variable its value.
type VariableSource string

// The sources of a variable.
const (
	FromEnvironment VariableSource = "environment" // of the task definition or an override
	FromSecrets     VariableSource = "secrets"
	FromElsewhere   VariableSource = "elsewhere" // the image, an environment file, ECS, or the process itself
)

// Change is a file of a container that is not as in its image.
type Change struct {
	Path  string     `json:"path"` // absolute, in the container
	Kind  ChangeKind `json:"kind"`
	Bytes int64      `json:"bytes"`
	At    time.Time  `json:"at"` // last modified
}

// ChangeKind is how a file differs from the image's.
type ChangeKind string

// The kinds of a Change.
const (
	Added    ChangeKind = "added"
	Modified ChangeKind = "modified"
	Removed  ChangeKind = "removed"
)
