package waiver

import (
	"os"
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/review/userrule"
)

// The file in the documentation is one that we read.
func TestDocumentedFile(t *testing.T) {
	text, err := os.ReadFile("../../../docs/review-file.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```json\n")
	example, _, _ := strings.Cut(rest, "```")
	f, err := Parse(Name, []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	if rules, err := userrule.Compile(f.Rules); err != nil || len(rules) != 1 {
		t.Error(err)
	}
}

func TestDocumentedDrills(t *testing.T) {
	text, err := os.ReadFile("../../../docs/drills.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```json\n")
	example, _, _ := strings.Cut(rest, "```")
	if f, err := Parse(Name, []byte(example)); err != nil || f.Drill.Slow != "/slow" {
		t.Error(err)
	}
	sample, err := os.ReadFile("../../../examples/web/hatoba-review.json")
	if err != nil {
		t.Fatal(err)
	}
	if f, err := Parse(Name, sample); err != nil || f.Drill.Slow != "/slow" {
		t.Error(err)
	}
}
