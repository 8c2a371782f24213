package s3_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func TestObjects(t *testing.T) {
	f := serve(t)
	f.bucket(t, "bkt")
	f.put(t, "dir/ü +%", "hello", func(in *sdk.PutObjectInput) {
		in.ContentType, in.Metadata, in.Tagging = aws.String("text/plain"), map[string]string{"who": "me"}, aws.String("a=1&b=%2B")
		in.ContentEncoding, in.Expires = aws.String("gzip"), aws.Time(time.Unix(2e9, 0))
	})
	got, err := f.GetObject(f.ctx, &sdk.GetObjectInput{Bucket: aws.String("bkt"), Key: aws.String("dir/ü +%"), ChecksumMode: types.ChecksumModeEnabled})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(got.Body)
	if err != nil || string(body) != "hello" {
		t.Errorf("%q, %v", body, err)
	}
	if *got.ContentType != "text/plain" || got.Metadata["who"] != "me" || *got.TagCount != 2 || *got.ETag != `"5d41402abc4b2a76b9719d911017c592"` ||
		*got.ContentEncoding != "gzip" || got.ServerSideEncryption != "AES256" || *got.ContentLength != 5 || got.VersionId != nil || *got.ExpiresString != "Wed, 18 May 2033 03:33:20 GMT" {
		t.Errorf("%+v", got)
	}
	if got.ChecksumCRC64NVME == nil || got.ChecksumType != types.ChecksumTypeFullObject {
		t.Errorf("checksum: %v %v", got.ChecksumCRC64NVME, got.ChecksumType)
	}
	tags, err := f.GetObjectTagging(f.ctx, &sdk.GetObjectTaggingInput{Bucket: aws.String("bkt"), Key: aws.String("dir/ü +%")})
	if err != nil || len(tags.TagSet) != 2 || *tags.TagSet[1].Value != "+" {
		t.Errorf("%+v, %v", tags, err)
	}
	copied, err := f.CopyObject(f.ctx, &sdk.CopyObjectInput{Bucket: aws.String("bkt"), Key: aws.String("copy"), CopySource: aws.String("bkt/dir/%C3%BC%20%2B%25")})
	if err != nil || *copied.CopyObjectResult.ETag != `"5d41402abc4b2a76b9719d911017c592"` {
		t.Errorf("%+v, %v", copied, err)
	}
	head, err := f.HeadObject(f.ctx, &sdk.HeadObjectInput{Bucket: aws.String("bkt"), Key: aws.String("copy")})
	if err != nil || head.Metadata["who"] != "me" || *head.ContentType != "text/plain" {
		t.Errorf("%+v, %v", head, err)
	}
	_, err = f.CopyObject(f.ctx, &sdk.CopyObjectInput{Bucket: aws.String("bkt"), Key: aws.String("copy"), CopySource: aws.String("bkt/copy")})
	if code(err) != "InvalidRequest" {
		t.Error(err)
	}
	deleted, err := f.DeleteObjects(f.ctx, &sdk.DeleteObjectsInput{Bucket: aws.String("bkt"), Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: aws.String("copy")}, {Key: aws.String("none")}}}})
	if err != nil || len(deleted.Deleted) != 2 || len(deleted.Errors) != 0 {
		t.Errorf("%+v, %v", deleted, err)
	}
	_, err = f.GetObject(f.ctx, &sdk.GetObjectInput{Bucket: aws.String("bkt"), Key: aws.String("copy")})
	var gone *types.NoSuchKey
	if !errors.As(err, &gone) {
		t.Error(err)
	}
	_, err = f.HeadObject(f.ctx, &sdk.HeadObjectInput{Bucket: aws.String("bkt"), Key: aws.String("copy")})
	if code(err) != "NotFound" {
		t.Error(err)
	}
}

