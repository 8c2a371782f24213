package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/test/harness"
)

// Who kills a container is told which process that was, and clearly why none was.
func TestAKillTellsWhatItKilled(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	brief := w.Container("brief", "exit", "0")
	brief.Essential = aws.Bool(false)
	w.Register("killed", nil, w.Container("app", "ready"), brief)
	task := w.Run("killed")
	w.Until(task, "RUNNING")
	w.Eventually("the brief container has ended", func() bool { return harness.ByName(w.Task(task), "brief").ExitCode != nil })
	kill := func(id, query string) (int, string) {
		t.Helper()
		answer, err := http.Post("http://"+w.Listen+"/_hatoba/tasks/"+id+"/kill"+query, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, strings.TrimSpace(string(body))
	}
	want := func(id, query string, status int, text string) {
		t.Helper()
		if got, body := kill(id, query); got != status || body != text {
			t.Errorf("%s%s: %d %s, want %d %s", id, query, got, body, status, text)
		}
	}
	id := task[strings.LastIndexByte(task, '/')+1:]
	want("0123456789abcdef0123456789abcdef", "?container=app", http.StatusNotFound, "there is no task 0123456789abcdef0123456789abcdef")
	want(id, "", http.StatusBadRequest, "which container? add ?container=NAME; the task has app, brief")
	want(id, "?container=web", http.StatusBadRequest, "task "+id+` has no container "web": it has app, brief`)
	want(id, "?container=brief", http.StatusOK, `{"containers":[]}`)
	var told struct{ Containers []protocol.Killed }
	status, body := kill(id, "?container=app")
	if err := json.Unmarshal([]byte(body), &told); err != nil || status != http.StatusOK || len(told.Containers) != 1 || told.Containers[0].Name != "app" || told.Containers[0].Process <= 1 {
		t.Errorf("%d %s, %v", status, body, err)
	}
	if ended := w.Until(task, "STOPPED"); aws.ToInt32(harness.ByName(ended, "app").ExitCode) != 137 {
		t.Errorf("the killed container: %+v", harness.ByName(ended, "app"))
	}
	want(id, "?container=app", http.StatusBadRequest, "task "+id+" is STOPPED: nothing of it runs")
}
