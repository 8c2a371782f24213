package metrics

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// StatisticKind is one of CloudWatch's.
type StatisticKind uint8

// The kinds.
const (
	Average StatisticKind = iota
	Sum
	Minimum
	Maximum
	SampleCount
	Percentile
	PercentileRank
	TrimmedMean
	TrimmedCount
	TrimmedSum
	WinsorizedMean
)

// Statistic is one that was asked for.
type Statistic struct {
	Kind      StatisticKind
	Low, High float64 // of percentiles High; of the others ends, infinite where there is none
	Percent   bool    // the ends are percentages of the number of values
}

// Basic tells whether it is one of the five that every datum has.
func (s Statistic) Basic() bool { return s.Kind <= SampleCount }

var basic = map[string]StatisticKind{
	"Average": Average, "Sum": Sum, "Minimum": Minimum, "Maximum": Maximum, "SampleCount": SampleCount,
}

var ranged = map[string]StatisticKind{
	"PR": PercentileRank, "TM": TrimmedMean, "TC": TrimmedCount, "TS": TrimmedSum, "WM": WinsorizedMean,
}

var (
	singlePattern = regexp.MustCompile(`^(p|tm|tc|ts|wm)(\d{1,2}(?:\.\d{0,10})?|100)$`)
	rangePattern  = regexp.MustCompile(`^(PR|TM|TC|TS|WM|tm|tc|ts|wm|pr)\(([^:()]*):([^:()]*)\)$`)
	percentEnd    = regexp.MustCompile(`^(\d{1,2}(?:\.\d{0,10})?|100(?:\.0{0,10})?)%$`)
	valueEnd      = regexp.MustCompile(`^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$`)
)

// ParseStatistic reads a statistic's name: Average, Sum, Minimum, Maximum,
// SampleCount, IQM, p90, tm90, TM(10%:90%), TC(0.005:0.030), PR(:300) and so on.
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
func ParseStatistic(name string) (Statistic, error) {
	if k, ok := basic[name]; ok {
		return Statistic{Kind: k}, nil
	}
	if strings.EqualFold(name, "iqm") {
		return Statistic{Kind: TrimmedMean, Low: 25, High: 75, Percent: true}, nil
	}
	if m := singlePattern.FindStringSubmatch(name); m != nil {
		n, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			return Statistic{}, errStatistic(name)
		}
		s := Statistic{Kind: Percentile, High: n, Percent: true}
		switch m[1] {
		case "p":
		case "wm":
			s.Kind = WinsorizedMean
		default:
			s.Kind = ranged[strings.ToUpper(m[1])]
		}
		return s, nil
	}
	if m := rangePattern.FindStringSubmatch(name); m != nil {
		return parseRange(name, ranged[strings.ToUpper(m[1])], strings.TrimSpace(m[2]), strings.TrimSpace(m[3]))
	}
	return Statistic{}, errStatistic(name)
}

func errStatistic(name string) error { return fmt.Errorf("%.60q is not a statistic", name) }

func parseRange(name string, k StatisticKind, low, high string) (Statistic, error) {
	s := Statistic{Kind: k, Percent: strings.HasSuffix(low, "%") || strings.HasSuffix(high, "%")}
	if low == "" && high == "" || s.Percent && k == PercentileRank || !s.Percent && k == WinsorizedMean {
		return s, errStatistic(name)
	}
	pattern := valueEnd
	s.Low, s.High = math.Inf(-1), math.Inf(1)
	if s.Percent {
		pattern = percentEnd
		s.Low, s.High = 0, 100
	}
	for _, end := range []struct {
		text string
		to   *float64
	}{{low, &s.Low}, {high, &s.High}} {
		if end.text == "" {
			continue
		}
		if !pattern.MatchString(end.text) {
			return s, errStatistic(name)
		}
		v, err := strconv.ParseFloat(strings.TrimSuffix(end.text, "%"), 64)
		if err != nil {
			return s, errStatistic(name)
		}
		*end.to = v
	}
	if s.Low >= s.High {
		return s, errStatistic(name)
	}
	return s, nil
}
