package main

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

var polite = []os.Signal{syscall.SIGTERM, syscall.SIGINT}

var unheard = sync.OnceValue(func() chan os.Signal { return make(chan os.Signal, 1) })

// deafen makes the shim outlive the signals that end Hatoba when they are sent
// to everything Hatoba has started. containerd's shim ends on them; that is
// undone here, which must happen after it began to listen. They stay caught
// and are not ignored, because what is ignored is inherited by containers.
func deafen() {
	signal.Ignore(polite...)
	signal.Notify(unheard(), polite...)
}
