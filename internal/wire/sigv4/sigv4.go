// Package sigv4 reads and checks AWS Signature Version 4 of HTTP requests, in
// the Authorization header and in the query string (presigned), with the
// payload modes of Amazon S3. It knows no keys: who asks hands in the secret.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"
)

// Algorithms. The asymmetric one is read, so that a caller can name it, and
// never checked.
const (
	AlgorithmV4  = "AWS4-HMAC-SHA256"
	AlgorithmV4a = "AWS4-ECDSA-P256-SHA256"
)

// What stands in place of the payload's hash.
const (
	Unsigned              = "UNSIGNED-PAYLOAD"
	Streaming             = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	StreamingTrailer      = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	StreamingUnsigned     = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	emptyHash             = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	longTime              = "20060102T150405Z"
	maxLife               = 7 * 24 * time.Hour // of a presigned request
	maxExpires            = int64(maxLife / time.Second)
	terminator            = "aws4_request"
	maxSignedHeaders      = 100
	maxQueryParameters    = 1000
	contentHashHeader     = "X-Amz-Content-Sha256"
	decodedLengthHeader   = "X-Amz-Decoded-Content-Length"
	securityTokenHeader   = "X-Amz-Security-Token"
	signatureParameter    = "X-Amz-Signature"
	singleEncodingService = "s3"
)

// Problem is what is wrong with a request's signature.
type Problem int

// The problems, in the order in which they are looked for.
const (
	Incomplete      Problem = iota + 1 // not of the form AWS asks for
	Skewed                             // signed too long ago, or in the future
	Expired                            // a presigned request that was good once
	Mismatch                           // another secret, or another request
	PayloadLies                        // the body is not the one that was signed
	MissingHash                        // S3 demands X-Amz-Content-Sha256
	BadLifeTime                        // X-Amz-Expires out of its range
	HeaderNotSigned                    // an x-amz- header that is not covered
)

// Error is a request that is refused. Text is AWS's, or ours where AWS says
// nothing of use.
type Error struct {
	Problem Problem
	Text    string
}

// Error returns the text.
func (e *Error) Error() string { return e.Text }

func refuse(p Problem, format string, args ...any) *Error {
	return &Error{Problem: p, Text: fmt.Sprintf(format, args...)}
}

// Credential is whose signature it is, and what it is good for.
type Credential struct {
	AccessKey string
	Day       string // YYYYMMDD
	Region    string // "" with AlgorithmV4a
	Service   string // "ecs", "sts"
}

// Signature is what a request says about its signature.
type Signature struct {
	Credential
	Algorithm string
	Token     string // of a session, "" without one
	Time      time.Time
	Presigned bool
	Life      time.Duration // of a presigned request, 0: it did not say
	Payload   string        // the hash the request names, or a mode; "": it names none

	headers    []string
	claimed    string // in hex
	unverified bool   // the chunks are read, their signatures are not
}

// Timely tells whether the request is of now. skew is what clocks may differ.
func (s *Signature) Timely(now time.Time, skew time.Duration) error {
	first, last := s.Time.Add(-skew), s.Time.Add(skew)
	if s.Presigned && s.Life > 0 {
		last = s.Time.Add(s.Life)
	}
	now = now.UTC()
	minutes := int(skew / time.Minute)
	switch {
	case now.Before(first):
		return refuse(Skewed, "Signature not yet current: %s is still later than %s (%s + %d min.)",
			s.Time.Format(longTime), now.Add(skew).Format(longTime), now.Format(longTime), minutes)
	case now.After(last) && s.Presigned && s.Life > 0:
		return refuse(Expired, "Request has expired")
	case now.After(last):
		return refuse(Skewed, "Signature expired: %s is now earlier than %s (%s - %d min.)",
			s.Time.Format(longTime), now.Add(-skew).Format(longTime), now.Format(longTime), minutes)
	}
	return nil
}

// Check tells whether secret made the signature over r with the hash of its
// payload, or the mode that stands for it.
func (s *Signature) Check(r *http.Request, secret, payloadHash string) error {
	if err := s.covered(r); err != nil {
		return err
	}
	key := s.key(secret)
	claimed, err := hex.DecodeString(s.claimed)
	if err == nil {
		for _, canonical := range s.canonical(r, payloadHash) {
			if hmac.Equal(claimed, s.over(key, canonical)) {
				return nil
			}
		}
	}
	return refuse(Mismatch, "%s", MismatchText)
}

// MismatchText is AWS's for a signature that is not the right one.
const MismatchText = "The request signature we calculated does not match the signature you provided. " +
	"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."

// over is the signature of a canonical request.
func (s *Signature) over(key []byte, canonical string) []byte {
	return mac(key, s.Algorithm+"\n"+s.Time.Format(longTime)+"\n"+s.scope()+"\n"+Hash([]byte(canonical)))
}

func (s *Signature) scope() string {
	return s.Day + "/" + s.Region + "/" + s.Service + "/" + terminator
}

// key is what the secret becomes for a day, region and service.
func (s *Signature) key(secret string) []byte {
	return mac(mac(mac(mac([]byte("AWS4"+secret), s.Day), s.Region), s.Service), terminator)
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// Hash is a payload's hash as requests name it.
func Hash(payload []byte) string {
	sum := sha256.Sum256(payload)
	return hex.EncodeToString(sum[:])
}
