package s3

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/hatoba/hatoba/internal/objects"
	"github.com/hatoba/hatoba/internal/wire"
)

// maxPut is the largest body of one request, as in S3.
const maxPut = 5 << 30

// parameters reads the query, refusing subresources that are newer than the
// model: they would read as the object itself.
func parameters(r *http.Request) (url.Values, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, invalidArgument("The query string cannot be read.")
	}
	for _, name := range []string{"annotation", "annotations"} {
		if query.Has(name) {
			return nil, unsupported("The subresource " + name)
		}
	}
	return query, nil
}

// body is the request's body, which reads to its end only when it is what the
// headers promise.
func (s *Service) body(w http.ResponseWriter, r *http.Request, m *wire.Message) (io.Reader, error) {
	if m.Streams() && r.ContentLength < 0 {
		return nil, errMissingLength
	}
	if r.ContentLength > maxPut {
		return nil, errTooLarge
	}
	checks, err := promised(r.Header, m.Operation() == "CompleteMultipartUpload")
	if err != nil {
		return nil, err
	}
	return &checked{r: http.MaxBytesReader(w, r.Body, maxPut), checks: checks, left: r.ContentLength}, nil
}

// check is a digest that a header promises.
type check struct {
	hash hash.Hash
	want string // the digest's bytes
	err  error  // when it is another
}

// promised reads the digests of the headers. Checksums may be those of a whole
// object, and not of this body.
func promised(h http.Header, ofObject bool) (out []check, err error) {
	if text := h.Get("Content-Md5"); text != "" {
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(raw) != 16 {
			return nil, errInvalidDigest
		}
		out = append(out, check{objects.MD5.New(), string(raw), errBadDigest})
	}
	if text := h.Get("X-Amz-Content-Sha256"); len(text) == 64 {
		raw, err := hex.DecodeString(text)
		if err != nil {
			return nil, invalidArgument("x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a STREAMING- mode, or a valid sha256 value.")
		}
		out = append(out, check{sha256.New(), string(raw), fail(400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")})
	}
	for name, values := range h {
		algorithm, ok := strings.CutPrefix(strings.ToLower(name), "x-amz-checksum-")
		if !ok || ofObject || algorithm == "mode" || algorithm == "algorithm" || algorithm == "type" {
			continue
		}
		sum := objects.Algorithm(strings.ToUpper(algorithm)).New()
		if sum == nil {
			return nil, unsupported("The checksum algorithm " + strings.ToUpper(algorithm))
		}
		raw, err := base64.StdEncoding.DecodeString(values[0])
		if err != nil || len(raw) != sum.Size() {
			return nil, invalidRequest("Value for x-amz-checksum-%s header is invalid.", algorithm)
		}
		out = append(out, check{sum, string(raw), fail(400, "BadDigest", "The %s you specified did not match the calculated checksum.", strings.ToUpper(algorithm))})
	}
	return out, nil
}

// checked reads a body and its digests. Whose listener it is gives the reads a
// deadline.
type checked struct {
	r      io.Reader
	checks []check
	left   int64 // negative: not known
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	for _, check := range c.checks {
		check.hash.Write(p[:n])
	}
	if c.left >= 0 {
		c.left -= int64(n)
	}
	var known *wire.Error
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil, errors.As(err, &known), errors.As(err, &tooLarge):
		return n, err
	case refused(&err):
		return n, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, errTimeout
	case !errors.Is(err, io.EOF), c.left > 0:
		return n, errIncomplete
	}
	for _, check := range c.checks {
		if string(check.hash.Sum(nil)) != check.want {
			return n, check.err
		}
	}
	return n, io.EOF
}

// refused tells the verifier's errors, and says them as S3 does.
func refused(err *error) bool {
	if _, ok := wire.ObjectBodyError(*err); !ok {
		return false
	}
	*err = bodyFailure(*err)
	return true
}
