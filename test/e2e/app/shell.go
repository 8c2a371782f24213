package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// shell answers lines on a terminal.
func shell() {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	fmt.Print("$ ")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); fmt.Print("$ ") {
		verb, arg, _ := strings.Cut(lines.Text(), " ")
		n, _ := strconv.Atoi(arg)
		switch verb {
		case "size":
			w, err := unix.IoctlGetWinsize(0, unix.TIOCGWINSZ)
			check(err)
			fmt.Println("size", w.Col, w.Row)
		case "who":
			fmt.Println("uid", os.Getuid(), os.Getenv("TERM"), os.Getenv("COLOUR"))
		case "wait":
			fmt.Println("waiting")
			select {
			case <-interrupts:
				fmt.Println("interrupted")
			case <-time.After(time.Minute):
			}
		case "flood": // letters, of which no piece can be missing unseen
			out := bufio.NewWriter(os.Stdout)
			_, _ = io.CopyN(out, letters{rand.NewChaCha8([32]byte{1})}, int64(n))
			fmt.Fprintln(out, "\nthe flood has ended")
			out.Flush()
		case "exit":
			os.Exit(n)
		}
	}
}

// letters are a source's bytes as letters, a line's end after each 64.
type letters struct{ from io.Reader }

func (l letters) Read(b []byte) (int, error) {
	n, err := l.from.Read(b)
	for i := range n {
		b[i] = 'a' + b[i]%26
	}
	return n, err
}
