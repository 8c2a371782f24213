package s3_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"
)

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