func TestRangesAndConditions(t *testing.T) {
	f := serve(t)
	f.bucket(t, "bkt")
	out := f.put(t, "k", "0123456789")
	for _, c := range []struct{ header, want string }{
		{"bytes=2-4", "234"}, {"bytes=8-", "89"}, {"bytes=-3", "789"}, {"bytes=5-100", "56789"}, {"bytes=0-0", "0"},
		{"bytes=-100", "0123456789"}, {"bytes=4-2", "0123456789"}, {"lines=1-2", "0123456789"}, {"bytes=0-1,3-4", "0123456789"},
		{"bytes=10-", "InvalidRange"}, {"bytes=-0", "InvalidRange"},
	} {
		got, err := f.GetObject(f.ctx, &sdk.GetObjectInput{Bucket: aws.String("bkt"), Key: aws.String("k"), Range: &c.header})
		if err != nil {
			if code(err) != c.want {
				t.Errorf("%s: %v", c.header, err)
			}
			continue
		}
		if body, err := io.ReadAll(got.Body); string(body) != c.want || (got.ContentRange != nil) != (len(c.want) < 10 || c.header == "bytes=-100") {
			t.Errorf("%s: %q, %v, %v", c.header, body, err, aws.ToString(got.ContentRange))
		}
	}
	past, future := aws.Time(time.Now().Add(-time.Hour)), aws.Time(time.Now().Add(time.Hour))
	for want, in := range map[string]*sdk.GetObjectInput{
		"ok match": {IfMatch: out.ETag}, "PreconditionFailed": {IfMatch: aws.String(`"x"`)}, "NotModified": {IfNoneMatch: out.ETag},
		"ok none": {IfNoneMatch: aws.String(`"x"`)}, "NotModified since": {IfModifiedSince: future}, "ok since": {IfModifiedSince: past},
		"PreconditionFailed unmodified": {IfUnmodifiedSince: past}, "ok unmodified": {IfUnmodifiedSince: future},
		"ok both": {IfMatch: out.ETag, IfUnmodifiedSince: past}, "NotModified both": {IfNoneMatch: out.ETag, IfModifiedSince: past},
	} {
		in.Bucket, in.Key = aws.String("bkt"), aws.String("k")
		_, err := f.GetObject(f.ctx, in)
		if want, _, _ := strings.Cut(want, " "); want == "ok" && err != nil || want != "ok" && code(err) != want {
			t.Errorf("%s: %v", want, err)
		}
	}
	_, err := f.PutObject(f.ctx, &sdk.PutObjectInput{Bucket: aws.String("bkt"), Key: aws.String("k"), IfNoneMatch: aws.String("*"), Body: strings.NewReader("x")})
	if code(err) != "PreconditionFailed" {
		t.Error(err)
	}
}

func TestVersioning(t *testing.T) {
	f := serve(t)
	f.bucket(t, "bkt")
	if _, err := f.PutBucketVersioning(f.ctx, &sdk.PutBucketVersioningInput{Bucket: aws.String("bkt"), VersioningConfiguration: &types.VersioningConfiguration{Status: "Enabled"}}); err != nil {
		t.Fatal(err)
	}
	one, two := f.put(t, "k", "1"), f.put(t, "k", "2")
	deleted, err := f.DeleteObject(f.ctx, &sdk.DeleteObjectInput{Bucket: aws.String("bkt"), Key: aws.String("k")})
	if err != nil || !*deleted.DeleteMarker {
		t.Fatal(deleted, err)
	}
	list, err := f.ListObjectVersions(f.ctx, &sdk.ListObjectVersionsInput{Bucket: aws.String("bkt")})
	if err != nil || len(list.Versions) != 2 || len(list.DeleteMarkers) != 1 || *list.Versions[0].VersionId != *two.VersionId || !*list.DeleteMarkers[0].IsLatest {
		t.Errorf("%+v, %v", list, err)
	}
	got, err := f.GetObject(f.ctx, &sdk.GetObjectInput{Bucket: aws.String("bkt"), Key: aws.String("k"), VersionId: one.VersionId})
	if err != nil || *got.ContentLength != 1 {
		t.Error(err)
	}
	_, err = f.GetObject(f.ctx, &sdk.GetObjectInput{Bucket: aws.String("bkt"), Key: aws.String("k"), VersionId: deleted.VersionId})
	if code(err) != "MethodNotAllowed" {
		t.Error(err)
	}
	if _, err := f.DeleteBucket(f.ctx, &sdk.DeleteBucketInput{Bucket: aws.String("bkt")}); code(err) != "BucketNotEmpty" {
		t.Error(err)
	}
}

// Metadata's names are told in small letters: botocore keeps the case it sees.
func TestMetadataIsInSmallLetters(t *testing.T) {
	f := serve(t)
	f.bucket(t, "bkt")
	f.put(t, "k", "x", func(in *sdk.PutObjectInput) { in.Metadata = map[string]string{"some-name": "v"} })
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "HEAD /bkt/k HTTP/1.0\r\nAuthorization: AWS4-HMAC-SHA256 Credential=123456789012/20261121/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n")
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.Contains(string(answer), "\r\nx-amz-meta-some-name: v\r\n") {
		t.Errorf("%s, %v", answer, err)
	}
}
