package app

import (
	"io"
	"net/http"
	"time"
)

// stallTime is how long a body of any length may pause: pushes to the registry
// and objects take as long as they take, but go on.
const stallTime = time.Minute

// steady ends requests whose body has stopped arriving.
func steady(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = &steadyBody{ReadCloser: r.Body, control: http.NewResponseController(w), pause: stallTime}
		}
		next.ServeHTTP(w, r)
	})
}

// steadyBody gives each read a deadline, and takes it away at the end: what
// the handler then does may take its time.
type steadyBody struct {
	io.ReadCloser
	control *http.ResponseController
	pause   time.Duration
}

func (b *steadyBody) Read(p []byte) (int, error) {
	_ = b.control.SetReadDeadline(time.Now().Add(b.pause)) // not supported: nobody is slow in process
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}
