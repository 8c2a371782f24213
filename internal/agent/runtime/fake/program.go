package fake

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/agent/runtime/runtimetest/probe/behaviour"
)

// ExitAfter ends by itself after a time, whatever it is told meanwhile.
func ExitAfter(d time.Duration, code int32) Program {
	return func(ctx context.Context, _ *Process) int32 {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		return code
	}
}

// UntilTold goes on until SIGTERM and ends with a code.
func UntilTold(code int32) Program {
	return func(ctx context.Context, p *Process) int32 {
		for {
			select {
			case <-ctx.Done():
				return code
			case s := <-p.Signals:
				if s == "SIGTERM" {
					return code
				}
			}
		}
	}
}

// Stubborn goes on until it is killed.
func Stubborn(ctx context.Context, _ *Process) int32 {
	<-ctx.Done()
	return 0
}

// Probe does what the program of package runtimetest/probe does.
func Probe(ctx context.Context, p *Process) int32 {
	verb, n := "sleep", 0
	if len(p.Args) > 1 {
		verb = p.Args[1]
	}
	if len(p.Args) > 2 {
		n, _ = strconv.Atoi(p.Args[2])
	}
	switch verb {
	case "exit":
		return int32(n)
	case "stubborn":
		fmt.Fprintln(p.Stdout, "ready")
		return Stubborn(ctx, p)
	case "graceful":
		fmt.Fprintln(p.Stdout, "ready")
		UntilTold(0)(ctx, p)
		if ctx.Err() == nil {
			_, _ = io.WriteString(p.Stdout, "last words")
		}
		return int32(n)
	case "again": // ends with 3 the first time, then with how often it was run
		before, _ := p.Disk.LoadOrStore("runs", 0)
		p.Disk.Store("runs", before.(int)+1)
		fmt.Fprintln(p.Stdout, "run", before.(int)+1)
		return int32(3 + before.(int))
	case "lines":
		for i := range n {
			fmt.Fprintln(p.Stdout, "line", i)
		}
	case "cat":
		_, _ = io.Copy(p.Stdout, p.Stdin)
	case "both":
		fmt.Fprint(p.Stdout, "to stdout")
		fmt.Fprint(p.Stderr, "to stderr")
	case "flood":
		_, _ = io.CopyN(p.Stdout, behaviour.Flood(), int64(n))
	case "size":
		for lines := bufio.NewScanner(p.Stdin); p.Size != nil && lines.Scan(); {
			size := p.Size()
			fmt.Fprintln(p.Stdout, "size", size.Cols, size.Rows)
		}
	case "bytes":
		_, _ = io.WriteString(p.Stdout, behaviour.Bytes)
	case "env":
		fmt.Fprintln(p.Stdout, strings.Join(p.Env, "\n"))
	default:
		return Stubborn(ctx, p)
	}
	return 0
}
