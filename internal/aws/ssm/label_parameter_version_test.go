package ssm

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"github.com/hatoba/hatoba/internal/wire"
)

func TestLabels(t *testing.T) {
	f := newFront(t)
	ctx, name := t.Context(), aws.String("/app")
	for _, v := range []string{"one", "two", "three"} {
		f.put(t, "/app", v, types.ParameterTypeString)
	}
	out, err := f.LabelParameterVersion(ctx, &sdk.LabelParameterVersionInput{Name: name, Labels: []string{"live", "1st", "awsx", "a b", "v.1"}})
	if err != nil || out.ParameterVersion != 3 || !slices.Equal(out.InvalidLabels, []string{"1st", "awsx", "a b"}) {
		t.Fatalf("%+v %v", out, err)
	}
	if _, err := f.LabelParameterVersion(ctx, &sdk.LabelParameterVersionInput{Name: name, Labels: []string{"live"}, ParameterVersion: aws.Int64(1)}); err != nil {
		t.Fatal(err)
	}
	history := func() (labels [][]string) {
		t.Helper()
		out, err := f.GetParameterHistory(ctx, &sdk.GetParameterHistoryInput{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range out.Parameters {
			labels = append(labels, p.Labels)
		}
		return labels
	}
	if diff := cmp.Diff([][]string{{"live"}, {}, {"v.1"}}, history()); diff != "" {
		t.Error(diff)
	}
	gone, err := f.UnlabelParameterVersion(ctx, &sdk.UnlabelParameterVersionInput{Name: name, Labels: []string{"live", "v.1"}, ParameterVersion: aws.Int64(1)})
	if err != nil || !slices.Equal(gone.RemovedLabels, []string{"live"}) || !slices.Equal(gone.InvalidLabels, []string{"v.1"}) {
		t.Fatalf("%+v %v", gone, err)
	}
	if diff := cmp.Diff([][]string{{}, {}, {"v.1"}}, history()); diff != "" {
		t.Error(diff)
	}
	var ten []string
	for i := range 10 {
		ten = append(ten, fmt.Sprintf("l%d", i))
	}
	_, err = f.LabelParameterVersion(ctx, &sdk.LabelParameterVersionInput{Name: name, Labels: ten})
	wantFailure(t, err, "ParameterVersionLabelLimitExceeded: A parameter version can have maximum 10 labels. Move one or more labels to another version and try again.")
	_, err = f.LabelParameterVersion(ctx, &sdk.LabelParameterVersionInput{Name: name, Labels: []string{"x"}, ParameterVersion: aws.Int64(4)})
	wantFailure(t, err, "ParameterVersionNotFound: Systems Manager could not find version 4 of /app. Verify the version and try again.")
	_, err = f.LabelParameterVersion(ctx, &sdk.LabelParameterVersionInput{Name: aws.String("/none"), Labels: []string{"x"}})
	wantFailure(t, err, "ParameterNotFound: Parameter /none not found.")
}

func TestDeleteAndTags(t *testing.T) {
	f := newFront(t)
	ctx, kind := t.Context(), types.ResourceTypeForTaggingParameter
	for _, name := range []string{"/a", "/a", "/b", "/c"} {
		f.put(t, name, "v", types.ParameterTypeString)
	}
	tag := func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} }
	if _, err := f.AddTagsToResource(ctx, &sdk.AddTagsToResourceInput{ResourceType: kind, ResourceId: aws.String("/a"), Tags: []types.Tag{tag("x", "1"), tag("y", "2")}}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.AddTagsToResource(ctx, &sdk.AddTagsToResourceInput{ResourceType: kind, ResourceId: aws.String("/a"), Tags: []types.Tag{tag("x", "3")}}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.RemoveTagsFromResource(ctx, &sdk.RemoveTagsFromResourceInput{ResourceType: kind, ResourceId: aws.String("/a"), TagKeys: []string{"y"}}); err != nil {
		t.Fatal(err)
	}
	// A new version keeps the tags.
	f.put(t, "/a", "v", types.ParameterTypeString)
	tags, err := f.ListTagsForResource(ctx, &sdk.ListTagsForResourceInput{ResourceType: kind, ResourceId: aws.String("/a")})
	if err != nil || len(tags.TagList) != 1 || *tags.TagList[0].Value != "3" {
		t.Fatalf("%+v %v", tags, err)
	}
	// Straight to the operation: the SDK drops these exceptions' messages.
	caller := wire.Caller{Scope: testScope}
	_, err = f.service.listTagsForResource(ctx, caller, &sdk.ListTagsForResourceInput{ResourceType: kind, ResourceId: aws.String("/none")})
	wantFailure(t, err, "InvalidResourceId: Parameter /none not found.")
	_, err = f.service.listTagsForResource(ctx, caller, &sdk.ListTagsForResourceInput{ResourceType: types.ResourceTypeForTaggingDocument, ResourceId: aws.String("x")})
	wantFailure(t, err, "InvalidResourceType: ResourceType Document is not supported by Hatoba (only Parameter).")

	if _, err := f.DeleteParameter(ctx, &sdk.DeleteParameterInput{Name: aws.String("/a")}); err != nil {
		t.Fatal(err)
	}
	_, err = f.DeleteParameter(ctx, &sdk.DeleteParameterInput{Name: aws.String("/a")})
	wantFailure(t, err, "ParameterNotFound: Parameter /a not found.")
	out, err := f.DeleteParameters(ctx, &sdk.DeleteParametersInput{Names: []string{"/c", "/a", "/b"}})
	if err != nil || !slices.Equal(out.DeletedParameters, []string{"/c", "/b"}) || !slices.Equal(out.InvalidParameters, []string{"/a"}) {
		t.Fatalf("%+v %v", out, err)
	}
	if left := encoded(t, f.store); len(left) != 0 {
		t.Fatalf("left: %s", left)
	}
	if v := f.put(t, "/a", "v", types.ParameterTypeString); v != 1 {
		t.Fatalf("a new parameter begins at version %d", v)
	}
}
