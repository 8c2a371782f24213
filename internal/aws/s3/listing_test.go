package s3_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
)

func TestListing(t *testing.T) {
	f := serve(t)
	f.bucket(t, "bkt")
	keys := []string{"a/1", "a/2", "b", "c d/&<x>", "ü"}
	for _, k := range keys {
		f.put(t, k, "x")
	}
	var got []string
	pages := sdk.NewListObjectsV2Paginator(f.Client, &sdk.ListObjectsV2Input{Bucket: aws.String("bkt"), Delimiter: aws.String("/"), MaxKeys: aws.Int32(1)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(f.ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			got = append(got, *o.Key)
		}
		for _, p := range page.CommonPrefixes {
			got = append(got, *p.Prefix)
		}
	}
	if diff := cmp.Diff([]string{"a/", "b", "c d/", "ü"}, got); diff != "" {
		t.Error(diff)
	}
	old, err := f.ListObjects(f.ctx, &sdk.ListObjectsInput{Bucket: aws.String("bkt"), EncodingType: "url", Marker: aws.String("a/1")})
	if err != nil || len(old.Contents) != 4 || *old.Contents[2].Key != "c%20d/%26%3Cx%3E" {
		t.Errorf("%+v, %v", old, err)
	}
}
