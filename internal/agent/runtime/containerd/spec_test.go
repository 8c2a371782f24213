package containerd

import (
	"slices"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

func TestArguments(t *testing.T) {
	image := ocispec.ImageConfig{Entrypoint: []string{"/entry"}, Cmd: []string{"cmd"}}
	for _, c := range []struct {
		spec runtime.Spec
		want string
	}{
		{runtime.Spec{}, "/entry cmd"},
		{runtime.Spec{Command: []string{"other"}}, "/entry other"},
		{runtime.Spec{EntryPoint: []string{"/mine"}}, "/mine"},
		{runtime.Spec{EntryPoint: []string{"/mine"}, Command: []string{"a", "b"}}, "/mine a b"},
		{runtime.Spec{InitProcess: true}, "/.hatoba-init -- /entry cmd"},
	} {
		if got := strings.Join(arguments(c.spec, image), " "); got != c.want {
			t.Errorf("%+v: %q", c.spec, got)
		}
	}
	if got := arguments(runtime.Spec{InitProcess: true}, ocispec.ImageConfig{}); len(got) != 0 {
		t.Errorf("nothing to run: %q", got)
	}
}

func TestEnvironment(t *testing.T) {
	image := ocispec.ImageConfig{Env: []string{"PATH=/bin", "A=image", "B=image"}}
	spec := runtime.Spec{Hostname: "host", Env: []string{"B=task", "C=x=y", "EMPTY="}}
	want := []string{"PATH=/bin", "HOSTNAME=host", "A=image", "B=task", "C=x=y", "EMPTY="}
	if diff := cmp.Diff(want, environment(spec, image)); diff != "" {
		t.Error(diff)
	}
	if got := environment(runtime.Spec{}, ocispec.ImageConfig{})[0]; got != searchPath {
		t.Error(got)
	}
}

func TestCapabilities(t *testing.T) {
	has := func(set []string, name string) bool { return strings.Contains(strings.Join(set, " ")+" ", name+" ") }
	if got := capabilities(nil, nil); len(got) != 14 {
		t.Errorf("default: %v", got)
	}
	if got := capabilities([]string{"SYS_PTRACE"}, []string{"MKNOD", "cap_net_raw"}); !has(got, "CAP_SYS_PTRACE") || has(got, "CAP_MKNOD") || has(got, "CAP_NET_RAW") || len(got) != 13 {
		t.Errorf("%v", got)
	}
	if got := capabilities(nil, []string{"ALL"}); len(got) != 0 {
		t.Errorf("all dropped: %v", got)
	}
	if got := capabilities([]string{"KILL"}, []string{"ALL"}); len(got) != 1 || got[0] != "CAP_KILL" {
		t.Errorf("all dropped but one: %v", got)
	}
	if got := capabilities([]string{"ALL"}, []string{"SYS_ADMIN"}); !has(got, "CAP_NET_ADMIN") || has(got, "CAP_SYS_ADMIN") || has(got, "CAP_ALL") {
		t.Errorf("all but one: %v", got)
	}
}

func TestMounts(t *testing.T) {
	got := mounts([]runtime.Mount{
		{Type: "bind", Source: "/from", Destination: "/to", ReadOnly: true},
		{Type: "tmpfs", Destination: "/tmp", Options: []string{"size=1m", "exec"}},
	})
	want := []specs.Mount{
		{Type: "bind", Source: "/from", Destination: "/to", Options: []string{"rbind", "rprivate", "ro"}},
		{Type: "tmpfs", Source: "tmpfs", Destination: "/tmp", Options: []string{"noexec", "nosuid", "nodev", "size=1m", "exec"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMemory(t *testing.T) {
	if got := memory(runtime.Spec{}, true); got != nil {
		t.Errorf("%+v", got)
	}
	got := memory(runtime.Spec{MemoryMiB: 2, ReservationMiB: 1}, true)
	if *got.Limit != 2<<20 || *got.Reservation != 1<<20 || *got.Swap != *got.Limit {
		t.Errorf("%+v", got)
	}
	if got := memory(runtime.Spec{MemoryMiB: 2}, false); got.Swap != nil {
		t.Errorf("%+v", got)
	}
}

func TestClamp(t *testing.T) {
	bounds := map[string]uint64{"nofile": 1000, "core": unix.RLIM_INFINITY}
	bound := func(name string) uint64 { return bounds[name] }
	limits, clamped := clamp(withNofile([]runtime.Ulimit{{Name: "core", Soft: -1, Hard: -1}}), bound)
	want := []specs.POSIXRlimit{
		{Type: "RLIMIT_NOFILE", Soft: 1000, Hard: 1000},
		{Type: "RLIMIT_CORE", Soft: unix.RLIM_INFINITY, Hard: unix.RLIM_INFINITY},
	}
	if diff := cmp.Diff(want, limits); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"nofile=1000"}, clamped); diff != "" {
		t.Error(diff)
	}
	limits, clamped = clamp(withNofile([]runtime.Ulimit{{Name: "nofile", Soft: 10, Hard: 20}}), bound)
	if len(limits) != 1 || limits[0].Soft != 10 || limits[0].Hard != 20 || len(clamped) != 0 {
		t.Errorf("%+v %v", limits, clamped)
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		`failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "x": executable file not found in $PATH: unknown`: `failed to create new container runtime task: unable to start container process: exec: "x": executable file not found in $PATH`,
		`OCI runtime exec failed: exec failed: unable to start container process: nope`:                                                                                        `failed to create new container runtime task: unable to start container process: nope`,
	} {
		if got := clean(errorString(in)); got.Error() != want {
			t.Errorf("%s", got)
		}
	}
}

type errorString string

func (e errorString) Error() string { return string(e) }

func TestSignalNumber(t *testing.T) {
	for name, want := range map[string]int{"SIGTERM": 15, "term": 15, "9": 9, "SIGUSR1": 10} {
		if got, err := signalNumber(name); err != nil || int(got) != want {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
	for _, name := range []string{"", "SIG", "nope", "0", "99", "-1"} {
		if got, err := signalNumber(name); err == nil {
			t.Errorf("%q: %v", name, got)
		}
	}
}

// The profile is of the architectures whose programs run on Fargate.
func TestProfileWithoutX32(t *testing.T) {
	s := &oci.Spec{Linux: &specs.Linux{Seccomp: &specs.LinuxSeccomp{Architectures: []specs.Arch{specs.ArchX86_64, specs.ArchX86, specs.ArchX32}}}}
	withoutX32(s)
	if got := s.Linux.Seccomp.Architectures; !slices.Equal(got, []specs.Arch{specs.ArchX86_64, specs.ArchX86}) {
		t.Errorf("%v", got)
	}
}
