package sigv4

import (
	"crypto/sha1" //nolint:gosec // one of the checksums S3 clients may choose
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
)

// checksum is one that a trailer promises.
type checksum struct{ hash.Hash }

// newChecksum returns the checksum of a trailer's name, nil for other
// trailers and for checksums that are not known here.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
func newChecksum(trailer string) *checksum {
	switch trailer {
	case "x-amz-checksum-crc32":
		return &checksum{crc32.NewIEEE()}
	case "x-amz-checksum-crc32c":
		return &checksum{crc32.New(crc32.MakeTable(crc32.Castagnoli))}
	case "x-amz-checksum-crc64nvme":
		return &checksum{crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5))}
	case "x-amz-checksum-sha1":
		return &checksum{sha1.New()} //nolint:gosec // see above
	case "x-amz-checksum-sha256":
		return &checksum{sha256.New()}
	}
	return nil
}

func (c *checksum) is(value string) bool {
	return base64.StdEncoding.EncodeToString(c.Sum(nil)) == value
}
