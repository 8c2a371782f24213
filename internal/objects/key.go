package objects

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxKey is the longest key in bytes, as in S3.
const MaxKey = 1024

// CheckKey tells whether a key can be kept: 1 to 1,024 bytes of UTF-8 without
// NUL. Every other key is taken as it is; slashes and dots mean nothing.
func CheckKey(key string) error {
	switch {
	case key == "", len(key) > MaxKey:
		return fmt.Errorf("%w: it has %d bytes, not 1 to %d", ErrBadKey, len(key), MaxKey)
	case !utf8.ValidString(key):
		return fmt.Errorf("%w: it is not UTF-8", ErrBadKey)
	case strings.IndexByte(key, 0) >= 0:
		return fmt.Errorf("%w: it holds a NUL", ErrBadKey)
	}
	return nil
}

// A record's place is its key, a NUL, and the bits of its sequence number
// inverted: in key order, the newest version first.

func versionPlace(key string, seq uint64) []byte {
	b := append([]byte(key), 0)
	return binary.BigEndian.AppendUint64(b, ^seq)
}

func splitPlace(place []byte) (key string, seq uint64) {
	cut := len(place) - 9
	if cut < 0 {
		return string(place), 0
	}
	return string(place[:cut]), ^binary.BigEndian.Uint64(place[cut+1:])
}

// versionsOf begins every version of key.
func versionsOf(key string) []byte { return append([]byte(key), 0) }

// afterKey is behind every version of key and before every longer key.
func afterKey(key string) []byte { return append([]byte(key), 1) }

// afterPrefix is the first place that does not begin with prefix, nil when
// there is none.
func afterPrefix(prefix string) []byte {
	b := []byte(prefix)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < 0xff {
			b[i]++
			return b[:i+1]
		}
	}
	return nil
}

func uploadPlace(key, id string) []byte { return append(append([]byte(key), 0), id...) }

func splitUpload(place []byte) (key, id string) {
	k, i, _ := bytes.Cut(place, []byte{0})
	return string(k), string(i)
}

func partPlace(upload string, number int32) []byte {
	return binary.BigEndian.AppendUint32([]byte(upload+"/"), uint32(number))
}
