package lb

import "errors"

// chunks follows the frame of a chunked body as its bytes pass. It is strict:
// what another parser could end elsewhere is an error.
type chunks struct {
	state chunkState
	left  int64 // of the chunk, or digits read of its size
	size  int64
	line  int // bytes of the current line
	total int // bytes of trailers
	name  int // length of the trailer's name, -1: behind its colon
	start [24]byte
	keep  *[]byte // where trailers are kept; nil: nowhere
}

type chunkState uint8

const (
	chunkSize chunkState = iota
	chunkExtension
	chunkSizeLF
	chunkData
	chunkDataCR
	chunkDataLF
	trailerStart
	trailerName
	trailerValue
	trailerLF
	trailerEndLF
	chunksEnd
)

const (
	maxChunkLine = 256
	maxTrailers  = 16 << 10
)

var errChunk = errors.New("a malformed chunked body")

// step takes the next run from b: data of a chunk, or what frames it. It is
// done when the body has ended; b goes on behind it.
func (c *chunks) step(b []byte) (n int, data, done bool, err error) {
	if c.state == chunkData && len(b) > 0 {
		n = int(min(int64(len(b)), c.left))
		if c.left -= int64(n); c.left == 0 {
			c.state = chunkDataCR
		}
		return n, true, false, nil
	}
	for n < len(b) {
		if c.state == chunkData {
			return n, false, false, nil
		}
		if err := c.take(b[n]); err != nil {
			return n, false, false, err
		}
		n++
		if c.state == chunksEnd {
			return n, false, true, nil
		}
	}
	return n, false, false, nil
}

// pass takes all it can from b, to be sent on as it is.
func (c *chunks) pass(b []byte) (n int, done bool, err error) {
	for n < len(b) && !done {
		var took int
		took, _, done, err = c.step(b[n:])
		n += took
		if err != nil {
			return n, false, err
		}
	}
	return n, done, nil
}

func (c *chunks) take(b byte) error {
	switch c.state {
	case chunkSize:
		return c.takeSize(b)
	case chunkExtension:
		if b == '\r' {
			c.state = chunkSizeLF
			return nil
		}
		if c.line++; badValue[b] || c.line > maxChunkLine {
			return errChunk
		}
	case chunkSizeLF:
		if b != '\n' {
			return errChunk
		}
		c.left, c.size, c.line = c.size, 0, 0
		if c.state = chunkData; c.left == 0 {
			c.state = trailerStart
		}
	case chunkDataCR:
		if b != '\r' {
			return errChunk
		}
		c.state = chunkDataLF
	case chunkDataLF:
		if b != '\n' {
			return errChunk
		}
		c.state, c.left = chunkSize, 0
	default:
		return c.takeTrailer(b)
	}
	return nil
}

func (c *chunks) takeSize(b byte) error {
	digit := int64(-1)
	switch {
	case '0' <= b && b <= '9':
		digit = int64(b - '0')
	case 'a' <= b && b <= 'f':
		digit = int64(b-'a') + 10
	case 'A' <= b && b <= 'F':
		digit = int64(b-'A') + 10
	}
	switch {
	case digit >= 0 && c.left < 15:
		c.size = c.size<<4 | digit
		c.left++
	case c.left == 0:
		return errChunk
	case b == '\r':
		c.state = chunkSizeLF
	case b == ';':
		c.state, c.line = chunkExtension, 0
	default:
		return errChunk
	}
	return nil
}

// takeTrailer reads fields behind the last chunk. None may speak of the frame or
// of where the message goes.
func (c *chunks) takeTrailer(b byte) error {
	if c.total++; c.total > maxTrailers {
		return errChunk
	}
	if c.keep != nil {
		*c.keep = append(*c.keep, b)
	}
	switch c.state {
	case trailerStart:
		if b == '\r' {
			c.state = trailerEndLF
			return nil
		}
		c.state, c.name = trailerName, 0
		fallthrough
	case trailerName:
		if b == ':' && c.name > 0 {
			c.state = trailerValue
			return c.checkTrailer()
		}
		if !tokenByte[b] {
			return errChunk
		}
		if c.name < len(c.start) {
			c.start[c.name] = b
		}
		c.name++
	case trailerValue:
		if b == '\r' {
			c.state = trailerLF
		} else if badValue[b] {
			return errChunk
		}
	case trailerLF:
		if b != '\n' {
			return errChunk
		}
		c.state = trailerStart
	case trailerEndLF:
		if b != '\n' {
			return errChunk
		}
		c.state = chunksEnd
	}
	return nil
}

func (c *chunks) checkTrailer() error {
	if c.name > len(c.start) {
		return nil
	}
	switch fieldOf(c.start[:c.name]) {
	case otherField, fieldDate, fieldServer, fieldUserAgent, fieldContentType:
		return nil
	}
	return errChunk
}
