package objects

import (
	"bytes"
	"crypto/md5"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// MinPart is the least size of a part but the last, as in S3.
const MinPart = 5 << 20

// Begin begins a multipart upload.
func (e *Engine) Begin(bucket string, u Upload) (Upload, error) {
	if err := CheckKey(u.Key); err != nil {
		return u, err
	}
	id := make([]byte, 48)
	rand.Read(id) // never fails
	u.ID, u.Began = base64.RawURLEncoding.EncodeToString(id), e.now().UTC()
	err := e.update(func(t *change) error {
		table, err := uploadsIn(t.tx, bucket)
		if err != nil {
			return err
		}
		return put(table, uploadPlace(u.Key, u.ID), u)
	})
	return u, err
}

// Upload returns an upload under way.
func (e *Engine) Upload(bucket, key, id string) (u Upload, err error) {
	err = e.db.View(func(tx *bolt.Tx) error {
		u, err = uploadOf(tx, bucket, key, id)
		return err
	})
	return u, err
}

// PutPart keeps what was received as a part, in the place of an earlier one of
// the same number.
func (e *Engine) PutPart(bucket, key, upload string, number int32, r *Received) (part Part, err error) {
	err = e.adopt(r, func(t *change, p Part) error {
		u, err := uploadOf(t.tx, bucket, key, upload)
		if err != nil {
			return err
		}
		p.Number = number
		if u.Checksum.Algorithm != "" {
			p.Checksum = r.Sum(u.Checksum.Algorithm)
		}
		part = p
		parts := t.tx.Bucket(partsTable)
		place := partPlace(upload, number)
		old, ok, err := get[Part](parts, place)
		if err != nil {
			return err
		}
		if ok {
			if err := t.drop([]Part{old}); err != nil {
				return err
			}
		}
		return put(parts, place, p)
	})
	return part, err
}

// Parts lists an upload's parts in order.
func (e *Engine) Parts(bucket, key, id string) (u Upload, parts []Part, err error) {
	err = e.db.View(func(tx *bolt.Tx) error {
		if u, err = uploadOf(tx, bucket, key, id); err != nil {
			return err
		}
		parts, err = partsOf(tx, id)
		return err
	})
	return u, parts, err
}

// Uploads lists the uploads under way by key and the time they began; the
// prefix, delimiter and page are those of a listing.
func (e *Engine) Uploads(bucket string, req ListRequest) (uploads []Upload, page Page, err error) {
	err = e.db.View(func(tx *bolt.Tx) error {
		table, err := uploadsIn(tx, bucket)
		if err != nil {
			return err
		}
		l := lister{ListRequest: req, page: &page}
		c := table.Cursor()
		place, raw := l.begin(c)
		if req.AfterID != "" {
			place, raw = c.Seek(append(uploadPlace(req.After, req.AfterID), 0))
		}
		for l.wants(place) {
			key, id := splitUpload(place)
			if l.skip(key) {
				place, raw = c.Seek(l.past(key))
				continue
			}
			if !l.add(Version{Key: key, ID: id}) {
				return nil
			}
			if _, ok := l.common(key); ok {
				place, raw = c.Seek(l.past(key))
				continue
			}
			u, err := uploadFrom(raw)
			if err != nil {
				return err
			}
			uploads = append(uploads, u)
			place, raw = c.Next()
		}
		return nil
	})
	return uploads, page, err
}

// Abort ends an upload and removes its parts.
func (e *Engine) Abort(bucket, key, id string) error {
	return e.update(func(t *change) error {
		table, err := uploadsIn(t.tx, bucket)
		if err != nil {
			return err
		}
		if _, err := uploadOf(t.tx, bucket, key, id); err != nil {
			return err
		}
		if err := t.dropUpload(id); err != nil {
			return err
		}
		return table.Delete(uploadPlace(key, id))
	})
}

// Complete makes an object of the parts named: number, ETag, and checksum where
// one is given. Other parts are dropped. Bytes are not moved.
func (e *Engine) Complete(bucket, key, id string, named []Part, want string, c Conditions) (v Version, err error) {
	err = e.update(func(t *change) error {
		table, err := uploadsIn(t.tx, bucket)
		if err != nil {
			return err
		}
		u, err := uploadOf(t.tx, bucket, key, id)
		if err != nil {
			return err
		}
		stored, err := partsOf(t.tx, id)
		if err != nil {
			return err
		}
		v, err = assemble(u, stored, named)
		if err != nil {
			return err
		}
		if want != "" && want != v.Checksum.Value {
			return fmt.Errorf("%w: the object's checksum is %s", ErrInvalidPart, v.Checksum.Value)
		}
		v.Modified = e.now().UTC()
		kept := map[string]bool{}
		for _, p := range v.Parts {
			kept[p.Blob.ID] = true
		}
		for _, p := range stored {
			if !kept[p.Blob.ID] {
				if err := t.drop([]Part{p}); err != nil {
					return err
				}
			}
			if err := t.tx.Bucket(partsTable).Delete(partPlace(id, p.Number)); err != nil {
				return err
			}
		}
		if err := table.Delete(uploadPlace(key, id)); err != nil {
			return err
		}
		return t.insert(bucket, &v, c)
	})
	return v, err
}

// Completed returns the object that an upload was completed to, while it is
// the newest of its key; ErrNoUpload for all else.
func (e *Engine) Completed(bucket, key, id string) (v Version, err error) {
	v, err = e.Version(bucket, key, "")
	if errors.Is(err, ErrNoKey) || err == nil && (id == "" || v.Upload != id) {
		return v, ErrNoUpload
	}
	return v, err
}

// assemble decides what an upload's parts come to.
func assemble(u Upload, stored, named []Part) (Version, error) {
	byNumber := map[int32]Part{}
	for _, p := range stored {
		byNumber[p.Number] = p
	}
	v := Version{Key: u.Key, Head: u.Head, Tags: u.Tags, Encryption: u.Encryption, Multipart: true, Upload: u.ID}
	digests := md5.New()
	if !slices.IsSortedFunc(named, func(a, b Part) int { return int(a.Number - b.Number - 1) }) {
		return v, ErrPartOrder
	}
	for i, n := range named {
		p, ok := byNumber[n.Number]
		if !ok || p.ETag != n.ETag || n.Checksum != "" && n.Checksum != p.Checksum {
			return v, ErrInvalidPart
		}
		if i < len(named)-1 && p.Size < MinPart {
			return v, fmt.Errorf("%w: part %d has %d bytes", ErrPartTooSmall, p.Number, p.Size)
		}
		digest, err := hex.DecodeString(p.ETag)
		if err != nil {
			return v, err
		}
		digests.Write(digest)
		v.Size += p.Size
		v.Parts = append(v.Parts, p)
	}
	v.ETag = fmt.Sprintf("%x-%d", digests.Sum(nil), len(named))
	if u.Checksum.Algorithm != "" {
		value, err := whole(u.Checksum, v.Parts)
		if err != nil {
			return v, err
		}
		v.Checksum = u.Checksum
		v.Checksum.Value = value
	}
	return v, nil
}

func uploadsIn(tx *bolt.Tx, bucket string) (*bolt.Bucket, error) {
	if _, err := bucketOf(tx, bucket); err != nil {
		return nil, err
	}
	return tx.Bucket(uploadsTable).Bucket([]byte(bucket)), nil
}

func uploadOf(tx *bolt.Tx, bucket, key, id string) (Upload, error) {
	table, err := uploadsIn(tx, bucket)
	if err != nil {
		return Upload{}, err
	}
	raw := table.Get(uploadPlace(key, id))
	if id == "" || raw == nil {
		return Upload{}, ErrNoUpload
	}
	return uploadFrom(raw)
}

func partsOf(tx *bolt.Tx, id string) (out []Part, err error) {
	prefix := []byte(id + "/")
	c := tx.Bucket(partsTable).Cursor()
	for k, raw := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, raw = c.Next() {
		p, err := partFrom(raw)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// dropUpload drops an upload's parts.
func (t *change) dropUpload(id string) error {
	parts, err := partsOf(t.tx, id)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := t.tx.Bucket(partsTable).Delete(partPlace(id, p.Number)); err != nil {
			return err
		}
	}
	return t.drop(parts)
}
