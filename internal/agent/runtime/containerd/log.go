package containerd

import (
	"context"
	"fmt"
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
	cause := fmt.Sprint(e.Data[logrus.ErrorKey])
	for _, h := range harmless {
		if strings.HasPrefix(e.Message, h.message) && strings.Contains(cause, h.cause) {
			level = slog.LevelDebug
		}
	}
	h.log.Log(context.Background(), level, "containerd", "message", e.Message, "id", e.Data["id"], "error", cause)
	return nil
}

// harmless is what is logged as a warning or an error in the course of things.
var harmless = []struct{ message, cause string }{
	{"copy shim log", "file already closed"},                       // the shim ended, and with it its log
	{"garbage collection failed", "database not open"},             // the engine was closed
	{"response completed with error", ""},                          // the registry answered "not found": a push asks first
	{"warnings while cleaning up dead shim", ""},                   // it is cleaned up all the same
	{"ttrpc: received message on inactive stream", ""},             // who had asked has left
	{"failed to load plugin", ""},                                  // one that was not asked for
	{"failed check for fsverity support", ""},                      // it is not needed
	{"failed to clean up after shim disconnected", "no such file"}, // there was nothing left of it
	{"failed to delete dead shim", "no such file"},                 // the same
	{"failed to delete task", "container not created"},             // its command could not be started
	{"get state for", "context canceled"},                          // who had asked has left
	{"unknown status", ""},                                         // what follows it
	{"failed to finish collection context", "already closed"},      // the engine was closed
}
