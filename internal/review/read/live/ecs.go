package live

import (
	"cmp"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

// named reads what the target names.
func (r *reader) named(ctx context.Context, found *Found) error {
	client := ecs.NewFromConfig(r.cfg)
	r.live.Service = noService[types.Service]()
	if r.target.Service != "" {
		var answer captured
		out, err := client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: r.cluster0(), Services: []string{r.target.Service},
			Include: []types.ServiceField{types.ServiceFieldTags}}, ecs.WithAPIOptions(answer.option))
		if err != nil {
			return wrap("service "+r.target.Service, "ecs:DescribeServices", err)
		}
		if len(out.Services) == 0 {
			return fmt.Errorf("service %s: there is none in cluster %s", r.target.Service, cmp.Or(r.target.Cluster, "default"))
		}
		s := out.Services[0]
		r.live.Service = review.Have(s)
		found.Service = &review.ServiceDef{File: aws.ToString(s.ServiceArn), Service: s, Doc: answer.node(s, "services", 0)}
		r.account(s.ServiceArn)
	}
	name := r.target.TaskDef
	if name == "" && found.Service != nil {
		name = aws.ToString(found.Service.TaskDefinition)
	}
	if name == "" {
		if r.target.Definition == nil {
			return fmt.Errorf("service %s names no task definition", r.target.Service)
		}
		found.TaskDef = r.target.Definition
		return nil
	}
	var answer captured
	out, err := client.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &name,
		Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags}}, ecs.WithAPIOptions(answer.option))
	if err != nil {
		return wrap("task definition "+name, "ecs:DescribeTaskDefinition", err)
	}
	if out.TaskDefinition == nil {
		return fmt.Errorf("task definition %s: the answer holds none", name)
	}
	found.TaskDef = &review.TaskDef{File: aws.ToString(out.TaskDefinition.TaskDefinitionArn), TaskDefinition: *out.TaskDefinition,
		Tags: out.Tags, Doc: answer.node(out.TaskDefinition, "taskDefinition")}
	r.account(out.TaskDefinition.TaskDefinitionArn)
	return nil
}

// cluster0 is the cluster as given; nil is the default one.
func (r *reader) cluster0() *string {
	if r.target.Cluster == "" {
		return nil
	}
	return &r.target.Cluster
}

func (r *reader) cluster(ctx context.Context) review.Given[types.Cluster] {
	out, err := ecs.NewFromConfig(r.cfg).DescribeClusters(ctx, &ecs.DescribeClustersInput{Clusters: []string{cmp.Or(r.target.Cluster, "default")},
		Include: []types.ClusterField{types.ClusterFieldSettings, types.ClusterFieldConfigurations, types.ClusterFieldTags, types.ClusterFieldStatistics}})
	switch {
	case err != nil:
		return refused[types.Cluster](err, "ecs:DescribeClusters")
	case len(out.Clusters) == 0:
		return review.Missing[types.Cluster](review.Say("there is no cluster %s", "クラスター %s がない", cmp.Or(r.target.Cluster, "default")),
			review.Say("name the cluster with --cluster", "--cluster でクラスターを指定してください"))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.account(out.Clusters[0].ClusterArn)
	return review.Have(out.Clusters[0])
}

// tasks lists running and lately stopped tasks.
func (r *reader) tasks(ctx context.Context) review.Given[[]types.Task] {
	client := ecs.NewFromConfig(r.cfg)
	var arns []string
	for _, status := range []types.DesiredStatus{types.DesiredStatusRunning, types.DesiredStatusStopped} {
		in := &ecs.ListTasksInput{Cluster: r.cluster0(), DesiredStatus: status}
		if r.target.Service != "" {
			in.ServiceName = &r.target.Service
		} else {
			in.Family = r.target.Definition.Family
		}
		for pages := ecs.NewListTasksPaginator(client, in); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return refused[[]types.Task](err, "ecs:ListTasks")
			}
			arns = append(arns, page.TaskArns...)
		}
	}
	tasks := []types.Task{}
	for len(arns) > 0 {
		batch := arns[:min(len(arns), 100)] // the API's own limit
		arns = arns[len(batch):]
		out, err := client.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: r.cluster0(), Tasks: batch, Include: []types.TaskField{types.TaskFieldTags}})
		if err != nil {
			return refused[[]types.Task](err, "ecs:DescribeTasks")
		}
		tasks = append(tasks, out.Tasks...)
	}
	return review.Have(tasks)
}

// definitions reads what the service and its running tasks run. More than a
// few at once is a deployment gone astray; the newest are enough to tell.
func (r *reader) definitions(ctx context.Context) review.Given[[]types.TaskDefinition] {
	var arns []string
	if s := r.service(); s != nil {
		arns = append(arns, aws.ToString(s.TaskDefinition))
		for _, d := range s.Deployments {
			arns = append(arns, aws.ToString(d.TaskDefinition))
		}
	}
	for _, t := range r.live.Tasks.Value {
		if aws.ToString(t.LastStatus) == "RUNNING" {
			arns = append(arns, aws.ToString(t.TaskDefinitionArn))
		}
	}
	if arns = unique(arns); len(arns) > 20 {
		return review.Missing[[]types.TaskDefinition](review.Say("%d task definitions run at once", "%d 個のタスク定義が同時に動いている", len(arns)),
			review.Say("let the deployments end, then review", "デプロイが終わってからレビューしてください"))
	}
	if !r.live.Tasks.OK && r.service() == nil {
		return review.Missing[[]types.TaskDefinition](r.live.Tasks.Why, r.live.Tasks.How)
	}
	client, defs := ecs.NewFromConfig(r.cfg), []types.TaskDefinition{}
	for _, arn := range arns {
		out, err := client.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &arn})
		if err != nil {
			return refused[[]types.TaskDefinition](err, "ecs:DescribeTaskDefinition")
		}
		if out.TaskDefinition != nil {
			defs = append(defs, *out.TaskDefinition)
		}
	}
	return review.Have(defs)
}
