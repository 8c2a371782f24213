package e2e

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/test/harness"
)

// hatoba events tells a task's life with its causes, after its end and after
// Hatoba's restart too; hatoba ps tells why something is as it is.
func TestEventsOfATask(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	w.Register("told", nil, w.Container("app", "serve", "8080"))
	arn := w.Run("told")
	task := w.Until(arn, "RUNNING")
	id := arn[strings.LastIndex(arn, "/")+1:]
	var out string
	w.Eventually("the history is there", func() bool {
		out, _ = w.CLI("events", id[:12])
		return strings.Contains(out, "RUNNING")
	})
	if out, err := w.CLI("ps"); err != nil || !strings.Contains(out, "RESTARTS") || !strings.Contains(out, "every container is up") {
		t.Errorf("ps: %v\n%s", err, out)
	}
	w.Kill()
	w.Up()
	w.Stop(arn)
	out, err := w.CLI("events", "-f", arn) // ends with the task
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	at := 0
	for _, want := range []string{
		"is placed on node", "PROVISIONING", harness.Address(task), "MiB", "started in", "ACTIVATING", "RUNNING", "Hatoba was restarted",
		"Task stopped by user", "DEACTIVATING", "STOPPING", "SIGTERM", "exit code 0", "DEPROVISIONING", "is removed", "STOPPED",
	} {
		i := strings.Index(out[at:], want)
		if i < 0 {
			t.Fatalf("%q is missing or out of order in\n%s", want, out)
		}
		at += i
	}
	if out, err := w.CLI("events", "--json", id); err != nil || !strings.Contains(out, `"status":"STOPPED"`) {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := w.CLI("events", strings.Repeat("0", 32)); err == nil || !strings.Contains(out, "nothing is known") {
		t.Errorf("%v %s", err, out)
	}
	if groups, err := w.Logs.DescribeLogGroups(t.Context(), nil); err != nil || len(groups.LogGroups) != 1 || aws.ToString(groups.LogGroups[0].LogGroupName) != "/e2e" {
		t.Errorf("histories show among the log groups: %+v %v", groups, err)
	}
}
