package objects

import (
	"crypto/rand"
	"encoding/base64"

	bolt "go.etcd.io/bbolt"
)

// Conditions are those of a write. They are decided in the write's own
// transaction.
type Conditions struct {
	IfMatch     *string // an ETag without quotes
	IfNoneMatch bool    // "*": there is no such object
}

func (c Conditions) check(current *Version) error {
	exists := current != nil && !current.Marker
	switch {
	case c.IfNoneMatch && exists:
		return ErrPrecondition
	case c.IfMatch != nil && !exists:
		return ErrChanged
	case c.IfMatch != nil && *c.IfMatch != current.ETag && *c.IfMatch != "*":
		return ErrPrecondition
	}
	return nil
}

// Object is what a write says of the object it makes.
type Object struct {
	Bucket, Key string
	Head        Head
	Tags        map[string]string
	Checksum    Algorithm // one that Receive computed; "" for none
	Encryption  Encryption
	Conditions  Conditions
}

// Put makes a version of what was received.
func (e *Engine) Put(o Object, r *Received) (v Version, err error) {
	if err := CheckKey(o.Key); err != nil {
		e.Discard(r)
		return v, err
	}
	err = e.adopt(r, func(t *change, p Part) error {
		v = Version{Key: o.Key, Size: r.Size, ETag: p.ETag, Head: o.Head, Tags: o.Tags, Encryption: o.Encryption, Modified: p.Modified}
		if o.Checksum != "" {
			v.Checksum = Checksum{Algorithm: o.Checksum, Value: r.Sum(o.Checksum)}
		}
		if r.Size > 0 {
			v.Parts = []Part{p}
		}
		return t.insert(o.Bucket, &v, o.Conditions)
	})
	return v, err
}

// insert makes v the newest version of its key, by the bucket's versioning.
func (t *change) insert(bucket string, v *Version, c Conditions) error {
	b, table, err := versionsIn(t.tx, bucket)
	if err != nil {
		return err
	}
	current, err := newest(table, v.Key)
	if err != nil {
		return err
	}
	if err := c.check(current); err != nil {
		return err
	}
	if b.Versioning == VersioningEnabled {
		v.ID = newVersionID()
	} else {
		v.ID = NullVersion
		if err := t.removeNull(table, v.Key); err != nil {
			return err
		}
	}
	if v.seq, err = table.NextSequence(); err != nil {
		return err
	}
	return put(table, versionPlace(v.Key, v.seq), v)
}

// removeNull removes the version with the null id, if there is one.
func (t *change) removeNull(table *bolt.Bucket, key string) error {
	old, err := versionWithID(table, key, NullVersion)
	if err != nil || old == nil {
		return err
	}
	return t.remove(table, old)
}

func (t *change) remove(table *bolt.Bucket, v *Version) error {
	if err := t.drop(v.Parts); err != nil {
		return err
	}
	return table.Delete(versionPlace(v.Key, v.seq))
}

// newVersionID is 32 characters, as S3's are.
func newVersionID() string {
	b := make([]byte, 24)
	rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}
