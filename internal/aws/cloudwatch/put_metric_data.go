package cloudwatch

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/wire"
)

// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
const (
	maxData   = 1000
	maxValues = 150
)

// largest is the end of what a value may be: 2^360.
var largest = math.Ldexp(1, 360)

func memberName(i int) string { return "member." + strconv.Itoa(i+1) }

// putMetricData keeps data. All of a call are taken, or none.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
func (s *Service) putMetricData(ctx context.Context, caller wire.Caller, in *cloudwatch.PutMetricDataInput) (*cloudwatch.PutMetricDataOutput, error) {
	switch {
	case len(in.EntityMetricData) > 0 || aws.ToBool(in.StrictEntityValidation):
		return nil, unsupported("EntityMetricData and StrictEntityValidation of PutMetricData")
	case aws.ToString(in.Namespace) == "":
		return nil, missing("Namespace")
	case len(in.MetricData) == 0:
		return nil, missing("MetricData")
	case len(in.MetricData) > maxData:
		return nil, invalid("The collection MetricData must not have a size greater than %d.", maxData)
	case strings.HasPrefix(*in.Namespace, "AWS/"):
		return nil, badValue("AWS/", "Namespace")
	}
	now := s.cfg.Now()
	data := make([]metrics.Datum, len(in.MetricData))
	for i := range in.MetricData {
		var err error
		if data[i], err = datumOf("MetricData."+memberName(i)+".", in.Namespace, &in.MetricData[i], now); err != nil {
			return nil, err
		}
	}
	err := s.cfg.Engine.Put(ctx, caller.Scope, data)
	switch {
	case errors.Is(err, metrics.ErrTooMany):
		return nil, &types.LimitExceededFault{Message: aws.String(err.Error()), ErrorCodeOverride: aws.String("LimitExceeded")}
	case errors.Is(err, metrics.ErrInvalid):
		return nil, invalid("%v", err)
	case err != nil:
		return nil, err
	}
	return &cloudwatch.PutMetricDataOutput{}, nil
}

func datumOf(at string, namespace *string, in *types.MetricDatum, now time.Time) (d metrics.Datum, err error) {
	if d.Series, err = seriesOf(at, namespace, in.MetricName, in.Dimensions); err != nil {
		return d, err
	}
	if d.Unit, err = unitOf(at+"Unit", in.Unit); err != nil {
		return d, err
	}
	switch resolution := aws.ToInt32(in.StorageResolution); {
	case in.StorageResolution == nil || resolution == 60:
	case resolution == 1:
		d.Fine = true
	default:
		return d, invalid("The value %d for parameter %sStorageResolution is invalid: it is 1 or 60.", resolution, at)
	}
	d.Time = now
	if in.Timestamp != nil {
		d.Time = *in.Timestamp
	}
	switch {
	case d.Time.After(now.Add(metrics.MaxAhead)):
		return d, invalid("The parameter %sTimestamp must specify a time no more than two hours in the future.", at)
	case d.Time.Before(now.Add(-metrics.MaxAge)):
		return d, invalid("The parameter %sTimestamp must specify a time within the past two weeks.", at)
	}
	d.Statistics, err = statisticsOf(at, in)
	return d, err
}

// statisticsOf reads the one of Value, Values and StatisticValues that is there.
func statisticsOf(at string, in *types.MetricDatum) (metrics.Statistics, error) {
	given := 0
	for _, is := range []bool{in.Value != nil, len(in.Values) > 0, in.StatisticValues != nil} {
		if is {
			given++
		}
	}
	switch {
	case given > 1:
		return metrics.Statistics{}, combination("The parameters %[1]sValue, %[1]sValues and %[1]sStatisticValues are mutually exclusive and you have specified more than one.", at)
	case in.Value != nil:
		return metrics.One(*in.Value), inRange(at+"Value", *in.Value)
	case in.StatisticValues != nil:
		return setOf(at+"StatisticValues.", in.StatisticValues)
	case len(in.Values) == 0 && len(in.Counts) > 0:
		return metrics.Statistics{}, missing(at + "Values")
	case len(in.Values) == 0:
		return metrics.Statistics{}, combination("At least one of the parameters %[1]sValue, %[1]sValues and %[1]sStatisticValues must be specified.", at)
	case len(in.Values) > maxValues:
		return metrics.Statistics{}, invalid("The collection %sValues must not have a size greater than %d.", at, maxValues)
	case len(in.Counts) > 0 && len(in.Counts) != len(in.Values):
		return metrics.Statistics{}, invalid("The parameters %[1]sValues and %[1]sCounts must be of the same size.", at)
	}
	for i, v := range in.Values {
		if err := inRange(at+"Values."+memberName(i), v); err != nil {
			return metrics.Statistics{}, err
		}
	}
	out := metrics.Statistics{Values: in.Values}
	for i, n := range in.Counts {
		if err := inRange(at+"Counts."+memberName(i), n); err != nil {
			return out, err
		}
		if n < 0 {
			return out, badValue(n, at+"Counts."+memberName(i))
		}
		out.Counts = in.Counts
	}
	return out, nil
}

func setOf(at string, in *types.StatisticSet) (out metrics.Statistics, err error) {
	for _, m := range []struct {
		name string
		from *float64
		to   *float64
	}{{"SampleCount", in.SampleCount, &out.Count}, {"Sum", in.Sum, &out.Sum}, {"Minimum", in.Minimum, &out.Min}, {"Maximum", in.Maximum, &out.Max}} {
		if m.from == nil {
			return out, missing(at + m.name)
		}
		if err := inRange(at+m.name, *m.from); err != nil {
			return out, err
		}
		*m.to = *m.from
	}
	switch {
	case out.Count <= 0:
		return out, badValue(out.Count, at+"SampleCount")
	case out.Min > out.Max:
		return out, combination("The parameter %[1]sMinimum must be less than or equal to the parameter %[1]sMaximum.", at)
	}
	return out, nil
}

func inRange(parameter string, v float64) error {
	if math.IsNaN(v) || math.Abs(v) > largest {
		return badValue(v, parameter)
	}
	return nil
}
