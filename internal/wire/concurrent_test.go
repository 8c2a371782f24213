package wire_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/wire"
)

// TestConcurrentAnswersDoNotMix sends answers and exceptions that carry what
// was asked, many at once, through the shared buffers.
func TestConcurrentAnswersDoNotMix(t *testing.T) {
	svc := sdkServices()[0].Service
	svc.Operations = []wire.Operation{wire.Op("DescribeTasks",
		func(_ context.Context, _ wire.Caller, in *ecs.DescribeTasksInput) (*ecs.DescribeTasksOutput, error) {
			if strings.HasSuffix(*in.Cluster, "7") {
				return nil, &ecstypes.ConflictException{Message: in.Cluster, ResourceIds: in.Tasks}
			}
			return &ecs.DescribeTasksOutput{Failures: []ecstypes.Failure{{Arn: in.Cluster, Reason: &in.Tasks[0]}}}, nil
		})}
	handler, err := wire.NewHandler(wire.HandlerConfig{Services: []wire.Service{svc}, DefaultScope: scope()})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 100 {
				name := fmt.Sprintf("%d-%d", worker, i)
				r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"cluster":"`+name+`","tasks":["`+name+`"]}`))
				r.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.DescribeTasks")
				rec := httptest.NewRecorder()
				handler.ServeHTTP(rec, r)
				want := `{"failures":[{"arn":"` + name + `","reason":"` + name + `"}]}`
				if strings.HasSuffix(name, "7") {
					want = `{"__type":"ConflictException","message":"` + name + `","resourceIds":["` + name + `"]}`
				}
				if got := rec.Body.String(); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
		})
	}
	wg.Wait()
}
