package emf

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/state"
)

// Sink keeps the metrics of log events, and counts what is wrong with them as
// CloudWatch Logs does: in AWS/Logs, by log group.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
type Sink struct {
	Metrics metrics.Writer
	Log     *slog.Logger
	Now     func() time.Time
}

// Take reads events that were stored in a log group. The events are there
// whatever becomes of their metrics.
func (s Sink) Take(ctx context.Context, scope state.Scope, group string, messages []string) {
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
	err := s.put(ctx, scope, together)
	if errors.Is(err, metrics.ErrInvalid) { // then event by event
		err = nil
		for _, data := range events {
			one := s.put(ctx, scope, data)
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
	if err := s.put(ctx, scope, wrong); err != nil {
		s.Log.Error("metrics of log events could not be stored", "group", group, "error", err)
	}
}

func (s Sink) put(ctx context.Context, scope state.Scope, data []metrics.Datum) error {
	if len(data) == 0 {
		return nil
	}
	return s.Metrics.Put(ctx, scope, data)
}
