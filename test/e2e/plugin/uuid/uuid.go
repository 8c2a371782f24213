// Package uuid has the few functions of github.com/twinj/uuid that the session
// manager plugin was written for, and that the released version of that module
// no longer has.
package uuid

import (
	"crypto/rand"
	"encoding/hex"
)

// UUID is a universally unique id.
type UUID interface {
	String() string
	Bytes() []byte
}

// Format is how a UUID is printed.
type Format string

// CleanHyphen is the one format there is.
const CleanHyphen Format = "8-4-4-4-12"

// SwitchFormat does nothing.
func SwitchFormat(Format) {}

type id [16]byte

// NewV4 makes a random one.
func NewV4() UUID {
	var u id
	_, _ = rand.Read(u[:]) // never fails
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return u
}

// New makes one from its bytes.
func New(b []byte) UUID {
	var u id
	copy(u[:], b)
	return u
}

// Bytes returns the sixteen bytes.
func (u id) Bytes() []byte { return u[:] }

// String prints the id.
func (u id) String() string {
	h := hex.EncodeToString(u[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
