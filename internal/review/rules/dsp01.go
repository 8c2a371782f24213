package rules

import (
	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/hatoba/hatoba/internal/review"
)

var dsp01 = review.Rule{
	ID:       "DSP-01",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Disposability},
	Severity: review.High,
	Sources:  []string{"S1:81"},
	Title: review.Text{
		EN: "SIGTERM reaches the process",
		JA: "SIGTERM がプロセスに届く",
	},
	Why: review.Text{
		EN: "A shell in front of the process keeps the signal to itself: every stop waits out stopTimeout and ends with SIGKILL.",
		JA: "プロセスの前にシェルがいるとシグナルが届かず、停止のたびに stopTimeout を待って SIGKILL で終わります。",
	},
	Todo: review.Text{
		EN: `Write ENTRYPOINT and CMD in exec form, ["program", "argument"]; a start script ends with exec.`,
		JA: `ENTRYPOINT と CMD は ["program", "argument"] の exec 形式で書き、起動スクリプトの最後は exec にしてください。`,
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartSource}, Run: dsp01Source}, {
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
	}},
}
