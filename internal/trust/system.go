package trust

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// System is the machine as far as it is changed.
type System struct {
	Root string // where its files are; "" is /
	Run  func(ctx context.Context, command []string) error
}

// Machine is this machine.
func Machine() System {
	return System{Run: func(ctx context.Context, command []string) error {
		out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, strings.TrimSpace(string(out)))
		}
		return nil
	}}
}

func (s System) path(p string) string { return filepath.Join("/", s.Root, p) }

// store is where a distribution keeps the authorities an administrator adds.
type store struct {
	dir, ext string
	refresh  []string // after an authority came
	forget   []string // after one went
}

// stores in the order they are looked for. Debian leaves a link to an authority
// that went, unless all links are made anew.
func stores() []store {
	return []store{
		{"/usr/local/share/ca-certificates", ".crt", []string{"update-ca-certificates"}, []string{"update-ca-certificates", "--fresh"}}, // Debian, Ubuntu, Alpine
		{"/etc/pki/ca-trust/source/anchors", ".pem", []string{"update-ca-trust", "extract"}, []string{"update-ca-trust", "extract"}},    // Fedora, RHEL, Amazon Linux
		{"/etc/ca-certificates/trust-source/anchors", ".crt", []string{"trust", "extract-compat"}, []string{"trust", "extract-compat"}}, // Arch
		{"/etc/pki/trust/anchors", ".pem", []string{"update-ca-certificates"}, []string{"update-ca-certificates"}},                      // openSUSE
	}
}

// errNoStore means that no system store was found.
var errNoStore = errors.New("this machine's store of certificate authorities is none we know: trust the authority by hand, and use --no-system-store")

func (s System) store() (store, error) {
	for _, st := range stores() {
		if info, err := os.Stat(s.path(st.dir)); err == nil && info.IsDir() {
			return st, nil
		}
	}
	return store{}, errNoStore
}
