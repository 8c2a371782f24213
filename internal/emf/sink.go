package emf

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/state"
)

// Sink keeps the metrics of log events, and counts what is wrong with them as
// CloudWatch Logs does: in AWS/Logs, by log group.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
type Sink struct {
	Metrics Metrics
	Log     *slog.Logger
	Now     func() time.Time
}

// Metrics is where metrics go; metrics.Engine is the real one.
type Metrics interface {
	metrics.Writer
	// PutOnce is Put for what may come again.
	PutOnce(ctx context.Context, scope state.Scope, once metrics.Once, data []metrics.Datum) error
}

// Take reads events that were stored in a log group. The events are there
// whatever becomes of their metrics. once names events that may come again, and
// has no producer for others.
func (s Sink) Take(ctx context.Context, scope state.Scope, group string, once metrics.Once, messages []string) {
	var (
		events             [][]metrics.Datum
		together           []metrics.Datum
		parsing, validated float64
	)
	for _, m := range messages {
		data, err := Parse(m)
		switch {
		case errors.Is(err, ErrParsing):
			parsing++
		case err != nil:
			validated++
			s.Log.Debug("a log event's metrics are not taken", "group", group, "error", err)
		case len(data) > 0:
			events, together = append(events, data), append(together, data...)
		}
	}
	err := s.put(ctx, scope, once, "", together)
	if errors.Is(err, metrics.ErrInvalid) { // then event by event
		err = nil
		for i, data := range events {
			one := s.put(ctx, scope, once, strconv.Itoa(i), data)
			if errors.Is(one, metrics.ErrInvalid) {
				validated++
			} else {
				err = errors.Join(err, one)
			}
		}
	}
	if err != nil {
		s.Log.Error("metrics of log events could not be stored", "group", group, "error", err)
	}
	var wrong []metrics.Datum
	for name, n := range map[string]float64{"EMFParsingErrors": parsing, "EMFValidationErrors": validated} {
		if n > 0 {
			wrong = append(wrong, metrics.Datum{
				Series: metrics.Series{Namespace: "AWS/Logs", Name: name, Dimensions: []metrics.Dimension{{Name: "LogGroupName", Value: group}}},
				Time:   s.Now(), Unit: "None", Statistics: metrics.One(n),
			})
		}
	}
	if err := s.put(ctx, scope, once, "wrong", wrong); err != nil {
		s.Log.Error("metrics of log events could not be stored", "group", group, "error", err)
	}
}

// put keeps a part of what once names.
func (s Sink) put(ctx context.Context, scope state.Scope, once metrics.Once, part string, data []metrics.Datum) error {
	switch {
	case len(data) == 0:
		return nil
	case once.Producer == "":
		return s.Metrics.Put(ctx, scope, data)
	case part != "":
		once.Producer += "/" + part
	}
	return s.Metrics.PutOnce(ctx, scope, once, data)
}
