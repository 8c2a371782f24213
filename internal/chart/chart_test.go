package chart

import (
	"encoding/xml"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

func sample() Chart {
	return Chart{
		Title: "load & tasks", X: "minutes", Y: "tasks <n>",
		Lines: []Line{
			{Name: "load", Points: []Point{{0, 1}, {5, 7}, {10, 2}}},
			{Name: "desired", Points: []Point{{0, 1}, {6, 4}, {10, 4}}, Steps: true},
		},
	}
}

func TestGolden(t *testing.T) {
	for name, got := range map[string]string{"chart.txt": sample().Text(40, 9), "chart.svg": string(sample().SVG()), "empty.txt": Chart{}.Text(10, 3)} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || got != string(want) {
			t.Errorf("%s (%v):\n%s", name, err, got)
		}
	}
}

func TestAnSVGIsXML(t *testing.T) {
	for _, c := range []Chart{sample(), {}} {
		if err := xml.Unmarshal(c.SVG(), new(struct{})); err != nil {
			t.Error(err)
		}
	}
}

func TestRound(t *testing.T) {
	for v, want := range map[float64]float64{0: 1, 0.3: 0.5, 1: 1, 1.1: 2, 2.4: 2.5, 26: 50, 100: 100, 101: 200} {
		if got := round(v); got != want {
			t.Errorf("above %v: %v, not %v", v, got, want)
		}
	}
}

// A legend's long name is within the picture, and a round number is written out.
func TestLongNamesAndLargeNumbers(t *testing.T) {
	name := strings.Repeat("spread", 12)
	svg := string(Chart{Lines: []Line{{Name: name, Points: []Point{{X: 0, Y: 0}, {X: 1, Y: 10000}}}}}.SVG())
	var wide, high int
	if _, err := fmt.Sscanf(svg[strings.Index(svg, "viewBox"):], `viewBox="0 0 %d %d"`, &wide, &high); err != nil || wide < 708+6*len(name) {
		t.Errorf("%d wide, %v", wide, err)
	}
	if strings.Contains(svg, "e+") || !strings.Contains(svg, ">10000<") {
		t.Error(svg)
	}
}
