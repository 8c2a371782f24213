package lb

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Sizes of buffers. A connection starts with a small one, and a long head or a
// body in pieces gets it a large one for as long as it needs it.
const (
	smallBuffer = 4 << 10
	largeBuffer = 32 << 10
	hugeBuffer  = maxRequestHead + maxLine + 4
)

var (
	smallBuffers = sync.Pool{New: func() any { return new([smallBuffer]byte) }}
	largeBuffers = sync.Pool{New: func() any { return new([largeBuffer]byte) }}
	hugeBuffers  = sync.Pool{New: func() any { return new([hugeBuffer]byte) }}
)

func getBuffer(size int) []byte {
	switch {
	case size <= smallBuffer:
		return smallBuffers.Get().(*[smallBuffer]byte)[:]
	case size <= largeBuffer:
		return largeBuffers.Get().(*[largeBuffer]byte)[:]
	}
	return hugeBuffers.Get().(*[hugeBuffer]byte)[:]
}

func putBuffer(b []byte) {
	switch cap(b) {
	case smallBuffer:
		smallBuffers.Put((*[smallBuffer]byte)(b[:smallBuffer]))
	case largeBuffer:
		largeBuffers.Put((*[largeBuffer]byte)(b[:largeBuffer]))
	case hugeBuffer:
		hugeBuffers.Put((*[hugeBuffer]byte)(b[:hugeBuffer]))
	}
}

// link is one side's connection with what was read of it and not yet used.
type link struct {
	net.Conn
	tcp  *net.TCPConn
	tls  *tls.Conn // nil: in the clear
	buf  []byte
	r, w int

	readBy, writeBy time.Time // deadlines that are set
}

// quarter is how much sooner than asked a deadline may be before it is set anew:
// a timer for every message costs more than the message.
func quarter(d time.Duration) time.Duration { return d - d/4 }

// fill reads more behind what is there, waiting at most for the given time. The
// buffer has room.
func (l *link) fill(now time.Time, wait time.Duration) error {
	if l.buf == nil {
		l.buf = getBuffer(smallBuffer)
	}
	if l.r == l.w {
		l.r, l.w = 0, 0
	}
	until := now.Add(wait)
	for {
		if l.readBy.Before(now.Add(quarter(wait))) || l.readBy.After(until) {
			l.readBy = until
			if err := l.SetReadDeadline(until); err != nil {
				return err
			}
		}
		n, err := l.Read(l.buf[l.w:])
		l.w += n
		if n > 0 {
			return nil
		}
		if err == nil {
			err = io.ErrNoProgress
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			if now = time.Now(); now.Before(until) {
				wait = until.Sub(now)
				l.readBy = time.Time{}
				continue
			}
		}
		return err
	}
}

// room makes place for at least one more byte, of at most limit in all; false
// when there is none.
func (l *link) room(limit int) bool {
	if l.w < len(l.buf) {
		return true
	}
	if l.r > 0 {
		l.w = copy(l.buf, l.buf[l.r:l.w])
		l.r = 0
		return true
	}
	if len(l.buf) >= limit {
		return false
	}
	l.grow(min(limit, max(largeBuffer, len(l.buf)+1)))
	return true
}

// grow takes a larger buffer.
func (l *link) grow(size int) {
	if len(l.buf) >= size {
		return
	}
	bigger := getBuffer(size)
	l.w = copy(bigger, l.buf[l.r:l.w])
	l.r = 0
	putBuffer(l.buf)
	l.buf = bigger
}

// shrink gives a large buffer back when nothing is in it.
func (l *link) shrink() {
	if l.r == l.w && len(l.buf) > smallBuffer {
		putBuffer(l.buf)
		l.buf, l.r, l.w = nil, 0, 0
	}
}

// send writes all of b, waiting at most for the given time.
func (l *link) send(b []byte, now time.Time, wait time.Duration) error {
	if l.writeBy.Before(now.Add(quarter(wait))) || l.writeBy.After(now.Add(wait)) {
		l.writeBy = now.Add(wait)
		if err := l.SetWriteDeadline(l.writeBy); err != nil {
			return err
		}
	}
	_, err := l.Write(b)
	return err
}

// free gives the buffer back. Nobody uses the link afterwards.
func (l *link) free() {
	if l.buf != nil {
		putBuffer(l.buf)
		l.buf = nil
	}
}

// peeked is what is there to be read, without reading it.
type peeked uint8

const (
	nothing peeked = iota
	something
	ended
)

// peek looks whether the other side has sent or closed.
func peek(c *net.TCPConn) (found peeked) {
	raw, err := c.SyscallConn()
	if err != nil {
		return ended
	}
	var one [1]byte
	err = raw.Control(func(fd uintptr) {
		for {
			n, _, err := unix.Recvfrom(int(fd), one[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
			switch {
			case errors.Is(err, syscall.EINTR):
				continue
			case errors.Is(err, syscall.EAGAIN):
			case err != nil || n == 0:
				found = ended
			default:
				found = something
			}
			return
		}
	})
	if err != nil {
		return ended
	}
	return found
}

// connSet is the connections of a listener.
type connSet struct {
	mu  sync.Mutex
	all map[closable]struct{}
}

type closable interface {
	closeIfIdle()
	Close() error
}

func (s *connSet) add(c closable) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[closable]struct{}{}
	}
	s.all[c] = struct{}{}
}

func (s *connSet) remove(c closable) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, c)
}

func (s *connSet) each(do func(closable)) {
	s.mu.Lock()
	all := make([]closable, 0, len(s.all))
	for c := range s.all {
		all = append(all, c)
	}
	s.mu.Unlock()
	for _, c := range all {
		do(c)
	}
}

func (s *connSet) closeIdle() { s.each(closable.closeIfIdle) }
func (s *connSet) closeAll()  { s.each(func(c closable) { _ = c.Close() }) }
