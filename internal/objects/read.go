package objects

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"

	bolt "go.etcd.io/bbolt"
)

// Version returns a version: the one with the id, or the newest when id is "".
// With ErrNoKey or ErrDeleteMarker it is the delete marker, if one is the reason.
func (e *Engine) Version(bucket, key, id string) (v Version, err error) {
	err = e.db.View(func(tx *bolt.Tx) error {
		_, table, err := versionsIn(tx, bucket)
		if err != nil {
			return err
		}
		v, err = lookup(table, key, id)
		return err
	})
	return v, err
}

func lookup(table *bolt.Bucket, key, id string) (Version, error) {
	latest, err := newest(table, key)
	if err != nil {
		return Version{}, err
	}
	found := latest
	if id != "" {
		if found, err = versionWithID(table, key, id); err != nil {
			return Version{}, err
		}
	}
	switch {
	case found == nil && id != "":
		return Version{}, ErrNoVersion
	case found == nil:
		return Version{}, ErrNoKey
	}
	found.Latest = found.seq == latest.seq
	switch {
	case found.Marker && id != "":
		return *found, ErrDeleteMarker
	case found.Marker:
		return *found, ErrNoKey
	}
	return *found, nil
}

// newest returns a key's newest version, nil without one.
func newest(table *bolt.Bucket, key string) (*Version, error) {
	prefix := versionsOf(key)
	k, raw := table.Cursor().Seek(prefix)
	if !bytes.HasPrefix(k, prefix) {
		return nil, nil
	}
	return decodeVersion(k, raw)
}

// versionWithID returns nil without one.
func versionWithID(table *bolt.Bucket, key, id string) (*Version, error) {
	prefix := versionsOf(key)
	c := table.Cursor()
	for k, raw := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, raw = c.Next() {
		v, err := decodeVersion(k, raw)
		if err != nil {
			return nil, err
		}
		if v.ID == id {
			return v, nil
		}
	}
	return nil, nil
}

func decodeVersion(place, raw []byte) (*Version, error) {
	v := &Version{}
	if err := json.Unmarshal(raw, v); err != nil {
		return nil, fmt.Errorf("record of %q: %w", place, err)
	}
	_, v.seq = splitPlace(place)
	return v, nil
}

// Open returns a version and its bytes from offset on, at most length of them;
// a negative length is all. span sees the version before anything is opened
// and says which bytes are wanted. The reader sees the version's bytes to the
// end even when it is deleted meanwhile.
func (e *Engine) Open(ctx context.Context, bucket, key, id string, span func(Version) (offset, length int64, err error)) (v Version, body io.ReadCloser, err error) {
	err = e.db.View(func(tx *bolt.Tx) error {
		_, table, err := versionsIn(tx, bucket)
		if err != nil {
			return err
		}
		if v, err = lookup(table, key, id); err == nil {
			// Inside: whoever drops the version does so after this, and sees the lease.
			e.leases.take(v.Parts)
		}
		return err
	})
	if err != nil {
		return v, nil, err
	}
	r := &reader{e: e, ctx: ctx, v: v, parts: v.Parts}
	offset, length, err := span(v)
	if err == nil {
		r.left = length
		if length < 0 {
			r.left = v.Size - offset
		}
		for len(r.parts) > 0 && offset >= r.parts[0].Size {
			offset -= r.parts[0].Size
			r.parts = r.parts[1:]
		}
		// The first piece is opened now: what cannot be read is an error answer.
		if r.left > 0 && len(r.parts) > 0 {
			err = r.next(offset)
		}
	}
	if err != nil {
		return v, nil, errors.Join(err, r.Close())
	}
	return v, r, nil
}

// reader reads a version's parts one after the other.
type reader struct {
	e     *Engine
	ctx   context.Context
	v     Version
	parts []Part
	blob  *blobReader
	left  int64
	shut  bool
}

func (r *reader) next(offset int64) (err error) {
	r.blob, err = r.e.openBlob(r.ctx, r.v.Encryption, r.parts[0], offset)
	r.parts = r.parts[1:]
	return err
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	for r.left > 0 {
		if r.blob == nil {
			if len(r.parts) == 0 {
				return 0, fmt.Errorf("%w: %w", ErrCorrupt, errShortBlob)
			}
			if err := r.next(0); err != nil {
				return 0, err
			}
		}
		n, err := r.blob.Read(p[:min(int64(len(p)), r.left)])
		r.left -= int64(n)
		if n > 0 || len(p) == 0 {
			return n, nil
		}
		if !errors.Is(err, io.EOF) {
			return 0, err
		}
		err = r.blob.Close()
		r.blob = nil
		if err != nil {
			return 0, err
		}
	}
	return 0, io.EOF
}

// Close ends the reading.
func (r *reader) Close() error {
	if r.shut {
		return nil
	}
	r.shut = true
	r.e.unlink(r.e.leases.give(r.v.Parts))
	if r.blob != nil {
		return r.blob.Close()
	}
	return nil
}

// SetTags replaces the tags of a version, of the newest when id is "".
func (e *Engine) SetTags(bucket, key, id string, tags map[string]string) (v Version, err error) {
	err = e.update(func(t *change) error {
		_, table, err := versionsIn(t.tx, bucket)
		if err != nil {
			return err
		}
		if v, err = lookup(table, key, id); err != nil {
			return err
		}
		v.Tags = maps.Clone(tags)
		return put(table, versionPlace(key, v.seq), v)
	})
	return v, err
}
