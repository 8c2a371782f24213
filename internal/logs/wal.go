package logs

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
)

// keepBuffer is the size above which a write buffer is left to the collector.
const keepBuffer = 4 << 20

// wal is the write-ahead log's open file. Records are staged in the order of
// their changes and reach the disk in that order; there is no goroutine: the
// first waiter writes and syncs for all that have staged by then.
type wal struct {
	mu      sync.Mutex
	done    *sync.Cond // a sync ended
	file    *os.File
	number  uint64
	pending []byte // framed, not yet written
	spare   []byte
	staged  uint64 // records ever staged
	synced  uint64 // of these durable
	seq     uint64 // last event sequence number staged
	syncing bool
	err     error // the end: nothing is accepted any more
	failed  chan struct{}

	visible atomic.Uint64 // last event sequence number durable
	bytes   atomic.Int64  // staged since the last checkpoint
}

func newWAL(file *os.File, number, seq uint64) *wal {
	w := &wal{file: file, number: number, seq: seq, failed: make(chan struct{})}
	w.done = sync.NewCond(&w.mu)
	w.visible.Store(seq)
	return w
}

// stage takes a record and returns the ticket that sync waits for. seq is the
// last sequence number the record gives out, 0 for none.
func (w *wal) stage(payload []byte, seq uint64) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending = appendFrame(w.pending, payload)
	w.bytes.Add(int64(frameHeader + len(payload)))
	w.staged++
	w.seq = max(w.seq, seq)
	return w.staged
}

// last returns the ticket of what is staged so far.
func (w *wal) last() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.staged
}

// sync returns when all up to ticket is durable.
func (w *wal) sync(ticket uint64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.synced < ticket && w.err == nil {
		if w.syncing {
			w.done.Wait()
			continue
		}
		w.flushLocked()
	}
	if w.synced < ticket {
		return w.err
	}
	return nil
}

// flushLocked writes and syncs what is pending, without the lock meanwhile.
func (w *wal) flushLocked() {
	buf, staged, seq, file := w.pending, w.staged, w.seq, w.file
	w.pending, w.spare, w.syncing = w.spare[:0], nil, true
	w.mu.Unlock()
	_, err := file.Write(buf)
	if err == nil {
		err = syncData(file)
	}
	w.mu.Lock()
	if cap(buf) <= keepBuffer {
		w.spare = buf[:0]
	}
	w.syncing = false
	if err != nil {
		w.failLocked(fmt.Errorf("write the log: %w", err))
	} else {
		w.synced = staged
		w.visible.Store(seq)
	}
	w.done.Broadcast()
}

func (w *wal) failLocked(err error) {
	if w.err == nil {
		w.err = err
		close(w.failed)
	}
}

// failure is the error that ended the log, nil while it lives.
func (w *wal) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// rotate makes all staged records durable and continues in next. The caller
// keeps others from staging.
func (w *wal) rotate(next *os.File, number uint64) error {
	if err := w.sync(w.last()); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.syncing {
		w.done.Wait()
	}
	if w.err != nil {
		return w.err
	}
	old := w.file
	w.file, w.number = next, number
	w.bytes.Store(0)
	return old.Close()
}

// close makes all staged records durable and refuses further ones.
func (w *wal) close() error {
	err := w.sync(w.last())
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.syncing {
		w.done.Wait()
	}
	if errors.Is(w.err, ErrClosed) {
		return nil
	}
	w.failLocked(ErrClosed)
	if cerr := w.file.Close(); err == nil {
		err = cerr
	}
	return err
}
