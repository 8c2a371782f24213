package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/containerd/cgroups/v3"

	"github.com/hatoba/hatoba/internal/agent/network"
	"github.com/hatoba/hatoba/internal/config"
)

// Check is one thing Hatoba needs of its machine.
type Check struct {
	Name    string
	Found   string // what is there
	Problem string // what is wrong, "" when nothing
	Mend    string // the command or step that mends it
	Fatal   bool   // Hatoba does not start with it
}

func (c Check) err() error {
	if c.Problem == "" || !c.Fatal {
		return nil
	}
	return fmt.Errorf("%s: %s. Mend it: %s", c.Name, c.Problem, c.Mend)
}

// Doctor makes every check without starting anything.
func Doctor(_ context.Context, cfg config.Config) []Check {
	checks := []Check{checkRoot(), checkRuntime(cfg.Runtime), checkCgroups(), checkOverlay(), checkPort(cfg.Listen), checkDataDir(cfg.DataDir), checkRange(cfg)}
	firewall := Check{Name: "network", Found: "nftables answers"}
	for _, p := range network.Check() {
		firewall.Found, firewall.Problem, firewall.Mend = "", p.What, p.Mend
		checks = append(checks, firewall)
	}
	if firewall.Problem == "" {
		checks = append(checks, firewall)
	}
	return checks
}

// prerequisites are the checks that starting itself would fail on with less
// helpful words.
func prerequisites(cfg config.Config) error {
	return errors.Join(checkRoot().err(), checkRuntime(cfg.Runtime).err(), checkCgroups().err())
}

func checkRoot() Check {
	c := Check{Name: "root", Found: "running as root", Fatal: true}
	if os.Geteuid() != 0 {
		c.Found, c.Problem, c.Mend = "", "Hatoba makes namespaces, cgroups and mounts, and needs root", "sudo hatoba up"
	}
	return c
}

func checkRuntime(name string) Check {
	c := Check{Name: "OCI runtime", Fatal: true}
	path, err := exec.LookPath(name)
	if err != nil {
		c.Problem, c.Mend = fmt.Sprintf("no %s is installed", name), "apt-get install runc"
		return c
	}
	c.Found = path
	if out, err := exec.Command(path, "--version").Output(); err == nil {
		c.Found = strings.SplitN(string(out), "\n", 2)[0] + " (" + path + ")"
	}
	if filepath.Base(path) == "crun" && cgroups.Mode() == cgroups.Hybrid {
		c.Problem, c.Mend = "crun does not run on a hybrid cgroup layout", "use --runtime runc, or boot with systemd.unified_cgroup_hierarchy=1"
	}
	return c
}

func checkCgroups() Check {
	c := Check{Name: "cgroups", Fatal: true}
	switch cgroups.Mode() {
	case cgroups.Unified:
		c.Found = "version 2"
		have, _ := os.ReadFile("/sys/fs/cgroup/cgroup.controllers")
		for _, need := range []string{"cpu", "memory", "pids"} {
			if !strings.Contains(" "+strings.TrimSpace(string(have))+" ", " "+need+" ") {
				c.Problem, c.Mend = "controller "+need+" is not available at /sys/fs/cgroup", "boot with cgroup_enable="+need+", or run Hatoba where the whole hierarchy is delegated"
			}
		}
	case cgroups.Legacy, cgroups.Hybrid:
		c.Found = "version 1"
		for _, need := range []string{"cpu", "memory", "devices", "freezer", "pids"} {
			if _, err := os.Stat("/sys/fs/cgroup/" + need); err != nil {
				c.Problem, c.Mend = "controller "+need+" is not mounted", "mkdir -p /sys/fs/cgroup/"+need+" && mount -t cgroup -o "+need+" cgroup /sys/fs/cgroup/"+need
			}
		}
	default:
		c.Problem, c.Mend = "no cgroup hierarchy is mounted at /sys/fs/cgroup", "mount -t cgroup2 cgroup2 /sys/fs/cgroup"
	}
	if c.Problem == "" && readOnly("/sys/fs/cgroup") {
		c.Problem, c.Mend = "/sys/fs/cgroup is mounted read-only", "mount -o remount,rw /sys/fs/cgroup, or start the surrounding container privileged"
	}
	return c
}

func readOnly(path string) bool {
	var fs syscall.Statfs_t
	const readOnlyFlag = 1
	return syscall.Statfs(path, &fs) == nil && fs.Flags&readOnlyFlag != 0
}

