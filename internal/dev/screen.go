package dev

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/aws/smithy-go"
)

func seconds(d time.Duration) string { return fmt.Sprintf("%.2fs", d.Seconds()) }

// screen is where a loop writes, line by line.
type screen struct {
	mu   sync.Mutex
	out  io.Writer
	last string
}

func (s *screen) line(mark, format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, "%s %s %s\n", time.Now().Format("15:04:05"), mark, fmt.Sprintf(format, args...))
}

func (s *screen) say(format string, args ...any) { s.line("·", format, args...) }
func (s *screen) ok(format string, args ...any)  { s.line("✓", format, args...) }
func (s *screen) fail(err error)                 { s.line("✗", "%s", plain(err)) }

// plain is an error without what the SDK says of the request.
func plain(err error) string {
	var op *smithy.OperationError
	var api smithy.APIError
	if errors.As(err, &op) && errors.As(err, &api) {
		return op.Operation() + ": " + api.ErrorCode() + ": " + api.ErrorMessage()
	}
	return err.Error()
}

// once tells a failure that repeats one time.
func (s *screen) once(what string, err error) {
	text := what + ": " + err.Error()
	s.mu.Lock()
	again := s.last == text
	s.last = text
	s.mu.Unlock()
	if !again {
		s.fail(err)
	}
}
