package taskdef

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
)

var (
	image  = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_./:#-]*$`)
	digest = regexp.MustCompile(`^sha256:[a-f0-9]{64}$`)
)

func checkContainers(def types.TaskDefinition) error {
	seen := map[string]bool{}
	essential := false
	for _, c := range def.ContainerDefinitions {
		n := aws.ToString(c.Name)
		switch {
		case n == "":
			return refuse("Container.name should not be null or empty.")
		case !name.MatchString(n):
			return refuse("Container.name contains invalid characters.")
		case seen[n]:
			return refuse("Container.name should be unique. '%s' is the name of more than one container.", n)
		}
		seen[n] = true
		essential = essential || aws.ToBool(c.Essential)
		if err := checkImage(aws.ToString(c.Image)); err != nil {
			return err
		}
		if c.Cpu < 0 {
			return refuseContainer(c, "The 'cpu' should not be negative.")
		}
	}
	if !essential {
		return refuse("A task definition must have at least one essential container.")
	}
	return nil
}

func checkImage(ref string) error {
	if ref == "" {
		return refuse("Container.image should not be null or empty.")
	}
	repository, sum, hasDigest := strings.Cut(ref, "@")
	switch {
	case !image.MatchString(repository), hasDigest && !digest.MatchString(sum):
		return refuse("Container.image contains invalid characters.")
	case len(repository) > 255:
		return refuse("Container.image repository should be 255 characters or less.")
	}
	return nil
}

// minMemoryMiB is the least a container engine takes as a hard limit.
const minMemoryMiB = 4

// checkMemory checks the containers' cpu and memory against each other and
// against the task's.
func checkMemory(def types.TaskDefinition) error {
	taskCPU, taskMemory := state.Units(aws.ToString(def.Cpu)), state.Units(aws.ToString(def.Memory))
	var cpu, memory int64
	for _, c := range def.ContainerDefinitions {
		hard, soft := int64(aws.ToInt32(c.Memory)), int64(aws.ToInt32(c.MemoryReservation))
		switch {
		case hard < 0, soft < 0:
			return refuseContainer(c, "The 'memory' and 'memoryReservation' should not be negative.")
		case taskMemory == 0 && hard == 0 && soft == 0:
			return refuseContainer(c, "At least one of 'memory' or 'memoryReservation' must be specified.")
		case hard > 0 && hard < minMemoryMiB:
			return refuseContainer(c, "The 'memory' should be at least %d MiB.", minMemoryMiB)
		case hard > 0 && soft > hard:
			return refuseContainer(c, "The 'memory' must be greater than the 'memoryReservation'.")
		case taskMemory > 0 && (hard > taskMemory || soft > taskMemory):
			return refuseContainer(c, "The 'memory' and 'memoryReservation' cannot be greater than the value of the task 'memory'.")
		}
		cpu += int64(c.Cpu)
		if soft > 0 {
			memory += soft
		} else {
			memory += hard
		}
	}
	if taskCPU > 0 && cpu > taskCPU {
		return refuse("The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.")
	}
	if taskMemory > 0 && memory > taskMemory {
		return refuse("The sum of all container 'memory' values cannot be greater than the value of the task 'memory'.")
	}
	return nil
}

// checkLimits checks timeouts, ulimits and Linux parameters.
func checkLimits(def types.TaskDefinition) error {
	for _, c := range def.ContainerDefinitions {
		if aws.ToInt32(c.StartTimeout) < 0 || aws.ToInt32(c.StopTimeout) < 0 {
			return refuseContainer(c, "The 'startTimeout' and 'stopTimeout' should not be negative.")
		}
		seen := map[types.UlimitName]bool{}
		for _, u := range c.Ulimits {
			if u.Name == "" || !slices.Contains(u.Name.Values(), u.Name) {
				return refuseContainer(c, "The ulimit name should be one of %v.", u.Name.Values())
			}
			if seen[u.Name] {
				return refuseContainer(c, "The ulimit '%s' is set more than once.", u.Name)
			}
			seen[u.Name] = true
			if u.HardLimit >= 0 && (u.SoftLimit > u.HardLimit || u.SoftLimit < 0) {
				return refuseContainer(c, "The soft limit of the ulimit '%s' cannot be greater than its hard limit.", u.Name)
			}
		}
		if err := checkLinux(c); err != nil {
			return err
		}
	}
	return nil
}

// capabilities are the ones AWS names.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_KernelCapabilities.html
var capabilities = strings.Fields(`ALL AUDIT_CONTROL AUDIT_WRITE BLOCK_SUSPEND CHOWN DAC_OVERRIDE DAC_READ_SEARCH
	FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN
	NET_BIND_SERVICE NET_BROADCAST NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE
	SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG SYSLOG WAKE_ALARM`)

// tmpfsOptions are the mount options AWS names.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tmpfs.html
var tmpfsOptions = strings.Fields(`defaults ro rw suid nosuid dev nodev exec noexec sync async dirsync remount mand
	nomand atime noatime diratime nodiratime bind rbind unbindable runbindable private rprivate shared rshared slave
	rslave relatime norelatime strictatime nostrictatime mode uid gid nr_inodes nr_blocks mpol`)

func checkLinux(c types.ContainerDefinition) error {
	l := c.LinuxParameters
	if l == nil {
		return nil
	}
	if l.Capabilities != nil {
		for _, name := range slices.Concat(l.Capabilities.Add, l.Capabilities.Drop) {
			if !slices.Contains(capabilities, name) {
				return refuseContainer(c, "The capability '%s' is unknown.", name)
			}
		}
	}
	for _, t := range l.Tmpfs {
		if !strings.HasPrefix(aws.ToString(t.ContainerPath), "/") {
			return refuseContainer(c, "The containerPath of a tmpfs must be an absolute path.")
		}
		if t.Size <= 0 {
			return refuseContainer(c, "The size of the tmpfs '%s' must be greater than 0.", *t.ContainerPath)
		}
		for _, option := range t.MountOptions {
			if key, _, _ := strings.Cut(option, "="); !slices.Contains(tmpfsOptions, key) {
				return refuseContainer(c, "The mount option '%s' of the tmpfs '%s' is unknown.", option, *t.ContainerPath)
			}
		}
	}
	return nil
}
