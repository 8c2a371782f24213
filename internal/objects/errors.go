package objects

import "errors"

// Errors of the engine; test with errors.Is.
var (
	ErrNoBucket     = errors.New("the bucket does not exist")
	ErrBucketExists = errors.New("the bucket exists")
	ErrNotEmpty     = errors.New("the bucket is not empty")
	ErrNoKey        = errors.New("the key does not exist")
	ErrNoVersion    = errors.New("the version does not exist")
	ErrDeleteMarker = errors.New("the version is a delete marker")
	ErrNoUpload     = errors.New("the upload does not exist")
	ErrInvalidPart  = errors.New("a part does not exist, or has another ETag or checksum")
	ErrPartOrder    = errors.New("the parts are not in ascending order")
	ErrPartTooSmall = errors.New("a part but the last is smaller than the least size")
	ErrPrecondition = errors.New("a precondition does not hold")
	ErrChanged      = errors.New("the key does not exist, so no entity tag matches")
	ErrBadKey       = errors.New("the key cannot be kept")
	ErrCorrupt      = errors.New("stored bytes do not open: changed or missing")
	ErrKeyUnusable  = errors.New("the encryption key cannot be used")
	ErrNewerData    = errors.New("the objects were written by a newer version")
	errShortBlob    = errors.New("the blob is shorter than its record says")
)
