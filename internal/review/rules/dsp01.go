package rules

import (
	"regexp"
	"slices"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/code"
)

var dsp01 = review.Rule{
	ID:       "DSP-01",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Disposability},
	Severity: review.High,
	Sources:  []string{"S1:81"},
	Title: review.Text{
		EN: "SIGTERM reaches the process and is handled",
		JA: "SIGTERM がプロセスに届き、処理される",
	},
	Why: review.Text{
		EN: "A shell in front of the process keeps the signal to itself: every stop waits out stopTimeout and ends with SIGKILL. A process without a handler drops the requests in flight.",
		JA: "プロセスの前にシェルがいるとシグナルが届かず、停止のたびに stopTimeout を待って SIGKILL で終わります。ハンドラーがないプロセスは、処理中のリクエストを失います。",
	},
	Todo: review.Text{
		EN: `Write ENTRYPOINT and CMD in exec form, ["program", "argument"]; a start script ends with exec. On SIGTERM, stop taking requests, finish those in flight and exit.`,
		JA: `ENTRYPOINT と CMD は ["program", "argument"] の exec 形式で書き、起動スクリプトの最後は exec にしてください。SIGTERM を受けたら受付を止め、処理中のリクエストを終えてから終了してください。`,
	},
	Checks: []review.Check{{
		Needs: []review.Part{review.PartDockerfile},
		Run: func(s *review.Subject) []review.Outcome {
			d := s.Dockerfile.Value
			at, shell, found := d.At(d.Final().Location), false, false
			for _, command := range d.Final().Commands {
				switch c := command.(type) {
				case *instructions.EntrypointCommand: // it takes CMD as arguments, which are no process
					at, shell, found = d.At(c.Location()), c.PrependShell, true
				case *instructions.CmdCommand:
					if !found {
						at, shell = d.At(c.Location()), c.PrependShell
					}
				}
			}
			if shell {
				return []review.Outcome{review.Failed(at, "shell form: /bin/sh is PID 1 and gets the signal", "shell 形式: PID 1 は /bin/sh で、シグナルはそこで止まる")}
			}
			return []review.Outcome{review.Passed(at, "exec form", "exec 形式")}
		},
	}, {
		Needs: []review.Part{review.PartSource},
		Run:   dsp01Source,
	}, settled("DSP-01")},
}

var (
	handler = regexp.MustCompile(`SIGTERM|\btrap[( ]+["':]?TERM|addShutdownHook|@PreDestroy|SignalKind::terminate|ctrlc::|pcntl_signal|enableShutdownHooks|createTerminus|closeWithGrace|ApplicationStopping|UseConsoleLifetime|PosixSignalRegistration|ProcessExit`)
	// served are servers and frameworks that hear SIGTERM by themselves.
	served         = regexp.MustCompile(`\b(gunicorn|uvicorn|hypercorn|daphne|waitress|celery|puma|unicorn|sidekiq|spring-boot[\w-]*|quarkus[\w-]*|micronaut[\w-]*|ktor[\w-]*|Microsoft\.NET\.Sdk\.(Web|Worker)|Microsoft\.Extensions\.Hosting|uber-go/fx|go\.uber\.org/fx|actix-web)\b`)
	frameworkLists = regexp.MustCompile(`(^|/)(package\.json|requirements[^/]*\.txt|pyproject\.toml|Pipfile|Gemfile|pom\.xml|build\.gradle(\.kts)?|Cargo\.toml|go\.mod|[^/]+\.csproj|Procfile|Dockerfile)$`)
)

// dsp01Source looks for a handler. What a language's runtime or a server does
// by itself is not in the text, so only languages whose plain programs die at
// once are accused.
func dsp01Source(s *review.Subject) []review.Outcome {
	src := s.Source.Value
	files := code.Files(src)
	if hits := code.Grep(files, handler); len(hits) > 0 {
		return []review.Outcome{review.Passed(src.Place(hits[0].Path, hits[0].Line), "a handler: %s", "ハンドラーあり: %s", hits[0].Text[0])}
	}
	for _, f := range src.Files {
		if frameworkLists.MatchString(f.Path) && !code.Aside(f.Path) {
			if name := served.FindString(f.Text); name != "" {
				return []review.Outcome{review.Passed(src.Place(f.Path, 0), "%s handles SIGTERM by itself", "%s が SIGTERM を処理する", name)}
			}
		}
	}
	known := slices.IndexFunc(files, func(f code.File) bool {
		return f.Language == code.Go || f.Language == code.JavaScript || f.Language == code.Python || f.Language == code.Rust
	})
	if known < 0 {
		return []review.Outcome{review.Unexamined(review.Place{File: src.Root},
			review.Say("stop a running task and see that it ends before stopTimeout", "実行中のタスクを止め、stopTimeout より前に終わるか確認してください"),
			"no code in a language whose handlers are known", "ハンドラーを判別できる言語のコードがない")}
	}
	listens := code.Grep(files, regexp.MustCompile(`ListenAndServe\(|\.listen\(|createServer\(|\.Serve\(|app\.run\(|serve_forever\(|TcpListener::bind|run_forever\(`))
	if len(listens) == 0 {
		return []review.Outcome{review.Unexamined(review.Place{File: src.Root},
			review.Say("stop a running task and see that it ends before stopTimeout", "実行中のタスクを止め、stopTimeout より前に終わるか確認してください"),
			"no handler for SIGTERM, and no server that would need one was recognised", "SIGTERM のハンドラーはないが、それを要するサーバーも見分けられない")}
	}
	return []review.Outcome{review.Failed(src.Place(listens[0].Path, listens[0].Line),
		"a server starts here, and no code handles SIGTERM", "ここでサーバーが起動するが、SIGTERM を処理するコードがない")}
}
