package wire_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/wire"
)

// tenTasks is an ordinary answer of DescribeTasks.
func tenTasks() *ecs.DescribeTasksOutput {
	now := time.UnixMilli(1795248000123).UTC()
	out := &ecs.DescribeTasksOutput{Failures: []ecstypes.Failure{}}
	for i := range 10 {
		arn := fmt.Sprintf("arn:aws:ecs:eu-west-1:123456789012:task/main/%032x", i)
		out.Tasks = append(out.Tasks, ecstypes.Task{
			TaskArn: aws.String(arn), ClusterArn: aws.String("arn:aws:ecs:eu-west-1:123456789012:cluster/main"),
			TaskDefinitionArn: aws.String("arn:aws:ecs:eu-west-1:123456789012:task-definition/app:7"),
			LastStatus:        aws.String("RUNNING"), DesiredStatus: aws.String("RUNNING"), Cpu: aws.String("256"), Memory: aws.String("512"),
			LaunchType: ecstypes.LaunchTypeFargate, CreatedAt: &now, StartedAt: &now, PullStartedAt: &now, PullStoppedAt: &now,
			Attachments: []ecstypes.Attachment{{Id: aws.String("a"), Type: aws.String("ElasticNetworkInterface"), Status: aws.String("ATTACHED"),
				Details: []ecstypes.KeyValuePair{{Name: aws.String("privateIPv4Address"), Value: aws.String("172.31.0.9")}}}},
			Containers: []ecstypes.Container{{Name: aws.String("web"), Image: aws.String("app:1"), TaskArn: aws.String(arn), LastStatus: aws.String("RUNNING"), RuntimeId: aws.String("r")}},
			Tags:       []ecstypes.Tag{{Key: aws.String("team"), Value: aws.String("birds")}},
		})
	}
	return out
}

const describeTen = `{"cluster":"main","include":["TAGS"],"tasks":["0","1","2","3","4","5","6","7","8","9"]}`

// sink is a ResponseWriter that keeps nothing.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(int)             {}

func benchmarkHandler(b *testing.B, handler http.Handler) {
	header := http.Header{"X-Amz-Target": {"AmazonEC2ContainerServiceV20141113.DescribeTasks"},
		"Content-Type":  {"application/x-amz-json-1.1"},
		"Authorization": {"AWS4-HMAC-SHA256 Credential=123456789012/20261121/eu-west-1/ecs/aws4_request, SignedHeaders=host, Signature=0"}}
	b.ReportAllocs()
	for b.Loop() {
		r, err := http.NewRequestWithContext(context.Background(), "POST", "/", strings.NewReader(describeTen))
		if err != nil {
			b.Fatal(err)
		}
		r.Header = header
		handler.ServeHTTP(&sink{http.Header{}}, r)
	}
}

// BenchmarkDescribeTenTasks compares the wire with a handler that reads the
// same body and answers the same value with encoding/json.
func BenchmarkDescribeTenTasks(b *testing.B) {
	out := tenTasks()
	svc := sdkServices()[0].Service
	svc.Operations = []wire.Operation{wire.Op("DescribeTasks",
		func(context.Context, wire.Caller, *ecs.DescribeTasksInput) (*ecs.DescribeTasksOutput, error) {
			return out, nil
		})}
	handler, err := wire.NewHandler(wire.HandlerConfig{Services: []wire.Service{svc}, DefaultScope: scope()})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("wire", func(b *testing.B) { benchmarkHandler(b, handler) })
	b.Run("encoding-json", func(b *testing.B) {
		benchmarkHandler(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			raw, err := io.ReadAll(r.Body)
			var in struct{ Cluster, Include, Tasks any }
			if err == nil {
				err = json.Unmarshal(raw, &in)
			}
			if err != nil {
				b.Error(err)
			}
			_ = json.NewEncoder(w).Encode(out)
		}))
	})
	answer, err := json.Marshal(out)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("bare", func(b *testing.B) {
		benchmarkHandler(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadAll(r.Body)
			_, _ = w.Write(answer)
		}))
	})
}
