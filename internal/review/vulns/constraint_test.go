package vulns

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/inventory"
)

// Open versions of the source are no gap where the image tells.
func TestLoose(t *testing.T) {
	gap := inventory.Gap{Type: inventory.PyPI, Path: "requirements.txt", Loose: true, Why: review.Say("leaves versions open", "固定なし")}
	if with := unlisted(review.PartSource, gap, []Listed{image()}); with.Note.IsZero() || !with.Why.IsZero() {
		t.Errorf("the image has packages of it: %+v", with)
	}
	if without := unlisted(review.PartSource, gap, []Listed{source()}); without.Why.IsZero() || without.How.IsZero() {
		t.Errorf("nobody tells: %+v", without)
	}
}

func TestCVSS(t *testing.T) {
	for vector, want := range map[string]float64{
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H": 9.8,
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N": 6.1,
		"CVSS:3.0/AV:L/AC:H/PR:H/UI:N/S:U/C:L/I:N/A:N": 1.9,
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H": 10,
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N": 0,
	} {
		if got, ok := cvss3(vector); !ok || got != want {
			t.Errorf("%s: got %v, want %v", vector, got, want)
		}
	}
	if _, ok := cvss3("CVSS:3.1/AV:?"); ok {
		t.Error("half a vector has no score")
	}
}

func TestConstraint(t *testing.T) {
	for constraint, want := range map[string]bool{
		">=1.0.0, <2": true, "< 1.2 || > 1.2.2": true, "1.2.3": true, "!=1.2.3": false, "~1.2.0": true, "~1.1": false, "^1.0": true, "^0.9": false, "*": true, "~> 1.2": true, "~> 1.1.0": false,
	} {
		if got, err := satisfies(inventory.NPM, "1.2.3", []string{constraint}); err != nil || got != want {
			t.Errorf("%s: got %v, %v", constraint, got, err)
		}
	}
	for _, constraint := range []string{"1.x", "><1", "<b"} {
		if _, err := satisfies(inventory.NPM, "1.2.3", []string{constraint}); err == nil {
			t.Errorf("%s is not understood", constraint)
		}
	}
}

func FuzzConstraint(f *testing.F) {
	f.Add("1.2.3", ">=1, <2 || ~> 1.2")
	f.Fuzz(func(_ *testing.T, version, constraint string) {
		_, _ = satisfies(inventory.NPM, version, []string{constraint})
		a := trivyAdvisory{VulnerableVersions: []string{constraint}, PatchedVersions: []string{constraint}}
		_, _, _ = a.affects(&item{pkg: inventory.Package{Type: inventory.Gem, Version: version}})
	})
}

func FuzzRecord(f *testing.F) {
	for _, text := range madeUp {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file := filepath.Join(t.TempDir(), "a.json")
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		_, _ = (&DB{records: &osv{path: file}}).Scan(image(), source())
	})
}
