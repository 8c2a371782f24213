package ecr_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/hatoba/hatoba/internal/control/expire"
)

// A policy is previewed, kept, evaluated when it is set, and deleted.
func TestLifecyclePolicy(t *testing.T) {
	h := open(t)
	h.create("app")
	loop := &expire.Loop{Store: h.store, Expire: h.service.Expire, Log: slog.New(slog.DiscardHandler)}
	go func() { _ = loop.Run(t.Context()) }()
	for i := range 4 {
		if err := h.push(fmt.Sprintf("app:v%d", i), picture(t, fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	name := aws.String("app")
	_, err := h.GetLifecyclePolicy(t.Context(), &sdk.GetLifecyclePolicyInput{RepositoryName: name})
	wantFailure(t, err, "LifecyclePolicyNotFoundException: Lifecycle policy does not exist for the repository with name 'app' in the registry with id '123456789012'")
	_, err = h.GetLifecyclePolicyPreview(t.Context(), &sdk.GetLifecyclePolicyPreviewInput{RepositoryName: name})
	wantFailure(t, err, "LifecyclePolicyPreviewNotFoundException: Lifecycle policy preview does not exist for the repository with name 'app' in the registry with id '123456789012'")
	_, err = h.PutLifecyclePolicy(t.Context(), &sdk.PutLifecyclePolicyInput{RepositoryName: name, LifecyclePolicyText: aws.String(strings.Repeat("x", 100))})
	if err == nil || !strings.Contains(err.Error(), "Lifecycle policy validation failure: invalid character 'x'") {
		t.Error(err)
	}
	text := aws.String(`{"rules":[{"rulePriority":3,"selection":{"tagStatus":"tagged","tagPatternList":["v*"],"countType":"imageCountMoreThan","countNumber":1},"action":{"type":"expire"}}]}`)
	if _, err := h.StartLifecyclePolicyPreview(t.Context(), &sdk.StartLifecyclePolicyPreviewInput{RepositoryName: name, LifecyclePolicyText: text}); err != nil {
		t.Fatal(err)
	}
	page, err := h.GetLifecyclePolicyPreview(t.Context(), &sdk.GetLifecyclePolicyPreviewInput{RepositoryName: name, MaxResults: aws.Int32(2)})
	if err != nil || page.Status != types.LifecyclePolicyPreviewStatusComplete || len(page.PreviewResults) != 2 || page.NextToken == nil || *page.Summary.ExpiringImageTotalCount != 3 ||
		page.PreviewResults[0].ImageTags[0] != "v0" || *page.PreviewResults[0].AppliedRulePriority != 3 {
		t.Fatalf("%+v %v", page, err)
	}
	if page, err = h.GetLifecyclePolicyPreview(t.Context(), &sdk.GetLifecyclePolicyPreviewInput{RepositoryName: name, NextToken: page.NextToken}); err != nil || len(page.PreviewResults) != 1 || page.PreviewResults[0].ImageTags[0] != "v2" {
		t.Errorf("%+v %v", page, err)
	}
	if page, err = h.GetLifecyclePolicyPreview(t.Context(), &sdk.GetLifecyclePolicyPreviewInput{RepositoryName: name, ImageIds: []types.ImageIdentifier{tag("v1"), tag("v3")}}); err != nil || len(page.PreviewResults) != 1 || page.PreviewResults[0].ImageTags[0] != "v1" {
		t.Errorf("%+v %v", page, err)
	}
	if _, err := h.PutLifecyclePolicy(t.Context(), &sdk.PutLifecyclePolicyInput{RepositoryName: name, LifecyclePolicyText: text}); err != nil {
		t.Fatal(err)
	}
	var left *sdk.DescribeImagesOutput
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if left, err = h.DescribeImages(t.Context(), &sdk.DescribeImagesInput{RepositoryName: name}); err != nil {
			t.Fatal(err)
		}
		if got, err := h.GetLifecyclePolicy(t.Context(), &sdk.GetLifecyclePolicyInput{RepositoryName: name}); err != nil {
			t.Fatal(err)
		} else if got.LastEvaluatedAt != nil && len(left.ImageDetails) == 1 {
			break
		}
	}
	if len(left.ImageDetails) != 1 || left.ImageDetails[0].ImageTags[0] != "v3" {
		t.Errorf("left: %+v", left.ImageDetails)
	}
	if got, err := h.DeleteLifecyclePolicy(t.Context(), &sdk.DeleteLifecyclePolicyInput{RepositoryName: name}); err != nil || got.LastEvaluatedAt == nil || *got.LifecyclePolicyText != *text {
		t.Errorf("%+v %v", got, err)
	}
}
