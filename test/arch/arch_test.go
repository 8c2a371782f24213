// Package arch keeps the import directions of the house as tests. Every rule
// has a reason, and proves that what it speaks of exists.
package arch

import (
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/hatoba/hatoba/"

type listed struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) map[string]listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string]listed{}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(p.ImportPath, module)] = p
	}
}

// rules: packages at or below From import nothing at or below To.
var rules = []struct{ From, To, Reason string }{
	{"internal/state", "internal/store", "the vocabulary knows no storage"},
	{"internal/state", "internal/wire", "the vocabulary knows no protocol"},
	{"internal/aws", "internal/dispatch", "the API never calls the node's side; they meet in the store"},
	{"internal/aws", "internal/agent", "the API never calls the agent; they meet in the store"},
	{"internal/aws", "internal/control", "the API never calls a control loop; they meet in the store"},
	{"internal/aws", "internal/app", "only app knows everyone"},
	{"internal/defaultnetwork", "internal/aws", "what an account begins with, front doors ask and do not tell"},
	{"internal/control", "internal/aws", "loops ask small interfaces of their own; siblings meet in the store"},
	{"internal/control/due", "internal", "it knows keys and times"},
	{"internal/control", "internal/dispatch", "loops and sessions meet in the store"},
	{"internal/control/service", "internal/agent", "the scheduler knows tasks, not nodes"},
	{"internal/agent", "internal/store", "the agent sees the control plane only through its session"},
	{"internal/agent", "internal/aws", "the agent never calls the API"},
	{"internal/agent", "internal/dispatch", "the agent knows the protocol, not who speaks it"},
	{"internal/agent", "internal/wire", "the agent never calls the API"},
	{"internal/dispatch", "internal/aws", "dispatch hands on; front doors are not its business"},
	{"internal/dispatch", "internal/agent", "dispatch knows the protocol, not the agent"},
	{"internal/wire", "internal/store", "wire knows no service and no storage"},
	{"internal/wire/sigv4", "internal/wire", "signatures are read and checked without knowing whose they are"},
	{"internal/wire", "internal/aws", "front doors describe themselves to wire, not the reverse"},
	{"internal/sched", "internal/store", "placement is a pure function"},
	{"internal/scaling", "internal/store", "scaling is decided by a pure function"},
	{"internal/scaling", "internal/aws", "scaling is decided by a pure function"},
	{"internal/schedule", "internal", "an expression and a time are all that it takes"},
	{"internal/sched", "internal/agent", "placement is a pure function"},
	{"internal/logs", "internal/store", "engines stand alone"},
	{"internal/metrics", "internal/store", "engines stand alone"},
	{"internal/underway", "internal/store", "what is not told yet is kept apart from what is"},
	{"internal/underway", "internal/state", "it keeps what others count, whatever that is"},
	{"internal/metrics", "internal/aws", "engines know no front door"},
	{"internal/logs", "internal/aws", "engines know no front door"},
	{"internal/efs", "internal/store", "where a file system is follows from settings"},
	{"internal/history", "internal/agent", "what happened is handed up by the session"},
	{"internal/history", "internal/aws", "engines know no front door"},
	{"internal/registry", "internal/aws", "engines know no front door"},
	{"internal/registry", "internal/agent", "engines know no node"},
	{"internal/objects", "internal/aws", "engines know no front door"},
	{"internal/objects", "internal/store", "engines stand alone"},
	{"internal/image", "internal/store", "where an image comes from is asked through small interfaces"},
	{"internal/image", "internal/agent", "the control plane's side of a pull knows no node"},
	{"internal/disk", "internal/agent", "what measures the disk is asked by everyone"},
	{"internal/disk", "internal/store", "the store asks whether there is room, not the reverse"},
	{"internal/trust", "internal/store", "it changes files of the machine and needs no running Hatoba"},
	{"internal/agent/reclaim", "internal/agent/runtime/containerd", "what is deleted is decided apart from the engine that deletes it"},
	{"internal/secrets", "internal/aws", "engines know no front door"},
	{"internal/review", "internal/store", "the review reads what everyone can read: files and public APIs"},
	{"internal/review", "internal/agent", "the review needs no node, and builds where there is none"},
	{"internal/review", "internal/aws", "the review is a client of the APIs"},
	{"internal/review/rules", "internal/review/read", "rules are pure: what they look at was read before"},
	{"internal/review/rules", "internal/review/drills", "a rule judges what drills have shown, and runs none"},
	{"internal/review/drills", "internal/review/rules", "a drill measures, a rule asks"},
	{"internal/review/rules", "internal/review/report", "a rule decides, a report tells"},
	{"internal/dev", "internal/store", "the dev loop is a client of the APIs"},
	{"internal/dev", "internal/agent", "the dev loop needs no node, and builds where there is none"},
	{"internal/dev", "internal/aws", "the dev loop is a client of the APIs"},
	{"internal/policy", "internal/state", "policies are evaluated by a pure function"},
	{"internal/policy", "internal/store", "policies are evaluated by a pure function"},
	{"internal/identity", "internal/aws", "who a caller is, front doors ask and do not tell"},
	{"internal/identity", "internal/agent", "who a caller is, a node asks through its session"},
	{"internal/sessions", "internal/store", "engines stand alone"},
	{"internal/sessions", "internal/aws", "engines know no front door"},
	{"internal/sessions", "internal/dispatch", "sessions ask for a command; who knows the nodes hands it on"},
	{"internal/sessions", "internal/agent", "sessions know the protocol, not the node"},
	{"internal/logpattern", "internal/state", "a pattern is text"},
	{"internal/datachannel", "internal/state", "a channel carries bytes, and knows nothing of tasks"},
	{"internal/authorization", "internal/aws", "what a caller may do, front doors ask and do not tell"},
	{"internal/dns", "internal/store", "data planes are fed whole tables"},
	{"internal/dns/zone", "internal/state", "a pure function knows questions and tables, nothing of what they are kept as"},
	{"internal/discovery", "internal/aws", "what Cloud Map's records are, front doors and loops ask and do not tell"},
	{"internal/discovery", "internal/control", "what Cloud Map's records are, front doors and loops ask and do not tell"},
	{"internal/alarm", "internal/store", "what an alarm says is decided by a pure function"},
	{"internal/alarmstate", "internal/aws", "what a change of state writes, front doors and loops ask and do not tell"},
	{"internal/alarmstate", "internal/control", "what a change of state writes, front doors and loops ask and do not tell"},
	{"internal/control", "internal/aws", "loops and front doors meet in the store"},
	{"internal/control", "internal/agent", "a loop knows no node; app hands it what it may do there"},
	{"internal/accesslog", "internal/store", "engines stand alone"},
	{"internal/accesslog", "internal/aws", "engines know no front door"},
	{"internal/measure", "internal/store", "what a metric is, is a pure function"},
	{"internal/measure", "internal/control", "formulas know no loop"},
	{"internal/agent/meter", "internal/agent/runtime/containerd", "what is read is summed up apart from the engine that is read"},
	{"internal/events", "internal/aws", "what is told, front doors write and loops hand on"},
	{"internal/events", "internal/control", "what is told, front doors write and loops hand on"},
	{"internal/events/pattern", "internal", "a pattern is text"},
	{"internal/events/input", "internal", "a template is text"},
	{"internal/latency", "internal", "how long things took is counted by everybody, and knows nobody"},
	{"internal/lb", "internal", "a data plane is fed its table, and knows nobody"},
	{"internal/connect", "internal", "a data plane is fed its table, and knows nobody"},
}

