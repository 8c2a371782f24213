// Package datachannel speaks the data channel of AWS Systems Manager Session
// Manager, over which ECS Exec carries terminals: binary messages on a
// websocket, numbered, acknowledged and sent again until they are. It is what
// AWS's session manager plugin speaks; there is no specification but its source
// and that of the agent it talks to.
//
// Source: https://github.com/aws/session-manager-plugin/tree/mainline/src/message
package datachannel

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Types of messages.
const (
	Input            = "input_stream_data"  // from the client
	Output           = "output_stream_data" // from the agent
	Acknowledge      = "acknowledge"
	ChannelClosed    = "channel_closed"
	StartPublication = "start_publication"
	PausePublication = "pause_publication"
)

// PayloadType says what the payload of a stream message is.
type PayloadType uint32

// The payload types. Data is standard input in one direction, and standard
// output or a terminal's in the other.
const (
	Data              PayloadType = 1
	Failure           PayloadType = 2
	Size              PayloadType = 3
	Parameter         PayloadType = 4
	HandshakeRequest  PayloadType = 5
	HandshakeResponse PayloadType = 6
	HandshakeComplete PayloadType = 7
	Flag              PayloadType = 10
	Stderr            PayloadType = 11
	ExitCode          PayloadType = 12
)

// Flags of a message.
const (
	FlagSYN uint64 = 1 // the first of a stream
	FlagFIN uint64 = 2 // the last of a stream
)

// ID is a message's UUID.
type ID [16]byte

// String prints the UUID, as acknowledgements name it.
func (id ID) String() string {
	h := hex.EncodeToString(id[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// newID makes a random UUID, version 4.
func newID() (id ID) {
	_, _ = rand.Read(id[:]) // never fails
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id
}

// Message is one message of the channel.
type Message struct {
	Type     string // at most 32 bytes
	Schema   uint32
	Created  time.Time // to the millisecond
	Sequence int64
	Flags    uint64
	ID       ID
	Payload  []byte
	Kind     PayloadType
}

// The layout of a message, all numbers big endian:
//
//	header length  uint32    of what lies before the payload's length
//	type           32 bytes  padded with spaces (or zeros)
//	schema         uint32
//	created        uint64    milliseconds since 1970
//	sequence       int64
//	flags          uint64
//	id             16 bytes  the UUID's second half, then its first
//	digest         32 bytes  SHA-256 of the payload
//	payload type   uint32
//	payload length uint32
//	payload
const (
	typeAt     = 4
	typeBytes  = 32
	schemaAt   = typeAt + typeBytes
	createdAt  = schemaAt + 4
	sequenceAt = createdAt + 8
	flagsAt    = sequenceAt + 8
	idAt       = flagsAt + 8
	digestAt   = idAt + 16
	kindAt     = digestAt + sha256.Size
	lengthAt   = kindAt + 4
	headBytes  = lengthAt
)

// MaxMessage bounds what is read as one message.
const MaxMessage = 256 << 10

// Errors of Decode; test with errors.Is.
var (
	ErrMalformed = errors.New("malformed message")
	ErrDigest    = errors.New("the payload is not what the digest says")
)

// Encode returns the message's bytes.
func (m Message) Encode() []byte {
	b := make([]byte, headBytes+4+len(m.Payload))
	be := binary.BigEndian
	be.PutUint32(b, headBytes)
	copy(b[typeAt:schemaAt], m.Type+strings.Repeat(" ", max(0, typeBytes-len(m.Type))))
	be.PutUint32(b[schemaAt:], m.Schema)
	be.PutUint64(b[createdAt:], uint64(m.Created.UnixMilli()))
	be.PutUint64(b[sequenceAt:], uint64(m.Sequence))
	be.PutUint64(b[flagsAt:], m.Flags)
	copy(b[idAt:], m.ID[8:])
	copy(b[idAt+8:], m.ID[:8])
	digest := sha256.Sum256(m.Payload)
	copy(b[digestAt:], digest[:])
	be.PutUint32(b[kindAt:], uint32(m.Kind))
	be.PutUint32(b[lengthAt:], uint32(len(m.Payload)))
	copy(b[headBytes+4:], m.Payload)
	return b
}

// Decode reads a message. Its payload is part of b.
func Decode(b []byte) (Message, error) {
	if len(b) < headBytes+4 || len(b) > MaxMessage {
		return Message{}, fmt.Errorf("%w: %d bytes", ErrMalformed, len(b))
	}
	be := binary.BigEndian
	head := be.Uint32(b)
	if head < headBytes || int64(head)+4 > int64(len(b)) {
		return Message{}, fmt.Errorf("%w: a header of %d bytes", ErrMalformed, head)
	}
	m := Message{
		Type: strings.TrimSpace(string(bytes.Trim(b[typeAt:schemaAt], "\x00"))), Schema: be.Uint32(b[schemaAt:]),
		Created:  time.UnixMilli(int64(be.Uint64(b[createdAt:]))).UTC(),
		Sequence: int64(be.Uint64(b[sequenceAt:])), Flags: be.Uint64(b[flagsAt:]),
		Kind: PayloadType(be.Uint32(b[kindAt:])), Payload: b[head+4:],
	}
	copy(m.ID[8:], b[idAt:])
	copy(m.ID[:8], b[idAt+8:])
	if n := be.Uint32(b[head:]); int64(n) != int64(len(m.Payload)) {
		return Message{}, fmt.Errorf("%w: a payload of %d bytes is said to have %d", ErrMalformed, len(m.Payload), n)
	}
	digest := sha256.Sum256(m.Payload)
	if len(m.Payload) > 0 && !bytes.Equal(digest[:], b[digestAt:kindAt]) {
		return Message{}, ErrDigest
	}
	return m, nil
}
