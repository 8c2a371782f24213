package objects

import (
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// CreateBucket makes a bucket. ErrBucketExists comes with the one there is.
func (e *Engine) CreateBucket(b Bucket) (Bucket, error) {
	b.Created = e.now().UTC()
	err := e.update(func(t *change) error {
		table := t.tx.Bucket(bucketsTable)
		there, ok, err := get[Bucket](table, []byte(b.Name))
		if err != nil {
			return err
		}
		if ok {
			b = there
			return ErrBucketExists
		}
		for _, parent := range [][]byte{objectsTable, uploadsTable} {
			if _, err := t.tx.Bucket(parent).CreateBucket([]byte(b.Name)); err != nil {
				return err
			}
		}
		return put(table, []byte(b.Name), b)
	})
	return b, err
}

// Bucket returns a bucket.
func (e *Engine) Bucket(name string) (b Bucket, err error) {
	err = e.db.View(func(tx *bolt.Tx) error {
		b, err = bucketOf(tx, name)
		return err
	})
	return b, err
}

// Buckets returns an account's buckets by name; of every account when it is "".
func (e *Engine) Buckets(account string) (out []Bucket, err error) {
	err = e.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketsTable).ForEach(func(name, _ []byte) error {
			b, err := bucketOf(tx, string(name))
			if err == nil && (account == "" || b.Account == account) {
				out = append(out, b)
			}
			return err
		})
	})
	return out, err
}

// UpdateBucket changes a bucket's settings in one step.
func (e *Engine) UpdateBucket(name string, fn func(*Bucket) error) error {
	err := e.update(func(t *change) error {
		b, err := bucketOf(t.tx, name)
		if err != nil {
			return err
		}
		if err := fn(&b); err != nil {
			return err
		}
		return put(t.tx.Bucket(bucketsTable), []byte(name), b)
	})
	select {
	case e.wake <- struct{}{}:
	default:
	}
	return err
}

// DeleteBucket removes a bucket that has no version of any object. Uploads
// under way end with it, as in S3.
func (e *Engine) DeleteBucket(name string) error {
	return e.update(func(t *change) error {
		if _, err := bucketOf(t.tx, name); err != nil {
			return err
		}
		if k, _ := t.tx.Bucket(objectsTable).Bucket([]byte(name)).Cursor().First(); k != nil {
			return ErrNotEmpty
		}
		uploads := t.tx.Bucket(uploadsTable).Bucket([]byte(name))
		err := uploads.ForEach(func(place, _ []byte) error {
			_, id := splitUpload(place)
			return t.dropUpload(id)
		})
		return errors.Join(err,
			t.tx.Bucket(objectsTable).DeleteBucket([]byte(name)),
			t.tx.Bucket(uploadsTable).DeleteBucket([]byte(name)),
			t.tx.Bucket(bucketsTable).Delete([]byte(name)))
	})
}

func bucketOf(tx *bolt.Tx, name string) (Bucket, error) {
	if name == "" {
		return Bucket{}, ErrNoBucket
	}
	b, ok, err := get[Bucket](tx.Bucket(bucketsTable), []byte(name))
	if err != nil {
		return b, fmt.Errorf("bucket %q: %w", name, err)
	}
	if !ok {
		return b, ErrNoBucket
	}
	return b, nil
}

// versionsIn returns the table of a bucket's versions.
func versionsIn(tx *bolt.Tx, bucket string) (Bucket, *bolt.Bucket, error) {
	b, err := bucketOf(tx, bucket)
	if err != nil {
		return b, nil, err
	}
	return b, tx.Bucket(objectsTable).Bucket([]byte(bucket)), nil
}
