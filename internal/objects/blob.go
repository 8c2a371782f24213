package objects

import (
	"bufio"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

// A blob is a magic and chunks: AES-256-GCM of 64 KiB each, the last one of
// what is left. The nonce is the chunk's number, which no other chunk of the
// same data key has; the blob's id is bound in.
const (
	blobMagic = "HTBOBJ1\n"
	chunkSize = 64 << 10
	tagSize   = 16
)

func blobAAD(id string) []byte { return []byte("hatoba/v1,blob," + id) }

func (e *Engine) blobPath(id string) string { return filepath.Join(e.blobDir(), id[:2], id) }

// blobWriter writes a blob's temporary file.
type blobWriter struct {
	id    string
	key   []byte // sealed
	file  *os.File
	out   *bufio.Writer
	gcm   cipher.AEAD
	plain []byte // less than a chunk
	next  uint64 // chunk
	size  int64
}

func (e *Engine) newBlob(ctx context.Context, enc Encryption) (*blobWriter, error) {
	id, dataKey := make([]byte, 16), make([]byte, 32)
	rand.Read(id) // never fails
	rand.Read(dataKey)
	w := &blobWriter{id: hex.EncodeToString(id), plain: make([]byte, 0, chunkSize)}
	var err error
	if w.key, err = e.sealer.Seal(ctx, enc.Key, blobAAD(w.id), dataKey); err != nil {
		return nil, err
	}
	if w.gcm, err = newGCM(dataKey); err != nil {
		return nil, err
	}
	w.file, err = os.OpenFile(filepath.Join(e.tmpDir(), w.id), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	w.out = bufio.NewWriterSize(w.file, chunkSize+tagSize)
	_, err = w.out.WriteString(blobMagic)
	return w, err
}

// Write takes plaintext.
func (w *blobWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		take := min(chunkSize-len(w.plain), len(p))
		w.plain = append(w.plain, p[:take]...)
		p = p[take:]
		if len(w.plain) == chunkSize {
			if err := w.flush(); err != nil {
				return 0, err
			}
		}
	}
	w.size += int64(n)
	return n, nil
}

func (w *blobWriter) flush() error {
	sealed := w.gcm.Seal(w.out.AvailableBuffer(), nonce(w.next), w.plain, blobAAD(w.id))
	w.plain, w.next = w.plain[:0], w.next+1
	_, err := w.out.Write(sealed)
	return err
}

// finish writes what is left and syncs.
func (w *blobWriter) finish() error {
	if len(w.plain) > 0 {
		if err := w.flush(); err != nil {
			return err
		}
	}
	return errors.Join(w.out.Flush(), w.file.Sync(), w.file.Close())
}

// abandon removes the temporary file.
func (w *blobWriter) abandon() {
	_ = w.file.Close()
	_ = os.Remove(w.file.Name())
}

// publish moves the synced file to its place, durably.
func (e *Engine) publish(id string) error {
	to := e.blobPath(id)
	dir := filepath.Dir(to)
	if err := os.Mkdir(dir, 0o700); err == nil {
		if err := syncDir(e.blobDir()); err != nil {
			return err
		}
	} else if !errors.Is(err, os.ErrExist) {
		return err
	}
	if err := os.Rename(filepath.Join(e.tmpDir(), id), to); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func nonce(chunk uint64) []byte {
	return binary.BigEndian.AppendUint64(make([]byte, 4, 12), chunk)
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// blobReader reads plaintext from an offset to the part's end.
type blobReader struct {
	file  *os.File
	gcm   cipher.AEAD
	id    string
	size  int64
	chunk uint64
	skip  int    // of the next chunk
	buf   []byte // sealed, then plain
	rest  []byte
}

func (e *Engine) openBlob(ctx context.Context, enc Encryption, p Part, offset int64) (*blobReader, error) {
	dataKey, err := e.sealer.Open(ctx, enc.Key, blobAAD(p.Blob.ID), p.Blob.Key)
	if err != nil {
		return nil, err
	}
	gcm, err := newGCM(dataKey)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(e.blobPath(p.Blob.ID))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return &blobReader{
		file: f, gcm: gcm, id: p.Blob.ID, size: p.Size,
		chunk: uint64(offset / chunkSize), skip: int(offset % chunkSize), buf: make([]byte, chunkSize+tagSize),
	}, nil
}

// Read gives plaintext that was verified chunk by chunk.
func (r *blobReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		begin := int64(r.chunk) * chunkSize
		if begin >= r.size {
			return 0, io.EOF
		}
		if err := r.load(int(min(chunkSize, r.size-begin))); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *blobReader) load(length int) error {
	at := int64(len(blobMagic)) + int64(r.chunk)*(chunkSize+tagSize)
	sealed := r.buf[:length+tagSize]
	if n, err := r.file.ReadAt(sealed, at); n < len(sealed) {
		return fmt.Errorf("%w: %w", ErrCorrupt, errors.Join(errShortBlob, err))
	}
	plain, err := r.gcm.Open(sealed[:0], nonce(r.chunk), sealed, blobAAD(r.id))
	if err != nil {
		return fmt.Errorf("%w: chunk %d of blob %s", ErrCorrupt, r.chunk, r.id)
	}
	r.rest, r.skip, r.chunk = plain[min(r.skip, len(plain)):], 0, r.chunk+1
	return nil
}

func (r *blobReader) Close() error { return r.file.Close() }

// sweep removes the files no record uses. Nobody else is there yet.
func (e *Engine) sweep() error {
	left, err := os.ReadDir(e.tmpDir())
	if err != nil {
		return err
	}
	for _, f := range left {
		if err := os.Remove(filepath.Join(e.tmpDir(), f.Name())); err != nil {
			return err
		}
	}
	return e.db.View(func(tx *bolt.Tx) error {
		used := tx.Bucket(blobsTable)
		return filepath.WalkDir(e.blobDir(), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || used.Get([]byte(d.Name())) != nil {
				return err
			}
			return os.Remove(path)
		})
	})
}
