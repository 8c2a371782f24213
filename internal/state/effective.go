package state

import (
	"maps"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// ContainerPlan is one container as it is to run: the task definition with the
// task's overrides and AWS's defaults applied. Secrets stay references.
type ContainerPlan struct {
	Name             string
	Image            string
	EntryPoint       []string // nil: the image's
	Command          []string // nil: the image's
	Environment      []Variable
	Secrets          []SecretReference
	EnvironmentFiles []string // ARNs of S3 objects
	User             string
	WorkingDirectory string
	ReadOnly         bool // root file system
	Essential        bool
	DependsOn        []Dependency
	HealthCheck      *HealthCheck // nil: none
	StartTimeout     time.Duration
	StopTimeout      time.Duration
	CPU              int64 // units, 0: unset
	MemoryMiB        int64 // hard limit, 0: none
	ReservationMiB   int64 // soft limit, 0: none
	Ulimits          []Ulimit
	MountPoints      []MountPoint
	Tmpfs            []Tmpfs
	CapAdd           []string
	CapDrop          []string
	InitProcess      bool
	LogDriver        string // "" : output is discarded
	LogOptions       map[string]string
	Restart          *RestartPolicy    // nil: it is never restarted
	Sysctls          map[string]string // systemControls
	DockerLabels     map[string]string
	Terminal         bool // it has a pseudo terminal
	Interactive      bool // its standard input is open
	DNSServers       []string
	DNSSearchDomains []string
	Host             HostPlan
}

// Variable is an environment variable.
type Variable struct{ Name, Value string }

// SecretReference is an environment variable whose value a store keeps.
type SecretReference struct{ Name, ValueFrom string }

// Dependency is a container's wait for another: START, COMPLETE, SUCCESS or
// HEALTHY.
type Dependency struct{ Container, Condition string }

// HealthCheck is a container health check with defaults applied.
type HealthCheck struct {
	Command     []string // argv: CMD-SHELL is already /bin/sh -c
	Interval    time.Duration
	Timeout     time.Duration
	Retries     int
	StartPeriod time.Duration
}

// Ulimit is a resource limit.
type Ulimit struct {
	Name       string
	Soft, Hard int64
}

// MountPoint is a volume inside a container.
type MountPoint struct {
	Volume   string
	HostPath string     // "" : a directory of the task's own
	EFS      *EFSVolume // nil: none
	// Shared is a docker volume of scope shared, which outlives its tasks;
	// Provision says that it is made when it is not there.
	Shared, Provision bool
	Path              string
	ReadOnly          bool
}

// Tmpfs is a memory file system inside a container.
type Tmpfs struct {
	Path    string
	SizeMiB int32
	Options []string
}

// defaultStopTimeout is how long a container may take to stop when its
// definition does not say.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
const defaultStopTimeout = 30 * time.Second

// Effective returns the containers of a task as they are to run, in the order
// of the definition. It is pure.
func Effective(task Task, def TaskDefinition) []ContainerPlan {
	var out []ContainerPlan
	for _, c := range def.Definition.ContainerDefinitions {
		plan := plan(c, def.Definition)
		override(&plan, task.Spec.Overrides)
		addHost(&plan, task, c, def.Definition)
		if _, given := plan.LogOptions["mode"]; !given && plan.LogDriver != "" && task.Spec.DefaultLogMode != "" {
			plan.LogOptions = maps.Clone(plan.LogOptions)
			if plan.LogOptions == nil {
				plan.LogOptions = map[string]string{}
			}
			plan.LogOptions["mode"] = task.Spec.DefaultLogMode
		}
		out = append(out, plan)
	}
	return out
}

func plan(c ecstypes.ContainerDefinition, def ecstypes.TaskDefinition) ContainerPlan {
	p := ContainerPlan{
		Name: aws.ToString(c.Name), Image: aws.ToString(c.Image), EntryPoint: c.EntryPoint, Command: c.Command,
		User: aws.ToString(c.User), WorkingDirectory: aws.ToString(c.WorkingDirectory),
		ReadOnly: aws.ToBool(c.ReadonlyRootFilesystem), Essential: c.Essential == nil || *c.Essential,
		StartTimeout: time.Duration(aws.ToInt32(c.StartTimeout)) * time.Second,
		StopTimeout:  time.Duration(aws.ToInt32(c.StopTimeout)) * time.Second,
		CPU:          int64(c.Cpu), MemoryMiB: int64(aws.ToInt32(c.Memory)), ReservationMiB: int64(aws.ToInt32(c.MemoryReservation)),
		HealthCheck: healthCheck(c.HealthCheck), Restart: restartPolicy(c.RestartPolicy),
		MountPoints: mountPoints(c, def), DockerLabels: c.DockerLabels,
		Terminal: aws.ToBool(c.PseudoTerminal), Interactive: aws.ToBool(c.Interactive),
		DNSServers: c.DnsServers, DNSSearchDomains: c.DnsSearchDomains,
	}
	for _, s := range c.SystemControls {
		if p.Sysctls == nil {
			p.Sysctls = map[string]string{}
		}
		p.Sysctls[aws.ToString(s.Namespace)] = aws.ToString(s.Value)
	}
	if p.StopTimeout <= 0 {
		p.StopTimeout = defaultStopTimeout
	}
	for _, e := range c.Environment {
		p.Environment = append(p.Environment, Variable{aws.ToString(e.Name), aws.ToString(e.Value)})
	}
	for _, s := range c.Secrets {
		p.Secrets = append(p.Secrets, SecretReference{aws.ToString(s.Name), aws.ToString(s.ValueFrom)})
	}
	p.EnvironmentFiles = files(c.EnvironmentFiles)
	for _, d := range c.DependsOn {
		p.DependsOn = append(p.DependsOn, Dependency{aws.ToString(d.ContainerName), string(d.Condition)})
	}
	for _, u := range c.Ulimits {
		p.Ulimits = append(p.Ulimits, Ulimit{string(u.Name), int64(u.SoftLimit), int64(u.HardLimit)})
	}
	if l := c.LinuxParameters; l != nil {
		p.InitProcess = aws.ToBool(l.InitProcessEnabled)
		for _, t := range l.Tmpfs {
			p.Tmpfs = append(p.Tmpfs, Tmpfs{aws.ToString(t.ContainerPath), t.Size, t.MountOptions})
		}
		if l.Capabilities != nil {
			p.CapAdd, p.CapDrop = l.Capabilities.Add, l.Capabilities.Drop
		}
	}
	if l := c.LogConfiguration; l != nil {
		p.LogDriver, p.LogOptions = string(l.LogDriver), l.Options
	}
	return p
}

func hostPath(volumes []ecstypes.Volume, name string) string {
	for _, v := range volumes {
		if aws.ToString(v.Name) == name && v.Host != nil {
			return aws.ToString(v.Host.SourcePath)
		}
	}
	return ""
}

// healthCheck applies the defaults: 30 s interval, 5 s timeout, 3 retries.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
func healthCheck(h *ecstypes.HealthCheck) *HealthCheck {
	if h == nil || len(h.Command) == 0 {
		return nil
	}
	seconds := func(v *int32, otherwise int32) time.Duration {
		if v == nil {
			return time.Duration(otherwise) * time.Second
		}
		return time.Duration(*v) * time.Second
	}
	out := &HealthCheck{
		Interval: seconds(h.Interval, 30), Timeout: seconds(h.Timeout, 5), StartPeriod: seconds(h.StartPeriod, 0), Retries: 3,
	}
	if h.Retries != nil {
		out.Retries = int(*h.Retries)
	}
	switch h.Command[0] {
	case "CMD-SHELL":
		out.Command = append([]string{"/bin/sh", "-c"}, h.Command[1:]...)
	case "CMD":
		out.Command = h.Command[1:]
	default: // a single string was meant for the shell
		out.Command = append([]string{"/bin/sh", "-c"}, h.Command...)
	}
	return out
}

// override applies RunTask's container overrides: environment merges by name,
// everything else replaces.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerOverride.html
func override(p *ContainerPlan, overrides *ecstypes.TaskOverride) {
	if overrides == nil {
		return
	}
	for _, o := range overrides.ContainerOverrides {
		if aws.ToString(o.Name) != p.Name {
			continue
		}
		if len(o.Command) > 0 {
			p.Command = o.Command
		}
		if o.Cpu != nil {
			p.CPU = int64(*o.Cpu)
		}
		if o.Memory != nil {
			p.MemoryMiB = int64(*o.Memory)
		}
		if o.MemoryReservation != nil {
			p.ReservationMiB = int64(*o.MemoryReservation)
		}
		if len(o.EnvironmentFiles) > 0 {
			p.EnvironmentFiles = files(o.EnvironmentFiles)
		}
		for _, e := range o.Environment {
			p.Environment = merged(p.Environment, Variable{aws.ToString(e.Name), aws.ToString(e.Value)})
		}
	}
}

func files(in []ecstypes.EnvironmentFile) (out []string) {
	for _, f := range in {
		out = append(out, aws.ToString(f.Value))
	}
	return out
}

func merged(vars []Variable, v Variable) []Variable {
	out := append([]Variable(nil), vars...)
	for i := range out {
		if out[i].Name == v.Name {
			out[i] = v
			return out
		}
	}
	return append(out, v)
}

// Units reads a normalised task cpu or memory ("256"); "" is 0.
func Units(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}
