package secretsmanager

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"pgregory.net/rapid"
)

func id(n int) string { return fmt.Sprintf("00000000-0000-0000-0000-%012d", n) }

func TestPutSecretValueIsIdempotent(t *testing.T) {
	f := newFront(t)
	arn, _ := f.create(t, "app", "one")
	put := func(value string, stages ...string) (*sdk.PutSecretValueOutput, error) {
		return f.PutSecretValue(t.Context(), &sdk.PutSecretValueInput{
			SecretId: aws.String("app"), SecretString: aws.String(value), ClientRequestToken: aws.String(token), VersionStages: stages})
	}
	out, err := put("two", "AWSPENDING")
	if err != nil || !slices.Equal(out.VersionStages, []string{"AWSPENDING"}) {
		t.Fatalf("%v %v", out, err)
	}
	if got := f.read(t.Context(), &sdk.GetSecretValueInput{SecretId: aws.String("app")}); got != "one" {
		t.Error(got)
	}
	if out, err = put("two"); err != nil || !slices.Equal(out.VersionStages, []string{"AWSPENDING"}) {
		t.Fatalf("a repeat moved labels: %v %v", out, err)
	}
	_, err = put("three")
	wantFailure(t, err, "ResourceExistsException: You can't use ClientRequestToken "+token+" because that value is already in use for a version of secret "+arn+".")
	_, err = f.PutSecretValue(t.Context(), &sdk.PutSecretValueInput{SecretId: aws.String("app")})
	wantFailure(t, err, "InvalidRequestException: You must provide either SecretString or SecretBinary.")
}

func TestVersionsArePruned(t *testing.T) {
	f := newFront(t)
	f.create(t, "app", "first")
	for i := range 150 {
		f.now = f.now.Add(time.Second)
		stages := []string{"AWSCURRENT"}
		if i == 0 {
			stages = append(stages, "KEEP")
		}
		_, err := f.PutSecretValue(t.Context(), &sdk.PutSecretValueInput{
			SecretId: aws.String("app"), SecretString: aws.String(id(i)), ClientRequestToken: aws.String(id(i)), VersionStages: stages})
		if err != nil {
			t.Fatal(err)
		}
	}
	var ids []string
	pages := sdk.NewListSecretVersionIdsPaginator(f.Client, &sdk.ListSecretVersionIdsInput{
		SecretId: aws.String("app"), IncludeDeprecated: aws.Bool(true), MaxResults: aws.Int32(7)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range page.Versions {
			ids = append(ids, *v.VersionId)
		}
	}
	want := []string{id(0)} // held by its label
	for i := 51; i < 150; i++ {
		want = append(want, id(i))
	}
	slices.Sort(ids)
	if !slices.Equal(ids, want) {
		t.Fatalf("%d versions: %v", len(ids), ids)
	}
	named, err := f.ListSecretVersionIds(t.Context(), &sdk.ListSecretVersionIdsInput{SecretId: aws.String("app")})
	if err != nil || len(named.Versions) != 3 {
		t.Fatalf("%d versions with labels, %v", len(named.Versions), err)
	}
}

// Whatever labels are moved in whatever order: a label is on one version,
// AWSCURRENT is on exactly one as soon as there is a version, and the version
// that loses AWSCURRENT gets AWSPREVIOUS.
func TestStageInvariants(t *testing.T) {
	labels := []string{stageCurrent, stagePrevious, "AWSPENDING", "BLUE"}
	rapid.Check(t, func(t *rapid.T) {
		var stages map[string]string
		versions := []string{}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			before := stages
			if len(versions) == 0 || rapid.Bool().Draw(t, "put") {
				versions = append(versions, id(len(versions)))
				stages = attach(stages, versions[len(versions)-1], rapid.SliceOfDistinct(rapid.SampledFrom(labels), rapid.ID[string]).Draw(t, "labels"))
			} else {
				some := rapid.SampledFrom(append([]string{""}, versions...))
				moved, err := moveStage(stages, rapid.SampledFrom(labels).Draw(t, "label"), some.Draw(t, "from"), some.Draw(t, "to"))
				if err != nil {
					continue
				}
				stages = moved
			}
			current := stages[stageCurrent]
			if !slices.Contains(versions, current) {
				t.Fatalf("AWSCURRENT on %q", current)
			}
			if was := before[stageCurrent]; was != "" && was != current && stages[stagePrevious] != was {
				t.Fatalf("AWSCURRENT went from %s to %s, AWSPREVIOUS is on %s", was, current, stages[stagePrevious])
			}
			if was := before[stageCurrent]; was != "" && was != current && current == stages[stagePrevious] {
				t.Fatal("one version is both current and previous by a move of AWSCURRENT")
			}
			seen := 0
			for _, on := range byVersion(stages) {
				seen += len(on)
			}
			if seen != len(stages) {
				t.Fatal("a label is lost or twice")
			}
		}
	})
}
