package image

import (
	"testing"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

func TestResolve(t *testing.T) {
	scope := state.Scope{Account: "123456789012", Region: "us-east-1"}
	const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for ref, want := range map[string]protocol.ImageSource{
		"123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app:1":    {Ref: "127.0.0.1:4566/team/app:1", PlainHTTP: true},
		"123456789012.dkr.ecr.us-east-1.amazonaws.com/app":           {Ref: "127.0.0.1:4566/app:latest", PlainHTTP: true},
		"123456789012.dkr.ecr.us-east-1.amazonaws.com/app@" + digest: {Ref: "127.0.0.1:4566/app@" + digest, PlainHTTP: true},
		"localhost:4566/app:2":                               {Ref: "127.0.0.1:4566/app:2", PlainHTTP: true},
		"127.0.0.1:4566/app:2":                               {Ref: "127.0.0.1:4566/app:2", PlainHTTP: true},
		"localhost:5000/app:2":                               {Ref: "localhost:5000/app:2", PlainHTTP: true},
		"999999999999.dkr.ecr.us-east-1.amazonaws.com/app:1": {Ref: "999999999999.dkr.ecr.us-east-1.amazonaws.com/app:1"},
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1": {Ref: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1"},
		"nginx": {Ref: "docker.io/library/nginx:latest"},
		"public.ecr.aws/docker/library/busybox:stable": {Ref: "public.ecr.aws/docker/library/busybox:stable"},
	} {
		got, err := Resolve(ref, scope, "127.0.0.1:4566")
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", ref, got, err, want)
		}
	}
	if _, err := Resolve("not a reference", scope, "127.0.0.1:4566"); err == nil {
		t.Error("an invalid reference was taken")
	}
}
