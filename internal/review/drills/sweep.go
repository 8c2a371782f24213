package drills

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"github.com/hatoba/hatoba/internal/review"
)

// Sweep removes what drills have left that died: by the notes of this machine,
// and, in a cluster, by the tags of what has expired. It tells what it did.
func Sweep(ctx context.Context, cfg aws.Config, cluster, family string, say func(review.Text)) error {
	dir, err := StateDir()
	if err != nil {
		return err
	}
	b := newBroom(cfg, say)
	notes, err := dead(dir, aws.ToString(cfg.BaseEndpoint), cfg.Region)
	errs := []error{err}
	for _, n := range notes {
		say(review.Say("run %s of %s has died: what it made is removed", "%[2]s の実行 %[1]s は途中で終わっていたため、作成したものを削除", n.Run, n.Service))
		err := b.remove(ctx, n.Cluster, n.Family, n.Run)
		if err == nil {
			err = n.forget()
		} else {
			n.close()
		}
		errs = append(errs, err)
	}
	expired, err := b.expired(ctx, cluster, family, time.Now())
	errs = append(errs, err)
	for _, run := range expired {
		say(review.Say("run %s has expired: what it made is removed", "実行 %s は期限切れのため、作成したものを削除", run))
		errs = append(errs, b.remove(ctx, cluster, family, run))
	}
	return errors.Join(errs...)
}

// broom removes what runs have made. What is gone already is no error.
type broom struct {
	ecs *ecs.Client
	elb *elb.Client
	say func(review.Text)
}

func newBroom(cfg aws.Config, say func(review.Text)) broom {
	cfg.Logger = logging.Nop{}
	return broom{ecs: ecs.NewFromConfig(cfg), elb: elb.NewFromConfig(cfg), say: say}
}

// remove takes away all that a run has made, in the order that lets nobody be
// sent to what is gone.
func (b broom) remove(ctx context.Context, cluster, family, run string) error {
	name := prefix + run
	return errors.Join(b.listeners(ctx, name), b.tasks(ctx, cluster, family, name), b.service(ctx, cluster, name), b.group(ctx, name))
}

func (b broom) service(ctx context.Context, cluster, name string) error {
	_, err := b.ecs.DeleteService(ctx, &ecs.DeleteServiceInput{Cluster: some(cluster), Service: &name, Force: aws.Bool(true)})
	if coded(err, "ServiceNotFoundException", "ServiceNotActiveException", "ClusterNotFoundException") {
		return nil
	}
	if err != nil {
		return fmt.Errorf("service %s: %w", name, err)
	}
	b.say(review.Say("service %s is deleted", "サービス %s を削除", name))
	return until(ctx, func() (bool, error) { // its tasks go with it
		out, err := b.ecs.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: some(cluster), Services: []string{name}})
		return err == nil && (len(out.Services) == 0 || aws.ToString(out.Services[0].Status) == "INACTIVE"), err
	})
}

// tasks stops those that a run started by themselves.
func (b broom) tasks(ctx context.Context, cluster, family, name string) error {
	out, err := b.ecs.ListTasks(ctx, &ecs.ListTasksInput{Cluster: some(cluster), StartedBy: &name})
	if coded(err, "ClusterNotFoundException") {
		return nil
	}
	if err != nil {
		return fmt.Errorf("tasks started by %s: %w", name, err)
	}
	for _, arn := range out.TaskArns {
		_, err := b.ecs.StopTask(ctx, &ecs.StopTaskInput{Cluster: some(cluster), Task: &arn, Reason: aws.String("the drill is over")})
		if err != nil && !coded(err, "InvalidParameterException") { // it is gone
			return fmt.Errorf("task %s: %w", arn, err)
		}
		b.say(review.Say("task %s is stopped", "タスク %s を停止", last(arn)))
	}
	return nil
}

// group removes a run's target group.
func (b broom) group(ctx context.Context, name string) error {
	g, err := b.groupOf(ctx, name)
	if g == nil || err != nil {
		return err
	}
	if _, err := b.elb.DeleteTargetGroup(ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: g.TargetGroupArn}); err != nil {
		return fmt.Errorf("target group %s: %w", name, err)
	}
	b.say(review.Say("target group %s is deleted", "ターゲットグループ %s を削除", name))
	return nil
}

