package s3_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/hatoba/hatoba/internal/aws/s3"
	"github.com/hatoba/hatoba/internal/objects"
	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

type oneKey string

func (k oneKey) S3Key(context.Context, state.Scope, string) (string, error) { return string(k), nil }

// Who may not use an object's key neither reads nor writes it.
func TestKeysAreAskedFor(t *testing.T) {
	engine, err := objects.Open(objects.Config{Dir: t.TempDir(), Sealer: sealer{secrets.NewKeyring()}})
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	refuse := ""
	service, err := s3.New(s3.Config{
		Objects: engine, Keys: oneKey("arn:aws:kms:us-east-1:123456789012:key/k"), NewRequestID: func() string { return "id" },
		Verifier: &wire.Verifier{Default: state.Scope{Account: "123456789012", Region: "us-east-1"}},
		AuthorizeKey: func(_ context.Context, caller wire.Caller, use wire.KeyUse) error {
			asked = append(asked, use.Action+" "+use.Context["aws:s3:arn"])
			if use.Service != "s3" || caller.Scope.Account != "123456789012" || use.Key != "arn:aws:kms:us-east-1:123456789012:key/k" {
				t.Errorf("asked %+v for %+v", use, caller)
			}
			if use.Action == refuse {
				return wire.Errorf("AccessDeniedException", "You may not %s.", use.Action)
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(service)
	t.Cleanup(func() { server.Close(); _ = engine.Close() })
	f := fixture{client(server.URL, true), server.URL, server, t.Context()}
	f.bucket(t, "bkt")
	bucket, key := aws.String("bkt"), aws.String("k")
	want := func(what string, err error, denied bool, actions ...string) {
		t.Helper()
		if !slices.Equal(asked, actions) || denied != (code(err) == "AccessDenied") || !denied && err != nil {
			t.Errorf("%s: asked %q, %v", what, asked, err)
		}
		asked = nil
	}
	put := func(bucketKey bool) error {
		_, err := f.PutObject(f.ctx, &sdk.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("x"), ServerSideEncryption: types.ServerSideEncryptionAwsKms, BucketKeyEnabled: &bucketKey})
		return err
	}
	get := func() error {
		_, err := f.GetObject(f.ctx, &sdk.GetObjectInput{Bucket: bucket, Key: key})
		return err
	}
	const seals, opens = "kms:GenerateDataKey arn:aws:s3:::bkt", "kms:Decrypt arn:aws:s3:::bkt"
	f.put(t, "plain", "x")
	want("an object without a key", nil, false)
	want("put", put(false), false, seals+"/k")
	want("get", get(), false, opens+"/k")
	want("put under the bucket's key", put(true), false, seals)
	want("get under the bucket's key", get(), false, opens)
	_, err = f.CopyObject(f.ctx, &sdk.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: aws.String("bkt/k"), ServerSideEncryption: types.ServerSideEncryptionAwsKms})
	want("copy", err, false, opens, seals+"/copy")
	up, err := f.CreateMultipartUpload(f.ctx, &sdk.CreateMultipartUploadInput{Bucket: bucket, Key: aws.String("parts"), ServerSideEncryption: types.ServerSideEncryptionAwsKms})
	want("begin", err, false, seals+"/parts")
	part := func() error {
		_, err := f.UploadPart(f.ctx, &sdk.UploadPartInput{Bucket: bucket, Key: aws.String("parts"), UploadId: up.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("x")})
		return err
	}
	want("part", part(), false, seals+"/parts", opens+"/parts")
	refuse = "kms:Decrypt"
	want("get, refused", get(), true, opens)
	want("part, refused", part(), true, seals+"/parts", opens+"/parts")
	_, err = f.CopyObject(f.ctx, &sdk.CopyObjectInput{Bucket: bucket, Key: aws.String("copy2"), CopySource: aws.String("bkt/k")})
	want("copy, refused", err, true, opens)
	_, err = f.HeadObject(f.ctx, &sdk.HeadObjectInput{Bucket: bucket, Key: key})
	want("head", err, false)
	_, err = f.PutBucketEncryption(f.ctx, &sdk.PutBucketEncryptionInput{Bucket: bucket, ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{
		Rules: []types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAwsKms}}}}})
	want("the bucket's default", err, false)
	refuse = "kms:GenerateDataKey"
	_, err = f.PutObject(f.ctx, &sdk.PutObjectInput{Bucket: bucket, Key: aws.String("default"), Body: strings.NewReader("x")})
	want("put by the bucket's default, refused", err, true, seals+"/default")
	if !strings.Contains(fmt.Sprint(err), "You may not kms:GenerateDataKey.") {
		t.Error(err)
	}
}
