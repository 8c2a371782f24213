package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/containerd/cgroups/v3"

	"github.com/hatoba/hatoba/internal/agent/network"
	"github.com/hatoba/hatoba/internal/agent/runtime/containerd"
	"github.com/hatoba/hatoba/internal/agent/storage"
	"github.com/hatoba/hatoba/internal/config"
	"github.com/hatoba/hatoba/internal/disk"
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
	checks := slices.Concat([]Check{checkRoot()}, engineChecks(cfg), []Check{checkPort(cfg.Listen), checkDataDir(cfg.DataDir), checkDisk(cfg), checkRange(cfg)})
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
	all := []error{checkRoot().err()}
	for _, p := range containerd.Missing(containerd.Config{Runtime: cfg.Runtime}) {
		all = append(all, fromEngine(p).err())
	}
	return errors.Join(all...)
}

// engineChecks are the container engine's own, one line for each thing it looks
// at.
func engineChecks(cfg config.Config) []Check {
	checks := []Check{
		{Name: "OCI runtime", Found: runtimeVersion(cfg.Runtime)},
		{Name: "cgroups", Found: cgroupVersion()},
		{Name: "overlayfs", Found: "works below the data directory"},
	}
	for _, p := range containerd.Check(containerd.Config{Runtime: cfg.Runtime, Root: cfg.DataDir}) {
		if i := slices.IndexFunc(checks, func(c Check) bool { return c.Name == p.Name }); i >= 0 {
			checks[i] = fromEngine(p)
		} else {
			checks = append(checks, fromEngine(p))
		}
	}
	disks := Check{Name: "task disks", Found: "can be made"}
	if what, mend := storage.Missing(); what != "" {
		disks.Found, disks.Problem, disks.Mend = "", what, mend
	}
	return append(checks, disks)
}

func fromEngine(p containerd.Problem) Check {
	return Check{Name: p.Name, Problem: p.What, Mend: p.Mend, Fatal: p.Fatal}
}

// runtimeVersion is how the runtime calls itself; empty if it does not run.
func runtimeVersion(name string) string {
	path, err := exec.LookPath(name)
	if err != nil {
		return ""
	}
	out, err := exec.Command(path, "--version").Output()
	if err != nil {
		return ""
	}
	return strings.SplitN(string(out), "\n", 2)[0] + " (" + path + ")"
}

func cgroupVersion() string {
	if cgroups.Mode() == cgroups.Unified {
		return "version 2"
	}
	return "version 1"
}

func checkRoot() Check {
	c := Check{Name: "root", Found: "running as root", Fatal: true}
	if os.Geteuid() != 0 {
		c.Found, c.Problem, c.Mend = "", "Hatoba makes namespaces, cgroups and mounts, and needs root", "sudo hatoba up"
	}
	return c
}

func readOnly(path string) bool {
	var fs syscall.Statfs_t
	const readOnlyFlag = 1
	return syscall.Statfs(path, &fs) == nil && fs.Flags&readOnlyFlag != 0
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

// checkDisk tells of a disk on which no task would start.
func checkDisk(cfg config.Config) Check {
	c := Check{Name: "disk space"}
	dir := cfg.DataDir
	for {
		if _, err := os.Stat(dir); err == nil || dir == "/" {
			break
		}
		dir = filepath.Dir(dir)
	}
	guard := disk.NewGuard(dir, cfg.DiskFloor, slog.New(slog.DiscardHandler))
	usage, err := guard.Usage()
	if err != nil {
		c.Problem, c.Mend = err.Error(), "choose another with --data-dir"
		return c
	}
	c.Found = disk.Human(usage.Free) + " free of " + disk.Human(usage.Total)
	if err := guard.Room(); err != nil {
		c.Problem, c.Mend = err.Error()+". No new task starts", "delete what is not needed, choose another --data-dir, or lower --disk-floor"
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
	return vpc, disk.Write(file, []byte(vpc.String()+"\n"), 0o600)
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
