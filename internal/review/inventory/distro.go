package inventory

import (
	"fmt"
	"io"
	"strings"
)

// bounded reads all of a small file.
func bounded(r io.Reader, limit int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(text)) > limit {
		return nil, fmt.Errorf("it is larger than %d MiB", limit>>20)
	}
	return text, err
}

func isOSRelease(p string) bool { return p == "etc/os-release" || p == "usr/lib/os-release" }

// osRelease reads ID and VERSION_ID.
func osRelease(text string) (d Distro) {
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, `"'`)
		switch key {
		case "ID":
			d.ID = strings.ToLower(value)
		case "VERSION_ID":
			d.Version = value
		}
	}
	return d
}
