package drills

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/review"
)

var layerRules = [...]string{"LOG-02", "IMG-02", "DSP-10"}

var dr11 = Drill{
	ID:    "DR11",
	Title: review.Text{EN: "What a task writes into its own file system", JA: "タスクが自分のファイルシステムに書くもの"},
	Does: review.Text{
		EN: "Asks one task steadily for a few seconds, and compares the files in its writable layer, seen from the machine, before and after: growing files, changed files of the image, and files it keeps.",
		JA: "1 つのタスクに数秒間負荷をかけ、書き込みレイヤーのファイルをマシン側から前後で比べて、増え続けるファイル、変更されたイメージのファイル、残されたファイルを調べます。",
	},
	Takes: "5 s",
	Rules: layerRules[:],
	act:   writableLayer,
}

// layers are a task's written files, before and after a load.
type layers struct {
	before, after []protocol.SeenContainer
	sent          int
	temporary     []string
	readOnly      map[string]bool // containers
	at            review.Place
}

// busy is how long a task is asked.
const busy = 3 * time.Second

func writableLayer(ctx context.Context, s *stage) ([]review.Proof, error) {
	if s.node == nil {
		return nil, elsewhere(review.Say("the writable layer of a container", "コンテナの書き込みレイヤー"))
	}
	task, err := s.anyTask(ctx)
	if err != nil {
		return nil, err
	}
	m := layers{at: s.target.place(), temporary: slices.Concat(temporary, s.set.Temporary), readOnly: map[string]bool{}}
	for _, c := range s.target.definition.ContainerDefinitions {
		m.readOnly[*c.Name] = c.ReadonlyRootFilesystem != nil && *c.ReadonlyRootFilesystem
	}
	seen, err := s.node.inside(ctx, *task.TaskArn)
	if err != nil {
		return nil, err
	}
	m.before = seen.Containers
	if s.reachable(ctx, task) {
		f := &front{url: "http://" + s.address(task) + s.target.probe(s.set), client: &http.Client{Timeout: requestTime}}
		l := drive(ctx, f, s.set.Rate, s.budget())
		pause(ctx, busy)
		m.sent = len(l.stop())
		s.say("%d requests to %s", "%[2]s に %[1]d リクエスト", m.sent, s.target.probe(s.set))
	} else {
		pause(ctx, busy)
	}
	if seen, err = s.node.inside(ctx, *task.TaskArn); err != nil {
		return nil, err
	}
	m.after = seen.Containers
	for _, c := range m.after {
		s.say("container %s: %d files differ from its image", "コンテナ %s: イメージと異なるファイル %d 個", c.Name, len(c.Changes))
	}
	return judgeLayers(m), nil
}

// temporary are the folders where files come and go.
var temporary = []string{"/tmp", "/var/tmp", "/run", "/var/run", "/dev/shm", "/proc", "/var/cache", "/root/.cache"}

// logName is how log files are called.
var logName = regexp.MustCompile(`(?i)(\.log(\.\d+)?$|/logs?/|\.(out|err)$)`)

// judgeLayers: a file that grows under load, or is called a log, is a log in
// the container; a changed file of the image is another version than was
// tested; any other new file outside the temporary folders is state.
func judgeLayers(m layers) (out []review.Proof) {
	for _, c := range m.after {
		if c.Unread != "" {
			for _, rule := range layerRules {
				out = append(out, review.Of(rule, review.Unexamined(m.at, again("DR11"), "container %s: its layer was not read: %s", "コンテナ %s: レイヤーを読めなかった: %s", c.Name, c.Unread)))
			}
			continue
		}
		was := map[string]protocol.Change{}
		for _, b := range m.before {
			if b.Name == c.Name {
				for _, f := range b.Changes {
					was[f.Path] = f
				}
			}
		}
		var logs, changed, state []string
		for _, f := range c.Changes {
			earlier, known := was[f.Path]
			grew := f.Kind != protocol.Removed && known && f.Bytes > earlier.Bytes
			switch {
			case grew:
				logs = append(logs, fmt.Sprintf("%s (+%d bytes)", f.Path, f.Bytes-earlier.Bytes))
			case f.Kind == protocol.Added && logName.MatchString(f.Path) && f.Bytes > 0:
				logs = append(logs, fmt.Sprintf("%s (%d bytes)", f.Path, f.Bytes))
			case f.Kind == protocol.Added && !m.passing(f.Path):
				state = append(state, f.Path)
			}
			if f.Kind != protocol.Added && !m.passing(f.Path) {
				changed = append(changed, fmt.Sprintf("%s (%s)", f.Path, f.Kind))
			}
		}
		seen := review.Say("container %s, after %d requests", "コンテナ %s(%d リクエスト後)", c.Name, m.sent)
		if m.readOnly[c.Name] && len(c.Changes) == 0 {
			seen = review.Say("container %s, whose root is read-only, after %d requests", "ルートが読み取り専用のコンテナ %s(%d リクエスト後)", c.Name, m.sent)
		}
		out = append(out,
			review.Of("LOG-02", look(m.at, seen, logs, review.Say("a log file in the container", "コンテナ内のログファイル"), review.Say("no file grows", "増え続けるファイルはない"))),
			review.Of("IMG-02", look(m.at, seen, changed, review.Say("files of the image were changed", "イメージのファイルが変更された"), review.Say("no file of the image is changed", "イメージのファイルは変更されていない"))),
			review.Of("DSP-10", look(m.at, seen, state, review.Say("files that go with the task", "タスクとともに失われるファイル"), review.Say("it keeps no file", "残されたファイルはない"))))
	}
	return out
}

func look(at review.Place, seen review.Text, found []string, bad, good review.Text) review.Outcome {
	if len(found) > 0 {
		return review.Failed(at, "%s: %s: %s", "%s: %s: %s", seen, bad, few(found))
	}
	return review.Passed(at, "%s: %s", "%s: %s", seen, good)
}

// passing tells whether a file is where files come and go.
func (m layers) passing(file string) bool {
	return slices.ContainsFunc(m.temporary, func(dir string) bool { return strings.HasPrefix(path.Clean(file), dir+"/") })
}
