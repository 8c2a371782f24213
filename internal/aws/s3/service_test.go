package s3_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/hatoba/hatoba/internal/aws/s3"
	"github.com/hatoba/hatoba/internal/objects"
	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

type sealer struct{ keyring *secrets.Keyring }

func (s sealer) Seal(_ context.Context, _ string, aad, dataKey []byte) ([]byte, error) {
	sealed, err := s.keyring.Seal(aad, dataKey)
	if err != nil {
		return nil, err
	}
	return json.Marshal(sealed)
}

func (s sealer) Open(_ context.Context, _ string, aad, raw []byte) ([]byte, error) {
	var sealed secrets.Sealed
	if err := json.Unmarshal(raw, &sealed); err != nil {
		return nil, err
	}
	return s.keyring.Open(aad, sealed)
}

type fixture struct {
	*sdk.Client
	url    string
	server *httptest.Server
	ctx    context.Context
}

func serve(t testing.TB) fixture {
	return serveBehind(t, func(h http.Handler) http.Handler { return h })
}

// serveBehind serves S3 on a listener of its own.
func serveBehind(t testing.TB, listener func(http.Handler) http.Handler) fixture {
	t.Helper()
	engine, err := objects.Open(objects.Config{Dir: t.TempDir(), Sealer: sealer{secrets.NewKeyring()}})
	if err != nil {
		t.Fatal(err)
	}
	ids := 0
	service, err := s3.New(s3.Config{
		Objects: engine, NewRequestID: func() string { ids++; return fmt.Sprint(ids) },
		Verifier: &wire.Verifier{Default: state.Scope{Account: "123456789012", Region: "us-east-1"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(listener(service))
	t.Cleanup(func() { server.Close(); _ = engine.Close() })
	return fixture{client(server.URL, true), server.URL, server, t.Context()}
}

func client(url string, pathStyle bool) *sdk.Client {
	return sdk.New(sdk.Options{
		Region: "us-east-1", UsePathStyle: pathStyle, BaseEndpoint: aws.String(url), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("123456789012", "secret", ""),
	})
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

func (f fixture) bucket(t testing.TB, name string) {
	t.Helper()
	if _, err := f.CreateBucket(f.ctx, &sdk.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
}

func (f fixture) put(t testing.TB, key, body string, change ...func(*sdk.PutObjectInput)) *sdk.PutObjectOutput {
	t.Helper()
	in := &sdk.PutObjectInput{Bucket: aws.String("bkt"), Key: &key, Body: strings.NewReader(body)}
	for _, c := range change {
		c(in)
	}
	out, err := f.PutObject(f.ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

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

// What Terraform's aws_s3_bucket and its companions read and write.
func TestBucketSettings(t *testing.T) {
	f := serve(t)
	f.bucket(t, "bkt")
	b := aws.String("bkt")
	for want, do := range map[string]func() error{
		"NoSuchTagSet": func() error { _, err := f.GetBucketTagging(f.ctx, &sdk.GetBucketTaggingInput{Bucket: b}); return err },
		"NoSuchLifecycleConfiguration": func() error {
			_, err := f.GetBucketLifecycleConfiguration(f.ctx, &sdk.GetBucketLifecycleConfigurationInput{Bucket: b})
			return err
		},
		"NoSuchBucketPolicy":         func() error { _, err := f.GetBucketPolicy(f.ctx, &sdk.GetBucketPolicyInput{Bucket: b}); return err },
		"NoSuchCORSConfiguration":    func() error { _, err := f.GetBucketCors(f.ctx, &sdk.GetBucketCorsInput{Bucket: b}); return err },
		"NoSuchWebsiteConfiguration": func() error { _, err := f.GetBucketWebsite(f.ctx, &sdk.GetBucketWebsiteInput{Bucket: b}); return err },
		"ReplicationConfigurationNotFoundError": func() error {
			_, err := f.GetBucketReplication(f.ctx, &sdk.GetBucketReplicationInput{Bucket: b})
			return err
		},
		"ObjectLockConfigurationNotFoundError": func() error {
			_, err := f.GetObjectLockConfiguration(f.ctx, &sdk.GetObjectLockConfigurationInput{Bucket: b})
			return err
		},
		"<nil> versioning": func() error {
			_, err := f.GetBucketVersioning(f.ctx, &sdk.GetBucketVersioningInput{Bucket: b})
			return err
		},
		"<nil> logging": func() error { _, err := f.GetBucketLogging(f.ctx, &sdk.GetBucketLoggingInput{Bucket: b}); return err },
		"<nil> acl":     func() error { _, err := f.GetBucketAcl(f.ctx, &sdk.GetBucketAclInput{Bucket: b}); return err },
		"<nil> encryption": func() error {
			_, err := f.GetBucketEncryption(f.ctx, &sdk.GetBucketEncryptionInput{Bucket: b})
			return err
		},
		"<nil> accelerate": func() error {
			_, err := f.GetBucketAccelerateConfiguration(f.ctx, &sdk.GetBucketAccelerateConfigurationInput{Bucket: b})
			return err
		},
		"<nil> payer": func() error {
			_, err := f.GetBucketRequestPayment(f.ctx, &sdk.GetBucketRequestPaymentInput{Bucket: b})
			return err
		},
		"<nil> ownership": func() error {
			_, err := f.GetBucketOwnershipControls(f.ctx, &sdk.GetBucketOwnershipControlsInput{Bucket: b})
			return err
		},
		"<nil> block": func() error {
			_, err := f.GetPublicAccessBlock(f.ctx, &sdk.GetPublicAccessBlockInput{Bucket: b})
			return err
		},
		"AccessControlListNotSupported": func() error {
			_, err := f.PutBucketAcl(f.ctx, &sdk.PutBucketAclInput{Bucket: b, ACL: "public-read"})
			return err
		},
		"NotImplemented website": func() error {
			_, err := f.PutBucketWebsite(f.ctx, &sdk.PutBucketWebsiteInput{Bucket: b, WebsiteConfiguration: &types.WebsiteConfiguration{}})
			return err
		},
		"NotImplemented lock": func() error {
			_, err := f.PutObject(f.ctx, &sdk.PutObjectInput{Bucket: b, Key: b, ObjectLockLegalHoldStatus: "ON"})
			return err
		},
		"NotImplemented newer": func() error {
			_, err := f.PutObject(f.ctx, &sdk.PutObjectInput{Bucket: b, Key: b, ObjectLockEventHold: "ON"})
			return err
		},
		"InvalidBucketName": func() error {
			_, err := f.CreateBucket(f.ctx, &sdk.CreateBucketInput{Bucket: aws.String("Up.Case")})
			return err
		},
		"NoSuchBucket": func() error {
			_, err := f.ListObjectsV2(f.ctx, &sdk.ListObjectsV2Input{Bucket: aws.String("nope")})
			return err
		},
		"AccessDenied owner": func() error {
			_, err := f.GetBucketAcl(f.ctx, &sdk.GetBucketAclInput{Bucket: b, ExpectedBucketOwner: aws.String("111111111111")})
			return err
		},
		"IllegalLocationConstraintException": func() error {
			_, err := f.CreateBucket(f.ctx, &sdk.CreateBucketInput{Bucket: aws.String("far"), CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"}}, func(o *sdk.Options) { o.Region = "ap-northeast-1" })
			return err
		},
	} {
		err := do()
		if want, _, _ := strings.Cut(want, " "); code(err) != want {
			t.Errorf("%s: %v", want, err)
		}
	}
	rules := []types.LifecycleRule{{
		ID: aws.String("r"), Status: "Enabled", Filter: &types.LifecycleRuleFilter{Prefix: aws.String("tmp/")},
		Expiration: &types.LifecycleExpiration{Days: aws.Int32(3)}, AbortIncompleteMultipartUpload: &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: aws.Int32(1)},
	}}
	put := func(rules ...types.LifecycleRule) error {
		_, err := f.PutBucketLifecycleConfiguration(f.ctx, &sdk.PutBucketLifecycleConfigurationInput{Bucket: b, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: rules}})
		return err
	}
	if err := put(rules...); err != nil {
		t.Fatal(err)
	}
	got, err := f.GetBucketLifecycleConfiguration(f.ctx, &sdk.GetBucketLifecycleConfigurationInput{Bucket: b})
	if err != nil {
		t.Fatal(err)
	}
	want, _ := json.Marshal(rules)
	have, _ := json.Marshal(got.Rules)
	if diff := cmp.Diff(string(want), string(have)); diff != "" {
		t.Error(diff)
	}
	if out := f.put(t, "tmp/x", "x"); !strings.Contains(aws.ToString(out.Expiration), `rule-id="r"`) {
		t.Errorf("expiration: %v", aws.ToString(out.Expiration))
	}
	if err := put(types.LifecycleRule{Status: "Enabled", Filter: &types.LifecycleRuleFilter{}, Transitions: []types.Transition{{Days: aws.Int32(1), StorageClass: "GLACIER"}}}); code(err) != "NotImplemented" {
		t.Error(err)
	}
}

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

func TestPresigned(t *testing.T) {
	f := serve(t)
	f.bucket(t, "bkt")
	presign := sdk.NewPresignClient(f.Client)
	put, err := presign.PresignPutObject(f.ctx, &sdk.PutObjectInput{Bucket: aws.String("bkt"), Key: aws.String("k"), ContentType: aws.String("text/x"), StorageClass: "STANDARD_IA"})
	if err != nil {
		t.Fatal(err)
	}
	send := func(method, url, body string, header http.Header) (int, string) {
		t.Helper()
		r, _ := http.NewRequestWithContext(f.ctx, method, url, strings.NewReader(body))
		for k, v := range header {
			r.Header[k] = v
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		b, _ := io.ReadAll(answer.Body)
		return answer.StatusCode, string(b)
	}
	if status, body := send("PUT", put.URL, "by link", put.SignedHeader); status != 200 {
		t.Fatal(status, body)
	}
	get, err := presign.PresignGetObject(f.ctx, &sdk.GetObjectInput{Bucket: aws.String("bkt"), Key: aws.String("k"), ResponseContentType: aws.String("text/y")})
	if err != nil {
		t.Fatal(err)
	}
	if status, body := send("GET", get.URL, "", nil); status != 200 || body != "by link" {
		t.Error(status, body)
	}
	head, err := f.HeadObject(f.ctx, &sdk.HeadObjectInput{Bucket: aws.String("bkt"), Key: aws.String("k")})
	if err != nil || *head.ContentType != "text/x" || head.StorageClass != "STANDARD_IA" {
		t.Errorf("%+v, %v", head, err)
	}
	late := strings.Replace(get.URL, "X-Amz-Date=20", "X-Amz-Date=19", 1)
	if status, body := send("GET", late, "", nil); status != 403 || !strings.Contains(body, "Request has expired") {
		t.Error(status, body)
	}
	if status, body := send("GET", f.url+"/bkt/k", "", nil); status != 403 || !strings.Contains(body, "AccessDenied") {
		t.Error(status, body)
	}
	if status, body := send("GET", f.url+"/bkt/k?AWSAccessKeyId=a&Signature=b&Expires=4000000000", "", nil); status != 200 || body != "by link" {
		t.Error(status, body)
	}
	if status, body := send("GET", get.URL, "", http.Header{"Origin": {"http://evil.example"}, "Sec-Fetch-Site": {"cross-site"}}); status != 403 {
		t.Error(status, body)
	}
}

// Pages of other origins are let in by the bucket's rules, and only by them.
func TestCORS(t *testing.T) {
	f := serve(t)
	f.bucket(t, "bkt")
	f.put(t, "k", "x")
	auth := "AWS4-HMAC-SHA256 Credential=123456789012/20261121/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
	send := func(method, origin string, header ...string) *http.Response {
		t.Helper()
		r, _ := http.NewRequestWithContext(f.ctx, method, f.url+"/bkt/k", nil)
		r.Header.Set("Origin", origin)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if method != "OPTIONS" {
			r.Header.Set("Authorization", auth)
		}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer
	}
	if got := send("GET", "http://localhost:3000").StatusCode; got != 403 {
		t.Errorf("without rules: %d", got)
	}
	_, err := f.PutBucketCors(f.ctx, &sdk.PutBucketCorsInput{Bucket: aws.String("bkt"), CORSConfiguration: &types.CORSConfiguration{CORSRules: []types.CORSRule{{
		AllowedMethods: []string{"GET", "PUT"}, AllowedOrigins: []string{"http://localhost:*"}, AllowedHeaders: []string{"Content-*", "x-amz-*"}, ExposeHeaders: []string{"ETag"}, MaxAgeSeconds: aws.Int32(60),
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	got := send("GET", "http://localhost:3000")
	if got.StatusCode != 200 || got.Header.Get("Access-Control-Allow-Origin") != "http://localhost:3000" || got.Header.Get("Access-Control-Expose-Headers") != "ETag" {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
	ask := func(origin, method, headers string) int {
		return send("OPTIONS", origin, "Access-Control-Request-Method", method, "Access-Control-Request-Headers", headers).StatusCode
	}
	for _, c := range []struct {
		origin, method, headers string
		want                    int
	}{
		{"http://localhost:3000", "PUT", "content-type, x-amz-date", 200},
		{"http://localhost:3000", "DELETE", "", 403},
		{"http://localhost:3000", "PUT", "authorization", 403},
		{"http://evil.example", "GET", "", 403},
		{"null", "GET", "", 403},
	} {
		if got := ask(c.origin, c.method, c.headers); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
	if got := send("GET", "http://evil.example").StatusCode; got != 403 {
		t.Errorf("another origin: %d", got)
	}
	if got := send("DELETE", "http://localhost:3000").StatusCode; got != 403 {
		t.Errorf("another method: %d", got)
	}
	rules, err := f.GetBucketCors(f.ctx, &sdk.GetBucketCorsInput{Bucket: aws.String("bkt")})
	if err != nil || len(rules.CORSRules) != 1 || *rules.CORSRules[0].MaxAgeSeconds != 60 {
		t.Errorf("%+v, %v", rules, err)
	}
}

// On the listener of a task nobody becomes somebody else, by whatever
// signature.
func TestGuestsStayGuests(t *testing.T) {
	guest := wire.Identity{Account: "210987654321", ARN: "arn:aws:sts::210987654321:assumed-role/task/t", Task: "arn:aws:ecs:us-east-1:210987654321:task/default/t"}
	alone := false
	f := serveBehind(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if alone {
				r = r.WithContext(wire.WithGuest(r.Context(), guest))
			}
			h.ServeHTTP(w, r)
		})
	})
	f.bucket(t, "bkt")
	f.put(t, "k", "secret")
	alone = true
	if _, err := f.GetObject(f.ctx, &sdk.GetObjectInput{Bucket: aws.String("bkt"), Key: aws.String("k")}); code(err) != "AccessDenied" {
		t.Error(err)
	}
	for _, query := range []string{"", "?AWSAccessKeyId=123456789012&Signature=b&Expires=4000000000"} {
		answer, err := http.Get(f.url + "/bkt/k" + query)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != 403 {
			t.Errorf("%q: %s", query, answer.Status)
		}
	}
}

func TestHostNames(t *testing.T) {
	f := serve(t)
	f.bucket(t, "bkt")
	f.put(t, "a/b", "x")
	for host, path := range map[string]string{
		"bkt.localhost": "/a/b", "bkt.s3.localhost:4566": "/a/b", "bkt.s3.us-east-1.localhost": "/a/b", "bkt.s3.amazonaws.com": "/a/b",
		"bkt.s3.eu-west-1.amazonaws.com": "/a/b", "bkt.s3.dualstack.us-east-1.amazonaws.com": "/a/b",
		"localhost": "/bkt/a/b", "127.0.0.1:4566": "/bkt/a/b", "s3.localhost": "/bkt/a/b", "s3.us-east-1.amazonaws.com": "/bkt/a/b",
	} {
		r, _ := http.NewRequestWithContext(f.ctx, "GET", f.url+path, nil)
		r.Host = host
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=123456789012/20261121/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != 200 {
			t.Errorf("%s%s: %s", host, path, answer.Status)
		}
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

// Uploads that lie leave nothing.
func TestHostileUploads(t *testing.T) {
	f := serve(t)
	f.bucket(t, "bkt")
	auth := "AWS4-HMAC-SHA256 Credential=123456789012/20261121/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
	for name, c := range map[string]struct {
		body   string
		header map[string]string
		want   string
	}{
		"wrong MD5":                {"x", map[string]string{"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}, "BadDigest"},
		"no MD5":                   {"x", map[string]string{"Content-MD5": "!"}, "InvalidDigest"},
		"wrong SHA-256":            {"x", map[string]string{"X-Amz-Content-Sha256": strings.Repeat("0", 64)}, "XAmzContentSHA256Mismatch"},
		"wrong CRC":                {"x", map[string]string{"X-Amz-Checksum-Crc32": "AAAAAA=="}, "BadDigest"},
		"no CRC":                   {"x", map[string]string{"X-Amz-Checksum-Crc32": "AA"}, "InvalidRequest"},
		"unknown checksum":         {"x", map[string]string{"X-Amz-Checksum-Xxhash3": "AA"}, "NotImplemented"},
		"chunks of another length": {"1\r\nx\r\n0\r\n\r\n", map[string]string{"X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "X-Amz-Decoded-Content-Length": "2"}, "XAmzContentSHA256Mismatch"},
		"a wrong trailer": {"1\r\nx\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", map[string]string{"X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
			"X-Amz-Decoded-Content-Length": "1", "X-Amz-Trailer": "x-amz-checksum-crc32"}, "XAmzContentSHA256Mismatch"},
		"a key too long": {"", map[string]string{"key": strings.Repeat("k", 1025)}, "KeyTooLongError"},
		"a NUL":          {"", map[string]string{"key": "a%00b"}, "InvalidArgument"},
		"much metadata":  {"", map[string]string{"X-Amz-Meta-A": strings.Repeat("m", 2048)}, "MetadataTooLarge"},
		"customer's key": {"", map[string]string{"X-Amz-Server-Side-Encryption-Customer-Algorithm": "AES256"}, "NotImplemented"},
	} {
		key := "k"
		if v, ok := c.header["key"]; ok {
			key = v
		}
		r, err := http.NewRequestWithContext(f.ctx, "PUT", f.url+"/bkt/"+key, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", auth)
		for k, v := range c.header {
			if k != "key" {
				r.Header.Set(k, v)
			}
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if !strings.Contains(string(b), "<Code>"+c.want+"</Code>") {
			t.Errorf("%s: %s %s", name, answer.Status, b)
		}
	}
	list, err := f.ListObjectsV2(f.ctx, &sdk.ListObjectsV2Input{Bucket: aws.String("bkt")})
	if err != nil || len(list.Contents) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

// A trailer as the SDKs send it over TLS.
func TestTrailingChecksum(t *testing.T) {
	f := serve(t)
	f.bucket(t, "bkt")
	r, _ := http.NewRequestWithContext(f.ctx, "PUT", f.url+"/bkt/k", strings.NewReader("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"))
	for k, v := range map[string]string{"X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "X-Amz-Decoded-Content-Length": "5", "X-Amz-Trailer": "x-amz-checksum-crc32",
		"Content-Encoding": "aws-chunked", "Authorization": "AWS4-HMAC-SHA256 Credential=123456789012/20261121/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"} {
		r.Header.Set(k, v)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	head, err := f.HeadObject(f.ctx, &sdk.HeadObjectInput{Bucket: aws.String("bkt"), Key: aws.String("k"), ChecksumMode: "ENABLED"})
	if err != nil || *head.ContentLength != 5 || aws.ToString(head.ChecksumCRC32) != "NhCmhg==" || head.ContentEncoding != nil {
		t.Errorf("%+v, %v", head, err)
	}
}

func TestOtherAccountsAreOutside(t *testing.T) {
	f := serve(t)
	f.bucket(t, "bkt")
	other := sdk.New(f.Options().Copy(), func(o *sdk.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider("210987654321", "secret", "")
	})
	if _, err := other.ListObjectsV2(f.ctx, &sdk.ListObjectsV2Input{Bucket: aws.String("bkt")}); code(err) != "AccessDenied" {
		t.Error(err)
	}
	if _, err := other.CreateBucket(f.ctx, &sdk.CreateBucketInput{Bucket: aws.String("bkt")}); code(err) != "BucketAlreadyExists" {
		t.Error(err)
	}
	mine, err := other.ListBuckets(f.ctx, &sdk.ListBucketsInput{})
	if err != nil || slices.ContainsFunc(mine.Buckets, func(b types.Bucket) bool { return *b.Name == "bkt" }) {
		t.Errorf("%+v, %v", mine, err)
	}
}
