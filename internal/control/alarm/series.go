package alarm

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/metrics"
)

// series is a metric as the engine knows it.
func series(namespace, name *string, dimensions []types.Dimension) metrics.Series {
	s := metrics.Series{Namespace: aws.ToString(namespace), Name: aws.ToString(name)}
	for _, d := range dimensions {
		s.Dimensions = append(s.Dimensions, metrics.Dimension{Name: aws.ToString(d.Name), Value: aws.ToString(d.Value)})
	}
	slices.SortFunc(s.Dimensions, func(a, b metrics.Dimension) int { return strings.Compare(a.Name, b.Name) })
	return s
}

// trouble is what an error of an evaluation says of the alarm.
func trouble(error) types.EvaluationState { return types.EvaluationStateEvaluationFailure }
