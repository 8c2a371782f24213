package containerd

import (
	"context"
	"io"
	"log/slog"
	"strings"

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
	level := slog.LevelError
	if e.Level == logrus.WarnLevel {
		level = slog.LevelWarn
	}
	for _, p := range harmless {
		if strings.HasPrefix(e.Message, p) {
			level = slog.LevelDebug
		}
	}
	h.log.Log(context.Background(), level, "containerd", "message", e.Message, "id", e.Data["id"], "error", e.Data[logrus.ErrorKey])
	return nil
}

// harmless is what is logged as a warning or an error in the course of things.
var harmless = []string{
	"copy shim log",                 // a shim ended, and with it its log
	"failed to clean up after shim", // it was cleaned up
	"cleanup warnings",
	"warnings while cleaning up dead shim",
	"failed to delete task",                      // it never came to be
	"ttrpc: received message on inactive stream", // a caller had left
	"failed check for fsverity support",          // an option few file systems have
	"response completed with error",              // the registry answered "not found", as a push asks first
	"garbage collection failed",                  // the engine was being closed
	"failed to load plugin",                      // one that was not asked for
}
