package objects

import (
	"bytes"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// ListRequest says what a listing wants.
type ListRequest struct {
	Prefix    string
	Delimiter string // "": no common prefixes
	After     string // a key, or a common prefix that was listed
	AfterID   string // ListVersions: of the version of After that was the last
	Max       int
}

// Page is a piece of a listing, in the order of the keys' bytes.
type Page struct {
	Versions []Version
	Prefixes []string
	More     bool
	Next     string // After of the next page, when there is More
	NextID   string // AfterID of it
}

// List lists objects as they are now.
func (e *Engine) List(bucket string, req ListRequest) (page Page, err error) {
	err = e.db.View(func(tx *bolt.Tx) error {
		_, table, err := versionsIn(tx, bucket)
		if err != nil {
			return err
		}
		l := lister{ListRequest: req, page: &page}
		c := table.Cursor()
		place, raw := l.begin(c)
		for l.wants(place) {
			key, _ := splitPlace(place)
			if l.skip(key) {
				place, raw = c.Seek(l.past(key))
				continue
			}
			v, err := decodeVersion(place, raw)
			if err != nil {
				return err
			}
			if v.Marker {
				place, raw = c.Seek(afterKey(key))
				continue
			}
			v.Latest = true
			if !l.add(*v) {
				return nil
			}
			place, raw = c.Seek(l.past(key))
		}
		return nil
	})
	return page, err
}

// ListVersions lists versions and delete markers, the newest of a key first.
func (e *Engine) ListVersions(bucket string, req ListRequest) (page Page, err error) {
	err = e.db.View(func(tx *bolt.Tx) error {
		_, table, err := versionsIn(tx, bucket)
		if err != nil {
			return err
		}
		l := lister{ListRequest: req, page: &page}
		c := table.Cursor()
		place, raw := l.begin(c)
		last := ""
		if req.AfterID != "" {
			v, err := versionWithID(table, req.After, req.AfterID)
			if err != nil {
				return err
			}
			if v != nil {
				c.Seek(versionPlace(v.Key, v.seq))
				place, raw = c.Next()
				last = v.Key
			}
		}
		for l.wants(place) {
			key, _ := splitPlace(place)
			if key != req.After && l.skip(key) {
				place, raw = c.Seek(l.past(key))
				continue
			}
			v, err := decodeVersion(place, raw)
			if err != nil {
				return err
			}
			v.Latest, last = key != last, key
			if !l.add(*v) {
				return nil
			}
			if _, ok := l.common(key); ok {
				place, raw = c.Seek(l.past(key))
			} else {
				place, raw = c.Next()
			}
		}
		return nil
	})
	return page, err
}

// lister holds what both listings share.
type lister struct {
	ListRequest
	page *Page
}

// begin goes to the first place that may be listed.
func (l *lister) begin(c *bolt.Cursor) (place, raw []byte) {
	if l.After != "" && l.After >= l.Prefix {
		return c.Seek(afterKey(l.After))
	}
	return c.Seek([]byte(l.Prefix))
}

func (l *lister) wants(place []byte) bool {
	return place != nil && bytes.HasPrefix(place, []byte(l.Prefix)) && l.Max > 0
}

// common returns the common prefix a key is told under.
func (l *lister) common(key string) (string, bool) {
	if l.Delimiter == "" {
		return "", false
	}
	rest := key[len(l.Prefix):]
	i := strings.Index(rest, l.Delimiter)
	if i < 0 {
		return "", false
	}
	return l.Prefix + rest[:i+len(l.Delimiter)], true
}

// skip tells whether a key was told by an earlier page, under its prefix.
func (l *lister) skip(key string) bool {
	p, ok := l.common(key)
	return ok && p == l.After
}

// past is the first place behind what a key is told as.
func (l *lister) past(key string) []byte {
	if p, ok := l.common(key); ok {
		if next := afterPrefix(p); next != nil {
			return next
		}
	}
	return afterKey(key)
}

// add takes a version into the page; false when the page is full.
func (l *lister) add(v Version) bool {
	if len(l.page.Versions)+len(l.page.Prefixes) >= l.Max {
		l.page.More = true
		return false
	}
	if p, ok := l.common(v.Key); ok {
		l.page.Prefixes = append(l.page.Prefixes, p)
		l.page.Next, l.page.NextID = p, ""
		return true
	}
	l.page.Versions = append(l.page.Versions, v)
	l.page.Next, l.page.NextID = v.Key, v.ID
	return true
}
