package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/read"
	"github.com/hatoba/hatoba/internal/review/reviewtest"
)

// A single static binary on scratch is what the image rules ask for: not one of
// them finds anything, or leaves a gap.
func TestScratchIsGreen(t *testing.T) {
	s, err := reviewtest.Subject(map[string][]byte{
		"Dockerfile": []byte(`# syntax=docker/dockerfile:1
ARG GO=1.26
FROM --platform=$BUILDPLATFORM golang:${GO}-alpine AS build
ARG TARGETARCH
RUN apk add --no-cache ca-certificates git tzdata
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 GOARCH=$TARGETARCH go build -trimpath -o /web ./cmd/web

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /web /web
EXPOSE 8080
USER 65532
ENTRYPOINT ["/web"]
`),
		"taskdef.json": []byte(`{"family": "web", "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}, "containerDefinitions": [{
			"name": "web", "image": "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/web:1.4.2", "portMappings": [{"containerPort": 8080}], "readonlyRootFilesystem": true,
			"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/web", "awslogs-region": "ap-northeast-1"}}}]}`),
		"image.json": []byte(`{"Ref": "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/web:1.4.2", "Size": 8000000,
			"Platforms": [{"os": "linux", "architecture": "amd64"}, {"os": "linux", "architecture": "arm64"}],
			"Config": {"architecture": "arm64", "os": "linux", "config": {"User": "65532", "Entrypoint": ["/web"], "ExposedPorts": {"8080/tcp": {}}, "Env": ["PATH=/bin"]}},
			"Layers": [{"Size": 8000000, "Unpacked": 19000000, "CreatedBy": "COPY /web /web # buildkit"}],
			"Files": [{"Path": "web", "Mode": "755", "Size": 19000000}, {"Path": "etc/ssl/certs/ca-certificates.crt", "Mode": "644", "Size": 220000}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	var rules []*review.Rule
	for _, r := range All() {
		if r.ID == "IMG-22" || r.ID == "IMG-23" { // they need a database
			continue
		}
		if strings.HasPrefix(r.ID, "IMG-") || r.ID == "CFG-03" || r.ID == "RLS-14" {
			rules = append(rules, r)
		}
	}
	for _, r := range review.Run(s, rules, review.Options{Scope: []review.Part{review.PartTaskDef, review.PartDockerfile, review.PartImage}}) {
		if r.Status != review.Pass {
			t.Errorf("%s", lines([]review.Result{r}))
		}
	}
}

func TestManyFiles(t *testing.T) {
	i := &review.Image{Ref: "app:1"}
	for n := range manyFiles + 1 {
		i.Files = append(i.Files, review.File{Path: fmt.Sprintf("app/node_modules/%d.js", n)})
	}
	out := img06Image(&review.Subject{Image: review.Have(i)})
	if len(out) != 1 || out[0].Status != review.Fail || !strings.Contains(out[0].Observed.EN, "/app/node_modules") {
		t.Errorf("%+v", out)
	}
}

func TestShellCalls(t *testing.T) {
	for text, want := range map[string]string{
		`apt-get update && apt-get install -y \` + "\n  curl":                  "apt-get update|apt-get install -y curl",
		`set -eux; if [ -f x ]; then yum -y install 'a b'; fi`:                 "set -eux|[ -f x ]|yum -y install a b|fi",
		`A=b C="d e" sudo -E env X=1 pip install x > /dev/null 2>&1 || exit 1`: "pip install x|exit 1",
		`bash -lc "curl -s http://x | tar xz" # && rm -rf /`:                   "curl -s http://x|tar xz",
		`echo "a;b" 'c&&d' e\;f >>file; exec /app &`:                           "echo a;b c&&d e;f|/app",
		"# comment\ncurl x <in &>out\n(cd /a; make)":                           "curl x|cd /a|make",
		`xargs -a list apk add --no-cache`:                                     "list apk add --no-cache",
		`"unclosed`:                                                            "unclosed",
		``:                                                                     "",
	} {
		var got []string
		for _, c := range shellCalls(text) {
			got = append(got, strings.Join(c, " "))
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%q:\n got %s\nwant %s", text, strings.Join(got, "|"), want)
		}
	}
}

func TestLayerNameTellsNoSecret(t *testing.T) {
	for _, made := range []string{
		"RUN |1 NPM_TOKEN=correct-horse /bin/sh -c npm ci", "RUN /bin/sh -c DB_PASSWORD=correct-horse make",
		"RUN /bin/sh -c git clone https://me:correct-horse@example.com/a.git", `RUN /bin/sh -c curl -H Authorization: correct-horse x`,
	} {
		if name := layerName(&review.Image{Layers: []review.Layer{{CreatedBy: made}}}, 0); strings.Contains(name, "horse") {
			t.Errorf("%s", name)
		}
	}
}

// Whatever a Dockerfile says, the rules come to an end and do not break.
func FuzzDockerfileRules(f *testing.F) {
	for _, r := range All() {
		archive, err := Examples(r.ID)
		if err != nil {
			f.Fatal(err)
		}
		for _, c := range reviewtest.Cases(archive) {
			if text := c.Files["Dockerfile"]; text != nil {
				f.Add(text)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := read.Dockerfile("Dockerfile", text)
		if err != nil {
			return
		}
		s := &review.Subject{Dockerfile: review.Have(d), Print: func(string) string { return "print" }}
		for _, r := range review.Run(s, All(), review.Options{Scope: []review.Part{review.PartDockerfile}}) {
			for _, o := range r.Outcomes {
				if strings.Contains(o.Observed.EN, "the rule itself broke") {
					t.Errorf("%s: %s", r.Rule.ID, o.Observed.EN)
				}
			}
		}
		if slices.ContainsFunc(imageStages(d), func(s *instructions.Stage) bool { return s == nil }) {
			t.Error("a stage is missing")
		}
	})
}
