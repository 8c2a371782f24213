package rules

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/doc"
)

var rls12 = review.Rule{
	ID:       "RLS-12",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.Codebase},
	Severity: review.Medium,
	Sources:  []string{"S3-IaC"},
	Title: review.Text{
		EN: "What runs equals what the repository says",
		JA: "動いているものがリポジトリの内容と一致している",
	},
	Why: review.Text{
		EN: "A change made by hand is lost with the next deployment, and until then nobody knows what really runs.",
		JA: "手作業の変更は次のデプロイで失われ、それまで本当に何が動いているか誰にも分かりません。",
	},
	Todo: review.Text{
		EN: "Bring the change into the file, or deploy the file.",
		JA: "変更をファイルに反映するか、ファイルの内容をデプロイしてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef, review.PartLive}, Run: rls12Live},
	},
}

func rls12Live(s *review.Subject) (out []review.Outcome) {
	td, l := s.TaskDef.Value, s.Live.Value
	at := review.Place{File: td.File}
	switch {
	case strings.HasPrefix(td.File, "arn:"):
		return append(out, review.Unexamined(at, review.Say("give the task definition file of the repository too", "リポジトリのタスク定義ファイルも指定してください"),
			"the definition was read from where it runs, so there is nothing to compare", "定義は実行環境から読んだもので、比べる相手がない"))
	case !l.Definitions.OK:
		return append(out, unread(l.Definitions, at, ""))
	case len(l.Definitions.Value) == 0:
		return append(out, review.Unexamined(at, review.Say("start the service, then review", "サービスを起動してからレビューしてください"), "nothing runs", "何も動いていない"))
	}
	running := l.Definitions.Value[0]
	name := path.Base(str(running.TaskDefinitionArn))
	text, err := json.Marshal(running)
	if err == nil {
		var live *doc.Node
		if live, err = doc.Parse(text); err == nil {
			for _, difference := range differences(td.Doc, live, nil) {
				out = append(out, review.Failed(td.At(difference...), "%s differs from %s, which runs", "%s が、動いている %s と異なる", pathText(td, difference), name))
			}
		}
	}
	if err != nil {
		return append(out, review.Unexamined(at, review.Text{}, "%s cannot be compared: %v", "%s を比較できない: %v", name, err))
	}
	if len(out) == 0 {
		out = append(out, review.Passed(at, "everything the file says is in %s, which runs", "ファイルの内容はすべて、動いている %s にある", name))
	}
	return append(out, rls12Tasks(l, at)...)
}

// rls12Tasks looks for tasks of another revision than the service's, outside
// of a deployment.
func rls12Tasks(l *review.Live, at review.Place) (out []review.Outcome) {
	want := str(l.Service.Value.TaskDefinition)
	if !l.Tasks.OK || want == "" || len(l.Service.Value.Deployments) > 1 {
		return nil
	}
	for _, t := range runningTasks(l) {
		if got := str(t.TaskDefinitionArn); got != "" && got != want {
			out = append(out, review.Failed(at, "task %s runs %s, the service %s", "タスク %s は %s、サービスは %s", path.Base(str(t.TaskArn)), path.Base(got), path.Base(want)))
		}
	}
	return out
}

// notCompared are members that only one side has, or writes its own way: cpu
// and memory may be written with units.
var notCompared = []string{"tags", "revision", "status", "taskDefinitionArn", "registeredAt", "registeredBy", "compatibilities", "requiresAttributes", "cpu", "memory", "enableFaultInjection"}

// differences lists where the file says something that does not run. What it
// leaves out is AWS's default; but a named thing that runs and is not in a
// list of the file, a variable say, is a difference.
func differences(file, live *doc.Node, at []any) (out [][]any) {
	here := func(more ...any) []any { return append(slices.Clone(at), more...) }
	if file == nil || file.Kind == doc.Null {
		return nil
	}
	if live == nil || live.Kind == doc.Null {
		if empty(file) {
			return nil
		}
		return [][]any{at}
	}
	switch {
	case file.Kind == doc.Object && live.Kind == doc.Object:
		for _, m := range file.Members {
			if len(at) == 0 && slices.ContainsFunc(notCompared, func(n string) bool { return strings.EqualFold(n, m.Name) }) {
				continue
			}
			other := live.Get(m.Name)
			if other == nil && !freeNames(at) {
				continue // the SDK does not know the member, so nobody can tell what runs
			}
			out = append(out, differences(m.Value, other, here(m.Name))...)
		}
		return out
	case file.Kind == doc.Array && live.Kind == doc.Array:
		if !named(file) || !named(live) {
			if len(file.Items) != len(live.Items) {
				return [][]any{at}
			}
			for i := range file.Items {
				out = append(out, differences(file.Items[i], live.Items[i], here(i))...)
			}
			return out
		}
		for i, item := range file.Items {
			out = append(out, differences(item, byName(live, item.Get("name").Text), here(i))...)
		}
		for _, item := range live.Items {
			if byName(file, item.Get("name").Text) == nil {
				return append(out, at)
			}
		}
		return out
	case file.Kind == live.Kind && file.Text == live.Text || empty(file) && empty(live):
		return nil
	case file.Kind == doc.String && strings.HasPrefix(live.Text, "arn:") && strings.HasSuffix(live.Text, "/"+file.Text):
		return nil // a role by its name
	}
	return [][]any{at}
}

// freeNames reports whether the members there have names that users choose.
func freeNames(at []any) bool {
	if len(at) == 0 {
		return false
	}
	last, _ := at[len(at)-1].(string)
	return slices.ContainsFunc([]string{"options", "dockerLabels", "driverOpts", "labels"}, func(n string) bool { return strings.EqualFold(n, last) })
}

func empty(n *doc.Node) bool {
	switch n.Kind {
	case doc.Array:
		return len(n.Items) == 0
	case doc.Object:
		return len(n.Members) == 0
	}
	return n.Text == "" || n.Text == "false" || n.Text == "0"
}

func named(n *doc.Node) bool {
	return len(n.Items) > 0 && !slices.ContainsFunc(n.Items, func(i *doc.Node) bool {
		return i.Get("name") == nil || i.Get("name").Kind != doc.String || i.Get("name").Text == ""
	})
}

func byName(n *doc.Node, name string) *doc.Node {
	for _, i := range n.Items {
		if i.Get("name").Text == name {
			return i
		}
	}
	return nil
}

// pathText names a place as people do: containerDefinitions.app.image.
func pathText(td *review.TaskDef, at []any) string {
	var b strings.Builder
	node := td.Doc
	for _, step := range at {
		switch step := step.(type) {
		case string:
			node = node.Get(step)
			fmt.Fprintf(&b, ".%s", step)
		case int:
			node = node.Items[step]
			if name := node.Get("name"); name != nil {
				fmt.Fprintf(&b, ".%s", name.Text)
			} else {
				fmt.Fprintf(&b, "[%d]", step)
			}
		}
	}
	return strings.TrimPrefix(b.String(), ".")
}
