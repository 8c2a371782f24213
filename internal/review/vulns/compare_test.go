package vulns

import (
	"testing"

	"github.com/hatoba/hatoba/internal/review/inventory"
)

func TestCompare(t *testing.T) {
	for kind, ascending := range map[string][]string{
		inventory.Deb:   {"1.0~~", "1.0~rc1-1", "1.0", "1.0-0ubuntu1", "1.0-1", "1.0-1+b1", "1.0-1.1", "1.0a-1", "1.0+dfsg-1", "1.2.3", "1.10", "1:0.1"},
		inventory.RPM:   {"1.0~rc1-1", "1.0-1.el9", "1.0-1.el9_2", "1.0-2", "1.0^git1-1", "1.0a-1", "1.0.1-1", "1.2-1", "1.10-1", "1:0.1-1"},
		inventory.APK:   {"1.0_alpha1-r0", "1.0_rc1-r0", "1.0_rc2-r0", "1.0-r0", "1.0-r2", "1.0-r10", "1.0_git20200101-r0", "1.0_p1-r0", "1.0a-r0", "1.0.05", "1.0.1", "1.2", "1.10"},
		inventory.NPM:   {"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.2.0", "1.10.0", "99999999999999999999.0.0"},
		inventory.Go:    {"v0.0.0-20210911072402-73bd0ce46c49", "v0.0.0-20220101000000-aaaaaaaaaaaa", "0.1.0", "v1.22rc1", "1.22.0", "v1.22.1", "v2.0.0+incompatible"},
		inventory.PyPI:  {"1.0.dev1", "1.0a1.dev1", "1.0a1", "1.0b2", "1.0rc1", "1.0", "1.0+local.1", "1.0.post1.dev2", "1.0.post1", "1.0.1", "1.2", "1.10", "1!0.1"},
		inventory.Maven: {"1-alpha-1", "1-a2", "1-beta", "1-milestone", "1-rc1", "1-snapshot", "1", "1-sp", "1-foo", "1-1", "1.1", "1.1.1-jre", "1.2", "1.10"},
		inventory.Gem:   {"1.0.0.beta1", "1.0.0.rc1", "1.0.0", "1.0.1", "1.2", "1.10"},
	} {
		for i := range ascending {
			for j := range ascending {
				want := 0
				if i < j {
					want = -1
				} else if i > j {
					want = 1
				}
				if got, err := compare(kind, ascending[i], ascending[j]); err != nil || got != want {
					t.Errorf("%s: %s with %s: got %d, %v; want %d", kind, ascending[i], ascending[j], got, err, want)
				}
			}
		}
	}
	for kind, equal := range map[string][2]string{
		inventory.Deb: {"0:1.0", "1.0"}, inventory.RPM: {"1.0", "1.0-5"}, inventory.NPM: {"v1.2", "1.2.0+build"},
		inventory.PyPI: {"1.0.0-RC.1", "1c1"}, inventory.Maven: {"1.0.0.Final", "1"}, inventory.Gem: {"1.0", "1"},
	} {
		if got, err := compare(kind, equal[0], equal[1]); err != nil || got != 0 {
			t.Errorf("%s: %s is %s: got %d, %v", kind, equal[0], equal[1], got, err)
		}
	}
	for _, kind := range []string{inventory.APK, inventory.NPM, inventory.PyPI} {
		if _, err := compare(kind, "not a version", "1.0"); err == nil {
			t.Errorf("%s: not a version", kind)
		}
	}
}

func FuzzCompare(f *testing.F) {
	f.Add("1.0~rc1-1", "1:2")
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, kind := range []string{inventory.Deb, inventory.RPM, inventory.APK, inventory.NPM, inventory.PyPI, inventory.Maven, inventory.Gem} {
			x, err := compare(kind, a, b)
			y, _ := compare(kind, b, a)
			if err == nil && (x > 0) != (y < 0) {
				t.Errorf("%s: %q with %q: %d, and back %d", kind, a, b, x, y)
			}
		}
	})
}
