// Command record stands between a client and a Hatoba, and writes what they say
// as a transcript for test/clients:
//
//	go run ./test/clients/record --to http://127.0.0.1:4566 --out test/clients/testdata/NAME.txt
//	AWS_ENDPOINT_URL=http://127.0.0.1:4700 CLIENT …
//
// Ctrl-C ends it and writes the file.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/hatoba/hatoba/test/clients/transcript"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:4700", "address the client is pointed to")
	to := flag.String("to", "http://127.0.0.1:4566", "the Hatoba")
	out := flag.String("out", "", "file to write")
	members := flag.String("any", "", "members of answers to keep no values of, with commas between")
	services := flag.String("skip", "", "services to keep no calls of, with commas between")
	comment := flag.String("comment", "", "what was done, for the file's first line")
	flag.Parse()
	if err := run(*listen, *to, *out, *comment, list(*members), list(*services)); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
}

func run(listen, to, out, comment string, members, services []string) error {
	u, err := url.Parse(to)
	if err != nil {
		return err
	}
	if out == "" {
		return errors.New("say where to write with --out")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	recorder := transcript.NewRecorder(u)
	recorder.Any, recorder.Skip = members, services
	server := &http.Server{Addr: listen, Handler: recorder}
	ended := make(chan error, 1)
	go func() { ended <- server.ListenAndServe() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	_ = server.Close()
	return os.WriteFile(out, []byte(recorder.Transcript(comment).String()), 0o644)
}
