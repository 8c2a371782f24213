package cloudwatch

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/metrics"
)

// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html
const (
	maxDimensions = 30
	maxName       = 255
	maxValue      = 1024
)

// seriesOf reads what names a metric; at is the parameter they are members of,
// with a dot behind it.
func seriesOf(at string, namespace, name *string, dimensions []types.Dimension) (metrics.Series, error) {
	s := metrics.Series{Namespace: aws.ToString(namespace), Name: aws.ToString(name)}
	if err := text("Namespace", s.Namespace, maxName); err != nil {
		return s, err
	}
	if s.Namespace[0] == ':' {
		return s, badValue(s.Namespace, "Namespace")
	}
	if err := text(at+"MetricName", s.Name, maxName); err != nil {
		return s, err
	}
	if len(dimensions) > maxDimensions {
		return s, invalid("The collection %sDimensions must not have a size greater than %d.", at, maxDimensions)
	}
	for i, d := range dimensions {
		member := at + "Dimensions." + memberName(i)
		dim := metrics.Dimension{Name: aws.ToString(d.Name), Value: aws.ToString(d.Value)}
		if err := text(member+".Name", dim.Name, maxName); err != nil {
			return s, err
		}
		if dim.Name[0] == ':' {
			return s, badValue(dim.Name, member+".Name")
		}
		if err := text(member+".Value", dim.Value, maxValue); err != nil {
			return s, err
		}
		s.Dimensions = append(s.Dimensions, dim)
	}
	slices.SortStableFunc(s.Dimensions, func(a, b metrics.Dimension) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(s.Dimensions); i++ {
		if s.Dimensions[i].Name == s.Dimensions[i-1].Name {
			return s, invalid("No Metric may specify the same dimension name twice.")
		}
	}
	return s, nil
}

// text checks a name: printable ASCII, and not blank.
func text(parameter, value string, most int) error {
	switch {
	case value == "":
		return missing(parameter)
	case strings.TrimSpace(value) == "":
		return invalid("The parameter %s must not be blank.", parameter)
	case len(value) > most:
		return invalid("The parameter %s must be shorter than %d characters.", parameter, most+1)
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }):
		return invalid("The parameter %s must contain ASCII characters only, and no control characters.", parameter)
	}
	return nil
}

// unitOf reads a unit: "" where none is said or it is None.
func unitOf(parameter string, unit types.StandardUnit) (string, error) {
	if unit != "" && !slices.Contains(unit.Values(), unit) {
		return "", badValue(unit, parameter)
	}
	if unit == types.StandardUnitNone {
		return "", nil
	}
	return string(unit), nil
}

// toUnit is the way back.
func toUnit(unit string) types.StandardUnit {
	if unit == "" {
		return types.StandardUnitNone
	}
	return types.StandardUnit(unit)
}

func toDimensions(dimensions []metrics.Dimension) []types.Dimension {
	out := make([]types.Dimension, len(dimensions))
	for i, d := range dimensions {
		out[i] = types.Dimension{Name: aws.String(d.Name), Value: aws.String(d.Value)}
	}
	return out
}
