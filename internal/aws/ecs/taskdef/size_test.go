package taskdef

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestSize(t *testing.T) {
	for _, c := range []struct {
		field, in, want string
		bad             bool
	}{
		{field: "cpu", in: "256", want: "256"},
		{field: "cpu", in: "1 vCPU", want: "1024"},
		{field: "cpu", in: ".25 vcpu", want: "256"},
		{field: "cpu", in: "2vCPU", want: "2048"},
		{field: "memory", in: "0.5GB", want: "512"},
		{field: "memory", in: "2 GB", want: "2048"},
		{field: "memory", in: "512", want: "512"},
		{field: "memory", in: "", want: ""},
		{field: "memory", in: "512MB", bad: true},
		{field: "cpu", in: "NaN vCPU", bad: true},
		{field: "cpu", in: "-1", bad: true},
		{field: "cpu", in: "99999999999", bad: true},
	} {
		got, err := Size(c.field, c.in)
		if got != c.want || (err != nil) != c.bad {
			t.Errorf("Size(%s, %q) = %q, %v", c.field, c.in, got, err)
		}
	}
}

func TestDefinitionTooLarge(t *testing.T) {
	_, err := Build(&ecs.RegisterTaskDefinitionInput{
		Family: aws.String("f"),
		ContainerDefinitions: []types.ContainerDefinition{{
			Name: aws.String("a"), Image: aws.String("i"), Memory: aws.Int32(64), Command: []string{strings.Repeat("x", 70000)},
		}},
	})
	if err == nil || !strings.Contains(err.Error(), "Max allowed length is '65536' bytes.") {
		t.Errorf("got %v", err)
	}
}
