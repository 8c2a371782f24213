// Package s3 is the front door of Amazon S3: buckets, objects, versions,
// multipart uploads, tags, lifecycles and presigned requests over
// internal/objects. wire has the protocol.
//
// Nothing is accepted and ignored: an operation, or a parameter of one, that
// is not listed here is refused by name.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/
package s3

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/hatoba/hatoba/internal/objects"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

// Keys knows KMS keys.
type Keys interface {
	// S3Key returns the ARN of the usable symmetric key that ref names: an id,
	// ARN or alias; "" is aws/s3, the account's own.
	S3Key(ctx context.Context, scope state.Scope, ref string) (string, error)
}

// Config is what a Service works with.
type Config struct {
	Objects  *objects.Engine
	Keys     Keys           // nil: SSE-KMS is refused
	Verifier *wire.Verifier // who sends a request
	// Domains are the host names that may stand behind a bucket's; nil:
	// localhost. S3's own are known.
	Domains []string
	// Authorize decides whether they may; nil: everybody may do everything.
	Authorize    wire.Authorize
	AuthorizeKey wire.AuthorizeKey // the same of KMS keys; nil: everybody may use them
	Now          func() time.Time  // nil: time.Now
	Log          *slog.Logger      // nil: slog.Default()
	NewRequestID func() string
}

// Service serves S3. It is an http.Handler.
type Service struct {
	objects   *objects.Engine
	keys      Keys
	verifier  *wire.Verifier
	domains   []string
	authorize wire.Authorize
	keyUse    wire.AuthorizeKey
	now       func() time.Time
	log       *slog.Logger
	newID     func() string
	codec     *wire.Codec
	ops       map[string]operation
	origins   http.CrossOriginProtection
}

