package rules

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/reviewtest"
)

var update = flag.Bool("update", false, "write the golden answers anew")

// Every rule is proven red by its bad cases and green by its good ones; gap
// cases are not examined. A case says its outcomes in want.
func TestGolden(t *testing.T) {
	for _, r := range All() {
		t.Run(r.ID, func(t *testing.T) {
			archive, err := Examples(r.ID)
			if err != nil {
				t.Fatalf("a rule has a golden pair: %v", err)
			}
			seen := map[string]bool{}
			for _, c := range reviewtest.Cases(archive) {
				s, err := reviewtest.Subject(c.Files)
				if err != nil {
					t.Fatalf("%s: %v", c.Name, err)
				}
				kind, _, _ := strings.Cut(c.Name, "-")
				status := map[string]review.Status{"bad": review.Fail, "good": review.Pass, "gap": review.NotExamined}[kind]
				seen[kind] = true
				got := review.Run(s, []*review.Rule{r}, review.Options{Scope: given(s)})
				if len(got) != 1 || got[0].Status != status {
					t.Errorf("%s: want %s, got %s", c.Name, status, lines(got))
				}
				if *update {
					setWant(archive, c.Name, lines(got))
				} else if lines(got) != c.Want {
					t.Errorf("%s:\n got %s\nwant %s", c.Name, lines(got), c.Want)
				}
			}
			if !seen["bad"] || !seen["good"] {
				t.Errorf("a rule is proven red and green: %v", seen)
			}
			if *update {
				if err := os.WriteFile("golden/"+r.ID+".txtar", txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// given is the scope of a case: the parts it has.
func given(s *review.Subject) (scope []review.Part) {
	for part, ok := range map[review.Part]bool{
		review.PartTaskDef: s.TaskDef.OK, review.PartService: s.Service.OK, review.PartDockerfile: s.Dockerfile.OK,
		review.PartImage: s.Image.OK, review.PartSource: s.Source.OK, review.PartLive: s.Live.OK, review.PartDrill: s.Drills.OK,
	} {
		if ok {
			scope = append(scope, part)
		}
	}
	return scope
}

func lines(results []review.Result) string {
	var b strings.Builder
	for _, r := range results {
		for _, o := range r.Outcomes {
			fmt.Fprintf(&b, "%s %s %s\n", o.Status, o.Place, o.Observed.EN)
		}
	}
	return b.String()
}

func setWant(a *txtar.Archive, name, want string) {
	for i := range a.Files {
		if a.Files[i].Name == name+"/want" {
			a.Files[i].Data = []byte(want)
			return
		}
	}
	a.Files = append(a.Files, txtar.File{Name: name + "/want", Data: []byte(want)})
}

func TestEveryRuleIsWhole(t *testing.T) {
	var ids []string
	for _, r := range All() {
		for name, text := range map[string]review.Text{"title": r.Title, "why": r.Why, "todo": r.Todo} {
			if text.EN == "" || text.JA == "" {
				t.Errorf("%s: %s wants both languages", r.ID, name)
			}
		}
		if r.Pillar == "" || len(r.Sources) == 0 || len(r.Checks) == 0 {
			t.Errorf("%s: pillar, sources and checks are not optional", r.ID)
		}
		for _, c := range r.Checks {
			if len(c.Needs) == 0 || c.Run == nil {
				t.Errorf("%s: a check needs something and looks at it", r.ID)
			}
		}
		ids = append(ids, r.ID)
	}
	files, err := os.ReadDir("golden")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !slices.Contains(ids, strings.TrimSuffix(f.Name(), ".txtar")) {
			t.Errorf("golden/%s belongs to no rule", f.Name())
		}
	}
	slices.Sort(ids)
	if len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Errorf("an id is given once: %v", ids)
	}
}

// No rule breaks on what users write: half-empty definitions of every kind.
func TestNoRuleBreaks(t *testing.T) {
	for _, text := range []string{
		`{"containerDefinitions": [{}]}`,
		`{"containerDefinitions": [{"environment": [{}], "secrets": [{}], "portMappings": [{}], "logConfiguration": {}, "healthCheck": {}, "linuxParameters": {}, "mountPoints": [{}], "dependsOn": [{}], "ulimits": [{}], "firelensConfiguration": {}}], "volumes": [{}], "runtimePlatform": {}, "tags": [{}]}`,
		`{"containerDefinitions": [{"name": 7, "image": [], "nobody": {"knows": "this"}}], "cpu": 256}`,
	} {
		for _, service := range []string{`{}`, `{"loadBalancers": [{}], "networkConfiguration": {}, "deploymentConfiguration": {}, "serviceRegistries": [{}], "tags": [{}]}`} {
			s, err := reviewtest.Subject(map[string][]byte{
				"taskdef.json": []byte(text), "service.json": []byte(service), "Dockerfile": []byte("FROM scratch\n"),
				"image.json": []byte(`{}`), "source/empty": nil, "live.json": []byte(`{}`),
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range review.Run(s, All(), review.Options{}) {
				for _, o := range r.Outcomes {
					if strings.Contains(o.Observed.EN, "the rule itself broke") {
						t.Errorf("%s on %s: %s", r.Rule.ID, text, o.Observed.EN)
					}
				}
			}
		}
	}
}
