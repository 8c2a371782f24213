// Command probe is what the suite's containers run: each verb shows one
// behaviour.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	verb, arg := "sleep", ""
	if len(os.Args) > 1 {
		verb = os.Args[1]
	}
	if len(os.Args) > 2 {
		arg = os.Args[2]
	}
	switch verb {
	case "exit":
		code, _ := strconv.Atoi(arg)
		os.Exit(code)
	case "sleep":
		for {
			time.Sleep(time.Hour)
		}
	case "stubborn": // ends on SIGKILL only
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("ready")
		for {
			time.Sleep(time.Hour)
		}
	case "graceful": // last words, then the given code
		term := make(chan os.Signal, 1)
		signal.Notify(term, syscall.SIGTERM)
		fmt.Println("ready")
		<-term
		fmt.Print("last words")
		code, _ := strconv.Atoi(arg)
		os.Exit(code)
	case "lines":
		n, _ := strconv.Atoi(arg)
		for i := range n {
			fmt.Println("line", i)
		}
	case "env":
		fmt.Println(strings.Join(os.Environ(), "\n"))
	case "facts":
		host, _ := os.Hostname()
		dir, _ := os.Getwd()
		err := os.WriteFile("/written", nil, 0o600)
		fmt.Println(host, dir, os.Getuid(), os.Getgid(), err == nil, os.Getpid())
	case "eat": // memory, until it is killed
		var keep [][]byte
		for {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = 1
			}
			keep = append(keep, b)
			_ = keep
		}
	}
}
