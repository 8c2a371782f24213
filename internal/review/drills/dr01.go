package drills

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var dr01 = Drill{
	ID:    "DR01",
	Title: review.Text{EN: "Stop a task while requests are in flight", JA: "リクエスト処理中にタスクを停止する"},
	Does: review.Text{
		EN: "Starts slow requests at one task, a new one every 250 ms, stops the task with StopTask, and looks whether every request it had taken on was answered, and whether it ended by itself within stopTimeout.",
		JA: "1 つのタスクに 250 ミリ秒ごとに遅いリクエストを送りながら StopTask で停止し、受け付けたリクエストがすべて応答されたか、stopTimeout 内に自力で終了したかを調べます。",
	},
	Takes: "5 s, or stopTimeout",
	Rules: []string{"DSP-01", "DSP-02", "DSP-03"},
	act:   stopInFlight,
}

// stopped is what was measured of a stop.
type stopped struct {
	ran        time.Duration // before the stop: it was there
	containers []ended
	flights    []flight
	configured bool // the slow path is the user's
	at         review.Place
	noFlights  review.Text // why none could be sent
}

// ended is how a container ended.
type ended struct {
	name     string
	code     *int32
	reason   string
	took     time.Duration // from the stop to its end
	patience time.Duration // stopTimeout
}

func stopInFlight(ctx context.Context, s *stage) ([]review.Proof, error) {
	task, err := s.spareTask(ctx)
	if err != nil {
		return nil, err
	}
	m := stopped{at: s.target.place(), configured: s.set.Slow != ""}
	var sent *flights
	if s.reachable(ctx, task) {
		if m.configured {
			s.say("slow requests: %s %s, one every %s", "遅いリクエスト: %s %s を %s ごとに送信", s.set.Method, s.set.Slow, between)
		} else {
			s.say("slow requests: POST %s with a body that takes %s, one every %s", "遅いリクエスト: 本文の送信に %[2]s かける POST %[1]s を %[3]s ごとに送信", s.target.probe(s.set), s.set.Takes, between)
		}
		sent = fly(ctx, s.address(task), s.set, s.target.probe(s.set))
		pause(ctx, min(4*between+between/2, s.set.Takes/2)) // while none is begun
	} else {
		m.noFlights = review.Say("the task takes no connections from here (port %d)", "タスクにここから接続できない(ポート %d)", s.target.port)
	}
	asked := time.Now()
	if task.StartedAt != nil {
		m.ran = asked.Sub(*task.StartedAt)
	}
	s.say("StopTask", "StopTask を実行")
	after, err := s.stop(ctx, task, "DR01")
	if sent != nil {
		m.flights = sent.stop(asked)
	}
	if err != nil {
		return nil, err
	}
	m.containers = s.endings(after, asked)
	for _, c := range m.containers {
		s.say("container %s ended %.2f s after the stop, code %s", "コンテナ %s は停止から %.2f 秒後に終了(終了コード %s)", c.name, c.took.Seconds(), code(c.code))
	}
	if len(m.flights) > 0 {
		under, lost := tally(m.flights)
		s.say("%d requests in flight at the stop, %d sent in all, %d lost", "停止時に処理中 %d 件、送信は全部で %d 件、損失 %d 件", under, len(m.flights), lost)
	}
	return judgeStop(m), s.settle(ctx)
}

// endings are how the containers of a stopped task ended. The task's own times
// are the nearest that the API tells.
func (s *stage) endings(t types.Task, asked time.Time) (out []ended) {
	began, end := asked, time.Now()
	if t.StoppingAt != nil {
		began = *t.StoppingAt
	}
	if t.ExecutionStoppedAt != nil {
		end = *t.ExecutionStoppedAt
	}
	for _, c := range t.Containers {
		out = append(out, ended{name: aws.ToString(c.Name), code: c.ExitCode, reason: aws.ToString(c.Reason),
			took: max(0, end.Sub(began)), patience: s.target.patience(aws.ToString(c.Name))})
	}
	return out
}

func tally(list []flight) (under, lost int) {
	for _, f := range list {
		if f.under() {
			under++
		}
		if f.lost() {
			lost++
		}
	}
	return under, lost
}

// sigkill is the code of a process that was killed.
const sigkill = 137

// killed tells whether a container had to be.
func (e ended) killed() bool { return e.code != nil && *e.code == sigkill }