// vocabulary imports nothing of ours, so everybody may import it.
const vocabulary = "internal/latency"

func TestImportDirections(t *testing.T) {
	all := packages(t)
	for _, rule := range rules {
		from := below(all, rule.From)
		if len(from) == 0 {
			t.Errorf("rule %s -> %s speaks of %s, which does not exist", rule.From, rule.To, rule.From)
		}
		for _, p := range from {
			for _, imported := range p.Imports {
				if imported == module+vocabulary {
					continue
				}
				if under(strings.TrimPrefix(imported, module), rule.To) && strings.HasPrefix(imported, module) {
					t.Errorf("%s imports %s: %s", p.ImportPath, imported, rule.Reason)
				}
			}
		}
	}
}

// Siblings meet in the store.
func TestFrontDoorsDoNotImportEachOther(t *testing.T) {
	all := packages(t)
	for _, p := range below(all, "internal/aws") {
		own := door(strings.TrimPrefix(p.ImportPath, module))
		for _, imported := range p.Imports {
			other := strings.TrimPrefix(imported, module)
			if under(other, "internal/aws") && strings.HasPrefix(imported, module) && door(other) != own {
				t.Errorf("%s imports %s: siblings meet in the store", p.ImportPath, imported)
			}
		}
	}
}

// The SDK's package of EC2 takes longer to build than all others together.
func TestNobodyImportsTheSDKOfEC2(t *testing.T) {
	for name, p := range packages(t) {
		for _, imported := range p.Imports {
			if strings.HasPrefix(imported, "github.com/aws/aws-sdk-go-v2/service/ec2") {
				t.Errorf("%s imports %s: only the tests of test/ec2 do", name, imported)
			}
		}
	}
}

func TestOnlyAppAndCLIKnowEveryone(t *testing.T) {
	for name, p := range packages(t) {
		if under(name, "internal/app") || under(name, "internal/cli") || under(name, "test") || under(name, "cmd") {
			continue
		}
		for _, imported := range p.Imports {
			if imported == module+"internal/app" || imported == module+"internal/cli" {
				t.Errorf("%s imports %s", p.ImportPath, imported)
			}
		}
	}
}

// A rule that cannot fail guards nothing.
func TestRulesCanFail(t *testing.T) {
	if !under("internal/aws/ecs", "internal/aws") || under("internal/awsome", "internal/aws") {
		t.Error("under does not tell folders apart")
	}
}

func below(all map[string]listed, folder string) (out []listed) {
	for name, p := range all {
		if under(name, folder) {
			out = append(out, p)
		}
	}
	return out
}

func under(name, folder string) bool {
	return name == folder || strings.HasPrefix(name, folder+"/")
}

func door(name string) string {
	parts := strings.Split(name, "/")
	if len(parts) < 3 {
		return name
	}
	return parts[2]
}
