package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The share of its CPU that a proxy gets where it, and not the generator, shall
// be the limit.
const quotaShare = 0.4

// proxy is a load balancer that is measured.
type proxy struct {
	title string
	http  string // its addresses
	tls   string
	cmd   *exec.Cmd
	group string // its cgroup
}

// balancer measures load balancers: each in turn on a CPU of its own, with one
// worker, the generator and the target on the other, connections kept on both
// sides.
func (b *bench) balancer(ctx context.Context) (err error) {
	haproxy, lookErr := exec.LookPath("haproxy")
	if lookErr != nil {
		fmt.Println("balancer: skipped, there is no haproxy on PATH (Debian: apt-get install haproxy)")
		return nil
	}
	dir := filepath.Join(b.work, "balancer")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	target, stop, err := b.role(ctx, "0", "target", nil)
	if err != nil {
		return err
	}
	defer stop()
	proxies := []*proxy{{title: "hatoba"}, {title: "haproxy"}, {title: "httputil.ReverseProxy, tuned"}}
	certificate, err := writeCertificate(dir)
	if err != nil {
		return err
	}
	for _, p := range proxies {
		if p.http, err = freeAddress(); err == nil {
			p.tls, err = freeAddress()
		}
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, p.end()) }()
		if err := b.startProxy(ctx, p, dir, haproxy, target, certificate); err != nil {
			return fmt.Errorf("%s: %w", p.title, err)
		}
	}
	if err := b.unloaded(ctx, proxies); err != nil {
		return err
	}
	return b.limited(ctx, proxies)
}

// unloaded measures with the whole CPU.
func (b *bench) unloaded(ctx context.Context, proxies []*proxy) error {
	fmt.Println("\nBalancers, HTTP/1.1, 128 bytes, a whole CPU: medians over rounds")
	for _, c := range []int{1, 64, 256} {
		got, err := b.measureProxies(ctx, proxies, traffic{Kind: "http", Connections: c})
		if err != nil {
			return err
		}
		fmt.Printf("  %d connections\n", c)
		printProxies(proxies, got)
	}
	return nil
}

// limited measures with a part of the CPU, which the proxy uses up.
func (b *bench) limited(ctx context.Context, proxies []*proxy) error {
	for _, p := range proxies {
		if err := p.limit(quotaShare); err != nil {
			fmt.Println("  a part of a CPU: skipped,", err)
			return nil
		}
	}
	fmt.Printf("\nBalancers with %.0f %% of a CPU, 64 connections: medians over rounds\n", 100*quotaShare)
	for _, kind := range []string{"http", "tls", "h2", "websocket"} {
		some := proxies
		if kind == "websocket" {
			kind = "echo"
		}
		if kind == "h2" || kind == "echo" {
			some = proxies[:2]
		}
		got, err := b.measureProxies(ctx, some, traffic{Kind: kind, Connections: 64})
		if err != nil {
			return err
		}
		fmt.Printf("  %s\n", map[string]string{"http": "HTTP/1.1", "tls": "HTTP/1.1 over TLS", "h2": "HTTP/2", "echo": "WebSocket, messages"}[kind])
		printProxies(some, got)
	}
	return nil
}

// traffic is what the generator sends.
type traffic struct {
	Kind        string // http, tls, h2, echo
	Address     string
	Connections int
	For         time.Duration
}

// passed is what went through a proxy in one block.
type passed struct {
	result
	CPU time.Duration // of the proxy, per request
}