// judgeStop judges by what was finished and by whether it ended by itself. The
// exit code decides nothing: a program that drops everything may leave in time
// with any code, and a well drained one may leave with 143.
func judgeStop(m stopped) (out []review.Proof) {
	under, lost := tally(m.flights)
	anyKilled := false
	for _, c := range m.containers {
		switch {
		case c.code == nil:
			out = append(out, review.Of("DSP-02", review.Unexamined(m.at, again("DR01"), "container %s: how it ended is not known: %s", "コンテナ %s: 終わり方が不明: %s", c.name, c.reason)))
		case c.killed() && c.took >= c.patience-time.Second:
			anyKilled = true
			out = append(out, review.Of("DSP-02", review.Failed(m.at, "container %s was still there after its stopTimeout of %s and was killed (SIGKILL)", "コンテナ %s は stopTimeout の %s を過ぎても終わらず、SIGKILL された", c.name, c.patience)))
		case c.killed():
			anyKilled = true
			out = append(out, review.Of("DSP-02", review.Failed(m.at, "container %s was killed (SIGKILL) %.2f s after the stop", "コンテナ %s は停止の %.2f 秒後に SIGKILL で終わった", c.name, c.took.Seconds())))
		default:
			out = append(out, review.Of("DSP-02", review.Passed(m.at, "container %s ended by itself %.2f s after the stop, of %s it had; it had run for %s", "コンテナ %s は停止の %.2f 秒後に自力で終了(猶予 %s、稼働 %s)",
				c.name, c.took.Seconds(), c.patience, m.ran.Round(time.Millisecond))))
		}
	}
	switch {
	case under == 0:
		gap := noneInFlight(m)
		out = append(out, review.Of("DSP-03", gap))
		if anyKilled {
			out = append(out, review.Of("DSP-01", review.Failed(m.at, "a container had to be killed: SIGTERM did not reach its process, or nothing handles it", "SIGKILL が必要だった: SIGTERM が届いていないか、処理されていない")))
		} else {
			out = append(out, review.Of("DSP-01", gap))
		}
	case lost > 0:
		out = append(out, review.Of("DSP-03", review.Failed(m.at, "%d of %d requests in flight at the stop were lost: %s", "停止時に処理中だった %[2]d 件のうち %[1]d 件が失われた: %[3]s", lost, max(under, lost), why(m.flights))))
		if anyKilled {
			out = append(out, review.Of("DSP-01", review.Failed(m.at, "SIGTERM did not reach the process, or nothing handles it: it went on until it was killed", "SIGTERM が届いていないか処理されていない: SIGKILL まで動き続けた")))
		} else {
			out = append(out, review.Of("DSP-01", review.Failed(m.at, "the process ended at SIGTERM and dropped %d requests; that it was in time (code %s) is no merit", "SIGTERM で終了したが %d 件のリクエストを落とした(終了コード %s で間に合っても意味がない)", lost, codes(m.containers))))
		}
	default:
		out = append(out, review.Of("DSP-03", review.Passed(m.at, "%d requests in flight at the stop, all answered", "停止時に処理中だった %d 件すべてに応答", under)))
		if anyKilled {
			out = append(out, review.Of("DSP-01", review.Failed(m.at, "the requests were answered, but the process did not end by itself", "リクエストには応答したが、プロセスが自力で終了しなかった")))
		} else {
			out = append(out, review.Of("DSP-01", review.Passed(m.at, "SIGTERM was handled: requests were finished, then it ended (code %s)", "SIGTERM を処理: リクエストを終えてから終了(終了コード %s)", codes(m.containers))))
		}
	}
	return out
}

func noneInFlight(m stopped) review.Outcome {
	how := review.Say("name a path that takes a few seconds: drill.slow in hatoba-review.json", "数秒かかるパスを hatoba-review.json の drill.slow に指定してください")
	switch {
	case !m.noFlights.IsZero():
		return review.Unexamined(m.at, review.Say("run the drill where tasks can be reached", "タスクに届く場所でドリルを実行してください"), "%s", "%s", m.noFlights)
	case m.configured:
		return review.Unexamined(m.at, how, "no request was in flight at the stop: the slow path answers at once (%s)", "停止時に処理中のリクエストがなかった: 遅いはずのパスがすぐ応答する(%s)", outcome(m.flights))
	}
	return review.Unexamined(m.at, how, "no slow request is known: the service answers before a request's body has arrived (%s)", "遅いリクエストが不明: サービスは本文の到着前に応答する(%s)", outcome(m.flights))
}

// outcome is what the first request became.
func outcome(list []flight) string {
	if len(list) == 0 {
		return "none was sent"
	}
	if list[0].Err != "" {
		return list[0].Err
	}
	return status(list[0].Status)
}

// why is what the first lost request was told.
func why(list []flight) string {
	for _, f := range list {
		if f.lost() {
			if f.Err != "" {
				return f.Err
			}
			return status(f.Status)
		}
	}
	return ""
}
