package ecs

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// nowhere is a ResponseWriter that keeps nothing but the status.
type nowhere struct {
	header http.Header
	status int
}

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n *nowhere) WriteHeader(status int)      { n.status = status }

// Reads with 5,000 tasks stored, from the request's bytes to the answer's.
func BenchmarkReads(b *testing.B) {
	w := newBench(b)
	w.register("web")
	arn := *w.run("web").TaskArn
	one := w.task(arn[strings.LastIndex(arn, "/")+1:])
	one.Desired.Status = state.TaskStopped
	var arns []string
	for len(arns) < 5000 {
		w.change(func(r store.Writer) error {
			for range 500 {
				t := one
				t.ID = fmt.Sprintf("%032x", 1000+len(arns))
				t.ARN = strings.TrimSuffix(one.ARN, one.ID) + t.ID
				arns = append(arns, t.ARN)
				if err := store.Tasks.Put(r, scope.Key(t.ID), t); err != nil {
					return err
				}
			}
			return nil
		})
	}
	handler, err := wire.NewHandler(wire.HandlerConfig{Services: []wire.Service{w.Describe()}, DefaultScope: scope})
	if err != nil {
		b.Fatal(err)
	}
	ten, _ := json.Marshal(map[string]any{"tasks": arns[:10]})
	hundred, _ := json.Marshal(map[string]any{"tasks": arns[:100]})
	for _, call := range []struct{ name, operation, body string }{
		{"DescribeTasks of 10", "DescribeTasks", string(ten)},
		{"DescribeTasks of 100", "DescribeTasks", string(hundred)},
		{"ListTasks", "ListTasks", `{"desiredStatus":"STOPPED"}`},
		{"ListTasks that match nothing", "ListTasks", `{"family":"none"}`},
	} {
		b.Run(call.name, func(b *testing.B) {
			header := http.Header{"X-Amz-Target": {"AmazonEC2ContainerServiceV20141113." + call.operation}, "Content-Type": {"application/x-amz-json-1.1"},
				"Authorization": {"AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20261121/us-east-1/ecs/aws4_request, SignedHeaders=host, Signature=0"}}
			b.ReportAllocs()
			for b.Loop() {
				r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "/", strings.NewReader(call.body))
				if err != nil {
					b.Fatal(err)
				}
				r.Header = header
				answer := &nowhere{header: http.Header{}}
				if handler.ServeHTTP(answer, r); answer.status != http.StatusOK {
					b.Fatalf("status %d", answer.status)
				}
			}
		})
	}
}
