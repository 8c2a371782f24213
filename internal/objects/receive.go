package objects

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
)

// Received is a body that is on the disk, synced, and belongs to nothing yet.
// Either a Put, PutPart or Discard ends it.
type Received struct {
	Size int64
	MD5  []byte
	sums map[Algorithm][]byte
	blob Blob
}

// Sum returns a checksum that Receive was asked for, base64.
func (r *Received) Sum(a Algorithm) string { return base64.StdEncoding.EncodeToString(r.sums[a]) }

// Receive writes body to the disk under a data key of its own and computes
// checksums. Nothing is left when the body ends in an error.
func (e *Engine) Receive(ctx context.Context, enc Encryption, body io.Reader, algorithms ...Algorithm) (*Received, error) {
	w, err := e.newBlob(ctx, enc)
	if err != nil {
		if w != nil && w.file != nil {
			w.abandon()
		}
		return nil, err
	}
	sum := md5.New()
	hashes := map[Algorithm]hash.Hash{}
	writers := []io.Writer{w, sum}
	for _, a := range algorithms {
		if hashes[a] != nil {
			continue
		}
		if hashes[a] = a.New(); hashes[a] == nil {
			w.abandon()
			return nil, fmt.Errorf("checksum algorithm %q is not known", a)
		}
		writers = append(writers, hashes[a])
	}
	if _, err := io.CopyBuffer(io.MultiWriter(writers...), plainReader{body}, make([]byte, chunkSize)); err != nil {
		w.abandon()
		return nil, err
	}
	out := &Received{Size: w.size, MD5: sum.Sum(nil), sums: map[Algorithm][]byte{}}
	for a, h := range hashes {
		out.sums[a] = h.Sum(nil)
	}
	if w.size == 0 {
		w.abandon()
		return out, nil
	}
	if err := w.finish(); err != nil {
		w.abandon()
		return nil, err
	}
	out.blob = Blob{ID: w.id, Key: w.key}
	return out, nil
}

// plainReader hides WriterTo, so that memory stays at one buffer.
type plainReader struct{ io.Reader }

// Discard removes what was received.
func (e *Engine) Discard(r *Received) {
	if r.blob.ID != "" {
		_ = os.Remove(filepath.Join(e.tmpDir(), r.blob.ID))
	}
}

// adopt publishes what was received and runs the transaction that uses it;
// when that is refused nothing is left of it.
func (e *Engine) adopt(r *Received, fn func(t *change, p Part) error) error {
	part := Part{Number: 1, Size: r.Size, ETag: hex.EncodeToString(r.MD5), Modified: e.now().UTC(), Blob: r.blob}
	if r.blob.ID != "" {
		if err := e.publish(r.blob.ID); err != nil {
			e.Discard(r)
			return err
		}
	}
	err := e.update(func(t *change) error {
		if err := t.use(part); err != nil {
			return err
		}
		return fn(t, part)
	})
	if err != nil && r.blob.ID != "" {
		e.unlink([]string{r.blob.ID})
	}
	return err
}
