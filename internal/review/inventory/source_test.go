package inventory

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/review"
)

func TestSource(t *testing.T) {
	s := &review.Source{Root: "app"}
	for name, text := range map[string]string{
		"go.mod":            "module acme\n\ngo 1.26\n\nrequire (\n\texample.com/a v1.0.0\n\texample.com/b v1.1.0 // indirect\n\texample.com/own v0.1.0\n)\nrequire example.com/c v2.0.0+incompatible\nreplace example.com/b => example.com/fork v1.2.0\nreplace example.com/own => ../own\n",
		"package-lock.json": "{\n\"packages\": {\n\"\": {\"version\": \"1.0.0\"},\n\"node_modules/a\": {\"version\": \"1.0.0\"},\n\"node_modules/a/node_modules/@x/b\": {\"version\": \"2.0.0\"},\n\"node_modules/tool\": {\"version\": \"3.0.0\", \"dev\": true}}}",
		"old/package-lock.json": `{"dependencies": {"a": {"version": "1.0.0", "dependencies": {"b": {"version": "1.1.0"}}},
 "tool": {"version": "1.0.0", "dev": true}}}`,
		"yarn.lock":           "# yarn lockfile v1\n\n\"@x/a@^1.0.0\", \"@x/a@^1.1.0\":\n  version \"1.2.0\"\n  dependencies:\n    version \"9\"\n\nb@^1:\n  version \"1.0.1\"\n",
		"berry/yarn.lock":     "__metadata:\n  version: 8\n\n\"a@npm:^1.0.0\":\n  version: 1.2.0\n  resolution: \"a@npm:1.2.0\"\n\n\"app@workspace:.\":\n  version: 0.0.0-use.local\n",
		"pnpm-lock.yaml":      "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n\npackages:\n\n  '@x/a@1.0.0(b@1.0.0)':\n    resolution: {integrity: x}\n\n  /b/1.1.0:\n    dev: true\n\nsnapshots:\n\n  c@1.0.0:\n    {}\n",
		"requirements.txt":    "# all\nflask==3.0.0 --hash=sha256:aa\nrequests[socks] == 2.31.0 ; python_version > '3'\nloose>=1\n-r more.txt\n",
		"poetry.lock":         "[[package]]\nname = \"flask\"\nversion = \"3.0.0\"\n\n[package.dependencies]\nversion = \"9\"\n\n[[package]]\nname = \"pytest\"\nversion = \"8\"\ngroups = [\"dev\"]\n\n[metadata]\nname = \"no\"\nversion = \"1\"\n",
		"Pipfile.lock":        `{"default": {"flask": {"version": "==3.0.1"}}, "develop": {"pytest": {"version": "==8"}}}`,
		"Gemfile.lock":        "PATH\n  remote: .\n  specs:\n    own (0.1)\n\nGEM\n  remote: https://rubygems.org/\n  specs:\n    rack (3.0.0)\n      dep (>= 1)\n    nokogiri (1.16.0-x86_64-linux)\n\nDEPENDENCIES\n  rack\n",
		"Cargo.lock":          "version = 3\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"serde\"\nversion = \"1.0.1\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n",
		"composer.lock":       `{"packages": [{"name": "acme/log", "version": "v1.0.0", "license": ["MIT"]}], "packages-dev": [{"name": "acme/test", "version": "1.0.0"}]}`,
		"gradle.lockfile":     "# by gradle\norg.acme:core:1.5=compileClasspath,runtimeClasspath\norg.acme:test:1.0=testRuntimeClasspath\nempty=\n",
		"pom.xml":             "<project><properties><v>1.5</v></properties>\n<dependencies>\n<dependency><groupId>org.acme</groupId><artifactId>web</artifactId><version>${v}</version></dependency>\n<dependency><groupId>org.acme</groupId><artifactId>parented</artifactId></dependency>\n<dependency><groupId>org.acme</groupId><artifactId>test</artifactId><version>1</version><scope>test</scope></dependency></dependencies></project>",
		"broken/package.json": "{",
		"package.json":        `{"dependencies": {"a": "^1"}}`,
		"web/package.json":    `{"dependencies": {"a": "^1"}}`,
		"tool/build.gradle":   "dependencies {\n  implementation 'org.acme:core:1.+'\n}\n",
		"lib/pyproject.toml":  "[project]\ndependencies = []\n",
	} {
		s.Files = append(s.Files, review.SourceFile{Path: name, Size: int64(len(text)), Text: text})
	}
	if gaps := unlocked(&review.Source{Files: []review.SourceFile{{Path: "a/Cargo.toml", Text: "[dependencies]\nserde = \"1\"\n"}, {Path: "b/Gemfile", Text: "gem 'rack'\n"}, {Path: "c/pyproject.toml", Text: "[project]\ndependencies = [\n  \"flask\"]\n"}, {Path: "d/composer.json", Text: `{"require": {"acme/log": "*"}}`}}}); len(gaps) != 4 {
		t.Errorf("manifests without locks: %+v", gaps)
	}
	s.Files = append(s.Files, review.SourceFile{Path: "huge/yarn.lock", Size: 2 << 20})
	packages, gaps := FromSource(s)
	equal(t, purls(packages), `
pkg:cargo/serde@1.0.1 app/Cargo.lock:7
pkg:composer/acme/log@1.0.0 app/composer.lock:1
pkg:gem/nokogiri@1.16.0 app/Gemfile.lock:11
pkg:gem/rack@3.0.0 app/Gemfile.lock:9
pkg:golang/example.com/a@v1.0.0 app/go.mod:6
pkg:golang/example.com/c@v2.0.0%2Bincompatible app/go.mod:10
pkg:golang/example.com/fork@v1.2.0 app/go.mod:7
pkg:maven/org.acme/core@1.5 app/gradle.lockfile:2
pkg:maven/org.acme/web@1.5 app/pom.xml:3
pkg:npm/%40x/a@1.0.0 app/pnpm-lock.yaml:10
pkg:npm/%40x/a@1.2.0 app/yarn.lock:3
pkg:npm/%40x/b@2.0.0 app/package-lock.json:5
pkg:npm/a@1.0.0 app/old/package-lock.json:1
pkg:npm/a@1.0.0 app/package-lock.json:4
pkg:npm/a@1.2.0 app/berry/yarn.lock:4
pkg:npm/b@1.0.1 app/yarn.lock:8
pkg:npm/b@1.1.0 app/old/package-lock.json:1
pkg:pypi/flask@3.0.0 app/poetry.lock:1
pkg:pypi/flask@3.0.0 app/requirements.txt:2
pkg:pypi/flask@3.0.1 app/Pipfile.lock:1
pkg:pypi/requests@2.31.0 app/requirements.txt:3`)
	var told []string
	for _, g := range gaps {
		told = append(told, g.Path+" "+g.Why.EN)
	}
	for _, want := range []string{"app/requirements.txt names 1 packages without an exact version", "app/pom.xml names 1 packages without an exact version", "app/huge/yarn.lock is too large to be read (2048 KiB)"} {
		if !strings.Contains(strings.Join(told, "\n"), want) {
			t.Errorf("%q is missing in %q", want, told)
		}
	}
}

