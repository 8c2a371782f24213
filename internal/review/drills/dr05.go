package drills

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var dr05 = Drill{
	ID:    "DR05",
	Title: review.Text{EN: "Redeploy under steady load", JA: "一定の負荷をかけたまま再デプロイする"},
	Does: review.Text{
		EN: "Asks the service steadily through the load balancer, replaces all its tasks with a forced deployment of the same revision, and counts what was lost and how answers slowed down; then looks whether the deployment was recorded.",
		JA: "ロードバランサー経由で一定の負荷をかけながら、同じリビジョンの強制デプロイで全タスクを入れ替え、失われたリクエストと応答時間の変化を測り、デプロイが記録されたかを調べます。",
	},
	Takes: "15 s, and the deregistration delay",
	Rules: []string{"DSP-05", "RLS-19"},
	act:   redeploy,
}

// rolled is what was measured of a deployment.
type rolled struct {
	took    time.Duration
	before  []reply
	during  []reply
	allowed float64       // share that may be lost
	band    time.Duration // that p95 may grow
	record  recorded
	at      review.Place
}

// recorded is what ECS tells of a deployment afterwards.
type recorded struct {
	unread   review.Text // set: why it was not read
	found    bool
	id       string
	started  time.Time
	finished time.Time
	revision string
	digests  int // containers of the revision whose image digest is told
	images   int
}

// quiet is how long the service is asked before the deployment, for its p95.
const quiet = 3 * time.Second

