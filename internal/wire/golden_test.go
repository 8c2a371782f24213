package wire_test

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/google/go-cmp/cmp"

	"github.com/hatoba/hatoba/internal/wire"
)

var update = flag.Bool("update", false, "write the golden answers anew")

// failures are what the operations of a golden pair return, by the value of
// the pair's X-Test-Fail header.
var failures = map[string]error{
	"client":   &ecstypes.ClusterNotFoundException{Message: aws.String("Cluster not found.")},
	"server":   &ecstypes.ServerException{Message: aws.String("Later.")},
	"members":  &ecstypes.ConflictException{Message: aws.String("It is being <changed>."), ResourceIds: []string{"a", "b"}},
	"code":     wire.Errorf("ValidationException", "Name %q is taken.", "x"),
	"status":   &wire.Error{Code: "AccessDeniedException", Message: "Not you.", Status: 403},
	"wrapped":  fmt.Errorf("while testing: %w", wire.Errorf("ValidationException", "Inner.")),
	"internal": errors.New("secret detail"),
	"query":    &ststypes.RegionDisabledException{Message: aws.String("Not <here>.")},
}

// TestGoldenPairs sends every testdata/errors/NAME.request and compares the
// answer with NAME.answer. -update writes the answers.
func TestGoldenPairs(t *testing.T) {
	requests, err := filepath.Glob("testdata/errors/*.request")
	if err != nil || len(requests) == 0 {
		t.Fatal("no golden pairs", err)
	}
	for _, path := range requests {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".request"), func(t *testing.T) {
			got := answerTo(t, path)
			golden := strings.TrimSuffix(path, ".request") + ".answer"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-golden +got):\n%s", diff)
			}
		})
	}
}

// answerTo sends the request in a file, which needs no Content-Length, and
// writes the answer as HTTP/1.1 does.
func answerTo(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(string(raw), "\n\n")
	body = strings.TrimSuffix(body, "\n")
	head = strings.ReplaceAll(head, "\n", "\r\n")
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(
		fmt.Sprintf("%s\r\nHost: hatoba.test\r\nContent-Length: %d\r\n\r\n%s", head, len(body), body))))
	if err != nil {
		t.Fatal(err)
	}
	f := newFront(t)
	fail := failures[r.Header.Get("X-Test-Fail")]
	f.deny = fail
	f.answer = func() (*ecs.DescribeTasksOutput, error) { return nil, fail }
	res, err := inProcess{f}.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var out bytes.Buffer
	if err := res.Write(&out); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(out.String(), "\r\n", "\n") + "\n"
}