func TestCycloneDX(t *testing.T) {
	packages := []Package{{Type: NPM, Name: "a", Version: "1.0.0", Path: "x/package.json", License: "MIT"}, {Type: NPM, Name: "a", Version: "1.0.0", Path: "y/package.json"}}
	of := Subject{Name: "app:1", Image: true, Time: time.Unix(0, 0), Serial: "urn:uuid:00000000-0000-4000-8000-000000000000", Hatoba: "test"}
	var one, two bytes.Buffer
	for _, w := range []*bytes.Buffer{&one, &two} {
		if err := CycloneDX(w, packages, of); err != nil {
			t.Fatal(err)
		}
	}
	if one.String() != two.String() {
		t.Error("equal arguments give equal bytes")
	}
	for _, want := range []string{`"specVersion": "1.6"`, `"purl": "pkg:npm/a@1.0.0"`, `"bom-ref": "pkg:npm/a@1.0.0#2"`, `"type": "container"`, `"timestamp": "1970-01-01T00:00:00Z"`} {
		if !strings.Contains(one.String(), want) {
			t.Errorf("%s is missing in\n%s", want, one.String())
		}
	}
}

func FuzzSource(f *testing.F) {
	names := []string{"package-lock.json", "yarn.lock", "pnpm-lock.yaml", "go.mod", "poetry.lock", "Pipfile.lock", "Gemfile.lock", "composer.lock", "gradle.lockfile", "pom.xml", "requirements.txt"}
	for i := range names {
		f.Add(i, "a@1:\n  version \"1\"\n")
	}
	f.Fuzz(func(_ *testing.T, i int, text string) {
		name := names[((i%len(names))+len(names))%len(names)]
		packages, _ := FromSource(&review.Source{Files: []review.SourceFile{{Path: name, Size: int64(len(text)), Text: text}}})
		for _, p := range packages {
			_ = p.PURL()
		}
	})
}

func FuzzVisit(f *testing.F) {
	names := []string{"var/lib/dpkg/status", "lib/apk/db/installed", "a.jar", "x.dist-info/METADATA", "etc/os-release", "app", "var/lib/rpm/rpmdb.sqlite"}
	for i := range names {
		f.Add(i, "Package: a\nVersion: 1\n")
	}
	if text, err := os.ReadFile("testdata/rpmdb.sqlite"); err == nil {
		f.Add(6, string(text))
	}
	f.Fuzz(func(_ *testing.T, i int, text string) {
		c := NewCollector()
		_ = c.Visit(review.File{Path: names[((i%len(names))+len(names))%len(names)], Size: max(int64(len(text)), minBinary), Mode: 0o755}, strings.NewReader(text))
		c.Packages()
		c.Gaps()
	})
}
