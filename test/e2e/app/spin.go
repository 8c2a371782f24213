package main

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// spin is busy for so much of each 10 ms, until it is told to end.
func spin(busy time.Duration) {
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	for tick := time.NewTicker(10 * time.Millisecond); ; {
		select {
		case <-term:
			return
		case <-tick.C:
		}
		for begin := time.Now(); time.Since(begin) < busy; {
			continue
		}
	}
}