func checkOverlay() Check {
	c := Check{Name: "overlayfs", Fatal: true}
	b, err := os.ReadFile("/proc/filesystems")
	if err == nil && strings.Contains(string(b), "\toverlay\n") {
		c.Found = "in the kernel"
		return c
	}
	c.Problem, c.Mend = "the kernel does not offer overlayfs", "modprobe overlay"
	return c
}

func checkPort(at string) Check {
	c := Check{Name: "front port", Found: at + " is free", Fatal: true}
	l, err := listen(at)
	if err != nil {
		c.Found, c.Problem, c.Mend = "", err.Error(), "hatoba stop, end the other program, or choose another: --listen 127.0.0.1:4567"
		return c
	}
	l.Close()
	return c
}

// listen opens the front listener and names who has the port when it cannot.
func listen(at string) (net.Listener, error) {
	l, err := net.Listen("tcp", at)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("address %s is taken by another program (who: ss -ltnp 'sport = :%s'); choose another with --listen", at, at[strings.LastIndex(at, ":")+1:])
	}
	return l, err
}

func checkDataDir(dir string) Check {
	c := Check{Name: "data dir", Found: dir, Fatal: true}
	parent := dir
	for {
		if _, err := os.Stat(parent); err == nil || parent == "/" {
			break
		}
		parent = filepath.Dir(parent)
	}
	if readOnly(parent) {
		c.Problem, c.Mend = parent+" is on a read-only file system", "choose another with --data-dir"
	}
	return c
}

// chooseVPC picks the range of the default VPC at the first start and keeps it.
func (a *App) chooseVPC() (netip.Prefix, error) {
	bridge := network.Config{Instance: a.inst.id}.BridgeName()
	file := filepath.Join(a.cfg.DataDir, "vpc")
	kept, err := os.ReadFile(file)
	if err == nil {
		return keptVPC(strings.TrimSpace(string(kept)), bridge)
	}
	inUse, err := network.InUse(bridge)
	if err != nil {
		return netip.Prefix{}, err
	}
	var vpc netip.Prefix
	if a.cfg.VPCCIDR != "" {
		vpc, err = keptVPC(a.cfg.VPCCIDR, bridge)
	} else {
		vpc, err = network.ChooseVPC(inUse)
	}
	if err != nil {
		return vpc, err
	}
	return vpc, os.WriteFile(file, []byte(vpc.String()+"\n"), 0o600)
}

// keptVPC checks that a range is still free on this machine.
func keptVPC(text, bridge string) (netip.Prefix, error) {
	vpc, err := netip.ParsePrefix(text)
	if err != nil {
		return vpc, fmt.Errorf("the VPC's range %q: %w", text, err)
	}
	if _, err := net.InterfaceByName(bridge); err == nil {
		return vpc, nil // it is taken by ourselves
	}
	inUse, err := network.InUse(bridge)
	if err != nil {
		return vpc, err
	}
	for _, p := range inUse {
		if p.Overlaps(vpc) {
			return vpc, fmt.Errorf("address range %s of the default VPC is taken: this machine uses %s. Take that network away (ip route show %s), or use a new --data-dir with --vpc-cidr", vpc, p, p)
		}
	}
	return vpc, nil
}

func checkRange(cfg config.Config) Check {
	c := Check{Name: "address range", Fatal: true}
	id, _ := os.ReadFile(filepath.Join(cfg.DataDir, "instance"))
	bridge := network.Config{Instance: strings.TrimSpace(string(id))}.BridgeName()
	text := cfg.VPCCIDR
	if kept, err := os.ReadFile(filepath.Join(cfg.DataDir, "vpc")); err == nil {
		text = strings.TrimSpace(string(kept))
	}
	if text != "" {
		vpc, err := keptVPC(text, bridge)
		c.Found = vpc.String()
		if err != nil {
			c.Found, c.Problem, c.Mend = "", err.Error(), "see there"
		}
		return c
	}
	inUse, err := network.InUse(bridge)
	if err == nil {
		var vpc netip.Prefix
		if vpc, err = network.ChooseVPC(inUse); err == nil {
			c.Found = vpc.String() + " is free"
			return c
		}
	}
	c.Problem, c.Mend = err.Error(), "free a private /16, or name one with --vpc-cidr"
	return c
}
