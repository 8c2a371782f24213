package objects

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"math/bits"
)

// Algorithm is one of S3's additional checksums, by its name there.
type Algorithm string

// The algorithms known.
const (
	CRC32     Algorithm = "CRC32"
	CRC32C    Algorithm = "CRC32C"
	CRC64NVME Algorithm = "CRC64NVME"
	SHA1      Algorithm = "SHA1"
	SHA256    Algorithm = "SHA256"
	SHA512    Algorithm = "SHA512"
	MD5       Algorithm = "MD5"
)

// nvme is the reflected polynomial of CRC-64/NVME.
const nvme = 0x9a6c9329ac4bc9b5

// New returns a hash, nil for an algorithm that is not known.
func (a Algorithm) New() hash.Hash {
	switch a {
	case CRC32:
		return crc32.NewIEEE()
	case CRC32C:
		return crc32.New(crc32.MakeTable(crc32.Castagnoli))
	case CRC64NVME:
		return crc64.New(crc64.MakeTable(nvme))
	case SHA1:
		return sha1.New()
	case SHA256:
		return sha256.New()
	case SHA512:
		return sha512.New()
	case MD5:
		return md5.New()
	}
	return nil
}

// polynomial returns the reflected polynomial of a CRC and its width in bits;
// 0 for what is no CRC.
func (a Algorithm) polynomial() (poly uint64, width int) {
	switch a {
	case CRC32:
		return crc32.IEEE, 32
	case CRC32C:
		return crc32.Castagnoli, 32
	case CRC64NVME:
		return nvme, 64
	}
	return 0, 0
}

// Combines tells whether the checksum of a whole follows from those of its
// parts: then multipart uploads may have a checksum of the full object.
func (a Algorithm) Combines() bool { _, width := a.polynomial(); return width != 0 }

// combine returns the CRC of two pieces one after the other.
func (a Algorithm) combine(first, second uint64, secondLength int64) uint64 {
	poly, width := a.polynomial()
	return shift(first, uint64(secondLength)*8, poly, width) ^ second
}

// shift multiplies v by x^n modulo the polynomial, all of them reflected: the
// highest bit of the width is x^0.
func shift(v, n, poly uint64, width int) uint64 {
	power := uint64(1) << (width - 2) // x^1
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			v = multiply(v, power, poly, width)
		}
		power = multiply(power, power, poly, width)
	}
	return v
}

func multiply(a, b, poly uint64, width int) (product uint64) {
	for bit := uint64(1) << (width - 1); bit != 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		low := b & 1
		b >>= 1
		if low == 1 {
			b ^= poly
		}
	}
	return product
}

// whole returns an object's checksum from those of its parts.
func whole(c Checksum, parts []Part) (string, error) {
	if c.Composite {
		h := c.Algorithm.New()
		for _, p := range parts {
			sum, err := base64.StdEncoding.DecodeString(p.Checksum)
			if err != nil {
				return "", err
			}
			h.Write(sum)
		}
		return fmt.Sprintf("%s-%d", base64.StdEncoding.EncodeToString(h.Sum(nil)), len(parts)), nil
	}
	_, width := c.Algorithm.polynomial()
	var crc uint64
	for _, p := range parts {
		sum, err := base64.StdEncoding.DecodeString(p.Checksum)
		if err != nil || len(sum)*8 != width {
			return "", fmt.Errorf("checksum of part %d: %q", p.Number, p.Checksum)
		}
		crc = c.Algorithm.combine(crc, bigEndian(sum), p.Size)
	}
	out := make([]byte, 8)
	for i := range out {
		out[i] = byte(bits.RotateLeft64(crc, 8*(i+1)))
	}
	return base64.StdEncoding.EncodeToString(out[8-width/8:]), nil
}

func bigEndian(b []byte) (v uint64) {
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v
}