// listeners removes those that lead to a run's group.
func (b broom) listeners(ctx context.Context, name string) error {
	g, err := b.groupOf(ctx, name)
	if g == nil || err != nil {
		return err
	}
	for _, balancer := range g.LoadBalancerArns {
		for pages := elb.NewDescribeListenersPaginator(b.elb, &elb.DescribeListenersInput{LoadBalancerArn: &balancer}); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return fmt.Errorf("listeners of %s: %w", balancer, err)
			}
			for _, l := range page.Listeners {
				if !forwards(l, *g.TargetGroupArn) {
					continue
				}
				if _, err := b.elb.DeleteListener(ctx, &elb.DeleteListenerInput{ListenerArn: l.ListenerArn}); err != nil {
					return fmt.Errorf("listener on port %d: %w", aws.ToInt32(l.Port), err)
				}
				b.say(review.Say("the listener on port %d is deleted", "ポート %d のリスナーを削除", aws.ToInt32(l.Port)))
			}
		}
	}
	return nil
}

func (b broom) groupOf(ctx context.Context, name string) (*elbtypes.TargetGroup, error) {
	out, err := b.elb.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{Names: []string{name}})
	if coded(err, "TargetGroupNotFound", "TargetGroupNotFoundException") {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("target group %s: %w", name, err)
	}
	if len(out.TargetGroups) == 0 {
		return nil, nil
	}
	return &out.TargetGroups[0], nil
}

// expired finds runs whose copies are still there after their time: services
// of the cluster, its tasks of a family ("" is any), and target groups of the
// region.
func (b broom) expired(ctx context.Context, cluster, family string, now time.Time) (runs []string, err error) {
	found := map[string]bool{}
	note := func(run, expires string) {
		if at, err := time.Parse(time.RFC3339, expires); err == nil && run != "" && now.After(at) && !found[run] {
			found[run] = true
			runs = append(runs, run)
		}
	}
	return runs, errors.Join(b.services(ctx, cluster, note), b.alone(ctx, cluster, family, note), b.groups(ctx, note))
}

// services notes the runs of the cluster's copies.
func (b broom) services(ctx context.Context, cluster string, note func(run, expires string)) error {
	for pages := ecs.NewListServicesPaginator(b.ecs, &ecs.ListServicesInput{Cluster: some(cluster)}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		var names []string
		for _, arn := range page.ServiceArns {
			if strings.HasPrefix(last(arn), prefix) {
				names = append(names, arn)
			}
		}
		if len(names) == 0 {
			continue
		}
		out, err := b.ecs.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: some(cluster), Services: names, Include: []types.ServiceField{types.ServiceFieldTags}})
		if err != nil {
			return err
		}
		for _, s := range out.Services {
			note(tagged(s.Tags))
		}
	}
	return nil
}

// alone notes the runs of tasks that were started by themselves.
func (b broom) alone(ctx context.Context, cluster, family string, note func(run, expires string)) error {
	for pages := ecs.NewListTasksPaginator(b.ecs, &ecs.ListTasksInput{Cluster: some(cluster), Family: some(family)}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		if len(page.TaskArns) == 0 {
			continue
		}
		out, err := b.ecs.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: some(cluster), Tasks: page.TaskArns, Include: []types.TaskField{types.TaskFieldTags}})
		if err != nil {
			return err
		}
		for _, t := range out.Tasks {
			if strings.HasPrefix(aws.ToString(t.StartedBy), prefix) {
				note(tagged(t.Tags))
			}
		}
	}
	return nil
}

// groups notes the runs of the region's target groups.
func (b broom) groups(ctx context.Context, note func(run, expires string)) error {
	for pages := elb.NewDescribeTargetGroupsPaginator(b.elb, &elb.DescribeTargetGroupsInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, g := range page.TargetGroups {
			if !strings.HasPrefix(aws.ToString(g.TargetGroupName), prefix) {
				continue
			}
			out, err := b.elb.DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: []string{*g.TargetGroupArn}})
			if err != nil {
				return err
			}
			tags := map[string]string{}
			for _, d := range out.TagDescriptions {
				for _, t := range d.Tags {
					tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
				}
			}
			note(tags[tagRun], tags[tagExpires])
		}
	}
	return nil
}

// tagged is the run that tags name, and when it expires.
func tagged(tags []types.Tag) (run, expires string) {
	for _, t := range tags {
		switch aws.ToString(t.Key) {
		case tagRun:
			run = aws.ToString(t.Value)
		case tagExpires:
			expires = aws.ToString(t.Value)
		}
	}
	return run, expires
}

// coded tells whether an API answered with one of the codes.
func coded(err error, codes ...string) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	for _, c := range codes {
		if api.ErrorCode() == c {
			return true
		}
	}
	return false
}

// some is nil for what is empty.
func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// beat is how often what is asked of an API is asked again.
const beat = 200 * time.Millisecond

// until asks again until it is so, or ctx ends.
func until(ctx context.Context, holds func() (bool, error)) error {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		if done, err := holds(); done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}
