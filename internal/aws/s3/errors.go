package s3

import (
	"errors"
	"fmt"
	"net/http"
	"syscall"

	"github.com/hatoba/hatoba/internal/objects"
	"github.com/hatoba/hatoba/internal/wire"
)

func fail(status int, code, format string, args ...any) *wire.Error {
	return &wire.Error{Code: code, Status: status, Message: fmt.Sprintf(format, args...)}
}

// Answers of S3.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
var (
	errNoSuchBucket     = fail(404, "NoSuchBucket", "The specified bucket does not exist")
	errNoSuchKey        = fail(404, "NoSuchKey", "The specified key does not exist.")
	errNoSuchVersion    = fail(404, "NoSuchVersion", "The specified version does not exist.")
	errNoSuchUpload     = fail(404, "NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.")
	errNotEmpty         = fail(409, "BucketNotEmpty", "The bucket you tried to delete is not empty")
	errMarker           = fail(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
	errPrecondition     = fail(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	errNotModified      = fail(304, "NotModified", "Not Modified")
	errInvalidPart      = fail(400, "InvalidPart", "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.")
	errPartOrder        = fail(400, "InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number.")
	errPartTooSmall     = fail(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
	errTooLarge         = fail(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
	errKeyTooLong       = fail(400, "KeyTooLongError", "Your key is too long")
	errAccessDenied     = fail(403, "AccessDenied", "Access Denied")
	errMissingLength    = fail(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
	errIncomplete       = fail(400, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
	errTimeout          = fail(400, "RequestTimeout", "Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.")
	errBadDigest        = fail(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")
	errInvalidDigest    = fail(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")
	errInvalidRange     = fail(416, "InvalidRange", "The requested range is not satisfiable")
	errNoTags           = fail(404, "NoSuchTagSet", "The TagSet does not exist")
	errNoLifecycle      = fail(404, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")
	errNoPublicBlock    = fail(404, "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found")
	errNoOwnership      = fail(404, "OwnershipControlsNotFoundError", "The bucket ownership controls were not found")
	errNoPolicy         = fail(404, "NoSuchBucketPolicy", "The bucket policy does not exist")
	errNoCORS           = fail(404, "NoSuchCORSConfiguration", "The CORS configuration does not exist")
	errNoReplication    = fail(404, "ReplicationConfigurationNotFoundError", "The replication configuration was not found")
	errNoWebsite        = fail(404, "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration")
	errNoObjectLock     = fail(404, "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket")
	errNoACLs           = fail(400, "AccessControlListNotSupported", "The bucket does not allow ACLs")
	errInternal         = fail(500, "InternalError", "We encountered an internal error. Please try again.")
	errDiskFull         = fail(503, "ServiceUnavailable", "Hatoba's disk is full: make room below its data directory, then try again.")
	errMalformedXML     = fail(400, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
	errMetadataTooLarge = fail(400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
)

func invalidArgument(format string, args ...any) error {
	return fail(400, "InvalidArgument", format, args...)
}

func invalidRequest(format string, args ...any) error {
	return fail(400, "InvalidRequest", format, args...)
}

// unsupported refuses by name what AWS has and Hatoba has not.
func unsupported(what string) error {
	return fail(501, "NotImplemented", "%s is not supported by Hatoba.", what)
}

// answerOf is what an error of an operation reads as; ok is false when it is
// nobody's fault but ours.
func answerOf(err error) (answer *wire.Error, ok bool) {
	if errors.As(err, &answer) {
		return answer, true
	}
	var tooLarge *http.MaxBytesError
	for _, known := range []struct {
		err    error
		answer *wire.Error
	}{
		{objects.ErrNoBucket, errNoSuchBucket},
		{objects.ErrNoKey, errNoSuchKey},
		{objects.ErrNoVersion, errNoSuchVersion},
		{objects.ErrNoUpload, errNoSuchUpload},
		{objects.ErrNotEmpty, errNotEmpty},
		{objects.ErrDeleteMarker, errMarker},
		{objects.ErrPrecondition, errPrecondition},
		{objects.ErrChanged, errNoSuchKey},
		{objects.ErrInvalidPart, errInvalidPart},
		{objects.ErrPartOrder, errPartOrder},
		{objects.ErrPartTooSmall, errPartTooSmall},
	} {
		if errors.Is(err, known.err) {
			return known.answer, true
		}
	}
	switch {
	case errors.Is(err, objects.ErrBadKey):
		return fail(400, "InvalidArgument", "%s", err), true
	case errors.As(err, &tooLarge):
		return errTooLarge, true
	case errors.Is(err, syscall.ENOSPC):
		return errDiskFull, false // and in the log
	}
	return errInternal, false
}
