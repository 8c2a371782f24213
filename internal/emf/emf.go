// Package emf reads metrics out of log events in CloudWatch's embedded metric
// format. It is pure.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
package emf

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/metrics"
)

// Errors of an event that is meant to carry metrics and does not. It is a log
// event all the same.
var (
	ErrParsing    = errors.New("it is no JSON object")
	ErrValidation = errors.New("it is not in the embedded metric format")
)

// The format's bounds.
const (
	maxMetrics    = 100 // of a directive
	maxDimensions = 30  // of a set
	maxValues     = 100 // of a metric
	maxText       = 1024
	maxData       = 10_000 // of an event: metrics times sets of dimensions
)

// Meant tells whether an event is to be read for metrics: it costs a glance.
func Meant(message string) bool {
	return strings.HasPrefix(strings.TrimLeft(message, " \t\r\n"), "{") && strings.Contains(message, `"_aws"`)
}

// Parse returns the metrics of an event, nil of one that carries none. An event
// is taken as a whole or refused with ErrParsing or ErrValidation.
func Parse(message string) ([]metrics.Datum, error) {
	if !Meant(message) {
		return nil, nil
	}
	var root map[string]json.RawMessage
	if err := json.Unmarshal([]byte(message), &root); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrParsing, err)
	}
	head, ok := root["_aws"]
	if !ok {
		return nil, nil // the text is somewhere below
	}
	var metadata map[string]json.RawMessage
	if err := json.Unmarshal(head, &metadata); err != nil || metadata == nil {
		return nil, invalid("_aws is no object")
	}
	var directives []map[string]json.RawMessage
	if raw, ok := metadata["CloudWatchMetrics"]; !ok {
		return nil, nil // it is no metric's
	} else if err := json.Unmarshal(raw, &directives); err != nil {
		return nil, invalid("CloudWatchMetrics is no list of objects")
	}
	var ms *int64
	if err := member(metadata, "Timestamp", &ms); err != nil || ms == nil {
		return nil, invalid("Timestamp is no number of milliseconds")
	}
	p := parser{root: root, at: time.UnixMilli(*ms).UTC()}
	for _, d := range directives {
		if err := p.directive(d); err != nil {
			return nil, err
		}
	}
	return p.out, nil
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrValidation, fmt.Sprintf(format, args...))
}

// member reads a member; one that is missing leaves what is there.
func member(of map[string]json.RawMessage, name string, to any) error {
	raw, ok := of[name]
	if !ok {
		return nil
	}
	return json.Unmarshal(raw, to)
}

type parser struct {
	root map[string]json.RawMessage
	at   time.Time
	out  []metrics.Datum
}

func (p *parser) directive(d map[string]json.RawMessage) error {
	var (
		namespace   string
		sets        [][]string
		definitions []map[string]json.RawMessage
	)
	if err := member(d, "Namespace", &namespace); err != nil || !text(namespace) {
		return invalid("Namespace is no text of 1 to %d characters", maxText)
	}
	if err := member(d, "Dimensions", &sets); err != nil || sets == nil {
		return invalid("Dimensions is no list of lists of names")
	}
	if err := member(d, "Metrics", &definitions); err != nil || definitions == nil || len(definitions) > maxMetrics {
		return invalid("Metrics is no list of at most %d metrics", maxMetrics)
	}
	if len(p.out)+len(sets)*len(definitions) > maxData {
		return invalid("it has more than %d metrics with their dimensions", maxData)
	}
	dimensions := make([][]metrics.Dimension, 0, len(sets))
	for _, names := range sets {
		set, err := p.set(names)
		if err != nil {
			return err
		}
		dimensions = append(dimensions, set)
	}
	for _, definition := range definitions {
		datum, err := p.metric(definition)
		if err != nil {
			return err
		}
		datum.Namespace = namespace
		for _, set := range dimensions {
			datum.Dimensions = set
			p.out = append(p.out, datum)
		}
	}
	return nil
}

// set reads the values of dimensions, which are members of the event.
func (p *parser) set(names []string) ([]metrics.Dimension, error) {
	if len(names) > maxDimensions {
		return nil, invalid("a set has more than %d dimensions", maxDimensions)
	}
	out := make([]metrics.Dimension, 0, len(names))
	for _, name := range names {
		var value *string
		if err := member(p.root, name, &value); err != nil || value == nil || !text(*value) || !text(name) {
			return nil, invalid("dimension %q is no member with a text of 1 to %d characters", name, maxText)
		}
		out = append(out, metrics.Dimension{Name: name, Value: *value})
	}
	slices.SortFunc(out, func(a, b metrics.Dimension) int { return cmp.Compare(a.Name, b.Name) })
	for i := 1; i < len(out); i++ {
		if out[i].Name == out[i-1].Name {
			return nil, invalid("dimension %q is twice in a set", out[i].Name)
		}
	}
	return out, nil
}

// metric reads a metric's values, which are a member of the event.
func (p *parser) metric(definition map[string]json.RawMessage) (metrics.Datum, error) {
	var (
		name, unit string
		resolution = 60
		out        metrics.Datum
	)
	if err := member(definition, "Name", &name); err != nil || !text(name) {
		return out, invalid("a metric's Name is no text of 1 to %d characters", maxText)
	}
	if err := member(definition, "Unit", &unit); err != nil || unit != "" && !slices.Contains(cwtypes.StandardUnit("").Values(), cwtypes.StandardUnit(unit)) {
		return out, invalid("metric %q has a Unit that CloudWatch does not know", name)
	}
	if err := member(definition, "StorageResolution", &resolution); err != nil || resolution != 1 && resolution != 60 {
		return out, invalid("metric %q has a StorageResolution other than 1 and 60", name)
	}
	values, err := p.values(name)
	if err != nil {
		return out, err
	}
	out = metrics.Datum{Series: metrics.Series{Name: name}, Time: p.at, Unit: unit, Fine: resolution == 1}
	out.Count, out.Values, out.Min, out.Max = float64(len(values)), values, values[0], values[0]
	for _, v := range values {
		out.Sum += v
		out.Min, out.Max = min(out.Min, v), max(out.Max, v)
	}
	if math.IsInf(out.Sum, 0) {
		return out, invalid("the values of metric %q are too large to be added", name)
	}
	return out, nil
}

func (p *parser) values(name string) ([]float64, error) {
	raw := p.root[name]
	var one *float64
	if err := json.Unmarshal(raw, &one); err == nil && one != nil {
		return []float64{*one}, nil
	}
	var list []*float64
	if err := json.Unmarshal(raw, &list); err != nil || len(list) == 0 || len(list) > maxValues || slices.Contains(list, nil) {
		return nil, invalid("metric %q is no member with a number, or with 1 to %d of them", name, maxValues)
	}
	out := make([]float64, len(list))
	for i, v := range list {
		out[i] = *v
	}
	return out, nil
}

func text(s string) bool {
	return s != "" && utf8.RuneCountInString(s) <= maxText
}
