package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/review"
)

// Every SARIF result has what code hosts refuse results without.
func TestSARIF(t *testing.T) {
	var log sarifLog
	if err := json.Unmarshal([]byte(write(t, "sarif", sample(), Options{})), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if log.Version != "2.1.0" || run.Tool.Driver.Name == "" || len(run.Tool.Driver.Rules) != 8 {
		t.Errorf("%+v", run.Tool)
	}
	kinds, prints := map[string]int{}, map[string]bool{}
	for _, r := range run.Results {
		kinds[r.Kind]++
		if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID || r.Message.Text == "" || len(r.Locations) != 1 {
			t.Errorf("%+v", r)
		}
		at := r.Locations[0].Physical
		if u, err := url.Parse(at.Artifact.URI); err != nil || at.Artifact.URI == "" || u.IsAbs() || strings.HasPrefix(u.Path, "/") || at.Region.Line < 1 {
			t.Errorf("%s: location %+v", r.RuleID, at)
		}
		if r.Kind != "fail" && r.Level != "none" {
			t.Errorf("%s: kind %s is of level none, not %s", r.RuleID, r.Kind, r.Level)
		}
		if waived := len(r.Suppressions) == 1; waived != (r.RuleID == "IMG-16" || strings.Contains(r.Message.Text, "container log")) {
			t.Errorf("%s: suppressions %v", r.Message.Text, r.Suppressions)
		}
		print := r.Fingerprints["hatobaReview/v1"]
		if prints[print] {
			t.Errorf("%s: the same print twice", r.RuleID)
		}
		prints[print] = true
		if r.RuleID == "IMG-16" && (at.Artifact.URI != "taskdef.json" || r.Locations[0].Logical[0].Name != "app:1") {
			t.Errorf("what was seen in an image points to the first file: %+v", r.Locations)
		}
	}
	if kinds["fail"] != 7 || kinds["open"] != 3 || kinds["pass"] != 0 {
		t.Errorf("%v", kinds)
	}
}

func TestPlaces(t *testing.T) {
	r := &review.Report{Inputs: []review.Input{{Part: review.PartTaskDef, Name: "web:3", Read: true}, {Part: review.PartService, Name: "ecs/service.json", Read: true},
		{Part: review.PartImage, Name: "nginx", Read: true}, {Part: review.PartSource, Name: "app", Read: true}}}
	for _, c := range []struct {
		at   review.Place
		want string
	}{
		{review.Place{File: "ecs/service.json", Line: 3}, "ecs/service.json"},
		{review.Place{File: "app/x y.go", Line: 3}, "app/x%20y.go"},
		{review.Place{File: "app/Makefile"}, "app/Makefile"},
		{review.Place{File: "app"}, "ecs/service.json"},
		{review.Place{File: ".dockerignore"}, ".dockerignore"},
		{review.Place{File: "Dockerfile.prod"}, "Dockerfile.prod"},
		{review.Place{File: "nginx"}, "ecs/service.json"},
		{review.Place{File: "nginx:1.27"}, "ecs/service.json"},
		{review.Place{File: "ghcr.io/acme/app"}, "ecs/service.json"},
		{review.Place{File: "arn:aws:ecs:us-east-1:1:task-definition/web:3", Line: 4}, "ecs/service.json"},
		{review.Place{File: "/repo/ecs/taskdef.json", Line: 4}, "ecs/taskdef.json"},
		{review.Place{}, "ecs/service.json"},
	} {
		at, _ := locate(r, c.at)
		if got := uri(at.File, "/repo"); got != c.want {
			t.Errorf("%s: %s, want %s", c.at, got, c.want)
		}
	}
	at, _ := locate(&review.Report{}, review.Place{File: "arn:aws:ecs:us-east-1:1:service/web"})
	if u, err := url.Parse(uri(at.File, "")); err != nil || u.IsAbs() {
		t.Errorf("a review without files has relative URIs, too: %s", uri(at.File, ""))
	}
}

func TestJUnit(t *testing.T) {
	var all junitSuites
	if err := xml.Unmarshal([]byte(write(t, "junit", sample(), Options{})), &all); err != nil {
		t.Fatal(err)
	}
	if len(all.Suites) != 4 || all.Tests != 8 || all.Failures != 3 || all.Skipped != 3 {
		t.Errorf("%d suites, %d tests, %d failures, %d skipped", len(all.Suites), all.Tests, all.Failures, all.Skipped)
	}
}

// Every member of the JSON report is described.
func TestJSONIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../../docs/review-report.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[reflect.Type]bool{}
	var look func(reflect.Type)
	look = func(v reflect.Type) {
		for v.Kind() == reflect.Slice || v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct || seen[v] || v.PkgPath() == "time" {
			return
		}
		seen[v] = true
		for i := range v.NumField() {
			f := v.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" {
				continue
			}
			if name != "" && !bytes.Contains(text, []byte("`"+name+"`")) {
				t.Errorf("docs/review-report.md says nothing of %s.%s", v.Name(), name)
			}
			look(f.Type)
		}
	}
	look(reflect.TypeFor[jsonReport]())
	if !bytes.Contains(text, []byte(Schema)) {
		t.Errorf("docs/review-report.md does not name %s", Schema)
	}
}

// The page asks for nothing, runs its own script only, and is whole.
func TestHTML(t *testing.T) {
	page := write(t, "html", sample(), Options{})
	for _, tag := range []string{"script", "style"} {
		found := regexp.MustCompile(`(?s)<`+tag+`>(.*?)</`+tag+`>`).FindAllStringSubmatch(page, -1)
		if len(found) != 1 || strings.Count(page, "<"+tag) != 1 || !strings.Contains(page, tag+"-src &#39;"+strings.ReplaceAll(hash(found[0][1]), "+", "&#43;")+"&#39;") {
			t.Errorf("%s: not exactly one, allowed by its hash", tag)
		}
	}
	for _, bad := range []string{" src=", "<link", "@import", "url(", " style=", " onclick", "ZgotmplZ"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	for _, id := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if strings.Count(page, ` id="`+id[1]+`"`) != 1 {
			t.Errorf("#%s leads nowhere", id[1])
		}
	}
	markup := regexp.MustCompile(`(?s)<(script|style)>.*?</(script|style)>|<!doctype html>`).ReplaceAllString(page, "")
	dec := xml.NewDecoder(strings.NewReader(markup))
	dec.Strict, dec.AutoClose, dec.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var open []string
	for {
		token, err := dec.RawToken()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		void := func(name string) bool { return name == "meta" || name == "input" }
		switch e := token.(type) {
		case xml.StartElement:
			if !void(e.Name.Local) {
				open = append(open, e.Name.Local)
			}
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != e.Name.Local {
				t.Fatalf("</%s> closes %v", e.Name.Local, open)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("left open: %v", open)
	}
}
