package userrule

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/doc"
	"github.com/hatoba/hatoba/internal/review/reviewtest"
)

func one(t testing.TB, needs, expression string) ([]*review.Rule, error) {
	t.Helper()
	quoted, _ := json.Marshal(expression)
	text := fmt.Sprintf(`[{"id":"ACME-1","title":"t","severity":"high","pillar":"SEC","needs":[%s],"message":{"en":"no","ja":"いいえ"},
"expression":%s}]`, needs, quoted)
	root, err := doc.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s := &doc.Strict{File: "r.json"}
	list := Read(s, root)
	if err := s.Err(); err != nil {
		return nil, err
	}
	return Compile(list)
}

func subject(t testing.TB) *review.Subject {
	t.Helper()
	s, err := reviewtest.Subject(map[string][]byte{
		"taskdef.json": []byte(`{"family": "web", "cpu": "256", "containerDefinitions": [
			{"name": "app", "image": "app:1", "memory": 512, "command": ["sh", "-c", "run --password=correct-horse the password is elsewhere"], "environment": [{"name": "DB_PASSWORD", "value": "correct-horse"}, {"name": "URL", "value": "http://x"}]},
			{"name": "log", "image": "log:1", "essential": false}], "nobodyKnows": {"this": 1.5}}`),
		"service.json": []byte(`{"serviceName": "web", "desiredCount": 2}`),
		"Dockerfile":   []byte("FROM alpine AS a\nRUN x\nFROM scratch\nENV DB_PASSWORD=correct-horse\nENV API_KEY abcdefabcdef\nCOPY --from=a /x /x\n"),
		"image.json":   []byte(`{"Ref": "app:1", "Size": 10, "Config": {"config": {"User": "1", "Env": ["A=b", "DB_PASSWORD=correct-horse"]}}, "Files": [{"Path": "bin/su", "Mode": "4755"}]}`),
		"source/a.txt": []byte("x"),
		"live.json": []byte(`{"Cluster": {"ClusterName": "main", "Status": "ACTIVE"}, "Tasks": [], "LogGroups": {"/Ecs/Web": {"Exists": true, "RetentionDays": 14}},
			"Secrets": {"db": {"ARN": "arn:x", "KMSKey": "k", "Exists": true, "Prints": ["p"]}}, "LogLines": {"app": ["secret line"]},
			"Alarms": {"why": {"en": "AccessDenied", "ja": "権限なし"}, "how": {"en": "allow it", "ja": "許可"}}}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAsk(t *testing.T) {
	s := subject(t)
	for _, c := range []struct{ needs, expression, want string }{
		{`"taskdef"`, `taskdef.family == "web" && taskdef.nobodyKnows.this == 1.5`, "pass the expression is true"},
		{`"taskdef"`, `taskdef.family == "api"`, "fail no"},
		{`"taskdef"`, `taskdef.containerDefinitions.filter(c, !c.?essential.orValue(true)).map(c, c.name)`, "fail no: log"},
		{`"taskdef"`, `taskdef.containerDefinitions.filter(c, c.name == "x").map(c, c.name)`, "pass the expression's list is empty"},
		{`"taskdef"`, `taskdef.containerDefinitions.all(c, c.memory > 0)`, "not-examined the expression could not be evaluated: no such key: memory"},
		{`"taskdef"`, `taskdef.family`, "not-examined the expression could not be evaluated: it gave string, not a bool or a list of strings"},
		{`"taskdef"`, `[taskdef.nobodyKnows.this]`, "not-examined the expression could not be evaluated: it gave list, not a bool or a list of strings"},
		{`"taskdef"`, `taskdef.containerDefinitions[0].environment.map(e, e.value)`, "fail no: secret:print-of-13-characters\nfail no: http://x"},
		{`"taskdef"`, `[taskdef.containerDefinitions[0].command[2]]`, "fail no: run --password=secret:print-of-13-characters the password is elsewhere"},
		{`"taskdef","service"`, `service.desiredCount >= 2 && taskdef.family == service.serviceName`, "pass the expression is true"},
		{`"dockerfile"`, `dockerfile.instructions.filter(i, i.name == "ENV").map(i, i.text)`, "fail no: ENV DB_PASSWORD=secret:print-of-13-characters\nfail no: ENV API_KEY secret:print-of-12-characters"},
		{`"dockerfile"`, `dockerfile.stages[0].base == "alpine" && dockerfile.instructions[2].stage == 1 && dockerfile.instructions[3].line == 4`, "pass the expression is true"},
		{`"image"`, `image.config.env.map(e, e.name + "=" + e.value)`, "fail no: A=b\nfail no: DB_PASSWORD=secret:print-of-13-characters"},
		{`"image"`, `image.files.filter(f, f.mode.startsWith("4")).map(f, f.path)`, "fail no: bin/su"},
		{`"source"`, `source.files.exists(f, f.path == "a.txt" && f.size == 1)`, "pass the expression is true"},
		{`"live"`, `live.cluster.clusterName == "main" && live.logGroups["/Ecs/Web"].retentionDays == 14 && live.secrets["db"].kmsKey == "k" && live.tasks.size() == 0`, "pass the expression is true"},
		{`"live"`, `live.alarms.size() > 0`, "not-examined live.alarms was not read: AccessDenied"},
		{`"live"`, `has(live.logLines) || has(live.secrets["db"].prints)`, "fail no"},
		{`"taskdef"`, `[0,1,2,3,4,5,6,7,8,9].map(a, [0,1,2,3,4,5,6,7,8,9].map(b, [0,1,2,3,4,5,6,7,8,9].map(c, [0,1,2,3,4,5,6,7,8,9].map(d, [0,1,2,3,4,5,6,7,8,9].map(e, [0,1,2,3,4,5,6,7,8,9].map(f, [0,1,2,3,4,5,6,7,8,9].map(g, a+b+c+d+e+f+g))))))).size() > 0`,
			"not-examined the expression could not be evaluated: operation cancelled: actual cost limit exceeded"},
	} {
		rules, err := one(t, c.needs, c.expression)
		if err != nil {
			t.Errorf("%s: %v", c.expression, err)
			continue
		}
		var lines []string
		for _, o := range review.Run(s, rules, review.Options{})[0].Outcomes {
			lines = append(lines, string(o.Status)+" "+o.Observed.EN)
		}
		if got := strings.Join(lines, "\n"); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.expression, got, c.want)
		}
	}
	if s.TaskDef.Value.ContainerDefinitions[0].Environment[0].Value == nil || *s.TaskDef.Value.ContainerDefinitions[0].Environment[0].Value != "correct-horse" {
		t.Error("the subject was changed")
	}
}

func TestRefused(t *testing.T) {
	for expression, want := range map[string]string{
		`taskdef.family ==`:  "r.json:2:14: rule ACME-1: character 18 of the expression: Syntax error",
		`live.x`:             "undeclared reference to 'live'",
		`1 + 1`:              "the expression gives int; a bool",
		`[1]`:                "the expression gives list(int)",
		`taskdef.nothing(1)`: "undeclared reference to 'nothing'",
	} {
		if _, err := one(t, `"taskdef"`, expression); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want %s, got %v", expression, want, err)
		}
	}
	for needs, want := range map[string]string{`"table"`: "a part is one of", ``: "a rule needs something"} {
		if _, err := one(t, needs, "true"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("needs %s: want %s, got %v", needs, want, err)
		}
	}
}

// A part that was not given leaves a gap, as for our own rules.
func TestGap(t *testing.T) {
	rules, err := one(t, `"live"`, "live.account != ''")
	if err != nil {
		t.Fatal(err)
	}
	s, err := reviewtest.Subject(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := review.Run(s, rules, review.Options{}); got[0].Status != review.NotExamined || got[0].Rule.Page() != "" {
		t.Errorf("%+v", got)
	}
}

func TestLower(t *testing.T) {
	for in, want := range map[string]string{"ClusterArn": "clusterArn", "ARN": "arn", "KMSKey": "kmsKey", "JSON": "json", "TaskARN": "taskARN", "": ""} {
		if lower(in) != want {
			t.Errorf("%s: %s", in, lower(in))
		}
	}
}
