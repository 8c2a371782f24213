package live

import (
	"cmp"
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

// Of a container, the latest lines of some tasks tell how it writes.
const (
	linesOfTask = 100
	tasksOfLogs = 3
)

func (r *reader) logGroup(ctx context.Context, name string) review.Given[review.LogGroup] {
	client := cloudwatchlogs.NewFromConfig(r.cfg, func(o *cloudwatchlogs.Options) { o.Region = cmp.Or(r.refs.regions[name], o.Region) })
	group := review.LogGroup{}
	for pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(client, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name}); pages.HasMorePages() && !group.Exists; {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return refused[review.LogGroup](err, "logs:DescribeLogGroups")
		}
		for _, g := range page.LogGroups {
			if aws.ToString(g.LogGroupName) == name {
				group.Exists = true
				group.RetentionDays, group.StoredBytes = int(aws.ToInt32(g.RetentionInDays)), aws.ToInt64(g.StoredBytes)
				group.Created = time.UnixMilli(aws.ToInt64(g.CreationTime))
			}
		}
	}
	if group.Exists {
		group.Filters, group.MetricFilters = subscriptions(ctx, client, name), metricFilters(ctx, client, name)
	}
	return review.Have(group)
}

func subscriptions(ctx context.Context, client *cloudwatchlogs.Client, group string) review.Given[[]review.Filter] {
	out := []review.Filter{}
	for pages := cloudwatchlogs.NewDescribeSubscriptionFiltersPaginator(client, &cloudwatchlogs.DescribeSubscriptionFiltersInput{LogGroupName: &group}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return refused[[]review.Filter](err, "logs:DescribeSubscriptionFilters")
		}
		for _, f := range page.SubscriptionFilters {
			out = append(out, review.Filter{Name: aws.ToString(f.FilterName), Pattern: aws.ToString(f.FilterPattern), Destination: aws.ToString(f.DestinationArn)})
		}
	}
	return review.Have(out)
}

func metricFilters(ctx context.Context, client *cloudwatchlogs.Client, group string) review.Given[[]review.Filter] {
	out := []review.Filter{}
	for pages := cloudwatchlogs.NewDescribeMetricFiltersPaginator(client, &cloudwatchlogs.DescribeMetricFiltersInput{LogGroupName: &group}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return refused[[]review.Filter](err, "logs:DescribeMetricFilters")
		}
		for _, f := range page.MetricFilters {
			for _, m := range f.MetricTransformations {
				out = append(out, review.Filter{Name: aws.ToString(f.FilterName), Pattern: aws.ToString(f.FilterPattern),
					Destination: aws.ToString(m.MetricNamespace) + "/" + aws.ToString(m.MetricName)})
			}
		}
	}
	return review.Have(out)
}

// running reads what only running tasks have: their log lines, and the scans
// of the images they really run.
func (r *reader) running(ctx context.Context) {
	if !r.live.Tasks.OK {
		return
	}
	byARN := map[string]types.TaskDefinition{}
	for _, d := range r.live.Definitions.Value {
		byARN[aws.ToString(d.TaskDefinitionArn)] = d
	}
	tasks := 0
	for _, t := range r.live.Tasks.Value {
		if aws.ToString(t.LastStatus) != "RUNNING" {
			continue
		}
		tasks++
		for _, c := range t.Containers {
			if image, ok := parseImage(aws.ToString(c.Image)); ok && aws.ToString(c.ImageDigest) != "" {
				if _, done := r.live.Scans[*c.ImageDigest]; !done {
					put(r, r.live.Scans, *c.ImageDigest, r.scan(ctx, image, *c.ImageDigest))
				}
			}
		}
		if tasks > tasksOfLogs {
			continue
		}
		for _, c := range byARN[aws.ToString(t.TaskDefinitionArn)].ContainerDefinitions {
			if group := logOption(c, "awslogs-group"); group != "" {
				r.lines(ctx, t, c, group)
			}
		}
	}
}

// lines adds the latest lines of a task's container.
func (r *reader) lines(ctx context.Context, t types.Task, c types.ContainerDefinition, group string) {
	name := aws.ToString(c.Name)
	prefix := logOption(c, "awslogs-stream-prefix")
	if prefix == "" {
		r.gap(name, review.Missing[[]string](review.Say("the log stream has no prefix, so nobody can tell which is the task's", "ログストリームにプレフィックスがなく、どれがこのタスクのものか分からない"),
			review.Say("set awslogs-stream-prefix", "awslogs-stream-prefix を設定してください")))
		return
	}
	stream := prefix + "/" + name + "/" + after(aws.ToString(t.TaskArn), "/")
	region := logOption(c, "awslogs-region")
	client := cloudwatchlogs.NewFromConfig(r.cfg, func(o *cloudwatchlogs.Options) { o.Region = cmp.Or(region, o.Region) })
	out, err := client.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: &group, LogStreamName: &stream,
		Limit: aws.Int32(linesOfTask), StartFromHead: aws.Bool(false)})
	switch {
	case is(err, "ResourceNotFoundException"): // the stream comes with the first line
		r.gap(name, review.Missing[[]string](review.Say("no line has been logged yet", "まだ一行も出力されていない"),
			review.Say("send the service a request, then review", "サービスにリクエストを送ってからレビューしてください")))
		return
	case err != nil:
		r.gap(name, refused[[]string](err, "logs:GetLogEvents"))
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.live.LogLines[name].Value
	for _, e := range out.Events {
		seen = append(seen, aws.ToString(e.Message))
	}
	r.live.LogLines[name] = review.Have(seen)
}

// gap says why a container's lines are missing, unless another task gave some.
func (r *reader) gap(container string, why review.Given[[]string]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.live.LogLines[container].OK {
		r.live.LogLines[container] = why
	}
}
