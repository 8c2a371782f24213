package agent

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/containerd/v2/pkg/cap"

	"github.com/hatoba/hatoba/internal/protocol"
)

// process fills in what /proc says of a process.
func process(into *protocol.SeenContainer) error {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", into.Process))
	if err != nil {
		return err
	}
	return readStatus(into, string(status))
}

// readStatus reads the lines of /proc/PID/status that tell what a process may.
func readStatus(into *protocol.SeenContainer, status string) error {
	var effective, permitted, bounding uint64
	for line := range strings.Lines(status) {
		name, rest, _ := strings.Cut(line, ":")
		fields := strings.Fields(rest)
		if len(fields) == 0 {
			continue
		}
		var err error
		switch name {
		case "Uid", "Gid":
			if len(fields) < 2 {
				return fmt.Errorf("%s: %q", name, rest)
			}
			at := &into.UID
			if name == "Gid" {
				at = &into.GID
			}
			*at, err = strconv.Atoi(fields[1]) // the effective one
		case "CapEff":
			effective, err = strconv.ParseUint(fields[0], 16, 64)
		case "CapPrm":
			permitted, err = strconv.ParseUint(fields[0], 16, 64)
		case "CapBnd":
			bounding, err = strconv.ParseUint(fields[0], 16, 64)
		case "NoNewPrivs":
			into.NoNewPrivileges = fields[0] == "1"
		}
		if err != nil {
			return err
		}
	}
	into.Capabilities, into.Bounding = capabilities(effective|permitted), capabilities(bounding)
	return nil
}

// capabilities are the names of a set, in the order of names.
func capabilities(set uint64) []string {
	names, _ := cap.FromBitmap(set) // a capability newer than the list has no name
	out := []string{}
	for _, name := range names {
		out = append(out, strings.TrimPrefix(name, "CAP_"))
	}
	slices.Sort(out)
	return out
}

// environOf is the environment a process was started with.
func environOf(pid int) (out []string, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		return nil, err
	}
	for kv := range bytes.SplitSeq(b, []byte{0}) {
		if len(kv) > 0 {
			out = append(out, string(kv))
		}
	}
	return out, nil
}
