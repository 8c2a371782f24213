package authorization

import (
	"net/url"
	"reflect"
	"strings"
)

// objectActions are the actions whose name is not the operation's.
var objectActions = map[string]string{
	"HeadObject": "GetObject", "GetObjectAttributes": "GetObject", "HeadBucket": "ListBucket", "ListObjects": "ListBucket", "ListObjectsV2": "ListBucket",
	"ListObjectVersions": "ListBucketVersions", "ListBuckets": "ListAllMyBuckets", "CreateMultipartUpload": "PutObject", "UploadPart": "PutObject",
	"UploadPartCopy": "PutObject", "CompleteMultipartUpload": "PutObject", "CopyObject": "PutObject", "ListParts": "ListMultipartUploadParts",
	"ListMultipartUploads": "ListBucketMultipartUploads", "DeleteObjects": "DeleteObject", "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
	"PutBucketLifecycleConfiguration": "PutLifecycleConfiguration", "DeleteBucketLifecycle": "PutLifecycleConfiguration",
	"GetBucketEncryption": "GetEncryptionConfiguration", "PutBucketEncryption": "PutEncryptionConfiguration",
	"DeleteBucketEncryption": "PutEncryptionConfiguration", "DeleteBucketTagging": "PutBucketTagging",
}

// objectNeeds: the object where there is a key, else the bucket.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
func (v *view) objectNeeds(operation string, in any) []need {
	action, ok := objectActions[operation]
	if !ok {
		action = operation
	}
	bucket, key := text(in, "Bucket"), text(in, "Key")
	arn := "*"
	if bucket != "" {
		arn = "arn:aws:s3:::" + bucket
	}
	if key != "" {
		arn += "/" + key
	}
	if operation == "DeleteObjects" {
		return v.deletions(in, "s3:"+action, bucket)
	}
	out := []need{{action: "s3:" + action, resource: arn, policy: v.bucketPolicy(bucket), context: objectContext(in)}}
	if text(in, "VersionId") != "" && (action == "GetObject" || action == "DeleteObject") {
		out[0].action += "Version"
	}
	if source := text(in, "CopySource"); source != "" {
		source, version, _ := strings.Cut(source, "?")
		read := need{action: "s3:GetObject", resource: "*"} // what cannot be read is nobody's
		if plain, err := url.PathUnescape(source); err == nil {
			plain = strings.TrimPrefix(plain, "/")
			read.resource = "arn:aws:s3:::" + plain
			from, _, _ := strings.Cut(plain, "/")
			read.policy = v.bucketPolicy(from)
		}
		if version != "" {
			read.action = "s3:GetObjectVersion"
		}
		out = append(out, read)
	}
	return out
}

// deletions asks for every key of DeleteObjects.
func (v *view) deletions(in any, action, bucket string) (out []need) {
	arn, rules := "arn:aws:s3:::"+bucket, v.bucketPolicy(bucket)
	list := member(member(reflect.ValueOf(in), "Delete"), "Objects")
	if list.Kind() != reflect.Slice {
		return []need{{action: action, resource: arn + "/*", policy: rules}}
	}
	for i := range list.Len() {
		key := member(list.Index(i), "Key")
		out = append(out, need{action: action, resource: arn + "/" + plain(key), policy: rules, context: objectContext(in)})
	}
	return out
}

// objectKeys are the condition keys that are members of inputs.
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html#amazons3-policy-keys
var objectKeys = map[string]string{
	"s3:x-amz-server-side-encryption": "ServerSideEncryption", "s3:x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
	"s3:x-amz-server-side-encryption-customer-algorithm": "SSECustomerAlgorithm", "s3:x-amz-acl": "ACL", "s3:x-amz-storage-class": "StorageClass",
	"s3:x-amz-copy-source": "CopySource", "s3:x-amz-metadata-directive": "MetadataDirective",
	"s3:prefix": "Prefix", "s3:delimiter": "Delimiter", "s3:versionid": "VersionId", "s3:if-match": "IfMatch", "s3:if-none-match": "IfNoneMatch",
}

// objectContext is what a request to S3 tells.
func objectContext(in any) map[string][]string {
	out := map[string][]string{}
	for key, name := range objectKeys {
		if out[key] = []string{}; text(in, name) != "" {
			out[key] = []string{text(in, name)}
		}
	}
	return out
}
