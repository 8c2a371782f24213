package parity

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/reviewtest"
)

func subject(t *testing.T, taskdef, service string) *review.Subject {
	t.Helper()
	files := map[string][]byte{"taskdef.json": []byte(taskdef)}
	if service != "" {
		files["service.json"] = []byte(service)
	}
	s, err := reviewtest.Subject(files)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const (
	digest  = "@sha256:8f1ad1b4b5a8a54f3f3b9a9e0c2b7f4f0c4d3f8d8c8b0a1f3e2d1c0b9a897867"
	staging = `{"family": "web-staging", "cpu": "256", "containerDefinitions": [
		{"name": "app", "image": "111111111111.dkr.ecr.us-east-1.amazonaws.com/web` + digest + `",
		 "environment": [{"name": "DB_HOST", "value": "staging-db"}, {"name": "DB_PASSWORD", "value": "one-secret"}],
		 "secrets": [{"name": "KEY", "valueFrom": "arn:staging"}]}]}`
	production = `{"taskDefinitionArn": "arn:x", "revision": 7, "family": "web", "cpu": "256", "volumes": [], "containerDefinitions": [
		{"name": "app", "image": "222222222222.dkr.ecr.us-east-1.amazonaws.com/web` + digest + `",
		 "secrets": [{"valueFrom": "arn:production", "name": "KEY"}],
		 "environment": [{"name": "DB_PASSWORD", "value": "two-secret"}, {"name": "DB_HOST", "value": "db"}]}]}`
)

func lines(all []Difference) string {
	var b strings.Builder
	for _, d := range all {
		fmt.Fprintf(&b, "%s %s %s %q %q\n", d.Class, d.Rule, d.Path, d.A, d.B)
	}
	return b.String()
}

func TestEnvironmentsMayDifferInWhatTheyAreFor(t *testing.T) {
	all := Compare(subject(t, staging, `{"desiredCount": 1}`), subject(t, production, `{"desiredCount": 4}`))
	if Verdict(all) != review.Ready || len(all) != 6 {
		t.Errorf("%s", lines(all))
	}
	if text := lines(all); strings.Contains(text, "one-secret") || strings.Contains(text, "two-secret") || !strings.Contains(text, "fingerprint") {
		t.Errorf("a secret is shown:\n%s", text)
	}
	if all := Compare(subject(t, production, ""), subject(t, production, "")); len(all) != 0 {
		t.Errorf("the same is the same: %s", lines(all))
	}
}

func TestShapeAndImage(t *testing.T) {
	for name, tc := range map[string]struct {
		old, new string
		want     review.Verdict
		line     string
	}{
		"another size":       {`"cpu": "256"`, `"cpu": "512"`, review.NotReady, `shape RLS-03 taskdef.cpu "256" "512"`},
		"a variable missing": {`{"name": "DB_PASSWORD", "value": "two-secret"}, `, ``, review.NotReady, `shape RLS-03 taskdef.containerDefinitions[app].environment[DB_PASSWORD].name "DB_PASSWORD" ""`},
		"another image":      {digest, strings.Replace(digest, "8f1a", "0000", 1), review.NotReady, "image IMG-34"},
		"a tag":              {digest, ":v1", review.Unknown, ""},
		"a field nobody knows": {`"cpu": "256"`, `"cpu": "256", "newField": {"deep": true}`, review.NotReady,
			`shape RLS-03 taskdef.newField.deep "" "true"`},
	} {
		a, b := subject(t, staging, ""), subject(t, strings.ReplaceAll(production, tc.old, tc.new), "")
		if name == "a tag" {
			a = subject(t, strings.ReplaceAll(staging, tc.old, tc.new), "")
		}
		all := Compare(a, b)
		if Verdict(all) != tc.want || !strings.Contains(lines(all), tc.line) {
			t.Errorf("%s: %s\n%s", name, Verdict(all), lines(all))
		}
	}
}

func TestWritten(t *testing.T) {
	all := Compare(subject(t, staging, ""), subject(t, strings.Replace(production, `"256"`, `"512"`, 1), ""))
	for _, lang := range []review.Lang{review.English, review.Japanese} {
		var b strings.Builder
		if err := Text(&b, all, lang); err != nil || !strings.Contains(b.String(), "taskdef.json:1:") || !strings.Contains(b.String(), "RLS-03") {
			t.Errorf("%v\n%s", err, b.String())
		}
	}
	var b strings.Builder
	if err := JSON(&b, nil); err != nil || !strings.Contains(b.String(), `"differences": []`) || !strings.Contains(b.String(), `"verdict": "ready"`) {
		t.Errorf("%v %s", err, b.String())
	}
}
