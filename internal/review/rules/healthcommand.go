package rules

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// healthCommand looks at one container's healthCheck: would ECS take it, and can
// its answer be no?
func healthCommand(s *review.Subject, i int) (out []review.Outcome) {
	td := s.TaskDef.Value
	c := td.ContainerDefinitions[i]
	h, at, name := c.HealthCheck, td.At("containerDefinitions", i, "healthCheck", "command"), str(c.Name)
	for _, bound := range []struct {
		field     string
		value     *int32
		low, high int32
	}{{"interval", h.Interval, 5, 300}, {"timeout", h.Timeout, 2, 60}, {"retries", h.Retries, 1, 10}, {"startPeriod", h.StartPeriod, 0, 300}} {
		if bound.value != nil && (*bound.value < bound.low || *bound.value > bound.high) {
			out = append(out, review.Failed(td.At("containerDefinitions", i, "healthCheck", bound.field),
				"container %s: %s is %d; ECS takes %d to %d", "コンテナ %s: %s が %d(ECS の範囲は %d〜%d)", name, bound.field, *bound.value, bound.low, bound.high))
		}
	}
	if len(h.Command) < 2 || h.Command[0] != "CMD" && h.Command[0] != "CMD-SHELL" {
		return append(out, review.Failed(at, "container %s: the command has to begin with CMD or CMD-SHELL, and something to run", "コンテナ %s: command は CMD か CMD-SHELL で始まり、実行するものが必要", name))
	}
	line := strings.TrimSpace(strings.Join(h.Command[1:], " "))
	switch missing := missingProgram(s, i, h.Command); {
	case always.MatchString(line):
		out = append(out, review.Failed(at, "container %s: %q always says healthy", "コンテナ %s: %q は常に正常と答える", name, line))
	case curlBlind(line):
		out = append(out, review.Failed(at, "container %s: curl without --fail says healthy to an error page too: %q", "コンテナ %s: --fail のない curl はエラー応答でも正常と答える: %q", name, line))
	case missing != "":
		out = append(out, review.Failed(at, "container %s: the image has no %s, so the check can only fail", "コンテナ %s: イメージに %s がなく、チェックは必ず失敗する", name, missing))
	case len(out) == 0:
		out = append(out, review.Passed(at, "container %s: %s", "コンテナ %s: %s", name, line))
	}
	return out
}

var (
	// always matches commands that cannot fail.
	always = regexp.MustCompile(`^(/bin/)?true$|^exit 0$|^echo( [^;&|` + "`" + `$]*)?$|^:$|\|\| *(true|exit 0|:)$|; *(true|exit 0)$`)
	// curlCall begins with a curl, and curlFails makes HTTP errors failures.
	curlCall  = regexp.MustCompile(`^(\S*/)?curl\s`)
	curlFails = regexp.MustCompile(`(^|\s)(--fail\b|--fail-with-body\b|-[a-zA-Z]*f)`)
	shellWord = regexp.MustCompile(`^[\w./-]+$`)
)

// curlBlind reports a plain curl whose exit status does not know of HTTP errors.
// What is piped on, or looks at the answer, is not judged.
func curlBlind(line string) bool {
	line, _, _ = strings.Cut(line, "||")
	return curlCall.MatchString(line) && !strings.ContainsAny(line, "|&;$`%") && !curlFails.MatchString(line) && strings.Contains(line, "http")
}

// missingProgram is what a check needs and the image does not have. Only the
// image that was given is known, and only with its files.
func missingProgram(s *review.Subject, i int, command []string) string {
	td := s.TaskDef.Value
	if !s.Image.OK || len(s.Image.Value.Files) == 0 ||
		len(td.ContainerDefinitions) > 1 && str(td.ContainerDefinitions[i].Image) != s.Image.Value.Ref {
		return ""
	}
	program := command[1]
	if command[0] == "CMD-SHELL" {
		if !inImage(s.Image.Value, "/bin/sh") {
			return "/bin/sh"
		}
		if program, _, _ = strings.Cut(strings.TrimSpace(program), " "); slices.Contains(builtins, program) {
			return ""
		}
	}
	if !shellWord.MatchString(program) || inImage(s.Image.Value, program) {
		return ""
	}
	return program
}

var builtins = []string{"exit", "test", "echo", "if", "for", "while", "case", "exec", "set", "cd", "kill", "command", "read", "printf", "true", "false", "pwd", "eval", "until", "export", "."}

// inImage looks a program up by path, else by name in any folder: a link on the
// way (/bin to usr/bin) may not be listed under the path asked for.
func inImage(image *review.Image, program string) bool {
	name := path.Base(program)
	for _, f := range image.Files {
		if !f.Hidden && path.Base(f.Path) == name {
			return true
		}
	}
	return false
}
