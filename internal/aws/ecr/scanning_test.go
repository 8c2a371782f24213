package ecr_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

// A scan that nobody makes is FAILED with the reason: an image nobody looked
// at is never called clean.
func TestScanOnPush(t *testing.T) {
	h := open(t)
	name := aws.String("app")
	scanning := func(on bool) *types.ImageScanningConfiguration {
		return &types.ImageScanningConfiguration{ScanOnPush: on}
	}
	made, err := h.CreateRepository(t.Context(), &sdk.CreateRepositoryInput{RepositoryName: name, ImageScanningConfiguration: scanning(true)})
	if err != nil || !made.Repository.ImageScanningConfiguration.ScanOnPush {
		t.Fatalf("%+v, %v", made, err)
	}
	h.pushed("app:1", "first")
	id := tag("1")
	found, err := h.DescribeImageScanFindings(t.Context(), &sdk.DescribeImageScanFindingsInput{RepositoryName: name, ImageId: &id})
	if err != nil || found.ImageScanStatus.Status != types.ScanStatusFailed || !strings.Contains(*found.ImageScanStatus.Description, "no vulnerability data") || found.ImageScanFindings != nil {
		t.Errorf("%+v, %v", found, err)
	}
	images, err := h.DescribeImages(t.Context(), &sdk.DescribeImagesInput{RepositoryName: name})
	if err != nil || images.ImageDetails[0].ImageScanStatus == nil || images.ImageDetails[0].ImageScanStatus.Status != types.ScanStatusFailed {
		t.Errorf("%+v, %v", images, err)
	}
	if _, err := h.PutImageScanningConfiguration(t.Context(), &sdk.PutImageScanningConfigurationInput{RepositoryName: name, ImageScanningConfiguration: scanning(false)}); err != nil {
		t.Fatal(err)
	}
	_, err = h.DescribeImageScanFindings(t.Context(), &sdk.DescribeImageScanFindingsInput{RepositoryName: name, ImageId: &id})
	wantFailure(t, err, "ScanNotFoundException: Image scan does not exist for the image with '{imageDigest:'null', imageTag:'1'}' in the repository with name 'app' in the registry with id '123456789012'")
	none := tag("2")
	_, err = h.DescribeImageScanFindings(t.Context(), &sdk.DescribeImageScanFindingsInput{RepositoryName: name, ImageId: &none})
	wantFailure(t, err, "ImageNotFoundException: The image with imageId {imageDigest:'null', imageTag:'2'} does not exist within the repository with name 'app' in the registry with id '123456789012'")
}
