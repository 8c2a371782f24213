package wire

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"time"
)

// Bounds on bodies: how long one may take to arrive, and how many of those
// that are not small are held at a time. Who comes later waits.
const (
	bodyTime    = 30 * time.Second
	smallBody   = 64 << 10
	largeBodies = 16
)

// bodies reads request bodies in bounded memory.
type bodies struct {
	large chan struct{}
	time  time.Duration
}

func newBodies() bodies { return bodies{make(chan struct{}, largeBodies), bodyTime} }

// read reads the whole body, up to maxBody. A large one has taken its turn, which
// is to be ended when the request is.
func (b bodies) read(into *bytes.Buffer, req *request) (f *failure) {
	if req.http.ContentLength > maxBody {
		return tooLarge()
	}
	// Where deadlines are not supported nobody is slow: the request is in process.
	_ = req.control.SetReadDeadline(time.Now().Add(b.time))
	_, err := io.CopyN(into, req.http.Body, smallBody)
	if err == nil {
		if f = b.take(req); f == nil {
			_ = req.control.SetReadDeadline(time.Now().Add(b.time))
			_, err = io.Copy(into, io.LimitReader(req.http.Body, maxBody+1-smallBody))
		}
	}
	switch {
	case f != nil:
	case errors.Is(err, os.ErrDeadlineExceeded):
		f = &failure{code: "RequestTimeoutException", message: fmt.Sprintf("The request's body did not arrive within %s.", b.time), status: http.StatusRequestTimeout}
	case err != nil && !errors.Is(err, io.EOF):
		f = &failure{code: "MalformedHttpRequestException", message: "The request's body could not be read.", status: http.StatusBadRequest}
	case into.Len() > maxBody:
		f = tooLarge()
	}
	if f == nil {
		// The handler may take longer than the body.
		_ = req.control.SetReadDeadline(time.Time{})
	}
	req.body = into.Bytes()
	return f
}

// take takes the request's turn among the large ones, once.
func (b bodies) take(req *request) (f *failure) {
	if req.endTurn == nil {
		req.endTurn, f = b.admit(req.http.Context())
	}
	return f
}

const contentEncoding = "Content-Encoding"

// inflate unpacks a body that came compressed; the signature is over what
// came. What it unpacks to has the bounds of bodies.
func (b bodies) inflate(op *operation, req *request) *failure {
	if op != nil && op.rest != nil && slices.ContainsFunc(op.rest.in.bound, func(f *field) bool { return f.binding.name == contentEncoding }) {
		return nil // it speaks of what is stored
	}
	switch name := req.http.Header.Get(contentEncoding); name {
	case "", "identity":
		return nil
	case "gzip":
	default:
		return &failure{code: "SerializationException", message: fmt.Sprintf("Hatoba does not support the Content-Encoding %.40q.", name), status: http.StatusBadRequest}
	}
	damaged := &failure{code: "SerializationException", message: "The request's body is not gzip, though its Content-Encoding says so.", status: http.StatusBadRequest}
	z, err := gzip.NewReader(bytes.NewReader(req.body))
	if err != nil {
		return damaged
	}
	var plain bytes.Buffer
	_, err = io.CopyN(&plain, z, smallBody)
	if err == nil {
		if f := b.take(req); f != nil {
			return f
		}
		_, err = io.Copy(&plain, io.LimitReader(z, maxBody+1-smallBody))
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return damaged
	}
	if plain.Len() > maxBody {
		return tooLarge()
	}
	req.body = plain.Bytes()
	return nil
}

// admit waits for its turn among the large bodies.
func (b bodies) admit(ctx context.Context) (free func(), f *failure) {
	patience := time.NewTimer(b.time)
	defer patience.Stop()
	select {
	case b.large <- struct{}{}:
		return func() { <-b.large }, nil
	case <-ctx.Done():
	case <-patience.C:
	}
	return func() {}, &failure{code: "ServiceUnavailable", message: "Too many large requests at a time: try again.", status: http.StatusServiceUnavailable}
}

func tooLarge() *failure {
	return &failure{code: "RequestEntityTooLargeException", message: fmt.Sprintf("The request's body is larger than %d bytes.", maxBody), status: http.StatusRequestEntityTooLarge}
}
