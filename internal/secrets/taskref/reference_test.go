package taskref

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// A new case is a line in the golden file.
func TestParse(t *testing.T) {
	raw, err := os.ReadFile("testdata/parse.golden")
	if err != nil {
		t.Fatal(err)
	}
	cases := 0
	for line := range strings.Lines(string(raw)) {
		in, want, ok := strings.Cut(strings.TrimSpace(line), " -> ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		cases++
		ref, err := Parse(in)
		got := "!"
		if err == nil {
			fields := []string{string(ref.Kind), ref.ID, ref.Account, ref.Region, ref.JSONKey, ref.VersionStage, ref.VersionID}
			for i, f := range fields {
				if f == "" {
					fields[i] = "-"
				}
			}
			got = strings.Join(fields, " ")
		} else if !errors.Is(err, ErrInvalidARN) {
			t.Errorf("%s: %v", in, err)
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
	if cases < 20 {
		t.Fatalf("%d cases read", cases)
	}
	if _, err := Parse(""); err == nil {
		t.Error("an empty valueFrom passes")
	}
}
