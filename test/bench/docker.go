package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// docker is a docker engine of the benchmark's own, in a network namespace and
// a mount namespace of its own.
type docker struct {
	dir, netns string
	daemon     *exec.Cmd
	count      atomic.Uint32
}

func (d *docker) title() string { return "docker run -d" }

func (d *docker) socket() string { return filepath.Join(d.dir, "sock") }

// up starts the engine and returns how long it took to answer.
func (d *docker) up(ctx context.Context) (time.Duration, error) {
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return 0, err
	}
	config, log := filepath.Join(d.dir, "daemon.json"), filepath.Join(d.dir, "log")
	if err := os.WriteFile(config, []byte("{}"), 0o600); err != nil {
		return 0, err
	}
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer out.Close()
	// No port is published, so no rule of a firewall is needed.
	d.daemon = exec.Command("nsenter", "--net="+d.netns, "unshare", "-m", "--propagation", "private",
		"dockerd", "--config-file", config, "--data-root", filepath.Join(d.dir, "data"), "--exec-root", filepath.Join(d.dir, "exec"),
		"--pidfile", filepath.Join(d.dir, "..", "dockerd.pid"), "-H", "unix://"+d.socket(),
		"--iptables=false", "--ip-masq=false", "--cgroup-parent=/hatoba-bench-docker", "--exec-opt", "native.cgroupdriver=cgroupfs")
	d.daemon.Stdout, d.daemon.Stderr = out, out
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", d.socket())
	}}}
	took, err := startUp(ctx, d.daemon, client, "http://docker/_ping")
	if err != nil {
		text, _ := os.ReadFile(log)
		return 0, fmt.Errorf("dockerd: %w: %s", err, lastLines(text, 3))
	}
	return took, nil
}

func (d *docker) down() error {
	if d.daemon == nil {
		return nil
	}
	_ = d.daemon.Process.Signal(syscall.SIGTERM)
	err := d.daemon.Wait()
	d.daemon = nil
	return err
}

func (d *docker) cli(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.Env = append(os.Environ(), "DOCKER_HOST=unix://"+d.socket(), "DOCKER_CONFIG="+d.dir)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("docker %s: %w: %s", args[0], err, errs.String())
	}
	return strings.TrimSpace(out.String()), nil
}

func (d *docker) load(ctx context.Context, archive string) error {
	_, err := d.cli(ctx, "load", "-i", archive)
	return err
}

func (d *docker) run(ctx context.Context) (name string, err error) {
	name = "c" + strconv.Itoa(int(d.count.Add(1)))
	_, err = d.cli(ctx, "run", "-d", "--name", name, imageName)
	return name, err
}

func (d *docker) remove(ctx context.Context, names ...string) error {
	_, err := d.cli(ctx, append([]string{"rm", "-f"}, names...)...)
	return err
}

func (d *docker) launch(ctx context.Context) (out sample, err error) {
	begin := time.Now()
	name, err := d.run(ctx)
	if err != nil {
		return out, err
	}
	out.running = time.Since(begin)
	stamp := ""
	for stamp == "" && err == nil {
		stamp, err = d.cli(ctx, "logs", name)
	}
	if err == nil {
		out.exec, err = since(stamp, begin)
	}
	if err != nil {
		return out, err
	}
	return out, d.remove(ctx, name)
}

// fill starts n containers eight at a time.
func (d *docker) fill(ctx context.Context, n int) (names []string, took time.Duration, err error) {
	names = make([]string, n)
	begin := time.Now()
	err = eightWay(n, func(i int) (err error) {
		names[i], err = d.run(ctx)
		return err
	})
	return names, time.Since(begin), err
}

func (d *docker) burst(ctx context.Context, n int) (time.Duration, error) {
	names, took, err := d.fill(ctx, n)
	if err != nil {
		return took, err
	}
	return took, d.remove(ctx, names...)
}
