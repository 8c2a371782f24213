package objects

import (
	"encoding/json"
	"time"
)

// States of a bucket's versioning; "" is a bucket that never had it.
const (
	VersioningEnabled   = "Enabled"
	VersioningSuspended = "Suspended"
)

// NullVersion is the id of versions written while versioning was not enabled.
const NullVersion = "null"

// Bucket is a bucket. Names are unique over all accounts, as in S3.
type Bucket struct {
	Name       string
	Account    string // owner
	Region     string
	Created    time.Time
	Versioning string
	Tags       map[string]string `json:",omitempty"`
	Encryption Encryption        // of objects that ask for none
	Rules      []Rule            `json:",omitempty"` // of the lifecycle
	// Documents are configurations by name that the engine keeps and does not
	// act on.
	Documents map[string]json.RawMessage `json:",omitempty"`
}

// Encryption says which key seals the data keys of an object.
type Encryption struct {
	Algorithm string `json:",omitempty"` // AES256 or aws:kms
	Key       string `json:",omitempty"` // ARN of the KMS key
	BucketKey bool   `json:",omitempty"`
}

// Head is what is told of an object besides its bytes.
type Head struct {
	ContentType        string            `json:",omitempty"`
	ContentEncoding    string            `json:",omitempty"`
	ContentDisposition string            `json:",omitempty"`
	ContentLanguage    string            `json:",omitempty"`
	CacheControl       string            `json:",omitempty"`
	Expires            string            `json:",omitempty"`
	StorageClass       string            `json:",omitempty"`
	Meta               map[string]string `json:",omitempty"` // x-amz-meta-
}

// Checksum is an additional checksum, base64 as on the wire.
type Checksum struct {
	Algorithm Algorithm `json:",omitempty"`
	Composite bool      `json:",omitempty"` // of the parts' checksums; else of all bytes
	Value     string    `json:",omitempty"`
}

// Version is one version of an object, or a delete marker.
type Version struct {
	Key        string
	ID         string
	Modified   time.Time
	Marker     bool              `json:",omitempty"` // a delete marker: nothing below is set
	Size       int64             `json:",omitempty"`
	ETag       string            `json:",omitempty"` // without quotes
	Head       Head              `json:",omitzero"`
	Tags       map[string]string `json:",omitempty"`
	Checksum   Checksum          `json:",omitzero"`
	Encryption Encryption        `json:",omitzero"`
	Parts      []Part            `json:",omitempty"` // in order; one for a plain put, none when empty
	Multipart  bool              `json:",omitempty"`
	// Upload is the id of the upload it was made by, so that a client that did
	// not hear the answer may ask again.
	Upload string `json:",omitempty"`

	Latest bool `json:"-"` // told by reads

	seq uint64
}

// Part is a piece of an object, or of an upload.
type Part struct {
	Number   int32
	Size     int64
	ETag     string
	Checksum string    `json:",omitempty"` // by the algorithm of its object
	Modified time.Time `json:",omitzero"`
	Blob     Blob
}

// Blob is a file of encrypted bytes.
type Blob struct {
	ID  string `json:",omitempty"` // "" when there are no bytes
	Key []byte `json:",omitempty"` // the data key, sealed
}

// Upload is a multipart upload under way.
type Upload struct {
	ID         string
	Key        string
	Began      time.Time
	Head       Head              `json:",omitzero"`
	Tags       map[string]string `json:",omitempty"`
	Checksum   Checksum          `json:",omitzero"` // algorithm and type; no value
	Encryption Encryption        `json:",omitzero"`
}
