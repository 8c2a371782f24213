package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// backend serves HTTP on 8080, gRPC on 8081 and lines of TCP on 8082, each with
// the text. Asked to stop it finishes what it has begun.
func backend(text string) {
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	web := &http.Server{Addr: ":8080", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		time.Sleep(2 * time.Millisecond)
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		w.Header().Set("X-From", host)
		fmt.Fprint(w, text)
	})}
	go func() {
		if err := web.ListenAndServe(); err != http.ErrServerClosed {
			check(err)
		}
	}()
	calls := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(calls, health.NewServer())
	ln, err := net.Listen("tcp", ":8081")
	check(err)
	go func() { check(calls.Serve(ln)) }()
	lines, err := net.Listen("tcp", ":8082")
	check(err)
	go func() {
		for {
			c, err := lines.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.ReadAll(c)
				fmt.Fprint(c, text)
			}()
		}
	}()
	check(os.WriteFile("/tmp/healthy", nil, 0o644))
	fmt.Println("ready")
	<-term
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = web.Shutdown(ctx)
	calls.GracefulStop()
	time.Sleep(100 * time.Millisecond)
	fmt.Println("last words")
}

// tally is what became of one kind of calls.
type tally struct {
	Served int
	Failed []string
	Said   map[string]int
}

// caller calls a backend by its aliases, again and again, and tells on PORT
// what came of it.
func caller(port string) {
	var (
		mu  sync.Mutex
		all = map[string]*tally{}
	)
	note := func(kind, text string, err error) {
		mu.Lock()
		defer mu.Unlock()
		t := all[kind]
		if t == nil {
			t = &tally{Said: map[string]int{}}
			all[kind] = t
		}
		if err != nil {
			t.Failed = append(t.Failed, err.Error())
			time.Sleep(10 * time.Millisecond)
			return
		}
		t.Served++
		t.Said[text]++
	}
	conn, err := grpc.NewClient("api-grpc:8081", grpc.WithTransportCredentials(insecure.NewCredentials()))
	check(err)
	for kind, call := range map[string]func() (string, error){
		"get": func() (string, error) { return read(http.Get("http://api:8080/")) },
		"post": func() (string, error) {
			return read(http.Post("http://api:8080/", "text/plain", strings.NewReader("x")))
		},
		"grpc": func() (string, error) {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			res, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{})
			return res.GetStatus().String(), err
		},
		"tcp": line,
	} {
		go func() {
			for {
				text, err := call()
				note(kind, text, err)
			}
		}()
	}
	go func() {
		check(http.ListenAndServe(":"+port, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if at := r.URL.Query().Get("at"); at != "" {
				text, err := read(http.Get("http://" + at))
				fmt.Fprint(w, text, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			_ = json.NewEncoder(w).Encode(all)
		})))
	}()
	wait(0)
}

func read(res *http.Response, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, b)
	}
	return string(b), err
}

func line() (string, error) {
	c, err := net.Dial("tcp", "api-tcp:8082")
	if err != nil {
		return "", err
	}
	defer c.Close()
	if _, err := io.WriteString(c, "hello"); err != nil {
		return "", err
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		return "", err
	}
	b, err := io.ReadAll(c)
	if err == nil && len(b) == 0 {
		err = io.ErrUnexpectedEOF
	}
	return string(b), err
}
