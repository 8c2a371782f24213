package app

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"
)

func TestBodiesThatStopAreEnded(t *testing.T) {
	const pause = 200 * time.Millisecond
	ended := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := &steadyBody{ReadCloser: r.Body, control: http.NewResponseController(w), pause: pause}
		_, err := io.Copy(io.Discard, body)
		if err == nil { // what follows the body has no deadline
			select {
			case <-r.Context().Done():
				err = r.Context().Err()
			case <-time.After(2 * pause):
			}
		}
		ended <- err
	}))
	defer server.Close()
	for name, c := range map[string]struct {
		parts []string
		stops bool
	}{
		"slow":  {[]string{"ab", "cd", "ef", "gh", "ij"}, false},
		"stops": {[]string{"ab"}, true},
	} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
		for _, part := range c.parts {
			time.Sleep(pause / 4) // slower than at once, faster than the pause
			fmt.Fprint(conn, part)
		}
		if err := <-ended; errors.Is(err, os.ErrDeadlineExceeded) != c.stops || !c.stops && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		conn.Close()
	}
}
