package ecr_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

func TestCreateRepositoryRefuses(t *testing.T) {
	h := open(t)
	h.create("app")
	const badName = "InvalidParameterException: Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*''"
	for _, test := range []struct {
		in   sdk.CreateRepositoryInput
		want string
	}{
		{sdk.CreateRepositoryInput{RepositoryName: aws.String("app")}, "RepositoryAlreadyExistsException: The repository with name 'app' already exists in the registry with id '123456789012'"},
		{sdk.CreateRepositoryInput{RepositoryName: aws.String("App")}, badName},
		{sdk.CreateRepositoryInput{RepositoryName: aws.String("a")}, badName},
		{sdk.CreateRepositoryInput{RepositoryName: aws.String("a//b")}, badName},
		{sdk.CreateRepositoryInput{RepositoryName: aws.String("../up")}, badName},
		{sdk.CreateRepositoryInput{RepositoryName: aws.String(strings.Repeat("a", 257))}, badName},
		{sdk.CreateRepositoryInput{RepositoryName: aws.String("b2"), EncryptionConfiguration: &types.EncryptionConfiguration{EncryptionType: types.EncryptionTypeKms}},
			"InvalidParameterException: encryptionConfiguration.encryptionType KMS: Hatoba does not encrypt images under KMS keys; leave it out or use AES256"},
		{sdk.CreateRepositoryInput{RepositoryName: aws.String("b2"), EncryptionConfiguration: &types.EncryptionConfiguration{EncryptionType: types.EncryptionTypeAes256, KmsKey: aws.String("k")}},
			"InvalidParameterException: encryptionConfiguration.kmsKey: Hatoba does not encrypt images under KMS keys; leave it out"},
		{sdk.CreateRepositoryInput{RepositoryName: aws.String("b2"), ImageTagMutability: types.ImageTagMutabilityImmutableWithExclusion},
			"InvalidParameterException: imageTagMutability IMMUTABLE_WITH_EXCLUSION is not supported by Hatoba yet: use MUTABLE or IMMUTABLE"},
		{sdk.CreateRepositoryInput{RepositoryName: aws.String("b2"), Tags: []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("")}}},
			"InvalidTagParameterException: Invalid tag 'aws:x': a key has 1 to 128 characters and does not begin with aws:, a value has at most 256"},
	} {
		_, err := h.CreateRepository(t.Context(), &test.in)
		wantFailure(t, err, test.want)
	}
	// What says only the default is no reason to refuse.
	_, err := h.CreateRepository(t.Context(), &sdk.CreateRepositoryInput{
		RepositoryName: aws.String("plain"), ImageScanningConfiguration: &types.ImageScanningConfiguration{},
		EncryptionConfiguration: &types.EncryptionConfiguration{EncryptionType: types.EncryptionTypeAes256}, ImageTagMutability: types.ImageTagMutabilityMutable,
	})
	if err != nil {
		t.Error(err)
	}
}

