package sigv4

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Bounds of a chunked body's own lines.
const (
	maxChunkLine = 4096
	maxTrailers  = 20
)

// chunks reads the content of an aws-chunked body:
//
//	SIZE[;chunk-signature=HEX]\r\n CONTENT \r\n … 0[;chunk-signature=HEX]\r\n [TRAILER:VALUE\r\n …] \r\n
type chunks struct {
	body     io.ReadCloser
	r        *bufio.Reader
	signer   *chunkSigner // nil: chunks are not signed
	trailers []string     // that the request has promised
	sums     map[string]*checksum

	sum       hash.Hash // of the chunk that is read
	claimed   string
	left      int64 // of the chunk
	remaining int64 // of the content
	err       error // sticky
}

func newChunks(body io.ReadCloser, length int64) *chunks {
	return &chunks{body: body, r: bufio.NewReaderSize(body, maxChunkLine), remaining: length, sum: sha256.New()}
}

func (c *chunks) expectTrailers(names []string) {
	c.sums = map[string]*checksum{}
	for name := range strings.SplitSeq(strings.ToLower(strings.Join(names, ",")), ",") {
		if name = strings.TrimSpace(name); name == "" || len(c.trailers) == maxTrailers {
			continue
		}
		c.trailers = append(c.trailers, name)
		if sum := newChecksum(name); sum != nil {
			c.sums[name] = sum
		}
	}
}

// Read reads content. io.EOF comes only when every signature, the length and
// the checksums in the trailer are right.
func (c *chunks) Read(p []byte) (int, error) {
	if c.err != nil || len(p) == 0 {
		return 0, c.err
	}
	if c.left == 0 {
		if c.err = c.next(); c.err != nil {
			return 0, c.err
		}
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.sum.Write(p[:n])
	for _, sum := range c.sums {
		sum.Write(p[:n])
	}
	c.left -= int64(n)
	c.remaining -= int64(n)
	switch {
	case err != nil:
		c.err = incompleteBody()
	case c.left == 0:
		c.err = c.endChunk()
	}
	return n, c.err
}

// Close closes the body.
func (c *chunks) Close() error { return c.body.Close() }

// next reads the line before a chunk; io.EOF after the last.
func (c *chunks) next() error {
	line, err := c.line()
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return incompleteBody()
	}
	if err != nil {
		return err
	}
	size, extension, _ := strings.Cut(line, ";")
	c.left, err = strconv.ParseInt(size, 16, 64)
	if err != nil || c.left < 0 || size[0] == '+' {
		return refuse(PayloadLies, "A chunk of the body does not begin with its size.")
	}
	if c.left > c.remaining {
		return refuse(PayloadLies, "The body has more bytes than x-amz-decoded-content-length says.")
	}
	c.sum.Reset()
	c.claimed = strings.TrimPrefix(strings.TrimSpace(extension), "chunk-signature=")
	if c.left > 0 {
		return nil
	}
	if c.remaining > 0 {
		return incompleteBody()
	}
	if c.signer != nil {
		if err := c.signer.chunk(c.claimed, c.sum.Sum(nil)); err != nil {
			return err
		}
	}
	return c.end()
}

// endChunk checks what was read of a chunk, and the line's end behind it.
func (c *chunks) endChunk() error {
	if c.signer != nil {
		if err := c.signer.chunk(c.claimed, c.sum.Sum(nil)); err != nil {
			return err
		}
	}
	line, err := c.line()
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return incompleteBody()
	case err == nil && line != "":
		return refuse(PayloadLies, "A chunk of the body is longer than it says.")
	}
	return err
}

// end reads the trailers and what they promise.
func (c *chunks) end() error {
	var canonical, signature string
	seen := map[string]bool{}
	for {
		line, err := c.line()
		if errors.Is(err, io.ErrUnexpectedEOF) && len(seen) == len(c.trailers) {
			break // some clients leave the last empty line out
		}
		if err != nil {
			return incompleteBody()
		}
		if line == "" {
			break
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		switch {
		case ok && name == "x-amz-trailer-signature" && signature == "":
			signature = value
			continue
		case !ok || seen[name] || !slices.Contains(c.trailers, name) || signature != "":
			return refuse(PayloadLies, "The trailer %.60q of the body was not announced in x-amz-trailer.", name)
		}
		seen[name] = true
		canonical += name + ":" + value + "\n"
		if sum := c.sums[name]; sum != nil && !sum.is(value) {
			return refuse(PayloadLies, "Value for %s trailing header is invalid.", name)
		}
	}
	if len(seen) != len(c.trailers) {
		return refuse(PayloadLies, "The body ends without a trailer that x-amz-trailer announced.")
	}
	if c.signer != nil && len(c.trailers) > 0 {
		if err := c.signer.trailer(signature, canonical); err != nil {
			return err
		}
	}
	if _, err := c.r.ReadByte(); err != io.EOF {
		return refuse(PayloadLies, "The body goes on after its last chunk.")
	}
	return io.EOF
}

// line reads up to \r\n, at most maxChunkLine.
func (c *chunks) line() (string, error) {
	line, err := c.r.ReadSlice('\n')
	switch {
	case err == io.EOF && len(line) == 0:
		return "", io.ErrUnexpectedEOF
	case err != nil:
		return "", incompleteBody()
	case len(line) < 2 || line[len(line)-2] != '\r':
		return "", refuse(PayloadLies, "A line of the chunked body does not end with CR LF.")
	}
	return string(line[:len(line)-2]), nil
}

func incompleteBody() error {
	return refuse(PayloadLies, "You did not provide the number of bytes specified by the Content-Length HTTP header")
}
