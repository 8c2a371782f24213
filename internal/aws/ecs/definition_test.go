package ecs

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

func describe(id string) *ecs.DescribeTaskDefinitionInput {
	return &ecs.DescribeTaskDefinitionInput{TaskDefinition: &id, Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags}}
}

func TestTaskDefinitionNames(t *testing.T) {
	b := newBench(t)
	b.register("web")
	second := b.register("web")
	for _, id := range []string{"web", "web:2", second} {
		out := must(t, b.describeTaskDefinition, describe(id))
		if out.TaskDefinition.Revision != 2 || len(out.Tags) != 1 || out.TaskDefinition.Status != types.TaskDefinitionStatusActive {
			t.Errorf("%s is revision %d with %d tags", id, out.TaskDefinition.Revision, len(out.Tags))
		}
	}
	const unable = "Unable to describe task definition."
	fails(t, b.describeTaskDefinition, describe("web:3"), "ClientException", unable)
	fails(t, b.describeTaskDefinition, describe("wob"), "ClientException", unable)
	fails(t, b.describeTaskDefinition, describe("web:x"), "InvalidParameterException", "Invalid revision number. Number: x")
	fails(t, b.deregisterTaskDefinition, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: aws.String("web")}, "ClientException", "Revision is missing.")
}

func TestTaskDefinitionLife(t *testing.T) {
	b := newBench(t)
	b.register("web")
	b.register("web")
	out := must(t, b.deregisterTaskDefinition, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: aws.String("web:2")}).TaskDefinition
	if out.Status != types.TaskDefinitionStatusInactive || out.DeregisteredAt == nil {
		t.Errorf("deregistered: %+v", out)
	}
	if latest := must(t, b.describeTaskDefinition, describe("web")).TaskDefinition.Revision; latest != 1 {
		t.Errorf("the latest active revision is %d", latest)
	}
	fails(t, b.runTask, b.runInput("web:2"), "ClientException", "TaskDefinition is inactive")
	if arn := b.register("web"); arn != scope.TaskDefinitionARN("web", 3) {
		t.Errorf("the revision after 2 is %s", arn)
	}

	del := must(t, b.deleteTaskDefinitions, &ecs.DeleteTaskDefinitionsInput{TaskDefinitions: []string{"web:1", "web:2", "web:9"}})
	if len(del.TaskDefinitions) != 1 || del.TaskDefinitions[0].Status != types.TaskDefinitionStatusDeleteInProgress || len(del.Failures) != 2 {
		t.Errorf("deleted: %+v", del)
	}
	must(t, b.describeTaskDefinition, describe("web:2"))
	b.now = b.now.Add(2 * time.Hour)
	fails(t, b.describeTaskDefinition, describe("web:2"), "ClientException", "Unable to describe task definition.")
}

func TestDeletedDefinitionStaysForItsTasks(t *testing.T) {
	b := newBench(t)
	b.register("web")
	task := b.run("web")
	must(t, b.deregisterTaskDefinition, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: aws.String("web:1")})
	del := func() {
		must(t, b.deleteTaskDefinitions, &ecs.DeleteTaskDefinitionsInput{TaskDefinitions: []string{"web:1"}})
	}
	del()
	b.now = b.now.Add(2 * time.Hour)
	del()
	must(t, b.describeTaskDefinition, describe("web:1"))
	b.change(func(w store.Writer) error { store.Tasks.Delete(w, scope.Key(idOf(task))); return nil })
	del()
	err := b.st.View(t.Context(), func(r store.Reader) error {
		if _, ok := store.TaskDefinitions.Get(r, scope.Key(state.TaskDefinitionID("web", 1))); ok {
			t.Error("the record outlives its last task")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestListTaskDefinitionsSortsFamiliesThenRevisions(t *testing.T) {
	b := newBench(t)
	for _, family := range []string{"a-b", "a", "a", "b", "a-b"} {
		b.register(family)
	}
	arn := scope.TaskDefinitionARN
	want := []string{arn("a", 1), arn("a", 2), arn("a-b", 1), arn("a-b", 2), arn("b", 1)}
	list := func(in ecs.ListTaskDefinitionsInput) (got []string) {
		for {
			out := must(t, b.listTaskDefinitions, &in)
			got = append(got, out.TaskDefinitionArns...)
			if in.NextToken = out.NextToken; in.NextToken == nil {
				return got
			}
		}
	}
	for size := int32(1); size <= 6; size++ {
		if diff := cmp.Diff(want, list(ecs.ListTaskDefinitionsInput{MaxResults: &size})); diff != "" {
			t.Errorf("pages of %d: %s", size, diff)
		}
		down := list(ecs.ListTaskDefinitionsInput{MaxResults: &size, Sort: types.SortOrderDesc})
		if len(down) != 5 || down[0] != want[4] || down[4] != want[0] || down[1] != want[3] {
			t.Errorf("descending pages of %d: %v", size, down)
		}
	}
	if diff := cmp.Diff(want[:2], list(ecs.ListTaskDefinitionsInput{FamilyPrefix: aws.String("a")})); diff != "" {
		t.Error(diff)
	}
	must(t, b.deregisterTaskDefinition, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: aws.String("b:1")})
	if diff := cmp.Diff(want[4:], list(ecs.ListTaskDefinitionsInput{Status: types.TaskDefinitionStatusInactive})); diff != "" {
		t.Error(diff)
	}

	families := func(in ecs.ListTaskDefinitionFamiliesInput) []string {
		return must(t, b.listTaskDefinitionFamilies, &in).Families
	}
	for _, c := range []struct {
		in   ecs.ListTaskDefinitionFamiliesInput
		want []string
	}{
		{ecs.ListTaskDefinitionFamiliesInput{}, []string{"a", "a-b", "b"}},
		{ecs.ListTaskDefinitionFamiliesInput{FamilyPrefix: aws.String("a")}, []string{"a", "a-b"}},
		{ecs.ListTaskDefinitionFamiliesInput{Status: types.TaskDefinitionFamilyStatusActive}, []string{"a", "a-b"}},
		{ecs.ListTaskDefinitionFamiliesInput{Status: types.TaskDefinitionFamilyStatusInactive}, []string{"b"}},
	} {
		if diff := cmp.Diff(c.want, families(c.in)); diff != "" {
			t.Error(diff)
		}
	}
}
