package drills

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var dr02 = Drill{
	ID:    "DR02",
	Title: review.Text{EN: "Last words: what is written before a stop is in the log", JA: "最後の言葉: 停止直前の出力がログに届く"},
	Does: review.Text{
		EN: "Asks one task for a path with a marker in it, stops the task right behind a second marker, and looks in the log store for the markers and for what was written after the stop.",
		JA: "目印を含むパスを 1 つのタスクに要求し、2 つ目の目印の直後に停止して、ログに目印と停止後の行が届いているかを調べます。",
	},
	Takes: "3 s, and on AWS until the log has arrived",
	Rules: []string{"LOG-04"},
	act:   lastWords,
}

// words are what was found of a container's log.
type words struct {
	container string
	unread    review.Text // set: why the log was not read
	how       review.Text
	lines     int
	after     int  // written after the stop was asked for
	first     bool // the marker of a second before is there
	second    bool // the one right before the stop is
	marked    bool // markers were sent to this container
}

// arrival is how long lines may take to the log store.
const arrival = 20 * time.Second

func lastWords(ctx context.Context, s *stage) ([]review.Proof, error) {
	task, err := s.spareTask(ctx)
	if err != nil {
		return nil, err
	}
	tokens := [2]string{strings.ToLower(rand.Text()[:12]), strings.ToLower(rand.Text()[:12])}
	marked := s.reachable(ctx, task)
	if marked {
		s.mark(ctx, task, tokens[0])
		pause(ctx, time.Second)
		s.mark(ctx, task, tokens[1])
		s.say("two markers sent: GET %s", "目印を 2 回送信: GET %s", s.set.Marker)
	}
	asked := time.Now()
	s.say("StopTask", "StopTask を実行")
	after, err := s.stop(ctx, task, "DR02")
	if err != nil {
		return nil, err
	}
	if after.StoppingAt != nil {
		asked = *after.StoppingAt
	}
	var out []review.Proof
	for _, c := range s.target.definition.ContainerDefinitions {
		w := s.words(ctx, c, aws.ToString(task.TaskArn), tokens, asked, marked && aws.ToString(c.Name) == s.target.container)
		if w.unread.IsZero() {
			s.say("container %s: %d lines, %d of them after the stop", "コンテナ %s: %d 行、うち停止後 %d 行", w.container, w.lines, w.after)
		}
		out = append(out, review.Of("LOG-04", judgeWords(w, s.target.place())))
	}
	return out, s.settle(ctx)
}

// mark asks for a path that an access log would show.
func (s *stage) mark(ctx context.Context, t types.Task, token string) {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address(t)+strings.ReplaceAll(s.set.Marker, "{marker}", token), nil)
	if err != nil {
		return
	}
	r.Header.Set("User-Agent", "hatoba-drill/"+token)
	if answer, err := client.Do(r); err == nil { // that it is not logged is told by the log
		answer.Body.Close()
	}
}

// words reads a container's log until all that is looked for is there, or it
// could have arrived.
func (s *stage) words(ctx context.Context, c types.ContainerDefinition, task string, tokens [2]string, asked time.Time, marked bool) words {
	w := words{container: aws.ToString(c.Name), marked: marked}
	log := c.LogConfiguration
	if log == nil || log.LogDriver != types.LogDriverAwslogs || log.Options["awslogs-stream-prefix"] == "" {
		w.unread = review.Say("its log does not go to CloudWatch Logs under a stream prefix", "ログが CloudWatch Logs(ストリームプレフィックス付き)に送られていない")
		w.how = review.Say("look for its last lines where its log goes", "ログの送り先で最後の行を確認してください")
		return w
	}
	client := cloudwatchlogs.NewFromConfig(s.cfg, func(o *cloudwatchlogs.Options) {
		if region := log.Options["awslogs-region"]; region != "" {
			o.Region = region
		}
	})
	patience := arrival
	if s.node != nil {
		patience = 2 * time.Second // it is all there before the task is STOPPED
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	stream := log.Options["awslogs-stream-prefix"] + "/" + w.container + "/" + last(task)
	var failed error
	known := false                            // it was read once
	_ = until(waiting, func() (bool, error) { // its end is the patience's
		failed = w.read(waiting, client, log.Options["awslogs-group"], stream, tokens, asked)
		known = known || failed == nil || coded(failed, "ResourceNotFoundException") // nothing was written yet
		return failed == nil && w.after > 0 && (w.second || !w.first), nil
	})
	if !known {
		w.unread = review.Say("the log was not read: %s", "ログを読めなかった: %s", failed.Error())
		w.how = review.Say("grant logs:GetLogEvents on %s", "%s に対する logs:GetLogEvents を許可してください", log.Options["awslogs-group"])
	}
	return w
}

// read reads a stream from its beginning. Lines are looked at and not kept.
func (w *words) read(ctx context.Context, client *cloudwatchlogs.Client, group, stream string, tokens [2]string, asked time.Time) error {
	var token *string
	lines, after := 0, 0
	for {
		page, err := client.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: &group, LogStreamName: &stream, StartFromHead: aws.Bool(true), NextToken: token})
		if err != nil {
			return err
		}
		for _, e := range page.Events {
			lines++
			if aws.ToInt64(e.Timestamp) >= asked.UnixMilli() {
				after++
			}
			w.first = w.first || strings.Contains(aws.ToString(e.Message), tokens[0])
			w.second = w.second || strings.Contains(aws.ToString(e.Message), tokens[1])
		}
		if len(page.Events) == 0 || aws.ToString(page.NextForwardToken) == aws.ToString(token) {
			w.lines, w.after = lines, after
			return nil
		}
		token = page.NextForwardToken
	}
}

func judgeWords(w words, at review.Place) review.Outcome {
	logs := review.Say("log every request, or name a path that is logged: drill.marker in hatoba-review.json", "リクエストをログに出すか、ログに出るパスを hatoba-review.json の drill.marker に指定してください")
	switch {
	case !w.unread.IsZero():
		return review.Unexamined(at, w.how, "container %s: %s", "コンテナ %s: %s", w.container, w.unread)
	case w.first && !w.second:
		return review.Failed(at, "container %s: the request of a second before the stop is in the log, the one right before it is not: last lines are lost", "コンテナ %s: 停止 1 秒前のリクエストはログにあるが、直前のものがない: 最後の行が失われている", w.container)
	case w.after == 0:
		return review.Failed(at, "container %s: nothing was written after the stop was asked for (%d lines before): nobody will know how it ended", "コンテナ %s: 停止要求の後に何も書かれていない(それまで %d 行): どう終わったか分からない", w.container, w.lines).
			WithTodo("on SIGTERM write a line when the stop begins and one when all is done, and flush the log before the end", "SIGTERM を受けたら停止の開始と完了をログに書き、終了前にフラッシュしてください")
	case w.second:
		return review.Passed(at, "container %s: the marker right before the stop and %d lines after it are in the log", "コンテナ %s: 停止直前の目印と停止後の %d 行がログにある", w.container, w.after)
	case w.marked:
		return review.Passed(at, "container %s: %d lines after the stop are in the log (requests are not logged: %s)", "コンテナ %s: 停止後の %d 行がログにある(リクエストはログに出ない: %s)", w.container, w.after, logs)
	}
	return review.Passed(at, "container %s: %d lines after the stop are in the log", "コンテナ %s: 停止後の %d 行がログにある", w.container, w.after)
}
