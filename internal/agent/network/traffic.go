package network

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// Traffic reads what all interfaces of tasks have carried, at once, and returns
// how to look one up: by the id it was attached under. It is read at the
// machine's end of each task's pair, where what comes in is what the task sends,
// and so costs one file however many tasks there are.
func (n *Network) Traffic() (func(taskID string) (Counters, bool), error) {
	// Not /proc/net, which is the namespace of the main thread.
	b, err := os.ReadFile("/proc/thread-self/net/dev")
	if err != nil {
		return nil, fmt.Errorf("counters of interfaces: %w", err)
	}
	links := parseTraffic(b)
	return func(taskID string) (Counters, bool) {
		c, ok := links[n.cfg.hostIf(taskID)]
		return c, ok
	}, nil
}

// parseTraffic reads /proc/net/dev as the other end sees it.
func parseTraffic(b []byte) map[string]Counters {
	out := map[string]Counters{}
	for line := range bytes.Lines(b) {
		name, rest, ok := bytes.Cut(line, []byte(":"))
		words := bytes.Fields(rest)
		if !ok || len(words) < 12 {
			continue
		}
		at := func(i int) uint64 {
			n, _ := strconv.ParseUint(string(words[i]), 10, 64)
			return n
		}
		out[string(bytes.TrimSpace(name))] = Counters{
			TxBytes: at(0), TxPackets: at(1), TxErrors: at(2), TxDropped: at(3),
			RxBytes: at(8), RxPackets: at(9), RxErrors: at(10), RxDropped: at(11),
		}
	}
	return out
}
