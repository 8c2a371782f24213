// Command stamp is what the benchmark's containers run: it prints the time at
// which it began and waits for SIGTERM. CLOCK_REALTIME is the same inside and
// outside of a container. With an argument it is the container's health check,
// and always finds it well.
package main

import (
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 1 {
		return
	}
	_, _ = os.Stdout.WriteString(strconv.FormatInt(time.Now().UnixNano(), 10) + "\n")
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	<-end
}
