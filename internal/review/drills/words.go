package drills

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

func status(code int) string { return fmt.Sprintf("%d %s", code, http.StatusText(code)) }

// code is an exit code in words.
func code(c *int32) string {
	if c == nil {
		return "?"
	}
	return fmt.Sprint(*c)
}

func codes(list []ended) string {
	var out []string
	for _, c := range list {
		out = append(out, code(c.code))
	}
	return strings.Join(out, ", ")
}

// pause waits, and ends with ctx.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// few lists the first of many.
func few(list []string) string {
	const most = 5
	if len(list) > most {
		return strings.Join(list[:most], ", ") + ", …"
	}
	return strings.Join(list, ", ")
}
