package containerd

import (
	"maps"
	"slices"
	"strings"

	"github.com/containerd/containerd/v2/pkg/cap"
)

// defaultCapabilities are Docker's, which are Fargate's.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_KernelCapabilities.html
var defaultCapabilities = []string{
	"CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_MKNOD",
	"CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",
}

// capabilities are the default ones with what is added and without what is
// dropped; ALL means all of them. What is named in both is dropped, unless
// ALL was dropped. Names are without CAP_.
func capabilities(add, drop []string) []string {
	set := map[string]bool{}
	include := func(names []string, in bool) {
		for _, n := range names {
			set[n] = in
		}
	}
	include(defaultCapabilities, true)
	if slices.Contains(add, "ALL") {
		include(cap.Known(), true)
	}
	if slices.Contains(drop, "ALL") {
		clear(set)
		include(prefixed(add), true)
	} else {
		include(prefixed(add), true)
		include(prefixed(drop), false)
	}
	maps.DeleteFunc(set, func(name string, in bool) bool { return !in || name == "CAP_ALL" })
	return slices.Sorted(maps.Keys(set))
}

func prefixed(names []string) (out []string) {
	for _, n := range names {
		out = append(out, "CAP_"+strings.TrimPrefix(strings.ToUpper(n), "CAP_"))
	}
	return out
}
