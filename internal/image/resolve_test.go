package image

import (
	"reflect"
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

const someDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestResolve(t *testing.T) {
	scope := state.Scope{Account: "123456789012", Region: "us-east-1"}
	const ours = "127.0.0.1:4566/123456789012/us-east-1/"
	for ref, want := range map[string]protocol.ImageSource{
		"123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app:1":          {Ref: ours + "team/app:1", PlainHTTP: true},
		"123456789012.dkr.ecr.us-east-1.amazonaws.com/app":                 {Ref: ours + "app:latest", PlainHTTP: true},
		"123456789012.dkr.ecr.us-east-1.amazonaws.com/app@" + someDigest:   {Ref: ours + "app@" + someDigest, PlainHTTP: true},
		"123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1@" + someDigest: {Ref: ours + "app@" + someDigest, PlainHTTP: true},
		"localhost:4566/app:2":                               {Ref: "127.0.0.1:4566/app:2", PlainHTTP: true},
		"127.0.0.1:4566/app:2":                               {Ref: "127.0.0.1:4566/app:2", PlainHTTP: true},
		"127.9.9.9:4566/app:2":                               {Ref: "127.0.0.1:4566/app:2", PlainHTTP: true},
		"localhost:5000/app:2":                               {Ref: "localhost:5000/app:2", PlainHTTP: true},
		"999999999999.dkr.ecr.us-east-1.amazonaws.com/app:1": {Ref: "999999999999.dkr.ecr.us-east-1.amazonaws.com/app:1"},
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1": {Ref: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1"},
		"nginx":           {Ref: "docker.io/library/nginx:latest"},
		"grafana/loki:3":  {Ref: "docker.io/grafana/loki:3"},
		"host.name/app:1": {Ref: "host.name/app:1"},
		"public.ecr.aws/docker/library/busybox:stable": {Ref: "public.ecr.aws/docker/library/busybox:stable"},
	} {
		got, own, err := Resolve(ref, scope, "127.0.0.1:4566")
		if err != nil || !reflect.DeepEqual(got, want) || own != strings.HasPrefix(want.Ref, "127.0.0.1:4566/") {
			t.Errorf("%s: %+v, %v; want %+v", ref, got, err, want)
		}
	}
	for _, bad := range []string{"not a reference", "", "app/UPPER", "app@sha256:short"} {
		if got, _, err := Resolve(bad, scope, "127.0.0.1:4566"); err == nil {
			t.Errorf("%q was taken as %+v", bad, got)
		}
	}
}

// A listener on every address is dialled on loopback.
func TestResolveDialsLoopback(t *testing.T) {
	for listen, want := range map[string]string{
		"0.0.0.0:80": "127.0.0.1:80/app:1", "[::]:80": "[::1]:80/app:1", ":80": "127.0.0.1:80/app:1", "10.0.0.7:80": "10.0.0.7:80/app:1",
	} {
		got, _, err := Resolve("localhost:80/app:1", state.Scope{}, listen)
		if err != nil || got.Ref != want || !got.PlainHTTP {
			t.Errorf("%s: %+v, %v; want %s", listen, got, err, want)
		}
	}
}

func TestParseRef(t *testing.T) {
	for ref, want := range map[string]Ref{
		"web":                         {Host: "docker.io", Repository: "library/web", Tag: "latest"},
		"localhost:4566/team/app:1":   {Host: "localhost:4566", Repository: "team/app", Tag: "1"},
		"quay.io/app:1@" + someDigest: {Host: "quay.io", Repository: "app", Digest: someDigest},
		"quay.io/app@" + someDigest:   {Host: "quay.io", Repository: "app", Digest: someDigest},
	} {
		if got, err := ParseRef(ref); err != nil || got != want {
			t.Errorf("%s: %+v, %v", ref, got, err)
		}
	}
}