// measureProxies measures every proxy once a round, in an order drawn anew.
func (b *bench) measureProxies(ctx context.Context, proxies []*proxy, t traffic) ([][]passed, error) {
	all := make([][]passed, len(proxies))
	for range b.rounds {
		err := shuffled(len(proxies), func(i int) error {
			if err := b.settle(ctx); err != nil {
				return err
			}
			p := proxies[i]
			t.Address, t.For = p.http, 2*time.Second
			if t.Kind == "tls" || t.Kind == "h2" {
				t.Address = p.tls
			}
			before, err := cpuOf(p.cmd.Process.Pid)
			if err != nil {
				return err
			}
			r, err := b.send(ctx, t)
			if err == nil && r.Failed != "" {
				err = errors.New(r.Failed)
			}
			if err != nil {
				return fmt.Errorf("%s, %s: %w", p.title, t.Kind, err)
			}
			after, err := cpuOf(p.cmd.Process.Pid)
			if err != nil {
				return err
			}
			n := r.PerSecond * t.For.Seconds()
			all[i] = append(all[i], passed{r, time.Duration(float64(after-before) / max(n, 1))})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// printProxies shows medians, and ratios to haproxy.
func printProxies(proxies []*proxy, got [][]passed) {
	rate := func(r passed) float64 { return r.PerSecond }
	p99 := func(r passed) float64 { return milliseconds(r.P99) }
	cpu := func(r passed) float64 { return float64(r.CPU) / 1e3 }
	ratio := func(i int, of func(passed) float64) string {
		var all []float64
		for round := range got[i] {
			all = append(all, of(got[i][round])/of(got[1][round]))
		}
		return spread(all)
	}
	for i, p := range proxies {
		fmt.Printf("    %-30s %8.0f /s  p50 %6.3f  p99 %6.3f ms  %5.1f µs CPU", p.title, middle(got[i], rate),
			middle(got[i], func(r passed) float64 { return milliseconds(r.P50) }), middle(got[i], p99), middle(got[i], cpu))
		if i != 1 {
			fmt.Printf("   to haproxy: rate %s, CPU %s, p99 %s", ratio(i, rate), ratio(i, cpu), ratio(i, p99))
		}
		fmt.Println()
	}
}

// startProxy starts one on CPU 1.
func (b *bench) startProxy(ctx context.Context, p *proxy, dir, haproxy, target, certificate string) error {
	setup := balancing{HTTP: p.http, TLS: p.tls, Target: target, Certificate: certificate}
	args := []string{"-c", "1"}
	switch p.title {
	case "haproxy":
		file := filepath.Join(dir, "haproxy.cfg")
		if err := os.WriteFile(file, []byte(haproxyConfig(setup)), 0o600); err != nil {
			return err
		}
		args = append(args, haproxy, "-db", "-f", file)
	default:
		self, err := os.Executable()
		if err != nil {
			return err
		}
		role := "hatoba"
		if strings.HasPrefix(p.title, "httputil") {
			role = "reverse"
		}
		text, _ := json.Marshal(setup)
		args = append(args, self, "-role", role, "-with", string(text))
	}
	p.cmd = exec.Command("taskset", args...)
	if p.title != "haproxy" && strings.HasPrefix(p.title, "httputil") {
		p.cmd.Env = append(os.Environ(), "GOGC=400")
	}
	p.cmd.Stderr = os.Stderr
	if err := p.cmd.Start(); err != nil {
		return err
	}
	_ = os.WriteFile(filepath.Join(b.work, fmt.Sprintf("proxy%d.pid", p.cmd.Process.Pid)), []byte(strconv.Itoa(p.cmd.Process.Pid)), 0o600)
	return awaitListening(ctx, p.http, p.tls)
}

// limit puts the proxy into a cgroup that gets a share of one CPU.
func (p *proxy) limit(share float64) error {
	const period = 10000 // µs
	quota := int(share * period)
	name := fmt.Sprintf("hatoba-bench-%d-%d", os.Getpid(), p.cmd.Process.Pid)
	p.group = filepath.Join("/sys/fs/cgroup/cpu", name)
	files := map[string]string{"cpu.cfs_period_us": strconv.Itoa(period), "cpu.cfs_quota_us": strconv.Itoa(quota)}
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		p.group = filepath.Join("/sys/fs/cgroup", name)
		files = map[string]string{"cpu.max": fmt.Sprintf("%d %d", quota, period)}
	}
	if err := os.Mkdir(p.group, 0o755); err != nil {
		p.group = ""
		return err
	}
	for file, value := range files {
		if err := os.WriteFile(filepath.Join(p.group, file), []byte(value), 0); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(p.group, "cgroup.procs"), []byte(strconv.Itoa(p.cmd.Process.Pid)), 0)
}

func (p *proxy) end() error {
	if p.cmd == nil || p.cmd.Process == nil {
		return nil
	}
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	_ = p.cmd.Wait()
	if p.group == "" {
		return nil
	}
	var err error
	for range 50 { // the kernel lets go of a process a moment after its end
		if err = os.Remove(p.group); err == nil {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return err
}

// role starts this program in another part, on a CPU, and gives its address.
func (b *bench) role(ctx context.Context, cpu, role string, with any) (address string, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	if address, err = freeAddress(); err != nil {
		return "", nil, err
	}
	if with == nil {
		with = balancing{HTTP: address}
	}
	text, _ := json.Marshal(with)
	cmd := exec.Command("taskset", "-c", cpu, self, "-role", role, "-with", string(text))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	if err := awaitListening(ctx, address); err != nil {
		stop()
		return "", nil, err
	}
	return address, stop, nil
}

// send runs the generator on CPU 0.
func (b *bench) send(ctx context.Context, t traffic) (r result, err error) {
	text, err := json.Marshal(t)
	if err != nil {
		return r, err
	}
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	var errs bytes.Buffer
	cmd := exec.CommandContext(ctx, "taskset", "-c", "0", self, "-role", "traffic", "-with", string(text))
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return r, fmt.Errorf("traffic: %w: %s", err, errs.String())
	}
	return r, json.Unmarshal(out, &r)
}

func awaitListening(ctx context.Context, addresses ...string) error {
	for _, at := range addresses {
		var err error
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			var c net.Conn
			if c, err = net.Dial("tcp", at); err == nil {
				_ = c.Close()
				break
			}
			if ctx.Err() != nil || time.Now().After(end) {
				return err
			}
		}
	}
	return nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// cpuOf is the CPU time of a process by the scheduler's account.
func cpuOf(pid int) (time.Duration, error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(tasks) == 0 {
		return 0, fmt.Errorf("process %d has ended", pid)
	}
	var total time.Duration
	for _, file := range tasks {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		n, _, _ := strings.Cut(string(text), " ")
		ns, _ := strconv.ParseInt(n, 10, 64)
		total += time.Duration(ns)
	}
	return total, nil
}

func haproxyConfig(s balancing) string {
	return fmt.Sprintf(`global
  maxconn 4000
  nbthread 1
defaults
  mode http
  option forwardfor
  http-reuse always
  timeout connect 10s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s
frontend plain
  bind %s
  bind %s ssl crt %s alpn h2,http/1.1
  default_backend targets
backend targets
  server one %s
`, s.HTTP, s.TLS, s.Certificate, s.Target)
}
