package drills

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var dr03 = Drill{
	ID:    "DR03",
	Title: review.Text{EN: "Kill a task's process", JA: "タスクのプロセスを強制終了する"},
	Does: review.Text{
		EN: "Asks the service steadily, kills the process of one task with SIGKILL, and measures how long it takes until all tasks are back and how many requests were lost; then runs your own check of the data.",
		JA: "サービスに一定の負荷をかけながら 1 つのタスクのプロセスを SIGKILL し、全タスクが戻るまでの時間と失われたリクエストを測り、利用者のデータ検査を実行します。",
	},
	Takes: "10 s",
	Rules: []string{"DSP-07", "DSP-08"},
	act:   killOne,
}

// killed is what was measured of a kill.
type killed struct {
	tasks    int
	back     time.Duration // until all are healthy again; negative: they were not, in time
	patience time.Duration
	counted  bool // requests were counted
	replies  []reply
	allowed  float64 // share that may be lost
	check    []string
	checked  error // of the data
	output   string
	at       review.Place
}

// calm is how long a load is driven before and after what is measured.
const calm = time.Second

func killOne(ctx context.Context, s *stage) ([]review.Proof, error) {
	if s.node == nil {
		return nil, elsewhere(review.Say("a kill of a process", "プロセスの強制終了"))
	}
	name, err := s.actor(ctx)
	if err != nil {
		return nil, err
	}
	m := killed{patience: s.set.Back, allowed: s.set.KillLost, check: s.set.DataCheck, at: s.target.place()}
	tasks, err := s.running(ctx, name)
	if err != nil || len(tasks) == 0 {
		return nil, errors.Join(err, errors.New("no task runs"))
	}
	if floor := s.target.floor(); s.live && len(tasks)-1 < floor {
		return nil, cannot(review.Say("the live service has %d healthy tasks, and %d must stay", "稼働中のサービスの正常なタスクは %d 個で、%d 個を下回れない", len(tasks), floor),
			review.Say("leave out --live, or give the service a task to spare", "--live を外すか、タスクを 1 つ増やしてください"))
	}
	m.tasks = len(tasks)
	f, err := s.entrance(ctx)
	var none *notAsked
	if err != nil && !errors.As(err, &none) {
		return nil, err
	}
	var l *load
	if f != nil {
		s.say("%d requests a second to %s", "%[2]s に毎秒 %[1]d リクエスト", s.set.Rate, f.url)
		l = drive(ctx, f, s.set.Rate, s.budget())
		m.counted = true
		pause(ctx, calm)
	}
	err = s.killAndWait(ctx, name, aws.ToString(tasks[0].TaskArn), &m)
	if l != nil {
		pause(ctx, calm)
		m.replies = l.stop()
		s.say("%d requests, %d lost", "%d リクエスト、損失 %d 件", len(m.replies), count(m.replies, reply.lost))
	}
	if err != nil {
		return nil, err
	}
	s.checkData(ctx, &m)
	return judgeKill(m), nil
}

// killAndWait kills a task's process and waits until the service is whole
// without it.
func (s *stage) killAndWait(ctx context.Context, name, task string, m *killed) error {
	container := s.target.container
	if container == "" {
		container = aws.ToString(s.target.definition.ContainerDefinitions[0].Name)
	}
	before, err := s.node.inside(ctx, task)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := s.node.kill(ctx, task, container); err != nil {
		return err
	}
	s.say("SIGKILL to container %s of task %s", "タスク %[2]s のコンテナ %[1]s に SIGKILL", container, last(task))
	waiting, cancel := context.WithTimeout(ctx, m.patience)
	defer cancel()
	err = until(waiting, func() (bool, error) {
		tasks, err := s.running(waiting, name)
		if err != nil || len(tasks) < m.tasks {
			return false, err
		}
		if slices.ContainsFunc(tasks, func(t types.Task) bool { return aws.ToString(t.TaskArn) == task }) {
			// Nobody has noticed yet, or its container was restarted in its place.
			after, err := s.node.inside(waiting, task)
			if now := processOf(after, container); err != nil || now == 0 || now == processOf(before, container) {
				return false, nil
			}
		}
		return s.whole(waiting, name)
	})
	if m.back = time.Since(began); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		m.back = -1
		s.say("not all tasks were back after %s", "%s 経ってもタスクが戻らなかった", m.patience)
		return nil
	}
	s.say("all %d tasks are back after %.1f s", "%.1[2]f 秒後に %[1]d タスクすべてが復帰", m.tasks, m.back.Seconds())
	return nil
}

// checkData runs the user's own check.
func (s *stage) checkData(ctx context.Context, m *killed) {
	if len(m.check) == 0 {
		return
	}
	s.say("the data is checked: %s", "データを検査: %s", strings.Join(m.check, " "))
	out, err := exec.CommandContext(ctx, m.check[0], m.check[1:]...).CombinedOutput()
	m.checked, m.output = err, fmt.Sprintf("%d bytes of output", len(out))
}

func judgeKill(m killed) (out []review.Proof) {
	switch {
	case len(m.check) == 0:
		out = append(out, review.Of("DSP-07", review.Unexamined(m.at, review.Say("name a command that ends with 0 when the data is consistent: drill.kill.check in hatoba-review.json", "データが整合しているとき 0 で終わるコマンドを hatoba-review.json の drill.kill.check に指定してください"),
			"a task was killed; whether the data is consistent after that, only you can tell", "タスクを強制終了したが、その後データが整合しているかは利用者にしか判断できない")))
	case m.checked != nil:
		out = append(out, review.Of("DSP-07", review.Failed(m.at, "after a kill, %s: %s (%s)", "強制終了の後 %s: %s(%s)", m.check[0], m.checked.Error(), m.output)))
	default:
		out = append(out, review.Of("DSP-07", review.Passed(m.at, "after a kill, %s ended with 0", "強制終了の後 %s は 0 で終了", m.check[0])))
	}
	lost := count(m.replies, reply.lost)
	allowed := int(m.allowed * float64(len(m.replies)))
	switch {
	case m.back < 0:
		out = append(out, review.Of("DSP-08", review.Failed(m.at, "one of %d tasks was killed, and not all were back after %s", "%d タスクのうち 1 つを強制終了し、%s 後も全タスクが戻らなかった", m.tasks, m.patience)))
	case lost > allowed:
		out = append(out, review.Of("DSP-08", review.Failed(m.at, "one of %d tasks was killed: back after %.1f s, but %d of %d requests were lost (%d may be): %s", "%d タスクのうち 1 つを強制終了: %.1f 秒で復帰したが、%[4]d 件中 %[3]d 件を損失(許容 %[5]d 件): %[6]s",
			m.tasks, m.back.Seconds(), lost, len(m.replies), allowed, firstLost(m.replies))))
	case !m.counted:
		out = append(out, review.Of("DSP-08", review.Passed(m.at, "one of %d tasks was killed: back after %.1f s (no load balancer, so no requests were counted)", "%d タスクのうち 1 つを強制終了: %.1f 秒で復帰(ロードバランサーがないためリクエストは数えていない)", m.tasks, m.back.Seconds())))
	default:
		out = append(out, review.Of("DSP-08", review.Passed(m.at, "one of %d tasks was killed: back after %.1f s, %d of %d requests lost (%d may be)", "%d タスクのうち 1 つを強制終了: %.1f 秒で復帰、%[4]d 件中 %[3]d 件を損失(許容 %[5]d 件)",
			m.tasks, m.back.Seconds(), lost, len(m.replies), allowed)))
	}
	return out
}
