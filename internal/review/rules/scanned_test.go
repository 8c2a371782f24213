package rules

import (
	"fmt"
	"testing"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/reviewtest"
)

// What nobody can mend does not bury what can be mended.
func TestManyWithoutFix(t *testing.T) {
	scan := &review.VulnScan{Looked: []review.Part{review.PartImage}, Packages: []review.Scanned{{From: review.PartImage, Type: "deb", OS: true, Count: 30}}}
	for i := range 30 {
		v := review.Vuln{ID: "CVE-2026-1", From: review.PartImage, OS: true, Package: fmt.Sprintf("package-%02d", i), Installed: "1"}
		if i == 29 {
			v.Fixed = "2"
		}
		scan.Vulns = append(scan.Vulns, v)
	}
	s, err := reviewtest.Subject(map[string][]byte{"image.json": []byte(`{"Ref": "a"}`)})
	if err != nil {
		t.Fatal(err)
	}
	s.Vulns = review.Have(scan)
	out := scanned(s, review.PartImage, review.Place{}, true)
	if len(out) != 1+1+maxBorne+1 || out[1].Status != review.Fail || out[len(out)-1].Observed.EN != "19 more packages whose vulnerabilities are low or have no fix yet" {
		t.Errorf("got %d: %+v", len(out), out)
	}
}
