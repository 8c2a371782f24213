package ecr_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/hatoba/hatoba/internal/registry"
)

func TestListAndDescribeImages(t *testing.T) {
	h := open(t)
	h.create("app")
	first := h.pushed("app:latest", "first")
	second := h.pushed("app:latest", "second")
	h.pushed("app:2", "second")
	name := aws.String("app")
	for status, want := range map[types.TagStatus][]string{
		"":                      {"2@" + second, "@" + first, "latest@" + second},
		types.TagStatusAny:      {"2@" + second, "@" + first, "latest@" + second},
		types.TagStatusTagged:   {"2@" + second, "latest@" + second},
		types.TagStatusUntagged: {"@" + first},
	} {
		var got []string
		pages := sdk.NewListImagesPaginator(h, &sdk.ListImagesInput{RepositoryName: name, Filter: &types.ListImagesFilter{TagStatus: status}, MaxResults: aws.Int32(1)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range page.ImageIds {
				got = append(got, aws.ToString(id.ImageTag)+"@"+*id.ImageDigest)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", status, got, want)
		}
	}
	out, err := h.DescribeImages(t.Context(), &sdk.DescribeImagesInput{RepositoryName: name, ImageIds: []types.ImageIdentifier{tag("2")}})
	if err != nil || !slices.Equal(out.ImageDetails[0].ImageTags, []string{"2", "latest"}) {
		t.Errorf("%v, %v", out, err)
	}
	_, err = h.DescribeImages(t.Context(), &sdk.DescribeImagesInput{RepositoryName: name, ImageIds: []types.ImageIdentifier{tag("none")}})
	wantFailure(t, err, "ImageNotFoundException: The image with imageId {imageDigest:'null', imageTag:'none'} does not exist within the repository with name 'app' in the registry with id '123456789012'")
	_, err = h.DescribeImages(t.Context(), &sdk.DescribeImagesInput{RepositoryName: name, Filter: &types.DescribeImagesFilter{ImageStatus: types.ImageStatusFilterArchived}})
	wantFailure(t, err, "InvalidParameterException: filter.imageStatus ARCHIVED is not supported by Hatoba: every image is ACTIVE")
	_, err = h.ListImages(t.Context(), &sdk.ListImagesInput{RepositoryName: aws.String("none")})
	wantFailure(t, err, "RepositoryNotFoundException: The repository with name 'none' does not exist in the registry with id '123456789012'")
}

// An image pushed again under another tag was pushed when it was pushed first.
func TestPushedAtStays(t *testing.T) {
	h := open(t)
	h.create("app")
	at := func() time.Time {
		out, err := h.DescribeImages(t.Context(), &sdk.DescribeImagesInput{RepositoryName: aws.String("app")})
		if err != nil {
			t.Fatal(err)
		}
		return *out.ImageDetails[0].ImagePushedAt
	}
	h.pushed("app:1", "x")
	first := at()
	h.pushed("app:2", "x")
	if !at().Equal(first) {
		t.Error("the time of the push moved")
	}
	h.start()
	if !at().Equal(first) {
		t.Error("the time of the push moved at a restart")
	}
}

func TestBatchGetImageAndPutImage(t *testing.T) {
	h := open(t)
	h.create("app", "other")
	dgst := h.pushed("app:1", "x")
	name := aws.String("app")
	got, err := h.BatchGetImage(t.Context(), &sdk.BatchGetImageInput{RepositoryName: name, ImageIds: []types.ImageIdentifier{tag("1"), tag("none"), {}, digest("nonsense"), {ImageDigest: aws.String(dgst), ImageTag: aws.String("7")}}})
	if err != nil || len(got.Images) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	var codes []string
	for _, f := range got.Failures {
		codes = append(codes, string(f.FailureCode))
	}
	if want := []string{"ImageNotFound", "MissingDigestAndTag", "InvalidImageDigest", "ImageTagDoesNotMatchDigest"}; !slices.Equal(codes, want) {
		t.Errorf("%v", codes)
	}
	manifest := got.Images[0].ImageManifest
	if fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(*manifest))) != dgst {
		t.Error("the manifest is not the one pushed")
	}
	none, err := h.BatchGetImage(t.Context(), &sdk.BatchGetImageInput{RepositoryName: name, ImageIds: []types.ImageIdentifier{tag("1")}, AcceptedMediaTypes: []string{"application/x"}})
	if err != nil || len(none.Images) != 0 || len(none.Failures) != 1 {
		t.Errorf("%v, %v", none, err)
	}

	put, err := h.PutImage(t.Context(), &sdk.PutImageInput{RepositoryName: name, ImageManifest: manifest, ImageTag: aws.String("prod")})
	if err != nil || *put.Image.ImageId.ImageDigest != dgst {
		t.Fatalf("%v, %v", put, err)
	}
	if got, want := h.listed("app"), "1@"+short(dgst)+" prod@"+short(dgst); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	_, err = h.PutImage(t.Context(), &sdk.PutImageInput{RepositoryName: name, ImageManifest: manifest, ImageTag: aws.String("prod")})
	wantFailure(t, err, "ImageAlreadyExistsException: Image with digest '"+dgst+"' and tag 'prod' already exists in the repository with name 'app' in registry with id '123456789012'")
	_, err = h.PutImage(t.Context(), &sdk.PutImageInput{RepositoryName: aws.String("other"), ImageManifest: manifest, ImageTag: aws.String("1")})
	if err == nil || !strings.HasPrefix(failure(err), "LayersNotFoundException: ") {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{"{}", "no manifest", `{"mediaType":"application/vnd.oci.image.manifest.v1+json","schemaVersion":2}`} {
		if _, err = h.PutImage(t.Context(), &sdk.PutImageInput{RepositoryName: name, ImageManifest: &bad, ImageTag: aws.String("1")}); err == nil || !strings.HasPrefix(failure(err), "InvalidParameterException: ") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	_, err = h.PutImage(t.Context(), &sdk.PutImageInput{RepositoryName: name, ImageManifest: manifest, ImageTag: aws.String("../up")})
	if err == nil {
		t.Error("a tag that is none was taken")
	}
	_, err = h.PutImageTagMutability(t.Context(), &sdk.PutImageTagMutabilityInput{RepositoryName: name, ImageTagMutability: types.ImageTagMutabilityImmutable})
	if err != nil {
		t.Fatal(err)
	}
	h.pushed("app:2", "y")
	_, err = h.PutImage(t.Context(), &sdk.PutImageInput{RepositoryName: name, ImageManifest: manifest, ImageTag: aws.String("2")})
	wantFailure(t, err, "ImageTagAlreadyExistsException: The image tag '2' already exists in the 'app' repository and cannot be overwritten because the tag is immutable.")
}

func TestBatchDeleteImage(t *testing.T) {
	h := open(t, func(c *registry.Config) { c.Grace = time.Nanosecond })
	h.create("app")
	one := h.pushed("app:1", "one")
	h.pushed("app:also-1", "one")
	two := h.pushed("app:2", "two")
	three := h.pushed("app:3", "three")
	del := func(ids ...types.ImageIdentifier) *sdk.BatchDeleteImageOutput {
		t.Helper()
		out, err := h.BatchDeleteImage(t.Context(), &sdk.BatchDeleteImageInput{RepositoryName: aws.String("app"), ImageIds: ids})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	del(tag("1"))
	if got := h.listed("app"); !strings.Contains(got, "also-1@"+short(one)) || strings.Contains(got, " 1@") {
		t.Errorf("a tag that is not the last took more: %s", got)
	}
	out := del(tag("also-1"), tag("none"))
	if len(out.ImageIds) != 1 || len(out.Failures) != 1 || out.Failures[0].FailureCode != types.ImageFailureCodeImageNotFound {
		t.Errorf("%+v", out)
	}
	if got := h.listed("app"); strings.Contains(got, short(one)) {
		t.Errorf("the last tag leaves its image: %s", got)
	}
	del(digest(two))
	if got, want := h.listed("app"), "3@"+short(three); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if n := h.blobs(); n != 9 {
		t.Fatalf("%d blobs before the collection", n)
	}
	freed, err := h.registry.Collect(t.Context())
	if err != nil || freed.Blobs != 6 || freed.Bytes == 0 || h.blobs() != 3 {
		t.Errorf("%+v, %v: %d blobs stay", freed, err, h.blobs())
	}
	if again := h.pushed("app:1", "one"); again != one {
		t.Error("an image pushed again has another digest")
	}
	_, err = h.BatchDeleteImage(t.Context(), &sdk.BatchDeleteImageInput{RepositoryName: aws.String("app"), ImageIds: make([]types.ImageIdentifier, 101)})
	if err == nil {
		t.Error("101 images were taken")
	}
}

func TestLayerUpload(t *testing.T) {
	h := open(t)
	h.create("app")
	name, layer := aws.String("app"), bytes.Repeat([]byte("layer"), 1000)
	dgst := fmt.Sprintf("sha256:%x", sha256.Sum256(layer))
	begin := func() *string {
		t.Helper()
		out, err := h.InitiateLayerUpload(t.Context(), &sdk.InitiateLayerUploadInput{RepositoryName: name})
		if err != nil {
			t.Fatal(err)
		}
		return out.UploadId
	}
	part := func(id *string, from int, b []byte) error {
		_, err := h.UploadLayerPart(t.Context(), &sdk.UploadLayerPartInput{RepositoryName: name, UploadId: id, PartFirstByte: aws.Int64(int64(from)), PartLastByte: aws.Int64(int64(from + len(b) - 1)), LayerPartBlob: b})
		return err
	}
	finish := func(id *string, digest string) error {
		_, err := h.CompleteLayerUpload(t.Context(), &sdk.CompleteLayerUploadInput{RepositoryName: name, UploadId: id, LayerDigests: []string{digest}})
		return err
	}
	id := begin()
	if err := finish(id, dgst); !strings.HasPrefix(failure(err), "EmptyUploadException: ") {
		t.Error(err)
	}
	if err := part(id, 0, layer[:2000]); err != nil {
		t.Fatal(err)
	}
	if err := part(id, 3000, layer[3000:]); !strings.HasPrefix(failure(err), "InvalidLayerPartException: ") {
		t.Error(err)
	}
	if err := part(id, 2000, layer[2000:]); err != nil {
		t.Fatal(err)
	}
	if err := finish(id, dgst); err != nil {
		t.Fatal(err)
	}
	if err := finish(begin(), dgst); !strings.HasPrefix(failure(err), "LayerAlreadyExistsException: ") {
		t.Error(err)
	}
	wrong := begin()
	if err := part(wrong, 0, []byte("other")); err != nil {
		t.Fatal(err)
	}
	if err := finish(wrong, "sha256:"+strings.Repeat("0", 64)); !strings.HasPrefix(failure(err), "InvalidLayerException: ") {
		t.Error(err)
	}
	for _, id := range []string{"../../../up", "01234567-0123-0123-0123-0123456789ab"} {
		if err := part(&id, 0, layer); !strings.HasPrefix(failure(err), "UploadNotFoundException: ") {
			t.Error(err)
		}
	}
	out, err := h.BatchCheckLayerAvailability(t.Context(), &sdk.BatchCheckLayerAvailabilityInput{RepositoryName: name, LayerDigests: []string{dgst, "sha256:" + strings.Repeat("0", 64), "nonsense"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Layers) != 2 || out.Layers[0].LayerAvailability != types.LayerAvailabilityAvailable || *out.Layers[0].LayerSize != int64(len(layer)) ||
		out.Layers[1].LayerAvailability != types.LayerAvailabilityUnavailable || len(out.Failures) != 1 {
		t.Errorf("%+v", out)
	}
}