// New returns a Service. An error means that an operation describes itself
// wrongly.
func New(cfg Config) (*Service, error) {
	s := &Service{
		objects: cfg.Objects, keys: cfg.Keys, verifier: cfg.Verifier, domains: cfg.Domains, authorize: cfg.Authorize, keyUse: cfg.AuthorizeKey, now: cfg.Now, log: cfg.Log, newID: cfg.NewRequestID,
		ops: map[string]operation{},
	}
	if s.domains == nil {
		s.domains = []string{"localhost"}
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	for _, o := range s.operations() {
		if err := o.check(); err != nil {
			return nil, err
		}
		s.ops[o.name] = o
	}
	var err error
	s.codec, err = newCodec(s.ops)
	return s, err
}

// request is a request while it is served.
type request struct {
	wire.Caller
	http        *http.Request
	bucket, key string
}

// operation is an operation that is served.
type operation struct {
	name  string
	takes map[string]bool // members of the input
	in    reflect.Type
	out   reflect.Type
	call  func(ctx context.Context, r *request, in any) (any, error)
}

// op describes an operation: takes lists the members of its input that act,
// besides those that every request may have.
func op[I, O any](name, takes string, handler func(ctx context.Context, r *request, in *I) (*O, error)) operation {
	o := operation{name: name, in: reflect.TypeFor[I](), out: reflect.TypeFor[O](), takes: map[string]bool{}}
	for member := range strings.FieldsSeq("Bucket Key Body ContentLength ContentMD5 ChecksumAlgorithm ExpectedBucketOwner RequestPayer " + takes) {
		o.takes[member] = true
	}
	o.call = func(ctx context.Context, r *request, in any) (any, error) {
		out, err := handler(ctx, r, in.(*I))
		if err == nil && out == nil {
			out = new(O)
		}
		return out, err
	}
	return o
}

func (o operation) check() error {
	for member := range o.takes {
		if _, ok := o.in.FieldByName(member); !ok && !everywhere(member) {
			return fmt.Errorf("s3: the input of %s has no %s", o.name, member)
		}
	}
	return nil
}

func everywhere(member string) bool {
	switch member {
	case "Bucket", "Key", "Body", "ContentLength", "ContentMD5", "ChecksumAlgorithm", "ExpectedBucketOwner", "RequestPayer":
		return true
	}
	return false
}

// Members that several operations take.
const (
	heads    = " CacheControl ContentDisposition ContentEncoding ContentLanguage ContentType Expires Metadata StorageClass Tagging ACL "
	sealing  = " ServerSideEncryption SSEKMSKeyId BucketKeyEnabled "
	sums     = " ChecksumCRC32 ChecksumCRC32C ChecksumCRC64NVME ChecksumSHA1 ChecksumSHA256 ChecksumSHA512 ChecksumMD5 "
	readIfs  = " IfMatch IfNoneMatch IfModifiedSince IfUnmodifiedSince "
	reply    = " ResponseCacheControl ResponseContentDisposition ResponseContentEncoding ResponseContentLanguage ResponseContentType ResponseExpires "
	copyIfs  = " CopySource CopySourceIfMatch CopySourceIfNoneMatch CopySourceIfModifiedSince CopySourceIfUnmodifiedSince ExpectedSourceBucketOwner "
	listings = " Delimiter EncodingType Prefix "
)

func (s *Service) operations() []operation {
	return append(s.bucketOperations(),
		op("PutObject", heads+sealing+sums+"IfMatch IfNoneMatch", s.putObject),
		op("GetObject", readIfs+reply+"Range PartNumber VersionId ChecksumMode", s.getObject),
		op("HeadObject", readIfs+reply+"Range PartNumber VersionId ChecksumMode", s.headObject),
		op("CopyObject", heads+sealing+copyIfs+"MetadataDirective TaggingDirective IfMatch IfNoneMatch", s.copyObject),
		op("DeleteObject", "VersionId IfMatch", s.deleteObject),
		op("DeleteObjects", "Delete", s.deleteObjects),
		op("GetObjectAttributes", "ObjectAttributes VersionId MaxParts PartNumberMarker", s.getObjectAttributes),
		op("GetObjectAcl", "VersionId", s.getObjectACL),
		op("PutObjectAcl", "ACL AccessControlPolicy VersionId", s.putObjectACL),
		op("GetObjectTagging", "VersionId", s.getObjectTagging),
		op("PutObjectTagging", "Tagging VersionId", s.putObjectTagging),
		op("DeleteObjectTagging", "VersionId", s.deleteObjectTagging),
		op("ListObjects", listings+"Marker MaxKeys", s.listObjects),
		op("ListObjectsV2", listings+"ContinuationToken FetchOwner MaxKeys StartAfter", s.listObjectsV2),
		op("ListObjectVersions", listings+"KeyMarker VersionIdMarker MaxKeys", s.listObjectVersions),
		op("CreateMultipartUpload", heads+sealing+"ChecksumType", s.createMultipartUpload),
		op("UploadPart", sums+"PartNumber UploadId", s.uploadPart),
		op("UploadPartCopy", copyIfs+"CopySourceRange PartNumber UploadId", s.uploadPartCopy),
		op("CompleteMultipartUpload", sums+"MultipartUpload UploadId ChecksumType MpuObjectSize IfMatch IfNoneMatch", s.completeMultipartUpload),
		op("AbortMultipartUpload", "UploadId", s.abortMultipartUpload),
		op("ListParts", "UploadId MaxParts PartNumberMarker", s.listParts),
		op("ListMultipartUploads", listings+"KeyMarker MaxUploads UploadIdMarker", s.listMultipartUploads),
	)
}

func (s *Service) bucketOperations() []operation {
	return []operation{
		op("ListBuckets", "BucketRegion ContinuationToken MaxBuckets Prefix", s.listBuckets),
		op("CreateBucket", "ACL CreateBucketConfiguration ObjectOwnership", s.createBucket),
		op("HeadBucket", "", s.headBucket),
		op("DeleteBucket", "", s.deleteBucket),
		op("GetBucketLocation", "", s.getBucketLocation),
		op("GetBucketVersioning", "", s.getBucketVersioning),
		op("PutBucketVersioning", "VersioningConfiguration", s.putBucketVersioning),
		op("GetBucketTagging", "", s.getBucketTagging),
		op("PutBucketTagging", "Tagging", s.putBucketTagging),
		op("DeleteBucketTagging", "", s.deleteBucketTagging),
		op("GetBucketEncryption", "", s.getBucketEncryption),
		op("PutBucketEncryption", "ServerSideEncryptionConfiguration", s.putBucketEncryption),
		op("DeleteBucketEncryption", "", s.deleteBucketEncryption),
		op("GetBucketLifecycleConfiguration", "", s.getLifecycle),
		op("PutBucketLifecycleConfiguration", "LifecycleConfiguration TransitionDefaultMinimumObjectSize", s.putLifecycle),
		op("DeleteBucketLifecycle", "", s.deleteLifecycle),
		op("GetPublicAccessBlock", "", s.getPublicAccessBlock),
		op("PutPublicAccessBlock", "PublicAccessBlockConfiguration", s.putPublicAccessBlock),
		op("DeletePublicAccessBlock", "", s.deletePublicAccessBlock),
		op("GetBucketOwnershipControls", "", s.getOwnershipControls),
		op("PutBucketOwnershipControls", "OwnershipControls", s.putOwnershipControls),
		op("DeleteBucketOwnershipControls", "", s.deleteOwnershipControls),
		op("GetBucketPolicy", "", s.getBucketPolicy),
		op("PutBucketPolicy", "Policy ConfirmRemoveSelfBucketAccess", s.putBucketPolicy),
		op("DeleteBucketPolicy", "", s.deleteBucketPolicy),
		op("GetBucketPolicyStatus", "", s.getBucketPolicyStatus),
		op("GetBucketAcl", "", s.getBucketACL),
		op("PutBucketAcl", "ACL AccessControlPolicy", s.putBucketACL),
		// What is not set and cannot be: readers get AWS's answer for that.
		op("GetBucketAccelerateConfiguration", "", fixed[sdk.GetBucketAccelerateConfigurationInput](s, sdk.GetBucketAccelerateConfigurationOutput{})),
		op("GetBucketLogging", "", fixed[sdk.GetBucketLoggingInput](s, sdk.GetBucketLoggingOutput{})),
		op("GetBucketNotificationConfiguration", "", fixed[sdk.GetBucketNotificationConfigurationInput](s, sdk.GetBucketNotificationConfigurationOutput{})),
		op("GetBucketRequestPayment", "", fixed[sdk.GetBucketRequestPaymentInput](s, sdk.GetBucketRequestPaymentOutput{Payer: "BucketOwner"})),
		op("GetBucketCors", "", s.getBucketCORS),
		op("PutBucketCors", "CORSConfiguration", s.putBucketCORS),
		op("DeleteBucketCors", "", s.deleteBucketCORS),
		op("GetBucketReplication", "", absent[sdk.GetBucketReplicationInput, sdk.GetBucketReplicationOutput](s, errNoReplication)),
		op("GetBucketWebsite", "", absent[sdk.GetBucketWebsiteInput, sdk.GetBucketWebsiteOutput](s, errNoWebsite)),
		op("GetObjectLockConfiguration", "", absent[sdk.GetObjectLockConfigurationInput, sdk.GetObjectLockConfigurationOutput](s, errNoObjectLock)),
		op("DeleteBucketReplication", "", nothing[sdk.DeleteBucketReplicationInput, sdk.DeleteBucketReplicationOutput](s)),
		op("DeleteBucketWebsite", "", nothing[sdk.DeleteBucketWebsiteInput, sdk.DeleteBucketWebsiteOutput](s)),
	}
}
