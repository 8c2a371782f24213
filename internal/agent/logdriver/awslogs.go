// Package logdriver moves what containers write from their spools to the log
// store.
package logdriver

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/logpattern"
)

// Bounds of one event and one batch.
// Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
const (
	maxEvent       = 256<<10 - 26
	maxBatchBytes  = 512 << 10
	maxBatchEvents = 2000
	linger         = 20 * time.Millisecond // how long a batch waits for company
)

// Options are the awslogs options of a container that are understood.
type Options struct {
	Group       string
	Prefix      string
	CreateGroup bool
	NonBlocking bool
	MaxBuffer   int64 // bytes of a non-blocking container that wait, 0: the spool's default

	Pattern *regexp.Regexp // of the first line of an event; nil: each line is one
}

// defaultMaxBuffer is what non-blocking output may wait in when nobody says.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html
const defaultMaxBuffer = 10 << 20

// ParseOptions reads a container's log options. They were checked when the
// task definition was registered.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html
func ParseOptions(options map[string]string) Options {
	o := Options{
		Group: options["awslogs-group"], Prefix: options["awslogs-stream-prefix"],
		CreateGroup: options["awslogs-create-group"] == "true",
		NonBlocking: options["mode"] != "blocking",
	}
	if o.NonBlocking {
		if o.MaxBuffer = size(options["max-buffer-size"]); o.MaxBuffer == 0 {
			o.MaxBuffer = defaultMaxBuffer
		}
	}
	o.Pattern, _ = logpattern.Parse(options) // what cannot be parsed was refused
	return o
}

// size reads "10m", "64k", "1g" or bytes.
func size(s string) int64 {
	s = strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(s, "B"), "b"))
	unit := int64(1)
	switch {
	case strings.HasSuffix(s, "k"):
		unit = 1 << 10
	case strings.HasSuffix(s, "m"):
		unit = 1 << 20
	case strings.HasSuffix(s, "g"):
		unit = 1 << 30
	}
	n, err := strconv.ParseInt(strings.TrimRight(s, "kmg"), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n * unit
}

// StreamName is the stream of a container: prefix/container/task.
func (o Options) StreamName(container, taskID string) string {
	return o.Prefix + "/" + container + "/" + taskID
}
