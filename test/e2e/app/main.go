// Command app is what the end-to-end tests run in their containers.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	verb, args := "sleep", os.Args[1:]
	if len(args) > 0 {
		verb, args = args[0], args[1:]
	}
	arg := strings.Join(args, " ")
	switch verb {
	case "exit":
		code, _ := strconv.Atoi(arg)
		os.Exit(code)
	case "print": // then sleep
		fmt.Println(arg)
		wait(0)
	case "ready": // says so once it can be asked to stop; the argument tells it apart
		term := make(chan os.Signal, 1)
		signal.Notify(term, syscall.SIGTERM)
		fmt.Println("ready")
		<-term
		fmt.Println("last words")
	case "bomb": // processes, as many as there can be
		for {
			if err := exec.Command(os.Args[0], "bomb").Start(); err != nil {
				time.Sleep(time.Millisecond)
			}
		}
	case "sleep":
		wait(0)
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("ready")
		for {
			time.Sleep(time.Hour)
		}
	case "say-exit": // after a while, so that it can happen while nobody looks
		time.Sleep(time.Second)
		fmt.Println("line before the end")
		code, _ := strconv.Atoi(arg)
		os.Exit(code)
	case "lines":
		n, _ := strconv.Atoi(arg)
		for i := range n {
			fmt.Println("line", i)
		}
	case "tick":
		for i := 0; ; i++ {
			fmt.Println("tick", i)
			time.Sleep(100 * time.Millisecond)
		}
	case "env":
		fmt.Println(os.Getenv(arg))
	case "cat":
		b, err := os.ReadFile(arg)
		fmt.Print(string(b))
		check(err)
	case "write": // FILE TEXT
		check(os.WriteFile(args[0], []byte(args[1]+"\n"), 0o644))
	case "touch-then-wait": // a health check asks for the file
		time.Sleep(500 * time.Millisecond)
		term := make(chan os.Signal, 1)
		signal.Notify(term, syscall.SIGTERM)
		check(os.WriteFile("/tmp/healthy", nil, 0o644))
		<-term
	case "lives": // DURATION: the first life is that long, later ones until told
		term := make(chan os.Signal, 1)
		signal.Notify(term, syscall.SIGTERM)
		before, _ := os.ReadFile("/tmp/lives")
		check(os.WriteFile("/tmp/lives", append(before, '.'), 0o600))
		fmt.Println("life", len(before)+1)
		long, err := time.ParseDuration(arg)
		check(err)
		if len(before) > 0 {
			long = time.Hour
		}
		select {
		case <-term:
		case <-time.After(long):
			os.Exit(3)
		}
	case "healthy":
		_, err := os.Stat("/tmp/healthy")
		check(err)
	case "peers": // the processes it sees
		for _, words := range processes() {
			fmt.Println(words)
		}
	case "end": // asks those who run with these words to end
		for pid, words := range processes() {
			if words == "/app "+arg {
				check(syscall.Kill(pid, syscall.SIGTERM))
			}
		}
	case "fill": // DIR...: takes all there is, and tells what that was in MiB
		for _, dir := range args {
			fill(dir)
		}
		wait(0)
	case "machine": // what it sees of the machine it is on
		machine(args)
	case "facts":
		host, _ := os.Hostname()
		dir, _ := os.Getwd()
		var files syscall.Rlimit
		_ = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files)
		fmt.Println(host, dir, os.Getuid(), files.Max, os.WriteFile("/x", nil, 0o600) == nil)
	case "spin": // PERCENT of one CPU
		percent, _ := strconv.Atoi(arg)
		spin(time.Duration(percent) * 100 * time.Microsecond)
	case "eat":
		var keep [][]byte
		for {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = 1
			}
			keep = append(keep, b)
			_ = keep
		}
	case "serve": // PORT: answers with the asker's address, or what asks for ?again= or ?anew= get there
		serve(arg)
	case "backend": // TEXT: what is called through Service Connect
		backend(arg)
	case "caller": // PORT: calls it
		caller(arg)
	case "drilled": // PORT FLAW...: a service with flaws that drills find
		drilled(args[0], args[1:])
	case "inside": // PORT: answers with what the task finds in its place
		inside(arg)
	case "get": // URL, prints what it answers; tries for a while
		var err error
		for range 100 {
			var answer *http.Response
			if answer, err = http.Get(arg); err == nil {
				b, _ := io.ReadAll(answer.Body)
				answer.Body.Close()
				fmt.Println(string(b))
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		check(err)
	case "stacks": // N errors of three lines each, the last one left alone for a while
		n, _ := strconv.Atoi(arg)
		for i := range n {
			fmt.Printf("[Nov %02d, 2026 10:00:00] error %d\n\tat one\n\tat two\n", i%28+1, i)
		}
		wait(0)
	case "shell": // on a terminal: what ECS Exec is tried with
		shell()
	case "copy":
		_, err := io.Copy(os.Stdout, os.Stdin)
		check(err)
	case "fail": // CODE, with something on both streams
		fmt.Println("to stdout")
		fmt.Fprintln(os.Stderr, "to stderr")
		code, _ := strconv.Atoi(arg)
		os.Exit(code)
	case "lookup":
		addrs, err := net.LookupHost(arg)
		check(err)
		fmt.Println(strings.Join(addrs, " "))
	}
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// wait ends with the code when it is asked to, after last words.
func wait(code int) {
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	<-term
	fmt.Println("last words")
	os.Exit(code)
}

// standing keeps a connection to each server it has asked.
var standing = &http.Client{Timeout: time.Second}

// ask asks another server: again over the connection that stands, or anew.
func ask(r *http.Request) (answer string, asked bool) {
	client, at := standing, r.URL.Query().Get("again")
	if at == "" {
		at = r.URL.Query().Get("anew")
		client = &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	}
	if at == "" {
		return "", false
	}
	res, err := client.Get("http://" + at)
	if err != nil {
		return "refused", true
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return string(b), true
}

func serve(port string) {
	go func() {
		check(http.ListenAndServe(":"+port, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if answer, asked := ask(r); asked {
				fmt.Fprint(w, answer)
				return
			}
			host, _, _ := net.SplitHostPort(r.RemoteAddr)
			fmt.Fprint(w, host)
		})))
	}()
	wait(0)
}
