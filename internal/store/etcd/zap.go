package etcd

import (
	"log/slog"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// zapTo hands etcd's errors to our log at debug level, and nothing below: what
// matters of them comes back as errors of its calls, and it calls an orderly
// end an error too.
func zapTo(log *slog.Logger) *zap.Logger {
	return zap.New(core{zapcore.ErrorLevel, log})
}

type core struct {
	zapcore.LevelEnabler
	log *slog.Logger
}

func (c core) With([]zapcore.Field) zapcore.Core { return c }

func (c core) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return ce.AddCore(e, c)
	}
	return ce
}

func (c core) Write(e zapcore.Entry, fields []zapcore.Field) error {
	enc := zapcore.NewMapObjectEncoder()
	for _, f := range fields {
		f.AddTo(enc)
	}
	c.log.Debug("etcd", "message", e.Message, "fields", enc.Fields)
	return nil
}

func (c core) Sync() error { return nil }
