package lb

import (
	"errors"
	"io"
	"net"
	"os"
	"time"
)

const (
	spliceFrom  = 128 << 10 // shorter bodies are copied: a pipe costs more
	splicePiece = 1 << 20   // deadlines are set anew after each piece
)

// splice moves up to n bytes within the kernel. io.EOF means that the source
// ended before. Writing may take four times as long as waiting for bytes: a
// piece is not known to move until it has.
func splice(dst *net.TCPConn, to *link, src *net.TCPConn, from *link, n int64, idle time.Duration) (moved int64, err error) {
	now := time.Now()
	from.readBy, to.writeBy = now.Add(idle), now.Add(4*idle)
	if err := src.SetReadDeadline(from.readBy); err != nil {
		return 0, err
	}
	if err := dst.SetWriteDeadline(to.writeBy); err != nil {
		return 0, err
	}
	moved, err = dst.ReadFrom(&io.LimitedReader{R: src, N: n})
	if err == nil && moved < n {
		return moved, io.EOF
	}
	if moved > 0 && errors.Is(err, os.ErrDeadlineExceeded) && time.Now().Before(to.writeBy) {
		return moved, nil // it was the wait for more, and there had been some
	}
	return moved, err
}
