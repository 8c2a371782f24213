package containerd

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/containerd/cgroups/v3"
	"github.com/containerd/containerd/v2/plugins/snapshots/overlay/overlayutils"
	"golang.org/x/sys/unix"
)

// Problem is something about this machine that stands in an engine's way.
type Problem struct {
	Name  string // of what was checked
	What  string // is wrong
	Mend  string // the command that mends it
	Fatal bool   // no container can be run with it
}

// Missing finds what would keep an engine of this configuration from starting
// any container. It runs no program and leaves nothing behind.
func Missing(cfg Config) []Problem {
	_, problems := findRuntime(cfg.Runtime)
	return append(problems, checkCgroups()...)
}

// Check finds all that stands in an engine's way: what is missing, a runtime
// that does not work as it should, and a data directory that carries no overlay.
// It leaves nothing behind.
func Check(cfg Config) []Problem {
	return slices.Concat(checkRuntime(cfg.Runtime), checkCgroups(), checkSnapshots(cfg.Root))
}

func runtimeProblem(what, mend string) []Problem {
	return []Problem{{Name: "OCI runtime", What: what, Mend: mend, Fatal: true}}
}

// findRuntime finds the runtime's program.
func findRuntime(name string) (path string, problems []Problem) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", runtimeProblem(fmt.Sprintf("no %s is installed", name), "apt-get install runc, or name another with --runtime")
	}
	if filepath.Base(path) == "crun" && cgroups.Mode() == cgroups.Hybrid {
		return path, runtimeProblem("crun does not run on a hybrid cgroup layout", "hatoba up --runtime runc, or boot with systemd.unified_cgroup_hierarchy=1")
	}
	return path, nil
}

func checkRuntime(name string) []Problem {
	path, problems := findRuntime(name)
	if len(problems) > 0 {
		return problems
	}
	if _, err := exec.Command(path, "--version").Output(); err != nil {
		return runtimeProblem(fmt.Sprintf("%s does not run: %v", path, err), "apt-get install --reinstall "+filepath.Base(name))
	}
	if out, err := exec.Command(path, "features").Output(); err == nil && !hasSeccomp(out) {
		return runtimeProblem(path+" was built without seccomp", "apt-get install runc")
	}
	return nil
}

// hasSeccomp reads the output of the command features, which not every runtime
// has.
func hasSeccomp(features []byte) bool {
	var f struct {
		Linux struct {
			Seccomp struct{ Enabled *bool }
		}
	}
	return json.Unmarshal(features, &f) != nil || f.Linux.Seccomp.Enabled == nil || *f.Linux.Seccomp.Enabled
}

func checkCgroups() []Problem {
	problem := func(what, mend string) []Problem {
		return []Problem{{Name: "cgroups", What: what, Mend: mend, Fatal: true}}
	}
	switch cgroups.Mode() {
	case cgroups.Unavailable:
		return problem("no cgroup hierarchy is mounted at "+cgroupRoot, "mount -t cgroup2 cgroup2 "+cgroupRoot)
	case cgroups.Unified:
		b, err := os.ReadFile(filepath.Join(cgroupRoot, "cgroup.controllers"))
		for _, need := range []string{"cpu", "memory", "pids"} {
			if err != nil || !slices.Contains(strings.Fields(string(b)), need) {
				return problem("controller "+need+" is not available in "+cgroupRoot, "boot with cgroup_enable="+need+", or delegate it to where Hatoba runs")
			}
		}
	default:
		for _, need := range []string{"cpu", "memory", "devices", "freezer", "pids"} {
			dir := filepath.Join(cgroupRoot, need)
			if _, err := os.Stat(filepath.Join(dir, "cgroup.procs")); err != nil {
				return problem("controller "+need+" is not mounted", fmt.Sprintf("mkdir -p %s && mount -t cgroup -o %s cgroup %s", dir, need, dir))
			}
		}
	}
	for _, dir := range hierarchies() {
		if err := unix.Access(dir, unix.W_OK); errors.Is(err, unix.EROFS) {
			return problem(dir+" is mounted read-only", "mount -o remount,rw "+dir)
		}
	}
	return nil
}

// checkSnapshots tries an overlay mount below the data directory, because it
// is the file system there that carries it or not.
func checkSnapshots(root string) []Problem {
	dir := root
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	try, err := os.MkdirTemp(dir, ".hatoba-check")
	if err != nil {
		return []Problem{{Name: "data directory", What: err.Error(), Mend: "choose another one with --data-dir", Fatal: true}}
	}
	defer os.RemoveAll(try)
	if err := overlayutils.Supported(try); err != nil {
		return []Problem{{
			Name: "overlayfs", What: fmt.Sprintf("not possible below %s, so that every container gets a full copy of its image: %v", dir, err),
			Mend: "modprobe overlay, or choose a --data-dir on ext4 or xfs",
		}}
	}
	return nil
}
