package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"
)

// drilled serves until it is told to end, finishes what it has begun, and says
// so. Its flaws are what drills are there to find:
//
//	deaf    SIGTERM changes nothing
//	drop    SIGTERM ends it at once, with code 0
//	silent  nothing is written
//	buffer  a line is written half a second late, and not at all when it ends before
//	litter  every request grows a log file, the image is changed, an upload is kept
//	hasty   the health check passes two seconds before requests can be served
func drilled(port string, flaws []string) {
	has := func(flaw string) bool { return slices.Contains(flaws, flaw) }
	began, say := time.Now(), func(line string) { fmt.Println(line) }
	if has("silent") {
		say = func(string) {}
	}
	log := say
	if has("buffer") {
		log = func(line string) { time.AfterFunc(500*time.Millisecond, func() { say(line) }) }
	}
	if has("litter") {
		check(os.MkdirAll("/var/log", 0o755))
		check(os.MkdirAll("/data", 0o755))
		check(os.WriteFile("/data/upload", []byte("kept"), 0o600))
		check(os.Chmod(os.Args[0], 0o700))
	}
	var mu sync.Mutex
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/slow", func(http.ResponseWriter, *http.Request) { time.Sleep(1500 * time.Millisecond) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		log("request " + r.URL.Path)
		if has("hasty") && time.Since(began) < 2*time.Second {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		if has("litter") {
			mu.Lock()
			defer mu.Unlock()
			f, err := os.OpenFile("/var/log/app.log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			check(err)
			fmt.Fprintln(f, "request", r.URL.Path)
			check(f.Close())
		}
	})
	server := &http.Server{Addr: ":" + port, Handler: mux}
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	go func() {
		if err := server.ListenAndServe(); err != http.ErrServerClosed {
			check(err)
		}
	}()
	<-term
	for has("deaf") {
		time.Sleep(time.Hour)
	}
	if !has("drop") {
		check(server.Shutdown(context.Background()))
	}
	say("last words")
}
