package lb

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// sealer makes and reads cookies. They tell nothing to who has not the key, and
// cannot be made by him.
type sealer struct {
	aead cipher.AEAD
	key  [32]byte
}

func newSealer(key [32]byte) sealer {
	derived := sha256.Sum256(append([]byte("hatoba cookies"), key[:]...))
	block, err := aes.NewCipher(derived[:])
	if err != nil {
		panic(err) // the key has AES's length
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return sealer{aead, derived}
}

// hash is a short name of an id that only the key's owner can compute.
func (s *sealer) hash(id string) uint64 {
	sum := sha256.Sum256(append(s.key[:], id...))
	return binary.LittleEndian.Uint64(sum[:])
}

const sealed = 8 + 8 + 4

// put appends a cookie's value: what it is about, what was chosen, until when.
func (s *sealer) put(dst []byte, about, chosen uint64, until time.Time) []byte {
	var plain [sealed]byte
	binary.LittleEndian.PutUint64(plain[:], about)
	binary.LittleEndian.PutUint64(plain[8:], chosen)
	binary.LittleEndian.PutUint32(plain[16:], uint32(until.Unix()))
	var out [12 + sealed + 16]byte
	_, _ = rand.Read(out[:12])
	s.aead.Seal(out[12:12], out[:12], plain[:], nil)
	return base64.RawURLEncoding.AppendEncode(dst, out[:])
}

// get reads a cookie's value; it is not ok when it is about something else,
// is too old, or is not ours.
func (s *sealer) get(value []byte, about uint64, now time.Time) (chosen uint64, ok bool) {
	var raw [12 + sealed + 16]byte
	if base64.RawURLEncoding.DecodedLen(len(value)) != len(raw) {
		return 0, false
	}
	if _, err := base64.RawURLEncoding.Decode(raw[:], value); err != nil {
		return 0, false
	}
	plain, err := s.aead.Open(nil, raw[:12], raw[12:], nil)
	if err != nil || binary.LittleEndian.Uint64(plain) != about {
		return 0, false
	}
	if int64(binary.LittleEndian.Uint32(plain[16:])) < now.Unix() {
		return 0, false
	}
	return binary.LittleEndian.Uint64(plain[8:]), true
}
