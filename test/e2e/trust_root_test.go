package e2e

import (
	"os/exec"
	"testing"

	"github.com/hatoba/hatoba/test/harness"
)

// docker, skopeo and crane, as far as they are installed, reach us by ECR's host
// name after `hatoba trust install`, and nothing is left after `trust remove`.
// It all happens in mount and network namespaces of its own.
func TestTrust(t *testing.T) {
	harness.NeedRoot(t)
	if _, err := exec.LookPath("update-ca-certificates"); err != nil {
		t.Skip("written for Debian's store of authorities")
	}
	out, err := exec.Command("unshare", "--mount", "--net", "--propagation", "private",
		"sh", "testdata/trust.sh", harness.Binary(t, "hatoba"), harness.Binary(t, "app"), t.TempDir()).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}
