// Command stamp is what the benchmark's containers run: it prints the time at
// which it began and waits for SIGTERM. CLOCK_REALTIME is the same inside and
// outside of a container.
package main

import (
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

func main() {
	_, _ = os.Stdout.WriteString(strconv.FormatInt(time.Now().UnixNano(), 10) + "\n")
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	<-end
}
