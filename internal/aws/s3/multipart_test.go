package s3_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func TestMultipart(t *testing.T) {
	f := serve(t)
	f.bucket(t, "bkt")
	up, err := f.CreateMultipartUpload(f.ctx, &sdk.CreateMultipartUploadInput{Bucket: aws.String("bkt"), Key: aws.String("m"), Metadata: map[string]string{"a": "b"}})
	if err != nil {
		t.Fatal(err)
	}
	var done types.CompletedMultipartUpload
	for n, body := range [][]byte{bytes.Repeat([]byte("a"), 5<<20), []byte("end")} {
		part, err := f.UploadPart(f.ctx, &sdk.UploadPartInput{Bucket: aws.String("bkt"), Key: aws.String("m"), UploadId: up.UploadId, PartNumber: aws.Int32(int32(n + 1)), Body: bytes.NewReader(body)})
		if err != nil {
			t.Fatal(err)
		}
		done.Parts = append(done.Parts, types.CompletedPart{PartNumber: aws.Int32(int32(n + 1)), ETag: part.ETag, ChecksumCRC32: part.ChecksumCRC32})
	}
	parts, err := f.ListParts(f.ctx, &sdk.ListPartsInput{Bucket: aws.String("bkt"), Key: aws.String("m"), UploadId: up.UploadId, MaxParts: aws.Int32(1)})
	if err != nil || len(parts.Parts) != 1 || !*parts.IsTruncated {
		t.Errorf("%+v, %v", parts, err)
	}
	uploads, err := f.ListMultipartUploads(f.ctx, &sdk.ListMultipartUploadsInput{Bucket: aws.String("bkt")})
	if err != nil || len(uploads.Uploads) != 1 {
		t.Errorf("%+v, %v", uploads, err)
	}
	out, err := f.CompleteMultipartUpload(f.ctx, &sdk.CompleteMultipartUploadInput{Bucket: aws.String("bkt"), Key: aws.String("m"), UploadId: up.UploadId, MultipartUpload: &done})
	if err != nil || !strings.HasSuffix(*out.ETag, `-2"`) {
		t.Fatalf("%+v, %v", out, err)
	}
	again, err := f.CompleteMultipartUpload(f.ctx, &sdk.CompleteMultipartUploadInput{Bucket: aws.String("bkt"), Key: aws.String("m"), UploadId: up.UploadId, MultipartUpload: &done})
	if err != nil || *again.ETag != *out.ETag {
		t.Errorf("asked again: %+v, %v", again, err)
	}
	got, err := f.GetObject(f.ctx, &sdk.GetObjectInput{Bucket: aws.String("bkt"), Key: aws.String("m"), PartNumber: aws.Int32(2)})
	if err != nil || *got.ContentLength != 3 || *got.PartsCount != 2 || *got.ContentRange != "bytes 5242880-5242882/5242883" {
		t.Errorf("%+v, %v", got, err)
	}
	attributes, err := f.GetObjectAttributes(f.ctx, &sdk.GetObjectAttributesInput{Bucket: aws.String("bkt"), Key: aws.String("m"),
		ObjectAttributes: []types.ObjectAttributes{types.ObjectAttributesObjectParts, types.ObjectAttributesObjectSize, types.ObjectAttributesEtag}})
	if err != nil || *attributes.ObjectParts.TotalPartsCount != 2 || *attributes.ObjectSize != 5<<20+3 {
		t.Errorf("%+v, %v", attributes, err)
	}
	_, err = f.AbortMultipartUpload(f.ctx, &sdk.AbortMultipartUploadInput{Bucket: aws.String("bkt"), Key: aws.String("m"), UploadId: up.UploadId})
	if code(err) != "NoSuchUpload" {
		t.Error(err)
	}
}
