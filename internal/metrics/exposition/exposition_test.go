package exposition_test

import (
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/metrics/exposition"
)

func TestWrite(t *testing.T) {
	requests := exposition.Family{Name: "b_total", Help: "All\nof \\ them.", Counter: true}
	requests.Add(3, "service", "ecs", "code", `a"b\c`+"\n")
	requests.Add(1e12)
	var out strings.Builder
	if err := exposition.Write(&out, []exposition.Family{requests, {Name: "empty"}, {Name: "a", Help: "First.", Samples: []exposition.Sample{{Value: 0.5}}}}); err != nil {
		t.Fatal(err)
	}
	want := `# HELP a First.
# TYPE a gauge
a 0.5
# HELP b_total All\nof \\ them.
# TYPE b_total counter
b_total{service="ecs",code="a\"b\\c\n"} 3
b_total 1e+12
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestName(t *testing.T) {
	for text, want := range map[string]string{
		"AWS/ECS_CPUUtilization": "aws_ecs_cpuutilization", "RequestCount": "request_count", "ClusterName": "cluster_name",
		"HTTPCode_Target_2XX_Count": "httpcode_target_2_xx_count", "9x": "_9x", "a.b c": "a_b_c", "": "_",
	} {
		if got := exposition.Name(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
