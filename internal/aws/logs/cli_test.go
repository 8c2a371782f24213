package cloudwatchlogs_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestCLI runs the aws command line against the service, where it is
// installed.
func TestCLI(t *testing.T) {
	if _, err := exec.LookPath("aws"); err != nil || testing.Short() {
		t.Skip("no aws command, or -short")
	}
	address := serve(t)
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "aws", append([]string{"logs", "--endpoint-url", address, "--region", "eu-west-1", "--output", "text"}, args...)...)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_ACCESS_KEY_ID=123456789012", "AWS_SECRET_ACCESS_KEY=x", "LC_ALL=C.UTF-8"}
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			return strings.TrimSpace(stderr.String())
		}
		return strings.TrimSpace(string(out))
	}
	run("create-log-group", "--log-group-name", "/ecs/app", "--tags", "a=b")
	run("create-log-stream", "--log-group-name", "/ecs/app", "--log-stream-name", "web/1")
	run("put-log-events", "--log-group-name", "/ecs/app", "--log-stream-name", "web/1",
		"--log-events", fmt.Sprintf(`[{"timestamp":%d,"message":"hello"},{"timestamp":%d,"message":"ERROR ü"}]`, noon.UnixMilli(), noon.UnixMilli()+1))
	for _, test := range []struct{ got, want string }{
		{run("filter-log-events", "--log-group-name", "/ecs/app", "--filter-pattern", "ERROR", "--query", "events[].message"), "ERROR ü"},
		{run("get-log-events", "--log-group-identifier", arn+"/ecs/app", "--log-stream-name", "web/1", "--query", "events[].message"), "hello\tERROR ü"},
		{run("delete-log-group", "--log-group-name", "nope"), "An error occurred (ResourceNotFoundException) when calling the DeleteLogGroup operation: The specified log group does not exist."},
	} {
		if !strings.HasSuffix(test.got, test.want) {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}