func redeploy(ctx context.Context, s *stage) ([]review.Proof, error) {
	if err := s.balanced(); err != nil { // before a copy is made for nothing
		return nil, err
	}
	name, err := s.actor(ctx)
	if err != nil {
		return nil, err
	}
	f, err := s.entrance(ctx)
	if err != nil {
		return nil, err
	}
	m := rolled{allowed: s.set.Lost, band: s.set.P95, at: s.target.place()}
	s.say("%d requests a second to %s", "%[2]s に毎秒 %[1]d リクエスト", s.set.Rate, f.url)
	l := drive(ctx, f, s.set.Rate, s.budget())
	pause(ctx, quiet)
	began := time.Now()
	out, err := s.ecs.UpdateService(ctx, &ecs.UpdateServiceInput{Cluster: &s.target.cluster, Service: &name, ForceNewDeployment: true})
	if err == nil {
		s.say("forced deployment %s", "強制デプロイ %s", primary(out.Service))
		err = until(ctx, func() (bool, error) { return s.replaced(ctx, name, primary(out.Service)) })
	}
	m.took = time.Since(began)
	if err == nil {
		pause(ctx, calm)
	}
	for _, r := range l.stop() {
		if r.began.Before(began) {
			m.before = append(m.before, r)
		} else {
			m.during = append(m.during, r)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the deployment did not complete: %w", err)
	}
	s.say("all tasks are replaced after %.1f s", "%.1f 秒で全タスクを入れ替え", m.took.Seconds())
	s.say("%d requests, %d lost; p95 %s before, %s during", "%d リクエスト、損失 %d 件。p95 は前 %s、最中 %s", len(m.before)+len(m.during),
		count(m.before, reply.lost)+count(m.during, reply.lost), ms(p95(m.before)), ms(p95(m.during)))
	m.record = s.recorded(ctx, name, began)
	return judgeRoll(m), nil
}

func primary(svc *types.Service) string {
	for _, d := range svc.Deployments {
		if aws.ToString(d.Status) == "PRIMARY" {
			return aws.ToString(d.Id)
		}
	}
	return ""
}

// replaced tells whether a deployment is the only one, and whole.
func (s *stage) replaced(ctx context.Context, name, deployment string) (bool, error) {
	svc, err := s.described(ctx, name)
	if err != nil {
		return false, err
	}
	for _, d := range svc.Deployments {
		if d.RolloutState == types.DeploymentRolloutStateFailed {
			return false, fmt.Errorf("%s", aws.ToString(d.RolloutStateReason))
		}
	}
	if primary(&svc) != deployment {
		return false, nil
	}
	return s.whole(ctx, name)
}

// recorded reads what is kept of the newest deployment.
func (s *stage) recorded(ctx context.Context, name string, since time.Time) (r recorded) {
	list, err := s.ecs.ListServiceDeployments(ctx, &ecs.ListServiceDeploymentsInput{Cluster: &s.target.cluster, Service: &name})
	if err != nil {
		r.unread = review.Say("ecs:ListServiceDeployments: %s", "ecs:ListServiceDeployments: %s", err.Error())
		return r
	}
	for _, d := range list.ServiceDeployments {
		if d.StartedAt != nil && d.StartedAt.After(since.Add(-time.Second)) && (!r.found || d.StartedAt.After(r.started)) {
			r.found, r.id, r.started, r.revision = true, last(aws.ToString(d.ServiceDeploymentArn)), *d.StartedAt, aws.ToString(d.TargetServiceRevisionArn)
			if d.FinishedAt != nil {
				r.finished = *d.FinishedAt
			}
		}
	}
	if r.revision == "" {
		return r
	}
	out, err := s.ecs.DescribeServiceRevisions(ctx, &ecs.DescribeServiceRevisionsInput{ServiceRevisionArns: []string{r.revision}})
	if err != nil {
		r.unread = review.Say("ecs:DescribeServiceRevisions: %s", "ecs:DescribeServiceRevisions: %s", err.Error())
		return r
	}
	for _, revision := range out.ServiceRevisions {
		for _, c := range revision.ContainerImages {
			if r.images++; aws.ToString(c.ImageDigest) != "" {
				r.digests++
			}
		}
	}
	return r
}

func judgeRoll(m rolled) (out []review.Proof) {
	lost, sent := count(m.during, reply.lost), len(m.during)
	allowed := int(m.allowed * float64(sent))
	was, is := p95(m.before), p95(m.during)
	switch {
	case sent == 0 || len(m.before) == 0:
		out = append(out, review.Of("DSP-05", review.Unexamined(m.at, again("DR05"), "no request was made during the deployment", "デプロイ中にリクエストを送れなかった")))
	case lost > allowed:
		out = append(out, review.Of("DSP-05", review.Failed(m.at, "%d of %d requests were lost while all tasks were replaced in %.1f s (%d may be): %s", "全タスクの入れ替え(%.1[3]f 秒)の間に %[2]d 件中 %[1]d 件を損失(許容 %[4]d 件): %[5]s",
			lost, sent, m.took.Seconds(), allowed, firstLost(m.during))))
	case is > was+m.band:
		out = append(out, review.Of("DSP-05", review.Failed(m.at, "no more than %d of %d requests were lost, but p95 went from %s to %s (%s may be added)", "損失は %[2]d 件中 %[1]d 件以内だが、p95 が %[3]s から %[4]s に悪化(許容 +%[5]s)", allowed, sent, ms(was), ms(is), m.band)))
	default:
		out = append(out, review.Of("DSP-05", review.Passed(m.at, "all tasks were replaced in %.1f s: %d of %d requests lost, p95 %s before and %s during", "全タスクを %.1f 秒で入れ替え: %[3]d 件中 %[2]d 件を損失、p95 は前 %[4]s、最中 %[5]s",
			m.took.Seconds(), lost, sent, ms(was), ms(is))))
	}
	return append(out, review.Of("RLS-19", judgeRecord(m.record, sent, lost, m.at)))
}

func judgeRecord(r recorded, sent, lost int, at review.Place) review.Outcome {
	switch {
	case !r.unread.IsZero():
		return review.Unexamined(at, review.Say("grant the drill ecs:ListServiceDeployments and ecs:DescribeServiceRevisions", "ecs:ListServiceDeployments と ecs:DescribeServiceRevisions を許可してください"), "%s", "%s", r.unread)
	case !r.found:
		return review.Failed(at, "the deployment left no record: nobody can tell later which version ran when", "デプロイの記録がない: どの版がいつ動いたか後から分からない")
	case r.finished.IsZero():
		return review.Failed(at, "the record of deployment %s has no end", "デプロイ %s の記録に終了時刻がない", r.id)
	case r.digests < r.images || r.images == 0:
		return review.Failed(at, "the record of deployment %s names the image digest of %d of %d containers: a tag does not say which version it was", "デプロイ %s の記録にあるイメージダイジェストは %[3]d コンテナ中 %[2]d 個: タグでは版を特定できない", r.id, r.digests, r.images)
	}
	return review.Passed(at, "deployment %s, from %s to %s, with the digests of its %d images: %d of %d requests in it were lost", "デプロイ %s(%s から %s、イメージ %d 個のダイジェスト付き): 期間中 %[6]d 件中 %[5]d 件を損失",
		r.id, r.started.UTC().Format(time.TimeOnly), r.finished.UTC().Format(time.TimeOnly), r.images, lost, sent)
}

func ms(d time.Duration) string { return d.Round(100 * time.Microsecond).String() }
