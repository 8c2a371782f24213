package state

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestFixedImage(t *testing.T) {
	const digest = "sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
	task := Task{Spec: TaskSpec{Images: map[string]string{"app": digest}}}
	for ref, want := range map[string]string{
		"app:1": "app@" + digest, "app": "app@" + digest, "localhost:4566/team/app": "localhost:4566/team/app@" + digest,
		"localhost:4566/app:2": "localhost:4566/app@" + digest, "app@" + digest: "app@" + digest,
	} {
		def := TaskDefinition{Definition: ecstypes.TaskDefinition{ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: aws.String("app"), Image: &ref}}}}
		if got := FixedImage(task, def, ref); got != want {
			t.Errorf("%s is pulled as %s, want %s", ref, got, want)
		}
		def.Definition.ContainerDefinitions[0].VersionConsistency = ecstypes.VersionConsistencyDisabled
		if got := FixedImage(task, def, ref); got != ref {
			t.Errorf("%s without version consistency is pulled as %s", ref, got)
		}
		if got := FixedImage(Task{}, def, ref); got != ref {
			t.Errorf("%s of no service is pulled as %s", ref, got)
		}
	}
}

// AWS's own examples, and the two bounds.
func TestBreakerThreshold(t *testing.T) {
	for desired, want := range map[int]int{0: 3, 1: 3, 6: 3, 7: 4, 25: 13, 400: 200, 800: 200} {
		if got := BreakerThreshold(desired, nil); got != want {
			t.Errorf("of %d: %d, want %d", desired, got, want)
		}
	}
	by := func(kind ecstypes.ThresholdType, value int32) *ecstypes.DeploymentCircuitBreaker {
		return &ecstypes.DeploymentCircuitBreaker{ThresholdConfiguration: &ecstypes.ThresholdConfiguration{Type: kind, Value: value}}
	}
	if got := BreakerThreshold(100, by(ecstypes.ThresholdTypeCount, 7)); got != 7 {
		t.Errorf("by count: %d", got)
	}
	if got := BreakerThreshold(1000, by(ecstypes.ThresholdTypeUnboundedPercent, 50)); got != 500 {
		t.Errorf("unbounded: %d", got)
	}
	if got := BreakerThreshold(10, by(ecstypes.ThresholdTypeBoundedPercent, 100)); got != 10 {
		t.Errorf("all of them: %d", got)
	}
}
