package app

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// logSink is the log store as dispatch wants it.
type logSink struct {
	engine *logs.Engine
	log    *slog.Logger
}

func (l logSink) OpenStream(ctx context.Context, s protocol.LogStream, createGroup bool) error {
	err := l.engine.OpenStream(ctx, s.Scope, s.Group, s.Stream, createGroup)
	if errors.Is(err, logs.ErrNoGroup) {
		return protocol.Refuse("ResourceInitializationError: failed to validate logger args: The task cannot find the Amazon CloudWatch log group defined in the task definition. "+
			"Create log group '%s' in %s, or set awslogs-create-group: failed to initialize logging driver", s.Group, s.Scope.Region)
	}
	return err
}

func (l logSink) Ship(ctx context.Context, b protocol.LogBatch) error {
	events := make([]logs.InputEvent, len(b.Events))
	for i, e := range b.Events {
		events[i] = logs.InputEvent{Time: e.Time.UnixMilli(), Message: e.Message, Offset: e.Offset}
	}
	rejected, err := l.engine.Append(ctx, b.Stream.Scope, b.Stream.Group, b.Stream.Stream, logs.Batch{Events: events, Producer: b.Producer, Offset: b.Offset})
	if rejected != (logs.Rejected{}) {
		l.log.Warn("log events were too old, too new or expired, and are not kept", "group", b.Stream.Group, "stream", b.Stream.Stream)
	}
	if errors.Is(err, logs.ErrNoGroup) || errors.Is(err, logs.ErrNoStream) {
		return protocol.Refuse("log stream %s of group %s was deleted", b.Stream.Stream, b.Stream.Group)
	}
	return err
}

// ownPorts are the host ports that tasks cannot have because we have them.
func ownPorts(listen string) []state.HostPort {
	_, text, _ := net.SplitHostPort(listen)
	port, err := strconv.Atoi(text)
	if err != nil || port == 0 {
		return nil
	}
	return []state.HostPort{{Port: int32(port), Protocol: "tcp"}}
}

// thisNode describes this machine.
func thisNode(id, runtimeName string) state.Node {
	host, _ := os.Hostname()
	arch := map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
	return state.Node{ID: id, Hostname: host, CPU: int64(runtime.NumCPU()) * 1024, MemoryMiB: memoryMiB(), Arch: arch, RuntimeName: runtimeName}
}

// bootID is another one after every start of the machine's kernel.
func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func memoryMiB() int64 {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(b), "\n") {
		if rest, ok := strings.CutPrefix(line, "MemTotal:"); ok {
			kb, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kb / 1024
		}
	}
	return 0
}

// guard refuses requests whose Host is neither loopback, an AWS name nor
// empty: a web page whose own name was made to resolve to this machine must
// not reach an API without signatures.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		// SDKs put this before the host that DiscoverInstances is asked at.
		host = strings.TrimPrefix(strings.Trim(host, "[]"), "data-")
		addr, err := netip.ParseAddr(host)
		switch {
		case host == "", host == "localhost", strings.HasSuffix(host, ".localhost"), strings.HasSuffix(host, ".amazonaws.com"):
		case err == nil && addr.IsLoopback():
		default:
			http.Error(w, "this Hatoba answers to localhost only, not to the host name "+strconv.Quote(host), http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// tail streams a group's events as JSON lines while they arrive:
// GET /_hatoba/logs/tail?group=G[&stream=S][&prefix=P][&start=MS][&region=R][&account=A]
type tail struct {
	engine *logs.Engine
	scope  state.Scope
}

func (t tail) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	scope := t.scope
	if v := q.Get("region"); v != "" {
		scope.Region = v
	}
	if v := q.Get("account"); v != "" {
		scope.Account = v
	}
	request := logs.TailRequest{Group: q.Get("group"), Prefix: q.Get("prefix")}
	if s := q.Get("stream"); s != "" {
		request.Streams = []string{s}
	}
	request.Start, _ = strconv.ParseInt(q.Get("start"), 10, 64)
	out := json.NewEncoder(w)
	control := http.NewResponseController(w)
	err := t.engine.Tail(r.Context(), scope, request, func(events []logs.Event) error {
		for _, e := range events {
			line := map[string]any{"timestamp": e.Time, "stream": e.Stream, "message": e.Message}
			if err := out.Encode(line); err != nil {
				return err
			}
		}
		return control.Flush()
	})
	if errors.Is(err, logs.ErrNoGroup) || errors.Is(err, logs.ErrNoStream) {
		http.Error(w, err.Error(), http.StatusNotFound)
	}
}
