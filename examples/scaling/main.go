// Command scaling is a service whose requests take CPU, and what loads it.
//
//	scaling               serve: each request to / takes --work of CPU time
//	scaling load --rate 16   send so many requests per second to all its tasks
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"golang.org/x/sys/unix"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	run, args := serve, os.Args[1:]
	if len(args) > 0 && args[0] == "load" {
		run, args = load, args[1:]
	}
	if err := run(ctx, args); err != nil {
		log.Fatal(err)
	}
}

// serve answers requests until ctx ends; those under way are finished.
func serve(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("scaling", flag.ExitOnError)
	work := flags.Duration("work", 20*time.Millisecond, "CPU time that a request takes")
	listen := flags.String("listen", ":8080", "address")
	_ = flags.Parse(args)
	server := &http.Server{Addr: *listen, ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		burn(*work)
		fmt.Fprintln(w, "done")
	})}
	go func() {
		<-ctx.Done()
		deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(deadline)
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// burn takes CPU time, however busy the machine is.
func burn(work time.Duration) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	used := func() time.Duration {
		var u unix.Rusage
		if unix.Getrusage(unix.RUSAGE_THREAD, &u) != nil {
			return work
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	for begin := used(); used()-begin < work; {
	}
}

// load sends requests to the service's tasks in turn, and tells every ten
// seconds how many there are.
func load(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	rate := flags.Float64("rate", 16, "requests per second, to all tasks together")
	name := flags.String("service", "scaling", "the service")
	_ = flags.Parse(args)
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	api := ecs.NewFromConfig(cfg)
	var targets atomic.Pointer[[]string]
	var done, failed atomic.Int64
	client := &http.Client{Timeout: 5 * time.Second}
	look, send := time.NewTicker(2*time.Second), time.NewTicker(time.Duration(float64(time.Second) / *rate))
	defer look.Stop()
	defer send.Stop()
	slots := make(chan struct{}, 16) // a service that cannot keep up is not sent more and more
	begin, told := time.Now(), time.Time{}
	for n := 0; ctx.Err() == nil; n++ {
		if list, err := addresses(ctx, api, *name); err == nil {
			targets.Store(&list)
		}
		if t := targets.Load(); t != nil && time.Since(told) > 10*time.Second {
			told = time.Now()
			fmt.Printf("%6s  %d tasks, %d requests answered, %d failed or not sent\n", time.Since(begin).Round(time.Second), len(*t), done.Load(), failed.Load())
		}
		for waiting := true; waiting; n++ {
			select {
			case <-ctx.Done():
				return nil
			case <-look.C:
				waiting = false
			case <-send.C:
				t := targets.Load()
				if t == nil || len(*t) == 0 {
					continue
				}
				url := "http://" + (*t)[n%len(*t)] + ":8080/"
				select {
				case slots <- struct{}{}:
				default:
					failed.Add(1)
					continue
				}
				go func() {
					defer func() { <-slots }()
					if answer, err := client.Get(url); err == nil && answer.Body.Close() == nil {
						done.Add(1)
					} else {
						failed.Add(1)
					}
				}()
			}
		}
	}
	return nil
}

// addresses are those of the service's running tasks.
func addresses(ctx context.Context, api *ecs.Client, service string) (out []string, err error) {
	list, err := api.ListTasks(ctx, &ecs.ListTasksInput{ServiceName: &service})
	if err != nil || len(list.TaskArns) == 0 {
		return nil, err
	}
	tasks, err := api.DescribeTasks(ctx, &ecs.DescribeTasksInput{Tasks: list.TaskArns})
	if err != nil {
		return nil, err
	}
	for _, t := range tasks.Tasks {
		if t.LastStatus == nil || *t.LastStatus != "RUNNING" || t.DesiredStatus == nil || *t.DesiredStatus != "RUNNING" {
			continue
		}
		for _, c := range t.Containers[:min(1, len(t.Containers))] {
			out = append(out, private(c)...)
		}
	}
	return out, nil
}

func private(c types.Container) (out []string) {
	for _, n := range c.NetworkInterfaces {
		if n.PrivateIpv4Address != nil {
			out = append(out, *n.PrivateIpv4Address)
		}
	}
	return out
}
