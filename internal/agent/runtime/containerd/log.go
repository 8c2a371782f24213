package containerd

import (
	"io"
	"log/slog"

	"github.com/sirupsen/logrus"
)

// redirectLog hands what containerd logs to our log, from warnings up. It logs
// through logrus's standard logger, which a process has once.
func redirectLog(log *slog.Logger) {
	logrus.SetOutput(io.Discard)
	logrus.SetLevel(logrus.WarnLevel)
	hooks := logrus.LevelHooks{}
	hooks.Add(hook{log})
	logrus.StandardLogger().ReplaceHooks(hooks)
}

type hook struct{ log *slog.Logger }

func (hook) Levels() []logrus.Level {
	return []logrus.Level{logrus.WarnLevel, logrus.ErrorLevel, logrus.FatalLevel, logrus.PanicLevel}
}

func (h hook) Fire(e *logrus.Entry) error {
	h.log.Debug("containerd", "level", e.Level.String(), "message", e.Message, "error", e.Data[logrus.ErrorKey])
	return nil
}
