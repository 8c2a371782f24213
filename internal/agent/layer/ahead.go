package layer

import (
	"context"
	"hash"
	"io"
	"sync"
)

// Ahead reads a stream before it is asked for, and hashes it, on threads of
// their own. Read, Sum and Close belong to one goroutine.
type Ahead struct {
	cancel  context.CancelFunc
	running sync.WaitGroup
	hash    hash.Hash
	free    chan *chunk
	ready   chan *chunk
	now     *chunk
	size    int64
}

// chunk is a part of the stream on its way. The last one has an error, io.EOF
// at the end.
type chunk struct {
	bytes []byte
	from  int
	to    int
	err   error
}

const (
	chunkSize  = 512 << 10
	chunkCount = 8
)

// ReadAhead begins to read. Close must be called, and waits for a Read of r
// that is under way.
func ReadAhead(ctx context.Context, r io.Reader, h hash.Hash) *Ahead {
	ctx, cancel := context.WithCancel(ctx)
	a := &Ahead{cancel: cancel, hash: h, free: make(chan *chunk, chunkCount), ready: make(chan *chunk, chunkCount)}
	for range chunkCount {
		a.free <- &chunk{}
	}
	full := make(chan *chunk, chunkCount)
	a.running.Go(func() { a.fill(ctx, r, full) })
	a.running.Go(func() { a.sum(full) })
	return a
}

// fill reads until the end, an error, or until nobody wants to know more.
func (a *Ahead) fill(ctx context.Context, r io.Reader, full chan<- *chunk) {
	defer close(full)
	for {
		var c *chunk
		select {
		case c = <-a.free:
		case <-ctx.Done():
			full <- &chunk{err: ctx.Err()}
			return
		}
		if c.bytes == nil {
			c.bytes = make([]byte, chunkSize)
		}
		c.from, c.to = 0, 0
		for c.to < len(c.bytes) && c.err == nil {
			n, err := r.Read(c.bytes[c.to:])
			c.to, c.err = c.to+n, err
		}
		last := c.err != nil // who reads has c from here on
		full <- c
		if last {
			return
		}
	}
}

func (a *Ahead) sum(full <-chan *chunk) {
	defer close(a.ready)
	for c := range full { // ready has room for all there are
		a.hash.Write(c.bytes[c.from:c.to])
		a.ready <- c
	}
}

// Read implements io.Reader.
func (a *Ahead) Read(p []byte) (int, error) {
	for a.now == nil || a.now.from == a.now.to {
		if a.now != nil {
			if a.now.err != nil {
				return 0, a.now.err
			}
			a.free <- a.now
		}
		a.now = <-a.ready
	}
	n := copy(p, a.now.bytes[a.now.from:a.now.to])
	a.now.from += n
	a.size += int64(n)
	return n, nil
}

// Size is how much was read.
func (a *Ahead) Size() int64 { return a.size }

// Sum is the hash of the whole stream, after Read has returned io.EOF.
func (a *Ahead) Sum() []byte { return a.hash.Sum(nil) }

// Close ends reading.
func (a *Ahead) Close() {
	a.cancel()
	for a.now == nil || a.now.err == nil {
		a.now = <-a.ready
	}
	a.running.Wait()
}
