package state

// Node is a machine that runs tasks. ID: the node id. Nodes belong to no
// account; they are kept under Scope{"-", "-"}. Writer: dispatch.
type Node struct {
	ID          string
	Hostname    string
	CPU         int64 // CPU units, 1024 per core
	MemoryMiB   int64
	Arch        string // x86_64 or arm64
	Connected   bool
	RuntimeName string // for example "runc 1.1.5"
}
