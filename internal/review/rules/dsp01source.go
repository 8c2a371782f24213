package rules

import (
	"regexp"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/code"
)

// handlers of SIGTERM by language, and the frameworks that bring one.
var handlers = map[string]*regexp.Regexp{
	"Go":         regexp.MustCompile(`syscall\.SIGTERM|unix\.SIGTERM`),
	"JavaScript": regexp.MustCompile(`SIGTERM|terminus|enableShutdownHooks|close-with-grace|http-terminator|stoppable`),
	"Python":     regexp.MustCompile(`SIGTERM|gunicorn|uvicorn|hypercorn|waitress|celery`),
	"Ruby":       regexp.MustCompile(`trap\(?\s*["':](SIG)?TERM|puma|sidekiq|unicorn`),
	"Java":       regexp.MustCompile(`addShutdownHook|spring-boot|springframework|quarkus|micronaut|ktor|@PreDestroy`),
	"PHP":        regexp.MustCompile(`SIGTERM|pcntl_signal|php-fpm|frankenphp|octane`),
	"Rust":       regexp.MustCompile(`SignalKind::terminate|signal_hook|with_graceful_shutdown|shutdown_timeout|actix`),
	"C#":         regexp.MustCompile(`ApplicationStopping|IHostedService|BackgroundService|Host\.CreateDefaultBuilder|WebApplication\.Create|PosixSignal`),
}

// dsp01Source looks for a handler. A JVM, a .NET host and most Python servers
// bring one; what counts is that something does.
func dsp01Source(s *review.Subject) []review.Outcome {
	src := s.Source.Value
	language := code.Main(src)
	at := review.Place{File: src.Root}
	key := language
	switch language {
	case "TypeScript":
		key = "JavaScript"
	case "Kotlin":
		key = "Java"
	}
	re, ok := handlers[key]
	if !ok {
		return []review.Outcome{review.Unexamined(at, review.Say("point --source at the service's code, or see the live drill", "--source でサービスのコードを指定するか、ドリルで確認してください"),
			"no code that we can read stands there", "読み取れる言語のコードがない")}
	}
	if found := code.Find(src, re); len(found) > 0 {
		return []review.Outcome{review.Passed(src.Place(found[0].Path, found[0].Line), "%s: %s", "%s: %s", language, short(found[0].Text))}
	}
	for _, f := range src.Files {
		if manifest(f.Path) && re.MatchString(f.Text) {
			return []review.Outcome{review.Passed(src.Place(f.Path, 1), "%s: a framework that handles it (%s)", "%s: 処理するフレームワークがある (%s)", language, re.FindString(f.Text))}
		}
	}
	return []review.Outcome{review.Failed(at, "%s: no handler for SIGTERM was found", "%s: SIGTERM のハンドラーが見つからない", language)}
}
