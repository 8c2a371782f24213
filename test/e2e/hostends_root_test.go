package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/test/harness"
)

// Tasks in the machine's own network find metadata and credentials too, and
// are told apart by whose socket asks: neither another task nor a program of
// the machine is let in that knows the address.
func TestEndpointsOfEC2Tasks(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	role := func(name string) func(*ecs.RegisterTaskDefinitionInput) {
		return func(in *ecs.RegisterTaskDefinitionInput) {
			in.TaskRoleArn = aws.String("arn:aws:iam::" + harness.Account + ":role/" + name)
		}
	}
	start := func(family, host string, mode types.NetworkMode, port int32) caller {
		app := w.Container("app", "inside", fmt.Sprint(port))
		app.PortMappings = []types.PortMapping{{ContainerPort: &port}}
		w.Register(family, onInstance(mode, role(family)), app)
		arn := w.Run(family, ec2)
		task := w.Until(arn, "RUNNING")
		c := caller{t, arn, fmt.Sprintf("http://%s:%d", host, hostPort(t, task, "app", port))}
		w.Eventually("the task listens", func() bool { _, err := harness.Get(c.base + "/env"); return err == nil })
		return c
	}
	one, two := start("one", "127.0.0.1", types.NetworkModeHost, free(t)), start("two", "127.0.0.1", types.NetworkModeHost, free(t))
	bridged := start("bridged", "127.0.0.1", types.NetworkModeBridge, 8080)
	check := func() {
		for name, c := range map[string]caller{"one": one, "two": two, "bridged": bridged} {
			if got := c.ask("who", ""); !strings.Contains(got, ":assumed-role/"+name+"/"+c.id()) {
				t.Errorf("%s is %s", name, got)
			}
			if got := c.object(c.env("ECS_CONTAINER_METADATA_URI_V4") + "/task"); got["TaskARN"] != c.arn {
				t.Errorf("%s: %v", name, got)
			}
		}
		for _, name := range []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "ECS_CONTAINER_METADATA_URI_V4", "AWS_ENDPOINT_URL"} {
			uri := one.env(name)
			if got := two.ask("get", uri); !strings.HasPrefix(got, "403 ") {
				t.Errorf("another task gets %s: %s", uri, got)
			}
			answer, err := http.Get(uri)
			if err != nil || answer.StatusCode != http.StatusForbidden {
				t.Errorf("the machine gets %s: %+v %v", uri, answer, err)
			}
		}
	}
	check()
	if got := one.object(one.env("ECS_CONTAINER_METADATA_URI_V4") + "/stats"); got["id"] == nil {
		t.Errorf("stats: %v", got)
	}
	away(w, one, two, bridged)
	check()
	for _, c := range []caller{one, two, bridged} {
		w.Stop(c.arn)
	}
}