func TestDescribeRepositoriesPages(t *testing.T) {
	h := open(t)
	var want []string
	for i := range 7 {
		want = append(want, fmt.Sprintf("app-%d", i))
	}
	h.create(want...)
	var got []string
	pages := sdk.NewDescribeRepositoriesPaginator(h, &sdk.DescribeRepositoriesInput{MaxResults: aws.Int32(3)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Repositories {
			got = append(got, *r.RepositoryName)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	_, err := h.DescribeRepositories(t.Context(), &sdk.DescribeRepositoriesInput{RepositoryNames: []string{"none"}})
	wantFailure(t, err, "RepositoryNotFoundException: The repository with name 'none' does not exist in the registry with id '123456789012'")
	_, err = h.DescribeRepositories(t.Context(), &sdk.DescribeRepositoriesInput{MaxResults: aws.Int32(1001)})
	if err == nil {
		t.Error("maxResults 1001 was taken")
	}
	_, err = h.DescribeRepositories(t.Context(), &sdk.DescribeRepositoriesInput{NextToken: aws.String("made up")})
	wantFailure(t, err, "InvalidParameterException: Invalid token.")
}

func TestDeleteRepository(t *testing.T) {
	h := open(t)
	h.create("team", "team/app")
	h.pushed("team:1", "x")
	below := h.pushed("team/app:1", "y")
	_, err := h.DeleteRepository(t.Context(), &sdk.DeleteRepositoryInput{RepositoryName: aws.String("team")})
	wantFailure(t, err, "RepositoryNotEmptyException: The repository with name 'team' in registry with id '123456789012' cannot be deleted because it still contains images")
	if _, err := h.DeleteRepository(t.Context(), &sdk.DeleteRepositoryInput{RepositoryName: aws.String("team"), Force: true}); err != nil {
		t.Fatal(err)
	}
	if err := h.push("team:1", picture(t, "x")); err == nil {
		t.Error("a push to a deleted repository was taken")
	}
	h.create("team")
	if got := h.listed("team"); got != "" {
		t.Errorf("a repository made again has %s", got)
	}
	if got, want := h.listed("team/app"), "1@"+short(below); got != want {
		t.Errorf("the repository below: %q, want %q", got, want)
	}
	if err := h.push("team/app:2", picture(t, "y")); err != nil {
		t.Error(err)
	}
}

func TestRepositoryPolicy(t *testing.T) {
	h := open(t)
	h.create("app")
	name := aws.String("app")
	const none = "RepositoryPolicyNotFoundException: Repository policy does not exist for the repository with name 'app' in the registry with id '123456789012'"
	_, err := h.GetRepositoryPolicy(t.Context(), &sdk.GetRepositoryPolicyInput{RepositoryName: name})
	wantFailure(t, err, none)
	_, err = h.DeleteRepositoryPolicy(t.Context(), &sdk.DeleteRepositoryPolicyInput{RepositoryName: name})
	wantFailure(t, err, none)
	_, err = h.SetRepositoryPolicy(t.Context(), &sdk.SetRepositoryPolicyInput{RepositoryName: name, PolicyText: aws.String("{")})
	wantFailure(t, err, "InvalidParameterException: Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'")
	text := `{"Version":"2012-10-17","Statement":[]}`
	if _, err := h.SetRepositoryPolicy(t.Context(), &sdk.SetRepositoryPolicyInput{RepositoryName: name, PolicyText: &text}); err != nil {
		t.Fatal(err)
	}
	got, err := h.GetRepositoryPolicy(t.Context(), &sdk.GetRepositoryPolicyInput{RepositoryName: name})
	if err != nil || *got.PolicyText != text {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := h.DeleteRepositoryPolicy(t.Context(), &sdk.DeleteRepositoryPolicyInput{RepositoryName: name}); err != nil {
		t.Error(err)
	}
}

func TestRepositoryTags(t *testing.T) {
	h := open(t)
	made, err := h.CreateRepository(t.Context(), &sdk.CreateRepositoryInput{RepositoryName: aws.String("team/app"), Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}}})
	if err != nil {
		t.Fatal(err)
	}
	arn := made.Repository.RepositoryArn
	if _, err := h.TagResource(t.Context(), &sdk.TagResourceInput{ResourceArn: arn, Tags: []types.Tag{{Key: aws.String("b"), Value: aws.String("2")}, {Key: aws.String("a"), Value: aws.String("3")}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.UntagResource(t.Context(), &sdk.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"b"}}); err != nil {
		t.Fatal(err)
	}
	out, err := h.ListTagsForResource(t.Context(), &sdk.ListTagsForResourceInput{ResourceArn: arn})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, tag := range out.Tags {
		got[*tag.Key] = *tag.Value
	}
	if !maps.Equal(got, map[string]string{"a": "3"}) {
		t.Errorf("%v", got)
	}
	_, err = h.TagResource(t.Context(), &sdk.TagResourceInput{ResourceArn: aws.String("arn:aws:ecr:us-east-1:123456789012:repository/none"), Tags: []types.Tag{{Key: aws.String("b"), Value: aws.String("2")}}})
	wantFailure(t, err, "RepositoryNotFoundException: The repository with name 'none' does not exist in the registry with id '123456789012'")
	_, err = h.ListTagsForResource(t.Context(), &sdk.ListTagsForResourceInput{ResourceArn: aws.String("arn:aws:ecs:us-east-1:123456789012:cluster/x")})
	wantFailure(t, err, "InvalidParameterException: Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN'")
}

func TestAnotherAccountsRegistry(t *testing.T) {
	h := open(t)
	_, err := h.DescribeRepositories(t.Context(), &sdk.DescribeRepositoriesInput{RegistryId: aws.String("999999999999")})
	if err == nil {
		t.Error("another account's registry was shown")
	}
	out, err := h.DescribeRegistry(t.Context(), &sdk.DescribeRegistryInput{})
	if err != nil || *out.RegistryId != testScope.Account {
		t.Errorf("%v, %v", out, err)
	}
}

// blobs counts the blobs on disk.
func (h *house) blobs() (n int) {
	h.t.Helper()
	found, err := filepath.Glob(filepath.Join(h.dir, "docker/registry/v2/blobs/sha256/*/*/data"))
	if err != nil {
		h.t.Fatal(err)
	}
	for _, path := range found {
		if _, err := os.Stat(path); err == nil {
			n++
		}
	}
	return n
}
