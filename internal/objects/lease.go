package objects

import (
	"os"
	"sync"

	bolt "go.etcd.io/bbolt"
)

// leases keep a blob's file while somebody reads it: a version that is deleted
// or replaced in the middle of a download is still read to its end.
type leases struct {
	mu      sync.Mutex
	readers map[string]int
	doomed  map[string]bool
	holds   int // of all blobs, while a snapshot is made
}

func (l *leases) take(parts []Part) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.readers == nil {
		l.readers = map[string]int{}
	}
	if l.doomed == nil {
		l.doomed = map[string]bool{}
	}
	for _, p := range parts {
		l.readers[p.Blob.ID]++
	}
}

// give returns the doomed blobs that nobody reads any more.
func (l *leases) give(parts []Part) (free []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range parts {
		id := p.Blob.ID
		if l.readers[id]--; l.readers[id] > 0 {
			continue
		}
		delete(l.readers, id)
		if l.doomed[id] && l.holds == 0 {
			delete(l.doomed, id)
			free = append(free, id)
		}
	}
	return free
}

// hold keeps every blob until release.
func (l *leases) hold() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holds++
}

// release returns the doomed blobs that nobody needs any more.
func (l *leases) release() (free []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.holds--; l.holds > 0 {
		return nil
	}
	for id := range l.doomed {
		if l.readers[id] == 0 {
			delete(l.doomed, id)
			free = append(free, id)
		}
	}
	return free
}

// doom returns those of ids that nobody reads; the others wait.
func (l *leases) doom(ids []string) (free []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		if l.readers[id] > 0 || l.holds > 0 {
			if l.doomed == nil {
				l.doomed = map[string]bool{}
			}
			l.doomed[id] = true
		} else {
			free = append(free, id)
		}
	}
	return free
}

// update runs a transaction. The blobs it dropped are removed once it is
// durable; a crash in between leaves files that the next start sweeps.
func (e *Engine) update(fn func(t *change) error) error {
	var t *change
	err := e.db.Update(func(tx *bolt.Tx) error {
		t = &change{tx: tx}
		return fn(t)
	})
	if err != nil {
		return err
	}
	e.unlink(e.leases.doom(t.dropped))
	return nil
}

func (e *Engine) unlink(ids []string) {
	for _, id := range ids {
		if err := os.Remove(e.blobPath(id)); err != nil {
			e.log.Warn("a deleted object's bytes are still on the disk until the next start", "blob", id, "error", err)
		}
	}
}

// change is a transaction that remembers the blobs it dropped.
type change struct {
	tx      *bolt.Tx
	dropped []string
}

func (t *change) use(p Part) error {
	if p.Blob.ID == "" {
		return nil
	}
	return t.tx.Bucket(blobsTable).Put([]byte(p.Blob.ID), []byte{1})
}

func (t *change) drop(parts []Part) error {
	for _, p := range parts {
		if p.Blob.ID == "" {
			continue
		}
		if err := t.tx.Bucket(blobsTable).Delete([]byte(p.Blob.ID)); err != nil {
			return err
		}
		t.dropped = append(t.dropped, p.Blob.ID)
	}
	return nil
}
