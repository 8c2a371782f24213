package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Open makes of a checked S3 request one whose body can be read as it is: it
// reads to its end only if it is the body that was signed, and fails with an
// *Error otherwise. The chunks of the STREAMING modes are taken apart, and
// ContentLength is that of the content. Who stores a body must not make it
// visible before its end was read.
func (s *Signature) Open(r *http.Request, secret string) error {
	switch {
	case s.Payload == Unsigned || s.Payload == "" && s.Presigned:
		return nil
	case s.Payload == "":
		return refuse(MissingHash, "Missing required header for this request: x-amz-content-sha256")
	case s.Payload == Streaming || s.Payload == StreamingTrailer || s.Payload == StreamingUnsigned:
		return s.openChunks(r, secret)
	case len(s.Payload) != 64 || strings.Trim(s.Payload, "0123456789abcdef") != "":
		return refuse(MissingHash, "x-amz-content-sha256 must be %s, %s, %s, %s or a valid sha256 value.", Unsigned, Streaming, StreamingTrailer, StreamingUnsigned)
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	r.Body = &hashed{body: r.Body, sum: sha256.New(), want: s.Payload}
	return nil
}

// OpenUnverified takes the chunks of a STREAMING mode apart without asking
// who signed them.
func OpenUnverified(r *http.Request) error {
	mode := r.Header.Get(contentHashHeader)
	if !strings.HasPrefix(mode, "STREAMING-") {
		return nil
	}
	s := &Signature{Payload: mode, unverified: true}
	return s.Open(r, "")
}

// PayloadHash is what stands for the payload in the canonical request of an
// S3 request.
func (s *Signature) PayloadHash() string {
	if s.Payload == "" && s.Presigned {
		return Unsigned
	}
	return s.Payload
}

// hashed ends well only when the hash is the one that was signed.
type hashed struct {
	body io.ReadCloser
	sum  hash.Hash
	want string
}

func (h *hashed) Read(p []byte) (int, error) {
	n, err := h.body.Read(p)
	h.sum.Write(p[:n])
	if err == io.EOF && hex.EncodeToString(h.sum.Sum(nil)) != h.want {
		return n, refuse(PayloadLies, "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	return n, err
}

func (h *hashed) Close() error { return h.body.Close() }

// openChunks puts the decoder of aws-chunked before the body.
func (s *Signature) openChunks(r *http.Request, secret string) error {
	length, err := strconv.ParseInt(r.Header.Get(decodedLengthHeader), 10, 64)
	if err != nil || length < 0 {
		return refuse(MissingHash, "You must provide the Content-Length HTTP header: x-amz-decoded-content-length is missing or no number.")
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	c := newChunks(r.Body, length)
	if s.Payload != StreamingUnsigned && !s.unverified {
		c.signer = &chunkSigner{key: s.key(secret), head: s.Time.Format(longTime) + "\n" + s.scope() + "\n", last: s.claimed}
	}
	if s.Payload != Streaming {
		c.expectTrailers(r.Header.Values("X-Amz-Trailer"))
	}
	r.Body, r.ContentLength, r.TransferEncoding = c, length, nil
	r.Header.Set("Content-Length", strconv.FormatInt(length, 10))
	var kept []string
	for coding := range strings.SplitSeq(strings.Join(r.Header.Values("Content-Encoding"), ","), ",") {
		if coding = strings.TrimSpace(coding); coding != "" && coding != "aws-chunked" {
			kept = append(kept, coding)
		}
	}
	r.Header.Del("Content-Encoding")
	if kept != nil {
		r.Header.Set("Content-Encoding", strings.Join(kept, ","))
	}
	return nil
}

// chunkSigner checks the chain of signatures, each over its chunk and the one
// before it.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
type chunkSigner struct {
	key  []byte
	head string // time and scope, a line each
	last string // the signature before
}

func (c *chunkSigner) chunk(claimed string, sum []byte) error {
	return c.check(claimed, "AWS4-HMAC-SHA256-PAYLOAD\n"+c.head+c.last+"\n"+emptyHash+"\n"+hex.EncodeToString(sum))
}

func (c *chunkSigner) trailer(claimed, canonical string) error {
	return c.check(claimed, "AWS4-HMAC-SHA256-TRAILER\n"+c.head+c.last+"\n"+Hash([]byte(canonical)))
}

func (c *chunkSigner) check(claimed, text string) error {
	want := hex.EncodeToString(mac(c.key, text))
	if !hmac.Equal([]byte(want), []byte(claimed)) {
		return refuse(PayloadLies, "%s", MismatchText)
	}
	c.last = want
	return nil
}
